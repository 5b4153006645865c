// What a test says about state: a part of it, compared by value.
//
//   EX1. Of an object only the named fields count; a list counts with its length and each element by this rule.
//   EX2. Everything else (Date, Map, Set, bigint, bytes, primitives) is compared by value, as a whole.
//   EX3. A failed expectation shows what differs, not all that there is.
//   EX4. A part that the agent does not have is a mistake of the test, not a difference.

import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";

import type { StoredParts } from "./stored-parts.ts";

/** What a test may leave out of a value; `undefined` says that there is nothing. */
export type DeepPartial<T> = T extends Date | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | Uint8Array
  ? T
  : T extends readonly (infer Item)[]
    ? readonly DeepPartial<Item>[]
    : T extends object
      ? { readonly [K in keyof T]?: DeepPartial<T[K]> | undefined }
      : T;

/** The durable parts of an agent by field, as they are stored. */
export type StateOf<A> = StoredParts<A>;

/** What a test expects of them. */
export type ExpectedState<A> = { readonly [Name in keyof StoredParts<A>]?: DeepPartial<StoredParts<A>[Name]> };

/**
 * Compares (EX1, EX2).
 *
 * @param where goes before the difference: "After add_to_cart".
 * @param caller the function whose caller is to be shown as the place of the failure.
 * @throws {AssertionError} with the difference (EX3, EX4).
 */
export function expectParts(actual: Readonly<Record<string, unknown>>, expected: object, where: string, caller: (...inputs: never[]) => void): void {
  const seen = seenBy(actual, expected);
  if (isDeepStrictEqual(seen, expected)) return;
  const failed = new AssertionError({ actual: seen, expected, operator: "deepStrictEqual", stackStartFn: caller });
  const stranger = Object.keys(expected).find((name) => !Object.hasOwn(actual, name));
  const there = Object.keys(actual).join(", ") || "none";
  const message = stranger === undefined ? `${where}: ${failed.message}` : `${where}: "${stranger}" is no durable part that is stored. There are: ${there}.`;
  // Not as an option: Node 24 puts the difference behind a message that it is given, so that it would be there twice.
  failed.stack = failed.stack?.replace(failed.message, () => message) ?? "";
  failed.message = message;
  throw failed;
}

/** The actual value as far as the expected one looks at it. */
function seenBy(actual: unknown, expected: unknown): unknown {
  if (isMatcher(expected)) return expected.asymmetricMatch(actual) ? expected : actual;
  if (Array.isArray(expected)) return Array.isArray(actual) && actual.length === expected.length ? actual.map((item, index) => seenBy(item, expected[index])) : actual;
  if (!isPlain(expected) || !isPlain(actual)) return actual;
  const seen: Record<string, unknown> = {};
  for (const key of Object.keys(expected)) {
    if (Object.hasOwn(actual, key) || expected[key] === undefined) seen[key] = seenBy(actual[key], expected[key]);
  }
  return seen;
}

/** The matchers of Vitest and Jest, such as `expect.any(Date)`. */
function isMatcher(value: unknown): value is { asymmetricMatch(actual: unknown): boolean } {
  return typeof value === "object" && value !== null && typeof (value as { asymmetricMatch?: unknown }).asymmetricMatch === "function";
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
