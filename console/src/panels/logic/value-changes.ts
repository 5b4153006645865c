// What a commit changed, as somebody reads it: which place, from what, to what.
//
// Owns turning patches and the value before into changes whose paths are those of the value after.
//
//   VC1. Patches follow each other: a later one moves the places of an earlier one, and what is removed again is not shown.
//   VC2. Without the value before, a change says only what it is now.

import type { Path } from "../../../../src/base/path.ts";
import type { Patch } from "../../../../src/state/patch.ts";
import type { Change } from "./change.ts";
import { spliceChanges } from "./list-changes.ts";
import { previewOf, shownOf, type Shown } from "./shown-value.ts";
import { afterStep, valueAt } from "./value-steps.ts";

/** The changes of one part (VC1). @param before the part's value before; undefined when it is not known (VC2). */
export function changesOf(before: unknown, patches: readonly Patch[]): readonly Change[] {
  const isBeforeKnown = before !== undefined;
  let value = before;
  let changes: readonly Change[] = [];
  for (const patch of patches) {
    changes = [...moved(changes, patch), ...changesOfStep(value, patch, isBeforeKnown)];
    value = isBeforeKnown ? afterStep(value, patch) : undefined;
  }
  return changes;
}

function changesOfStep(before: unknown, patch: Patch, isBeforeKnown: boolean): readonly Change[] {
  const [kind, path] = patch;
  if (kind === "cut") return [{ kind: "removed", path, before: valueAt(before, path), isBeforeKnown }];
  if (kind === "set") {
    const old = valueAt(before, path);
    const [, , after] = patch;
    return isBeforeKnown && old === undefined ? [{ kind: "added", path, after }] : [{ kind: "changed", path, before: old, after, isBeforeKnown }];
  }
  const [, , index, removed, added] = patch;
  const list = valueAt(before, path);
  if (removed > 0 && added.length > 0 && Array.isArray(list)) return spliceChanges(path, index, list.slice(index, index + removed), added);
  const gone = Array.from({ length: removed }, (_, offset): Change => ({ kind: "removed", path: [...path, index + offset], before: valueAt(before, [...path, index + offset]), isBeforeKnown }));
  return [...gone, ...added.map((after, offset): Change => ({ kind: "added", path: [...path, index + offset], after }))];
}

/** VC1. */
function moved(changes: readonly Change[], patch: Patch): readonly Change[] {
  if (patch[0] !== "splice") return changes.filter(({ kind, path }) => kind === "removed" || !startsWith(path, patch[1]));
  const [, list, index, removed, added] = patch;
  return changes.flatMap((change) => {
    const at = change.path[list.length];
    if (!startsWith(change.path, list) || typeof at !== "number" || change.kind === "removed" || at < index) return [change];
    if (at < index + removed) return [];
    return [{ ...change, path: [...list, at + added.length - removed, ...change.path.slice(list.length + 1)] }];
  });
}

function startsWith(path: Path, beginning: Path): boolean {
  return path.length >= beginning.length && beginning.every((key, index) => key === path[index]);
}

/** A change of a Map or a Set, entry by entry: no patch leads into one. Any other change is given as it is. */
export function entryChanges(change: Change): readonly Change[] {
  if (change.kind !== "changed" || !change.isBeforeKnown) return [change];
  const before = shownOf(change.before);
  const after = shownOf(change.after);
  if (before.kind !== after.kind || (after.kind !== "map" && after.kind !== "set")) return [change];
  return comparedEntries(before, after).map(({ name, kind, raw, old }): Change => {
    const path = [...change.path, typeof name === "string" || typeof name === "number" ? String(name) : previewOf(name, 40)];
    return kind === "added" ? { kind, path, after: raw } : kind === "removed" ? { kind, path, before: old, isBeforeKnown: true } : { kind, path, before: old, after: raw, isBeforeKnown: true };
  });
}

/** An entry that differs; `index`: where it is now. */
interface ComparedEntry {
  readonly kind: "added" | "changed" | "removed";
  readonly index: number;
  readonly name: unknown;
  readonly raw: unknown;
  readonly old: unknown;
}

/** The entries that differ between two Maps, or two Sets. */
export function comparedEntries(before: Shown, after: Shown): readonly ComparedEntry[] {
  const former = new Map(pairsOf(before).map(([name, raw]) => [JSON.stringify(name), { name, raw }]));
  const compared: ComparedEntry[] = [];
  pairsOf(after).forEach(([name, raw], index) => {
    const key = JSON.stringify(name);
    const old = former.get(key);
    former.delete(key);
    if (!old) compared.push({ kind: "added", index, name, raw, old: undefined });
    else if (JSON.stringify(old.raw) !== JSON.stringify(raw)) compared.push({ kind: "changed", index, name, raw, old: old.raw });
  });
  for (const { name, raw } of former.values()) compared.push({ kind: "removed", index: -1, name, raw: undefined, old: raw });
  return compared;
}

function pairsOf(node: Shown): readonly (readonly [unknown, unknown])[] {
  if (node.kind === "map") return node.entries;
  return node.kind === "set" ? node.items.map((item) => [item, item] as const) : [];
}

/** A path as a key of a map. */
export function keyOfPath(path: Path): string {
  return JSON.stringify(path);
}

/** Changes by place, to find them while a tree is drawn. */
export interface ChangeIndex {
  /** Added or changed places. */
  readonly at: ReadonlyMap<string, Change>;
  /** Places that hold a change below them. */
  readonly above: ReadonlySet<string>;
  /** Removed ones by the place that held them. */
  readonly removedFrom: ReadonlyMap<string, readonly Change[]>;
}

export const NO_CHANGES: ChangeIndex = { at: new Map(), above: new Set(), removedFrom: new Map() };

/** {@link ChangeIndex} of some changes. */
export function indexOf(changes: readonly Change[]): ChangeIndex {
  const at = new Map<string, Change>();
  const above = new Set<string>();
  const removedFrom = new Map<string, Change[]>();
  for (const change of changes) {
    const { path, kind } = change;
    for (let length = 0; length < path.length; length++) above.add(keyOfPath(path.slice(0, length)));
    if (kind !== "removed") at.set(keyOfPath(path), change);
    else {
      const holder = keyOfPath(path.slice(0, -1));
      removedFrom.set(holder, [...(removedFrom.get(holder) ?? []), change]);
    }
  }
  return { at, above, removedFrom };
}

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

/** A path as people write it: `cart[2].addedAt`; the part's own name for the whole. */
export function pathText(root: string, path: Path): string {
  let text = root;
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (PLAIN_NAME.test(key)) text += text === "" ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text === "" ? "(all of it)" : text;
}
