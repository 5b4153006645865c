// Lossless JSON: what state looks like as text.                                                     (P7)
//
// Owns the stored form of values. Plain JSON values stay plain JSON, so that SQL can query them; the others
// are objects with one key that begins with "$":
//
//   Date {"$date":ms}   Map {"$map":[[k,v],..]}   Set {"$set":[..]}   bigint {"$bigint":"7"}
//   Uint8Array {"$bytes":"base64"}   undefined {"$undefined":true}   -0 {"$number":"-0"}
//   a plain object whose one key begins with "$": {"$object":{..}}
//
//   C1. decode(encode(v)) equals v, or encode throws and names the path. Nothing is dropped or changed.
//   C2. Two paths to one object become two objects; a cycle is refused.
//   C3. Depth is bounded, so that neither direction can exhaust the stack.
//   C4. "__proto__" is never a key, on either side.

import { StateInvalidError, StateTooLargeError } from "./errors.ts";
import { pathText, type Path } from "./path.ts";

/** Deepest nesting of a value. Source: P9. */
export const MAX_DEPTH = 64;
/** Levels that a journal entry or a message may add around a value. */
export const ENVELOPE_DEPTH = 8;

/** Texts of small objects that nobody changes any more, by object. See {@link encode}. */
export type KnownTexts = WeakMap<object, string>;

/**
 * The text of a value (C1).
 *
 * @param root how the value is called in errors: "state".
 * @param known texts to reuse, and to add to: of plain objects that hold no other container. Give it only for values
 *   that are never changed after they were encoded.
 * @param maxDepth levels that are allowed; more only for what has values inside of it ({@link ENVELOPE_DEPTH}).
 * @param shown how much of a path an error may name; all of it unless given.
 * @throws {StateInvalidError} with the path of what cannot be stored.
 * @throws {StateTooLargeError} when it is nested deeper than `maxDepth`.
 */
export function encode(value: unknown, root = "value", known?: KnownTexts, maxDepth = MAX_DEPTH, shown: (path: Path) => Path = (path) => path): string {
  const at: Position = { root, keys: [], open: [], known, out: [], maxDepth, shown };
  write(value, at);
  // Joined, not added up: a text that is kept for long must be one flat string, not a tree of its pieces.
  return at.out.join("");
}

/** Whether JSON.stringify writes a value as {@link encode} does: most that comes over a wire, and most that is set, is such a one. */
export function isJson(value: unknown, depth = 0): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || value === null) return typeof value === "string" || typeof value === "boolean" || value === null;
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return Object.getPrototypeOf(value) === Array.prototype && isDense(value) && value.every((item) => isJson(item, depth + 1));
  const keys = Object.keys(value);
  if (Object.getPrototypeOf(value) !== Object.prototype || !hasOnly(keys, value) || (keys.length === 1 && keys[0]!.startsWith("$"))) return false;
  return keys.every((key) => key !== "__proto__" && key.isWellFormed() && isJson((value as Record<string, unknown>)[key], depth + 1));
}

