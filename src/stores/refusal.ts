// What a store refuses, decided in one place so that all stores refuse alike.
//
// Owns the order of the checks and the words. Knows no database: a store shows the head of its row.
//
//   R1. A repeated write id is recognised before anything else: that write did happen.              (S3)
//   R2. The epoch counts before the version: a fenced process must let go, not reload and try again. (S2)
//   R3. A tombstone refuses every commit, whatever version and epoch it brings.                     (P22)

import { ConversimpleError, FencedError, StoreUnavailableError, VersionConflictError } from "../base/errors.ts";
import type { Change, Owner, Status } from "../state/store.ts";

/** What decides about a commit: the row without its content. Undefined when there is none, or it expired. */
export interface Head {
  readonly version: number;
  readonly epoch: number;
  readonly status: Status;
  readonly writeId: string | null;
}

/** The part of a {@link Change} that is judged. */
export type Claim = Pick<Change, "writeId" | "expectedVersion" | "epoch">;

/** What to do with a commit that is not refused. */
export type Verdict = "apply" | "create" | "repeated";

/**
 * Decides about a commit (R1..R3).
 *
 * @throws {VersionConflictError} {@link FencedError} {@link ConversimpleError} as `Store.commit` says.
 */
export function judge(owner: Owner, claim: Claim, head: Head | undefined): Verdict {
  if (!head) {
    if (claim.expectedVersion === 0 && claim.epoch === 0) return "create";
    throw new ConversimpleError("state_lost", `Cannot commit ${owner}: version ${claim.expectedVersion} was loaded, but the store has nothing now.`, {
      owner,
      expected: claim.expectedVersion,
      epoch: claim.epoch,
    });
  }
  if (head.writeId === claim.writeId) return "repeated";
  if (head.status === "forgotten" || head.epoch !== claim.epoch) throw new FencedError(owner, claim.epoch, head.epoch);
  if (head.version !== claim.expectedVersion) throw new VersionConflictError(owner, claim.expectedVersion, head.version);
  return "apply";
}

/** @throws {ConversimpleError} `conversation_not_found` or `conversation_ended`: its inbox takes no messages. */
export function checkTakesMail(owner: Owner, status: Status | undefined): void {
  if (status === "live") return;
  if (status) throw new ConversimpleError("conversation_ended", `Cannot post to ${owner}: it is ${status}.`, { owner, status });
  throw new ConversimpleError("conversation_not_found", `Cannot post to ${owner}: the store has no such conversation.`, { owner });
}

/**
 * A lone surrogate has no UTF-8 form: two owners would become one row.
 *
 * @throws {ConversimpleError} `id_invalid`.
 */
export function checkOwner(owner: Owner): void {
  if (owner.isWellFormed()) return;
  throw new ConversimpleError("id_invalid", "The owner key contains half of a surrogate pair. Check ids before they reach the store.");
}

/** What every method of a closed store rejects with. */
export function closedError(address: string): StoreUnavailableError {
  return new StoreUnavailableError(`The store ${address} is closed. Open it again.`, { address, outcome: "none" });
}
