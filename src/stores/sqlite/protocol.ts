// What the caller's thread and the worker say to each other.
//
// Owns the shape of requests and replies and how an error crosses the thread. One message carries many of them.
// The hot one, `commit`, is a flat tuple: structured clone of objects with names costs twice as much.
//
//   W1. Every request has one reply, in any order; the request with id 0 is the opening of the file.
//   W2. Errors arrive as the class that was thrown, with code, message and fields; never with a stack or a value.

import { ConversimpleError, FencedError, StoreUnavailableError, VersionConflictError, textOf } from "../../base/errors.ts";
import type { ErrorCode, ErrorFields } from "../../base/errors.ts";
import type {
  Acquired, Change, Entry, FeedItem, Forgotten, ListFilter, ListPage, Loaded, Owner, ProcessIdentity, Swept, WaitingMessage,
} from "../../state/store.ts";

/** What most commits leave out. */
export type RareChange = Pick<Change, "facts" | "consume" | "trimBelow">;

export type PackedCommit = [
  owner: Owner, writeId: string, expectedVersion: number, epoch: number, record: string | null, entry: string | null,
  callId: string | null, digest: string | null, answer: string | null, rare: RareChange | null,
];

/** What the worker can be asked for. */
export interface Operations {
  load(owner: Owner): Loaded | undefined;
  commit(...commit: PackedCommit): number;
  answer(owner: Owner, callId: string): string | undefined;
  acquire(owner: Owner, process: ProcessIdentity, agentId: string | null): Acquired;
  renew(process: ProcessIdentity, leaseMs: number): void;
  release(owner: Owner, process: string, epoch: number): void;
  retire(process: string): void;
  post(owner: Owner, messageId: string, text: string): void;
  pending(process: string | null): Owner[];
  inbox(owner: Owner, after: string | null): WaitingMessage[];
  list(filter: ListFilter): ListPage;
  history(owner: Owner, afterVersion: number, limit: number, answers: boolean): Entry[];
  feed(after: string | null, limit: number): { items: FeedItem[]; cursor: string };
  forget(owner: Owner, tombstone: boolean, untilMs: number | null): Forgotten;
  sweep(limit: number): Swept;
  close(): void;
}

export type OperationName = keyof Operations;

/** Operations that leave the file as it is; they run outside of a group. */
export const READS: ReadonlySet<OperationName> = new Set(["load", "answer", "pending", "inbox", "list", "history", "feed"]);

/** `nowMs` is the time of the caller's clock: the worker has none. */
export type Request = { [K in OperationName]: [id: number, nowMs: number, operation: K, ...args: Parameters<Operations[K]>] }[OperationName];

export type Reply = [id: number, value: unknown, failure?: Failure];

/** Many replies as they travel: columns, because most are two numbers, and numbers in a row are cheap to copy. */
export type Replies = [ids: number[], values: unknown[], failures: [id: number, failure: Failure][]];

export function packReplies(replies: readonly Reply[]): Replies {
  const packed: Replies = [[], [], []];
  for (const [id, value, failure] of replies) {
    if (failure) packed[2].push([id, failure]);
    else {
      packed[0].push(id);
      packed[1].push(value);
    }
  }
  return packed;
}

/** An error on its way between threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fields: ErrorFields;
}

/** W2, on the worker's side. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof ConversimpleError) return { code: thrown.code, message: thrown.message, fields: thrown.fields };
  return { code: "state_unavailable", message: `The store's worker failed: ${textOf(thrown)}`, fields: { outcome: "none" } };
}

/** W2, on the caller's side. */
export function errorOf({ code, message, fields }: Failure): ConversimpleError {
  if (code === "version_conflict") return new VersionConflictError(String(fields.owner), Number(fields.expected), Number(fields.found));
  if (code === "fenced") return new FencedError(String(fields.owner), Number(fields.epoch), Number(fields.found));
  if (code === "state_unavailable") return new StoreUnavailableError(message, fields);
  return new ConversimpleError(code, message, fields);
}
