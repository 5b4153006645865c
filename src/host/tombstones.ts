// Tombstones: what stays of what was erased, so that nothing that was under way brings it back.        (P22)
//
//   TS1. One stays twice as long as a call can be delivered again. What comes later finds nothing to go on from, and a
//        person who comes later is somebody new.

import type { Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";
import { LEDGER_MAX_AGE_MS, type Forgotten, type Owner, type Store } from "../state/store.ts";

/** How long a tombstone stays, milliseconds (TS1). */
export const TOMBSTONE_MS = 2 * LEDGER_MAX_AGE_MS;

/** Erases an owner; a tombstone stays. Again is without effect. */
export function entomb(store: Store, clock: Clock, owner: Owner): Promise<Forgotten> {
  return store.forget(owner, { tombstone: true, untilMs: clock.now() + TOMBSTONE_MS });
}

/** Whether there is a tombstone. */
export async function isErased(store: Store, owner: Owner): Promise<boolean> {
  return (await store.load(owner))?.facts.status === "forgotten";
}

/** What callers of an erased conversation hear. */
export function erasedError(conversation: string): ConversimpleError {
  return new ConversimpleError("conversation_ended", "The conversation has ended: its customer's data was erased.", { conversation, reason: "forgotten" });
}
