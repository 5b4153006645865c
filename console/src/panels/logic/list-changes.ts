// What a splice changed, item by item: a patch may replace a long piece of a list of which most is the same.
//
//   LC1. An item that is the same on both sides is no change, wherever it moved to within the piece.
//   LC2. What stands in the same gap on both sides was changed, field by field; the rest was added or removed.

import type { Path } from "../../../../src/base/path.ts";
import { fieldsOf } from "./shown-value.ts";
import type { Change } from "./change.ts";

/** An equal item is looked for this far from where it is expected. */
const WINDOW = 64;

/** The changes of a splice. @param path of the list. @param index where the piece begins. */
export function spliceChanges(path: Path, index: number, before: readonly unknown[], after: readonly unknown[]): readonly Change[] {
  const changes: Change[] = [];
  let old = 0;
  let now = 0;
  for (const [oldAt, nowAt] of [...matchesOf(before, after), [before.length, after.length] as const]) {
    changes.push(...gapChanges(path, index, [before.slice(old, oldAt), old], [after.slice(now, nowAt), now]));
    old = oldAt + 1;
    now = nowAt + 1;
  }
  return changes;
}

/** Places of equal items, ascending on both sides (LC1). */
function matchesOf(before: readonly unknown[], after: readonly unknown[]): readonly (readonly [number, number])[] {
  const places = new Map<string, number[]>();
  before.forEach((item, at) => {
    const key = JSON.stringify(item);
    const known = places.get(key);
    if (known) known.push(at);
    else places.set(key, [at]);
  });
  const matches: [number, number][] = [];
  let next = 0;
  after.forEach((item, at) => {
    const found = places.get(JSON.stringify(item))?.find((place) => place >= next);
    if (found === undefined || found - next > WINDOW) return;
    matches.push([found, at]);
    next = found + 1;
  });
  return matches;
}

type Piece = readonly [items: readonly unknown[], offset: number];

/** LC2. */
function gapChanges(path: Path, index: number, [before, oldOffset]: Piece, [after, nowOffset]: Piece): readonly Change[] {
  const both = Math.min(before.length, after.length);
  const changed = after.slice(0, both).flatMap((item, at) => itemChanges([...path, index + nowOffset + at], before[at], item));
  const removed = before.slice(both).map((item, at): Change => ({ kind: "removed", path: [...path, index + oldOffset + both + at], before: item, isBeforeKnown: true }));
  const added = after.slice(both).map((item, at): Change => ({ kind: "added", path: [...path, index + nowOffset + both + at], after: item }));
  return [...removed, ...changed, ...added];
}

function itemChanges(path: Path, before: unknown, after: unknown): readonly Change[] {
  const old = fieldsOf(before);
  const now = fieldsOf(after);
  if (!old || !now) return [{ kind: "changed", path, before, after, isBeforeKnown: true }];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names.flatMap((name): Change[] => {
    if (!Object.hasOwn(now, name)) return [{ kind: "removed", path: [...path, name], before: old[name], isBeforeKnown: true }];
    if (!Object.hasOwn(old, name)) return [{ kind: "added", path: [...path, name], after: now[name] }];
    return JSON.stringify(old[name]) === JSON.stringify(now[name]) ? [] : [{ kind: "changed", path: [...path, name], before: old[name], after: now[name], isBeforeKnown: true }];
  });
}
