// What the store acknowledged: the only state that a test looks at.
//
// Owns the last record of each conversation, and the record after each tool call, as the store said they are durable.
//
//   AC1. Nothing is here before its commit was acknowledged to the process.                             (P4)

import type { UnitOutcome } from "../state/journal.ts";
import { openEntry } from "../state/journal.ts";
import { RecordDocument } from "../state/document.ts";
import type { Slice } from "../state/slice.ts";
import type { Acquired, Change, Owner } from "../state/store.ts";
import type { StoreRequest } from "./intercepted-store.ts";

/** A record as it was stored. */
export interface Stored {
  readonly version: number;
  readonly text: string;
}

/** What became of a message from outside. */
export interface Applied {
  readonly outcome: UnitOutcome;
  readonly code: string | undefined;
}

/** Plain copies of the parts in a record, by name. @throws {StateQuarantinedError} when it cannot be read. */
export function partsOf(owner: Owner, stored: Stored | undefined, slices: readonly Slice[]): Readonly<Record<string, unknown>> {
  const document = stored ? RecordDocument.open(owner, stored.version, stored.text, slices) : RecordDocument.begin(owner, slices);
  return Object.fromEntries(slices.map((slice) => [slice.name, document.value(slice)]));
}

export class Acknowledged {
  readonly #records = new Map<Owner, Stored>();
  readonly #afterCalls = new Map<string, Stored | undefined>();
  readonly #messages = new Map<string, Applied>();

  /** Takes note of an answer of the store. */
  see(request: StoreRequest, answer: unknown): void {
    if (request.method === "commit") this.#committed(...(request.inputs as [Owner, Change]));
    if (request.method === "acquire") this.#acquired(request.owner!, answer as Acquired);
  }

  /** The last record of a conversation. */
  last(owner: Owner): Stored | undefined {
    return this.#records.get(owner);
  }

  /** The record after a call, once; the last one when the call committed nothing. */
  takeAfterCall(owner: Owner, callId: string): Stored | undefined {
    const key = `${owner}\n${callId}`;
    const stored = this.#afterCalls.has(key) ? this.#afterCalls.get(key) : this.last(owner);
    this.#afterCalls.delete(key);
    return stored;
  }

  /** What became of a message; undefined while it waits. */
  message(id: string): Applied | undefined {
    return this.#messages.get(id);
  }

  #committed(owner: Owner, change: Change): void {
    if (change.record !== undefined) this.#records.set(owner, { version: change.expectedVersion + 1, text: change.record });
    const entry = change.entry === undefined ? undefined : openEntry(owner, change.entry);
    if (entry?.unit === "tool" && entry.callId !== undefined) this.#afterCalls.set(`${owner}\n${entry.callId}`, this.last(owner));
    if (entry?.message !== undefined) this.#messages.set(entry.message, { outcome: entry.outcome, code: entry.code });
  }

  #acquired(owner: Owner, acquired: Acquired): void {
    if (acquired.kind === "held" || acquired.loaded.record === null) return;
    this.#records.set(owner, { version: acquired.loaded.version, text: acquired.loaded.record });
  }
}
