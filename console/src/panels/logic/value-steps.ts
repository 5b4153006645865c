// Steps that change a value, on its lossless JSON: the journal's patches applied, and an edit by hand as patches.
//
//   VS1. Nothing is changed in place: what is shown of an older version stays as it is.
//   VS2. An object that gets or loses its only `$` key is wrapped or unwrapped, as the codec would have written it.
//   VS3. An edit inside of a Map or a Set is a set of the whole: patches cannot lead into them.
//   VS4. An edit never writes the masked text back: where the whole has to be set and something in it is masked, there is
//        no edit.                                                                                      (P21)

import type { Path } from "../../../../src/base/path.ts";
import type { Patch } from "../../../../src/state/patch.ts";
import { fieldsOf, MASKED, packed, shownOf, type Step } from "./shown-value.ts";

/** What stands at a path; undefined for nothing. */
export function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const key of path) {
    if (Array.isArray(value)) value = (value as unknown[])[key as number];
    else {
      const fields = fieldsOf(value);
      value = fields && Object.hasOwn(fields, key) ? fields[key] : undefined;
    }
    if (value === undefined) return undefined;
  }
  return value;
}

/** What stands at steps, through Maps and Sets too; undefined for nothing. */
export function valueAtSteps(raw: unknown, steps: readonly Step[]): unknown {
  return steps.reduce<unknown>((value, step) => {
    if (typeof step !== "object") return valueAt(value, [step]);
    const node = shownOf(value);
    return node.kind === "map" ? node.entries[step.entry]?.[1] : node.kind === "set" ? node.items[step.entry] : undefined;
  }, raw);
}

/** The value after the steps (VS1). A step that does not fit, as of a masked place, changes nothing. */
export function applied(raw: unknown, patches: readonly Patch[]): unknown {
  return patches.reduce<unknown>(afterStep, raw);
}

/** The value after one step. */
export function afterStep(raw: unknown, patch: Patch): unknown {
  const [kind, path] = patch;
  if (kind === "splice") {
    const [, , index, removed, added] = patch;
    return changed(raw, path, (list) => (Array.isArray(list) ? [...(list.slice(0, index) as unknown[]), ...added, ...(list.slice(index + removed) as unknown[])] : list));
  }
  if (path.length === 0) return kind === "set" ? patch[2] : raw;
  const key = path.at(-1)!;
  return changed(raw, path.slice(0, -1), (holder) => (kind === "set" ? withKey(holder, key, patch[2]) : withoutKey(holder, key)));
}

function changed(raw: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(raw);
  if (Array.isArray(raw)) return raw.map((item: unknown, index) => (index === key ? changed(item, rest, change) : item));
  const fields = fieldsOf(raw);
  return fields && Object.hasOwn(fields, key) ? packed({ ...fields, [key]: changed(fields[key], rest, change) }) : raw;
}

function withKey(holder: unknown, key: string | number, value: unknown): unknown {
  if (Array.isArray(holder)) return holder.map((item: unknown, index) => (index === key ? value : item));
  const fields = fieldsOf(holder);
  return fields ? packed({ ...fields, [key]: value }) : holder;
}

function withoutKey(holder: unknown, key: string | number): unknown {
  const fields = fieldsOf(holder);
  return fields ? packed(Object.fromEntries(Object.entries(fields).filter(([name]) => name !== String(key)))) : holder;
}

/** What a hand does to one place. */
export type HandEdit = { readonly kind: "set"; readonly value: unknown } | { readonly kind: "remove" } | { readonly kind: "append"; readonly value: unknown };

/**
 * An edit as patches.
 *
 * @param steps from the part's value to the place; for `append` to the list.
 * @returns undefined where it would write the masked text back (VS4), or where there is nothing to change.
 */
export function patchesOf(root: unknown, steps: readonly Step[], edit: HandEdit): readonly Patch[] | undefined {
  const depth = steps.findIndex((step) => typeof step === "object");
  if (depth >= 0) {
    const path = steps.slice(0, depth) as Path;
    const whole = edited(valueAt(root, path), steps.slice(depth), edit);
    return whole === undefined || hasMasked(whole) ? undefined : [["set", path, whole]];
  }
  const path = steps as Path;
  const last = path.at(-1);
  if (edit.kind === "set") return hasMasked(edit.value) ? undefined : [["set", path, edit.value]];
  if (edit.kind === "append") {
    const list = valueAt(root, path);
    return Array.isArray(list) ? [["splice", path, list.length, 0, [edit.value]]] : undefined;
  }
  if (last === undefined) return undefined;
  return typeof last === "number" ? [["splice", path.slice(0, -1), last, 1, []]] : [["cut", path]];
}

function edited(raw: unknown, steps: readonly Step[], edit: HandEdit): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return edit.kind === "set" ? edit.value : edit.kind === "append" && Array.isArray(raw) ? [...(raw as unknown[]), edit.value] : undefined;
  if (edit.kind === "remove" && rest.length === 0) return withoutEntry(raw, step);
  if (typeof step !== "object") {
    const inner = edited(valueAt(raw, [step]), rest, edit);
    return inner === undefined ? undefined : withKey(raw, step, inner);
  }
  const node = shownOf(raw);
  if (node.kind === "map") return { $map: node.entries.map(([key, value], index) => [key, index === step.entry ? edited(value, rest, edit) : value]) };
  if (node.kind === "set") return { $set: node.items.map((value, index) => (index === step.entry ? edited(value, rest, edit) : value)) };
  return undefined;
}

function withoutEntry(raw: unknown, step: Step): unknown {
  if (typeof step === "string") return withoutKey(raw, step);
  if (typeof step === "number") return Array.isArray(raw) ? raw.filter((_, index) => index !== step) : undefined;
  const node = shownOf(raw);
  if (node.kind === "map") return { $map: node.entries.filter((_, index) => index !== step.entry) };
  return node.kind === "set" ? { $set: node.items.filter((_, index) => index !== step.entry) } : undefined;
}

/** VS4: whether the masked text stands anywhere in a value. */
export function hasMasked(raw: unknown): boolean {
  if (raw === MASKED) return true;
  if (typeof raw !== "object" || raw === null) return false;
  return Object.values(raw).some(hasMasked);
}
