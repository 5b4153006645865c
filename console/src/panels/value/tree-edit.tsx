// Which row of a tree is being edited, and what saving it sends.
//
//   TE1. The version that was seen when an edit began is sent with it: nobody's change is overwritten unseen.

import { useMemo, useState } from "react";

import { ApiFailure } from "../../lib/api-failure.ts";
import { schemaAt } from "../logic/schema-form.ts";
import { isContainer, previewOf, type Step } from "../logic/shown-value.ts";
import type { ValueRow } from "../logic/tree-rows.ts";
import { hasMasked, patchesOf, valueAtSteps, type HandEdit } from "../logic/value-steps.ts";
import type { Conflict, TreeEditing } from "./editing.ts";
import { RemoveQuestion } from "./remove-question.tsx";
import { ValueEditor } from "./value-editor.tsx";

/** `value`: the row's own. `append`: a new item of its list. `field`: a new field of its object. `remove`: asks first. */
export type EditMode = "value" | "append" | "field" | "remove";

interface Current {
  readonly key: string;
  readonly mode: EditMode;
  readonly steps: readonly Step[];
  readonly raw: unknown;
  readonly version: number;
}

export interface TreeEdit {
  readonly current: Current | null;
  /** Whether what is edited is the whole value, which has no row. */
  readonly root: boolean;
  readonly canEdit: (row: ValueRow) => boolean;
  readonly begin: (row: Pick<ValueRow, "key" | "steps" | "raw">, mode: EditMode) => void;
  /** @param isForced whatever was changed meanwhile. */
  readonly remove: (isForced: boolean) => Promise<void>;
  readonly save: (value: unknown, name: string, isForced: boolean) => Promise<void>;
  readonly close: () => void;
  /** What was changed meanwhile, and what stands in the edited place by now where that is something else. */
  readonly conflict: (failure: ApiFailure) => Conflict | undefined;
  readonly editing: TreeEditing;
}

/** The edit of a tree; undefined where it is only read. */
export function useTreeEdit(root: unknown, editing: TreeEditing | undefined): TreeEdit | undefined {
  const [current, setCurrent] = useState<Current | null>(null);
  return useMemo(() => {
    if (!editing) return undefined;
    const send = async (steps: readonly Step[], edit: HandEdit, version: number | undefined): Promise<void> => {
      const patches = patchesOf(root, steps, edit);
      if (!patches) throw new ApiFailure("masked", 0, "This cannot be changed as a whole while something in it is masked.", "Change the fields in it one by one, or reveal it first.");
      await editing.save(patches, version);
    };
    return {
      current,
      root: current?.steps.length === 0,
      editing,
      // A container with something masked in it can be opened, but not replaced as a whole.
      canEdit: (row) => row.isPersonal || !hasMasked(row.raw) || isContainer(row.node),
      begin: ({ key, steps, raw }, mode) => setCurrent({ key, steps, raw, mode, version: editing.version }),
      remove: async (isForced) => {
        if (current) await send(current.steps, { kind: "remove" }, isForced ? undefined : current.version);
      },
      save: async (value, name, isForced) => {
        if (!current) return;
        const { mode, steps, version } = current;
        const edit: HandEdit = mode === "append" ? { kind: "append", value } : { kind: "set", value };
        await send(mode === "field" ? [...steps, name] : steps, edit, isForced ? undefined : version);
      },
      conflict: (failure) => {
        const found = current ? editing.conflict(failure, current.version) : undefined;
        const now = current && current.mode !== "field" ? valueAtSteps(root, current.steps) : current?.raw;
        if (!found || !current || JSON.stringify(now) === JSON.stringify(current.raw)) return found;
        return { ...found, lines: [...found.lines, `in this place stands now: ${now === undefined ? "nothing" : previewOf(now, 60)}`] };
      },
      close: () => setCurrent(null),
    };
  }, [root, editing, current]);
}

/** The editor of what is edited now. */
export function RowEditor({ edit, label }: { readonly edit: TreeEdit; readonly label: string }) {
  const { current, editing, save, close } = edit;
  if (!current) return null;
  if (current.mode === "remove") return <RemoveQuestion key={current.key} label={label} onRemove={edit.remove} conflict={edit.conflict} onClose={close} />;
  const path = current.steps.every((step) => typeof step !== "object") ? [...current.steps, ...(current.mode === "append" ? [0] : [])] : undefined;
  const schema = path && current.mode !== "field" ? schemaAt(editing.schema, path) : undefined;
  return (
    <ValueEditor
      key={`${current.key} ${current.mode}`}
      label={current.mode === "value" ? label : `New ${current.mode === "append" ? "item" : "field"} of ${label}`}
      raw={current.mode === "value" ? current.raw : undefined}
      schema={schema}
      hasName={current.mode === "field"}
      onSave={save}
      conflict={edit.conflict}
      onClose={close}
    />
  );
}
