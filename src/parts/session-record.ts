// What a conversation's record holds of its session.
//
// Owns the slice: its forms, and reading it back.
//
//   SX1. One of three: nobody, a user, or a user who was and whose time is over. Of the last one only the account stays.
//   SX2. A stored user that the schema does not accept any more has to log in again: nothing is guessed, and a release
//        that changes the schema quarantines nobody's call.                                             (P10)

import { randomUUID } from "node:crypto";

import { StateInvalidError } from "../base/errors.ts";
import { masksOf } from "../base/marks.ts";
import { Mask } from "../base/mask.ts";
import { pathText } from "../base/path.ts";
import { copyOf } from "../base/plain.ts";
import { validate, type Schema } from "../base/schema.ts";
import { isSame } from "../state/patch.ts";
import type { Slice } from "../state/slice.ts";
import type { Owner } from "../state/store.ts";

/** The largest text of a session, UTF-8 bytes. Source: P9. */
const SESSION_MAX_BYTES = 65_536;

/** Somebody who logged in. Times are milliseconds since 1970. */
export interface Authenticated {
  readonly status: "authenticated";
  /** Made new by every login. */
  readonly id: string;
  readonly user: unknown;
  /** The owner key of the account: whose lockout counter it is. */
  readonly account: Owner;
  readonly startedAtMs: number;
  /** The last tool call that was written down; later ones may be known in memory. */
  readonly lastSeenMs: number;
}

/** What the record holds (SX1). */
export type SessionRecord = { readonly status: "anonymous" } | Authenticated | { readonly status: "expired"; readonly account: Owner };

export const ANONYMOUS: SessionRecord = { status: "anonymous" };

/** A session that begins now. */
export function begun(user: unknown, account: Owner, atMs: number): Authenticated {
  return { status: "authenticated", id: randomUUID(), user, account, startedAtMs: atMs, lastSeenMs: atMs };
}

/** The slice of the field `name`. */
export function sessionSlice(name: string, schema: Schema): Slice {
  return {
    name,
    schemaVersion: 1,
    maxBytes: SESSION_MAX_BYTES,
    masks: masksOf(schema).map((place) => (place === "" ? "user" : `user/${place}`)),
    initial: () => ({ ...ANONYMOUS }),
    restore(stored) {
      const record = stored as SessionRecord;
      if (record.status === "anonymous" || record.status === "expired") return record;
      if (record.status !== "authenticated") throw new Error(`${name} has none of the forms that this release knows`);
      const user = validate(schema, record.user);
      return user.ok ? { ...record, user: copyOf(user.value) } : { status: "expired", account: record.account };
    },
    // Only the part writes it; the user was parsed when it logged in.
    check: (value) => value,
  };
}

/**
 * What the schema makes of a user, as a private copy.
 *
 * @param root what it is called in the error: "session.user".
 * @throws {StateInvalidError} naming the path, never the value.
 */
export function parsedUser(root: string, schema: Schema, given: unknown): unknown {
  const first = validate(schema, given);
  // A key below something personal may be as personal as its value.
  if (!first.ok) throw new StateInvalidError(pathText(root, Mask.of(masksOf(schema)).along(first.issues[0]!.path).path), `is not valid: ${first.issues[0]!.reason}`);
  const user = copyOf(first.value);
  // It is parsed again whenever the record is loaded.
  const second = validate(schema, user);
  if (second.ok && isSame(second.value, user)) return user;
  throw new StateInvalidError(root, "is changed by its schema each time that it is parsed; move transforms into verify");
}
