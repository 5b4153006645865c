// One part's share of a record: how its value begins, is read back and is checked.
//
// Owns the contract between a durable part and the record that holds it. The record knows slices by name only.

import type { MaskPath } from "../base/marks.ts";

/** What a record holds for one part. */
export interface Slice {
  /** The part's field name; its name in the record. */
  readonly name: string;
  /** Version of the part's schema, 1 unless the part says otherwise. */
  readonly schemaVersion: number;
  /** The largest text of the value, UTF-8 bytes (P9). */
  readonly maxBytes: number;
  /** The places that are masked wherever the value is shown: what `masksOf` says of its schema. None unless given. (P21) */
  readonly masks?: readonly MaskPath[];

  /** The value of a conversation that begins; a new object each time. */
  initial(): unknown;

  /**
   * The value of a stored one, upgraded and parsed (P8, P10).
   *
   * @throws anything: the record is quarantined, the reason is the error's message.
   */
  restore(stored: unknown, schemaVersion: number): unknown;

  /**
   * Checks a value before it is committed and gives what to store.
   *
   * @param committed what the part holds until now, from which the value was made; undefined when it begins. What did
   *   not change need not be checked again.
   * @throws {StateInvalidError} naming the path, never the value.
   */
  check(value: unknown, committed?: unknown): unknown;
}
