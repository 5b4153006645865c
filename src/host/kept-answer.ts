// Answers that the ledger keeps: sealed when they are committed, opened here.

import { openBody } from "../state/record.ts";
import type { Owner, Store } from "../state/store.ts";

/**
 * The kept answer of a call, undefined when there is none.
 *
 * @throws {StateQuarantinedError} It is damaged: nobody hears a wrong answer.
 */
export async function keptAnswer(store: Store, owner: Owner, callId: string): Promise<string | undefined> {
  const text = await store.answer(owner, callId);
  return text === undefined ? undefined : openBody(owner, text);
}