/** The text of a plain object whose values are encoded already. */
export function encodedObject(fields: readonly (readonly [name: string, text: string])[]): string {
  const body = `{${fields.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
  return fields.length === 1 && fields[0]![0].startsWith("$") ? `{"$object":${body}}` : body;
}

/** Pieces of text of one value. Source: a text of 1 MiB, the largest record, has fewer. */
const MAX_PIECES = 1_048_576;

/** Where the walk stands. One per call; `keys` and `open` grow and shrink together. */
interface Position {
  readonly root: string;
  readonly keys: (string | number)[];
  readonly open: object[];
  readonly known: KnownTexts | undefined;
  readonly out: string[];
  readonly maxDepth: number;
  readonly shown: (path: Path) => Path;
}

function write(value: unknown, at: Position): void {
  // Asked first: most of a value is what nobody touched.
  const known = typeof value === "object" && value !== null && at.open.length < at.maxDepth ? at.known?.get(value) : undefined;
  if (known !== undefined) at.out.push(known);
  else if (typeof value !== "object" || value === null || value instanceof Date) at.out.push(JSON.stringify(leaf(value, at)));
  else writeObject(value, at);
}

/** What JSON.stringify needs to see for a value that holds no other. */
function leaf(value: unknown, at: Position): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw refuse(at, `is ${value}, which cannot be stored`);
      return Object.is(value, -0) ? { $number: "-0" } : value;
    case "undefined":
      return { $undefined: true };
    case "bigint":
      return { $bigint: String(value) };
    case "object":
      return value === null ? null : leafDate(value as Date, at);
    default:
      throw refuse(at, `is a ${typeof value}, which cannot be stored`);
  }
}

function leafDate(value: Date, at: Position): unknown {
  if (Object.getPrototypeOf(value) !== Date.prototype) throw refuse(at, `is a ${className(Object.getPrototypeOf(value))}, which cannot be stored; store its plain data`);
  const time = value.getTime();
  if (Number.isNaN(time)) throw refuse(at, "is an invalid Date");
  return { $date: time };
}

function writeObject(value: object, at: Position): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Uint8Array.prototype) {
    at.out.push(bytesText(value as Uint8Array));
    return;
  }
  if (at.open.length >= at.maxDepth) {
    throw new StateTooLargeError(`${placeOf(at)} is nested deeper than ${at.maxDepth} levels.`, { path: placeOf(at), depth: at.maxDepth });
  }
  if (at.open.includes(value)) throw refuse(at, "refers to itself");
  // An object that is reached by many paths is written as often: without a bound a small one could fill the memory.
  if (at.out.length > MAX_PIECES) throw new StateTooLargeError(`${at.root} has too many values.`, { path: at.root, pieces: MAX_PIECES });
  at.open.push(value);
  writeContainer(value, prototype, at);
  at.open.pop();
}

function writeContainer(value: object, prototype: unknown, at: Position): void {
  if (prototype === Array.prototype) return writeArray(value as unknown[], "[", "]", at);
  if (prototype === Object.prototype || prototype === null) return writePlain(value as Record<string, unknown>, at);
  if (prototype === Map.prototype) return writeArray([...(value as Map<unknown, unknown>)], '{"$map":[', "]}", at);
  if (prototype === Set.prototype) return writeArray([...(value as Set<unknown>)], '{"$set":[', "]}", at);
  throw refuse(at, `is a ${className(prototype)}, which cannot be stored; store its plain data`);
}

function writeArray(value: readonly unknown[], begin: string, end: string, at: Position): void {
  if (!isKnownToBeDense(value, at) && !isDense(value)) throw refuse(at, "is an array with holes or with properties of its own");
  at.out.push(begin);
  const depth = at.keys.length;
  for (let index = 0; index < value.length; index++) {
    at.keys[depth] = index;
    if (index > 0) at.out.push(",");
    write(value[index], at);
  }
  at.keys.length = depth;
  at.out.push(end);
}

/**
 * A list that begins with an object whose text is known was made of a committed list by a unit of work, so it has no hidden
 * properties: looking for holes and names is enough, and is a third of the cost.
 */
function isKnownToBeDense(value: readonly unknown[], { known }: Position): boolean {
  const first = value[0];
  return typeof first === "object" && first !== null && known?.has(first) === true && Object.keys(value).length === value.length;
}

/** Whether a list has all its items and nothing else: own keys are the indexes, then "length", then the others. */
export function isDense(value: readonly unknown[]): boolean {
  const keys = Object.getOwnPropertyNames(value);
  return keys.length === value.length + 1 && keys[value.length] === "length" && Object.getOwnPropertySymbols(value).length === 0;
}

/** Whether an object has no hidden keys and no symbols beside its `Object.keys`. Reflect.ownKeys is five times slower. */
export function hasOnly(keys: readonly string[], value: object): boolean {
  return Object.getOwnPropertyNames(value).length === keys.length && Object.getOwnPropertySymbols(value).length === 0;
}

function writePlain(value: Record<string, unknown>, at: Position): void {
  const keys = Object.keys(value);
  if (!hasOnly(keys, value)) throw refuse(at, "has a symbol as a key, or a key that cannot be enumerated");
  const isEscaped = keys.length === 1 && keys[0]!.startsWith("$");
  if (hasContainer(value, keys)) return writeNested(value, keys, isEscaped, at);
  const flat = flatLeaves(value, keys, at);
  const text = JSON.stringify(isEscaped ? { $object: flat } : flat);
  at.known?.set(value, text);
  at.out.push(text);
}

/** An object without containers in it goes through JSON.stringify as one: that is the fastest, and gives a flat string. */
function flatLeaves(value: Record<string, unknown>, keys: readonly string[], at: Position): Record<string, unknown> {
  const flat = { ...value };
  const depth = at.keys.length;
  for (const key of keys) {
    at.keys[depth] = key;
    checkKey(key, at);
    const item = flat[key];
    const shown = leaf(item, at);
    if (shown !== item) flat[key] = shown;
  }
  at.keys.length = depth;
  return flat;
}

function writeNested(value: Record<string, unknown>, keys: readonly string[], isEscaped: boolean, at: Position): void {
  at.out.push(isEscaped ? '{"$object":{' : "{");
  const depth = at.keys.length;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!;
    at.keys[depth] = key;
    checkKey(key, at);
    at.out.push(`${index > 0 ? "," : ""}${JSON.stringify(key)}:`);
    write(value[key], at);
  }
  at.keys.length = depth;
  at.out.push(isEscaped ? "}}" : "}");
}

function hasContainer(value: Record<string, unknown>, keys: readonly string[]): boolean {
  for (const key of keys) {
    const item = value[key];
    if (typeof item === "object" && item !== null && !(item instanceof Date)) return true;
  }
  return false;
}

function checkKey(key: string, at: Position): void {
  if (key === "__proto__") throw refuse(at, "is not allowed as a key");
  if (!key.isWellFormed()) throw refuse(at, "has half of a surrogate pair in its key");
}

function bytesText(value: Uint8Array): string {
  return `{"$bytes":"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}"}`;
}

function className(prototype: unknown): string {
  const made = (prototype as { constructor?: { name?: unknown } } | null)?.constructor?.name;
  return typeof made === "string" && made !== "" ? made : "class instance";
}

function refuse(at: Position, reason: string): StateInvalidError {
  return new StateInvalidError(placeOf(at), reason);
}

function placeOf({ root, keys, shown }: Position): string {
  return pathText(root, shown(keys));
}

/**
 * The value of a text that {@link encode} wrote.
 *
 * @throws {SyntaxError} The text is not one that encode writes.
 */
export function decode(text: string): unknown {
  return revive(JSON.parse(text), 0);
}

/** Turns tags back into values, in place: what comes from JSON.parse belongs to nobody else. */
export function revive(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH + ENVELOPE_DEPTH) throw new SyntaxError("nested too deep");
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item === "object" && item !== null) value[index] = revive(item, depth + 1);
    }
    return value;
  }
  const plain = value as Record<string, unknown>;
  let count = 0;
  let only = "";
  for (const key in plain) {
    count++;
    only = key;
  }
  if (count === 1 && only.startsWith("$")) return reviveTag(only, plain[only], depth);
  return reviveFields(plain, depth);
}

function reviveFields(plain: Record<string, unknown>, depth: number): Record<string, unknown> {
  for (const key in plain) {
    if (key === "__proto__") throw new SyntaxError("__proto__ as a key");
    const item = plain[key];
    if (typeof item === "object" && item !== null) plain[key] = revive(item, depth + 1);
  }
  return plain;
}

function reviveTag(tag: string, content: unknown, depth: number): unknown {
  switch (tag) {
    case "$date":
      return date(content);
    case "$bigint":
      return bigint(content);
    case "$undefined":
      return only(true, content, undefined);
    case "$number":
      return only("-0", content, -0);
    case "$bytes":
      return bytes(content);
    case "$set":
      return set(revive(content, depth));
    case "$map":
      return map(revive(content, depth));
    case "$object":
      return escaped(content, depth);
    default:
      throw new SyntaxError("unknown tag");
  }
}

// Each takes only what encode writes: a text that says anything else was damaged or forged.

function only<T>(expected: unknown, content: unknown, value: T): T {
  if (content !== expected) throw new SyntaxError("a tag with another content than its own");
  return value;
}

function date(content: unknown): Date {
  const value = new Date(typeof content === "number" ? content : Number.NaN);
  return only(value.getTime(), content, value);
}

function bigint(content: unknown): bigint {
  if (typeof content !== "string" || !/^(?:0|-?[1-9]\d*)$/.test(content)) throw new SyntaxError("a bigint that is not one");
  return BigInt(content);
}

function bytes(content: unknown): Uint8Array {
  const buffer = Buffer.from(typeof content === "string" ? content : "", "base64");
  return only(buffer.toString("base64"), content, Uint8Array.from(buffer));
}

function set(content: unknown): Set<unknown> {
  const value = new Set(list(content));
  return only(value.size, list(content).length, value);
}

function map(content: unknown): Map<unknown, unknown> {
  const value = new Map<unknown, unknown>();
  for (const pair of list(content)) {
    const [key, item] = only(2, list(pair).length, list(pair));
    value.set(key, item);
  }
  return only(value.size, list(content).length, value);
}

function escaped(content: unknown, depth: number): unknown {
  if (typeof content !== "object" || content === null || Array.isArray(content)) throw new SyntaxError("a tag without an object");
  const keys = Object.keys(content);
  if (keys.length !== 1 || !keys[0]!.startsWith("$")) throw new SyntaxError("an object that needs no tag");
  return reviveFields(content as Record<string, unknown>, depth);
}

function list(content: unknown): unknown[] {
  if (!Array.isArray(content)) throw new SyntaxError("a tag without a list");
  return content as unknown[];
}
