// Steps that somebody wrote by hand, applied to a value.
//
//   HE1. A step that leads nowhere, or into what is no plain object or list, is refused; the value before is not changed.
//   HE2. No step reaches a prototype.
//   HE3. A mask is no value: who was shown one does not write it back.                                  (P21)

import { StateInvalidError } from "../base/errors.ts";
import { Mask, MASKED } from "../base/mask.ts";
import type { MaskPath } from "../base/marks.ts";
import { pathText, type Path } from "../base/path.ts";
import { copyOf } from "../base/plain.ts";
import { apply, type Patch } from "./patch.ts";

/** So many steps are one edit. */
const STEPS_MAX = 256;
const PROTOTYPES: ReadonlySet<string | number> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * A copy of the value with the steps applied (HE1).
 *
 * @param name the part, for messages.
 * @throws {StateInvalidError} naming the path, never a value.
 */
export function editedByHand(name: string, value: unknown, patches: readonly Patch[], masks: readonly MaskPath[] = []): unknown {
  if (!isList(patches) || patches.length === 0 || patches.length > STEPS_MAX) throw new StateInvalidError(name, `takes a list of 1 to ${STEPS_MAX} steps`);
  const mask = Mask.of(masks);
  let result = copyOf(value);
  for (const patch of patches) {
    const refuse = (reason: string) => new StateInvalidError(pathText(name, mask.along(pathOf(patch)).path), reason);
    const reason = mistakeOf(result, patch, mask);
    if (reason !== undefined) throw refuse(reason);
    result = apply(result, [patch]);
  }
  return result;
}

function pathOf(patch: Patch): Path {
  return isList(patch) && isList(patch[1]) ? patch[1] : [];
}

function mistakeOf(root: unknown, patch: Patch, mask: Mask): string | undefined {
  if (!isStep(patch)) return "has a step that is none of set, cut and splice";
  const [kind, path] = patch;
  if (path.some((key) => PROTOTYPES.has(key))) return "has a step into a prototype";
  if (holdsMask(patch, mask)) return "would be the mask that is shown in its place; write a value";
  if (kind === "splice") {
    const list = reached(root, path);
    const [, , index, removed] = patch;
    if (!Array.isArray(list)) return "is no list";
    return index >= 0 && removed >= 0 && index + removed <= list.length ? undefined : "is a list without these items";
  }
  if (path.length === 0) return kind === "set" ? undefined : "cannot be cut as a whole";
  const holder = reached(root, path.slice(0, -1));
  const key = path.at(-1)!;
  if (!isHolder(holder)) return "lies in something that is no object and no list";
  // A list grows by splice: a hole in it could not be stored.
  const isThere = Object.hasOwn(holder, key);
  if (Array.isArray(holder)) return kind === "set" && isThere && key !== "length" ? undefined : "is no item of the list; use splice";
  return kind === "set" || isThere ? undefined : "is not there";
}

function isStep(patch: Patch): boolean {
  if (!isList(patch)) return false;
  const [kind, path, ...rest] = patch as readonly unknown[];
  if (!isList(path) || !path.every((key) => typeof key === "string" || Number.isSafeInteger(key))) return false;
  if (kind === "cut") return rest.length === 0;
  if (kind === "set") return rest.length === 1;
  return kind === "splice" && rest.length === 3 && Number.isSafeInteger(rest[0]) && Number.isSafeInteger(rest[1]) && isList(rest[2]);
}

/** Keeps the type that it is said to have: it came from outside. */
function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** HE3. */
function holdsMask(patch: Patch, mask: Mask): boolean {
  const values = patch[0] === "set" ? [patch[2]] : patch[0] === "splice" ? patch[4] : [];
  const { mask: inner } = mask.along(patch[1]);
  return values.some((value) => (patch[0] === "splice" ? inner.at(0) : inner).hidden(value).includes(MASKED));
}

function isHolder(value: unknown): value is Record<string | number, unknown> {
  if (Array.isArray(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value at a path; undefined when it leads nowhere (HE2). */
function reached(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (!isHolder(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
