// A value as the rows of a tree: what is open, flattened.
//
//   TR1. Only what is open costs anything; of a long list the first rows, and one that shows more.
//   TR2. What a change touched is open by itself; what somebody closed stays closed.
//   TR3. What was removed has a row of its own, where it was.

import type { MaskPath } from "../../../../src/base/marks.ts";
import { MaskCursor } from "./mask-cursor.ts";
import { NO_MOMENTS, type Moments } from "./moments.ts";
import { childrenOf, isContainer, previewOf, shownOf, sizeOf, type Child, type Shown, type Step } from "./shown-value.ts";
import type { Change } from "./change.ts";
import { comparedEntries, keyOfPath, NO_CHANGES, type ChangeIndex } from "./value-changes.ts";

/** A row. `more`: not yet shown ones; `removed`: what is not there any more. */
export type TreeRow = ValueRow | MoreRow | RemovedRow;

interface Placed {
  /** What it is known by, for what is open and what is edited. */
  readonly key: string;
  readonly depth: number;
}

export interface ValueRow extends Placed {
  readonly kind: "value";
  readonly label: string | undefined;
  /** Whether the label is a name, or only a position. */
  readonly isPosition: boolean;
  readonly node: Shown;
  readonly raw: unknown;
  readonly steps: readonly Step[];
  readonly isOpen: boolean;
  /** Whether its place is masked for who may not see it, in clear or not. */
  readonly isPersonal: boolean;
  readonly change: Change | undefined;
  readonly holdsChange: boolean;
  /** Whether it came with something that is new as a whole. */
  readonly isInNew: boolean;
  /** Whether its number is a moment, in milliseconds. */
  readonly isMoment: boolean;
  readonly position: number;
  readonly setSize: number;
}

export interface MoreRow extends Placed {
  readonly kind: "more";
  readonly parentKey: string;
  readonly hidden: number;
}

export interface RemovedRow extends Placed {
  readonly kind: "removed";
  readonly label: string;
  readonly change: Extract<Change, { kind: "removed" }>;
}

export interface TreeView {
  /** What somebody opened or closed, by key. */
  readonly opened: ReadonlyMap<string, boolean>;
  /** How many children are shown, by key; the first 50 unless it is there. */
  readonly limits: ReadonlyMap<string, number>;
}

export const FIRST_CHILDREN = 50;
/** A container opens by itself down to this level, up to this size. */
const OPEN_DEPTH = 2;
const OPEN_SIZE = 12;
/** ... and where something changed, down to this one. */
const OPEN_CHANGE_DEPTH = 8;

/** The rows of a value; the root has one only when it holds nothing. */
export function rowsOf(raw: unknown, view: TreeView, masks: readonly MaskPath[] = [], changes: ChangeIndex = NO_CHANGES, moments: Moments = NO_MOMENTS): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  const cursor = MaskCursor.of(masks);
  const root = shownOf(raw, cursor.isWhole);
  const walk: Walk = { rows, view, changes, moments, isInNew: false };
  if (isContainer(root)) addChildren(walk, root, [], cursor, 0);
  else rows.push(valueRow(walk, { step: "", label: "", raw, maskKey: undefined }, [], cursor, 0, 1, 1));
  return rows;
}

interface Walk {
  /** Whether the walk is inside of something new. */
  isInNew: boolean;
  readonly rows: TreeRow[];
  readonly view: TreeView;
  readonly changes: ChangeIndex;
  readonly moments: Moments;
}

function addChildren(walk: Walk, node: Shown, steps: readonly Step[], cursor: MaskCursor, depth: number): void {
  const key = keyOfSteps(steps);
  const children = childrenOf(node);
  const limit = walk.view.limits.get(key) ?? FIRST_CHILDREN;
  const entries = changedEntries(node, walk.changes.at.get(key));
  const removed = walk.changes.removedFrom.get(key) ?? entries?.removed ?? [];
  const isList = node.kind === "list";
  children.slice(0, limit).forEach((child, index) => {
    if (isList) addRemoved(walk, removed.filter(({ path }) => path.at(-1) === index), depth);
    addRow(walk, child, [...steps, child.step], cursor.at(child.maskKey), depth, index + 1, children.length, entries?.at.get(index));
  });
  if (children.length > limit) walk.rows.push({ kind: "more", key: `${key} more`, parentKey: key, depth, hidden: children.length - limit });
  addRemoved(walk, removed.filter(({ path }) => !isList || (path.at(-1) as number) >= children.length), depth);
}

function addRow(walk: Walk, child: Child, steps: readonly Step[], cursor: MaskCursor, depth: number, position: number, setSize: number, own: Change | undefined): void {
  const row = valueRow(walk, child, steps, cursor, depth, position, setSize, own);
  walk.rows.push(row);
  if (!row.isOpen) return;
  const wasInNew = walk.isInNew;
  walk.isInNew ||= row.change?.kind === "added";
  addChildren(walk, row.node, steps, cursor, depth + 1);
  walk.isInNew = wasInNew;
}

function valueRow({ view, changes, moments, isInNew }: Walk, child: Child, steps: readonly Step[], cursor: MaskCursor, depth: number, position: number, setSize: number, own?: Change): ValueRow {
  const key = keyOfSteps(steps);
  const node = shownOf(child.raw, cursor.isWhole);
  const holdsChange = changes.above.has(key);
  const opensItself = (depth < OPEN_DEPTH && sizeOf(node) <= OPEN_SIZE) || (holdsChange && depth < OPEN_CHANGE_DEPTH);
  return {
    kind: "value",
    key,
    depth,
    label: steps.length === 0 ? undefined : child.label,
    isPosition: typeof child.step !== "string",
    node,
    raw: child.raw,
    steps,
    isOpen: isContainer(node) && (sizeOf(node) > 0 || changes.removedFrom.has(key)) && (view.opened.get(key) ?? opensItself),
    isPersonal: cursor.isWhole,
    change: own ?? changes.at.get(key),
    holdsChange,
    isInNew,
    isMoment: node.kind === "number" && moments.has(key),
    position,
    setSize,
  };
}

/** What changed inside of a Map or a Set, into which no patch leads: told by comparing it with what it was. */
function changedEntries(node: Shown, change: Change | undefined): { readonly at: ReadonlyMap<number, Change>; readonly removed: readonly Change[] } | undefined {
  if ((node.kind !== "map" && node.kind !== "set") || change?.kind !== "changed" || !change.isBeforeKnown) return undefined;
  const before = shownOf(change.before);
  if (before.kind !== node.kind) return undefined;
  const compared = comparedEntries(before, node);
  const at = new Map(compared.flatMap(({ kind, index, raw, old }): [number, Change][] => (kind === "added" ? [[index, { kind, path: [], after: raw }]] : kind === "changed" ? [[index, { kind, path: [], before: old, after: raw, isBeforeKnown: true }]] : [])));
  const removed = compared.flatMap(({ kind, name, old }): Change[] => (kind === "removed" ? [{ kind, path: [node.kind === "map" ? previewOf(name, 40) : "item"], before: old, isBeforeKnown: true }] : []));
  return { at, removed };
}

/** TR3. */
function addRemoved({ rows }: Walk, changes: readonly Change[], depth: number): void {
  for (const change of changes) {
    if (change.kind === "removed") rows.push({ kind: "removed", key: `${keyOfPath(change.path)} removed ${rows.length}`, depth, label: String(change.path.at(-1)), change });
  }
}

/** Steps as a key; equal to {@link keyOfPath} where they are a path. */
export function keyOfSteps(steps: readonly Step[]): string {
  return JSON.stringify(steps);
}
