// One value in an editor of its kind, in the place where it stands.
//
//   VE1. Nothing is shown as saved before the server said so; what it refused is said at the field, with what to do.
//   VE2. Escape leaves everything as it was; Enter saves (in a text of many lines with Control).

import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";

import type { JsonSchema } from "../../../../src/host/host.ts";
import { Button } from "../../kit/button.tsx";
import { failureOf, type ApiFailure } from "../../lib/api-failure.ts";
import { editorOf, readLeaf, textOfLeaf, type Editor } from "../logic/leaf-edit.ts";
import { previewOf, shownOf } from "../logic/shown-value.ts";
import type { Conflict } from "./editing.ts";

const INPUT = "w-full rounded-md border border-edge bg-pane px-2 py-1 font-mono text-xs text-ink";
const offsetMinutes = (ms: number): number => new Date(ms).getTimezoneOffset();

export interface ValueEditorProps {
  readonly label: string;
  /** The value that stands there; undefined for a new one. */
  readonly raw: unknown;
  readonly schema: JsonSchema | undefined;
  /** Asks for a name too: a new field of an object. */
  readonly hasName?: boolean;
  /** Rejects with an ApiFailure. `isForced`: whatever was changed meanwhile. */
  readonly onSave: (value: unknown, name: string, isForced: boolean) => Promise<void>;
  readonly conflict: (failure: ApiFailure) => Conflict | undefined;
  readonly onClose: () => void;
}

/** The editor. */
export function ValueEditor(props: ValueEditorProps) {
  const { label, raw, schema, hasName = false, onClose } = props;
  const { editor, options } = editorOf(raw === undefined ? { kind: "undefined" } : shownOf(raw), schema);
  const [text, setText] = useState(() => (raw === undefined ? emptyText(editor, options) : textOfLeaf(raw, editor, offsetMinutes)));
  const [name, setName] = useState("");
  const saving = useSaving(props, editor, text, name);
  const id = useId();
  const first = useRef<HTMLInputElement & HTMLTextAreaElement & HTMLSelectElement>(null);
  // Also after a refusal: a field that was disabled while it was saved has lost the keys.
  useLayoutEffect(() => (saving.isSaving ? undefined : first.current?.focus()), [saving.isSaving]);
  const keys = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") onClose();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || (editor !== "json" && editor !== "text"))) {
      event.preventDefault();
      void saving.save(false);
    }
  };
  const field = { id, ref: hasName ? undefined : first, value: text, "aria-label": hasName ? "Value" : label, "aria-invalid": saving.message !== undefined, "aria-describedby": saving.message === undefined ? undefined : `${id}-says`, disabled: saving.isSaving, className: INPUT };
  return (
    <form className="my-1 w-full max-w-2xl font-sans" onKeyDown={keys} onSubmit={(event) => { event.preventDefault(); void saving.save(false); }}>
      {hasName ? <input ref={first} aria-label="Name of the new field" placeholder="name" value={name} onChange={(event) => setName(event.target.value)} className={`${INPUT} mb-1`} /> : null}
      <EditorField editor={editor} options={options} field={field} onChange={setText} />
      <SaveLine saving={saving} id={`${id}-says`} onClose={onClose} hint={editor === "json" ? "as lossless JSON: a date is {\"$date\": milliseconds}" : editor === "date" ? "in your time zone" : undefined} />
    </form>
  );
}

function emptyText(editor: Editor, options: readonly unknown[]): string {
  return editor === "choice" ? JSON.stringify(options[0]) : editor === "truth" ? "true" : "";
}

interface Saving {
  readonly isSaving: boolean;
  readonly message: string | undefined;
  readonly remedy: string | undefined;
  readonly conflict: Conflict | undefined;
  readonly save: (isForced: boolean) => Promise<void>;
}

/** VE1. */
function useSaving({ onSave, onClose, conflict, hasName = false }: ValueEditorProps, editor: Editor, text: string, name: string): Saving {
  const [isSaving, setSaving] = useState(false);
  const [failure, setFailure] = useState<{ readonly message: string; readonly remedy?: string | undefined; readonly conflict?: Conflict | undefined }>();
  const save = async (isForced: boolean): Promise<void> => {
    const read = readLeaf(text, editor, offsetMinutes);
    if (!read.ok) return setFailure({ message: read.problems[0]!.message });
    if (hasName && name === "") return setFailure({ message: "Give it a name." });
    setSaving(true);
    try {
      await onSave(read.value, name, isForced);
      onClose();
    } catch (thrown) {
      const refused = failureOf(thrown);
      setFailure({ message: refused.message, remedy: refused.remedy, conflict: conflict(refused) });
      setSaving(false);
    }
  };
  return { isSaving, message: failure?.message, remedy: failure?.remedy, conflict: failure?.conflict, save };
}

function EditorField({ editor, options, field, onChange }: { readonly editor: Editor; readonly options: readonly unknown[]; readonly field: object; readonly onChange: (text: string) => void }) {
  const change = (event: { target: { value: string } }) => onChange(event.target.value);
  if (editor === "choice") return <select {...field} onChange={change}>{options.map((option) => <option key={JSON.stringify(option)} value={JSON.stringify(option)}>{previewOf(option)}</option>)}</select>;
  if (editor === "truth") return <select {...field} onChange={change}><option value="true">true</option><option value="false">false</option></select>;
  if (editor === "date") return <input type="datetime-local" step="0.001" {...field} onChange={change} />;
  if (editor === "number" || editor === "bigint") return <input inputMode="decimal" {...field} onChange={change} />;
  const { value } = field as { value: string };
  return <textarea rows={Math.min(12, Math.max(editor === "json" ? 3 : 1, value.split("\n").length))} spellCheck={false} {...field} onChange={change} />;
}

function SaveLine({ saving, id, onClose, hint }: { readonly saving: Saving; readonly id: string; readonly onClose: () => void; readonly hint: string | undefined }) {
  const { message, remedy, conflict, isSaving, save } = saving;
  return (
    <>
      {message === undefined ? null : (
        <div id={id} role="alert" className="mt-1 rounded-md bg-bad-soft px-2 py-1.5 text-xs break-words">
          <p className="font-medium text-bad">{message}</p>
          {remedy === undefined ? null : <p className="text-ink-2">{remedy}</p>}
          {conflict ? <ConflictText conflict={conflict} /> : null}
        </div>
      )}
      <div className="mt-1 flex flex-wrap items-center gap-1.5">
        {conflict ? <Button look="accent" onClick={() => void save(true)} disabled={isSaving}>Save on top of version {conflict.version}</Button> : <Button type="submit" look="accent" disabled={isSaving}>{isSaving ? "Saving…" : "Save"}</Button>}
        <Button look="quiet" onClick={onClose}>Cancel</Button>
        {hint === undefined ? null : <span className="text-2xs text-ink-3">{hint}</span>}
      </div>
    </>
  );
}

function ConflictText({ conflict }: { readonly conflict: Conflict }) {
  return (
    <div className="mt-1 text-ink-2">
      <p>While you were editing, the conversation went on to version {conflict.version}:</p>
      <ul className="ml-4 list-disc">{conflict.lines.map((line) => <li key={line}>{line}</li>)}</ul>
    </div>
  );
}
