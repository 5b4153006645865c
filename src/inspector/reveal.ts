// Looking at what is masked: only with a reason, and never without a trace in the journal.             (P21)
//
//   RV1. The trace is durable before anything is shown: in the inbox of a live conversation, whose owner journals it, or in
//        the journal of one that is over.

import { randomUUID } from "node:crypto";

import { ConversimpleError } from "../base/errors.ts";
import { entryText, REVEAL } from "../state/journal.ts";
import { sealText } from "../state/record.ts";
import type { Loaded, Store } from "../state/store.ts";

/** The longest reason, characters. Source: the journal's own limit. */
const MAX_REASON = 300;

/**
 * Writes down who looks and why; only then may the values be shown (RV1).
 *
 * @param source who looks: "state show by kim".
 * @throws {ConversimpleError} `option_invalid` without a reason, `customer_forgotten` when there is nothing to show, else why
 *   it could not be written down.
 */
export async function writeReason(store: Store, { owner, version, epoch, facts }: Loaded, reason: string, source: string): Promise<void> {
  const why = reason.toWellFormed().trim().slice(0, MAX_REASON);
  if (why === "") throw new ConversimpleError("option_invalid", "A reason is needed: it is written into the journal.", { option: "reason" });
  if (facts.status === "forgotten") throw new ConversimpleError("customer_forgotten", "The data was erased; there is nothing to show.");
  if (facts.status === "live") return store.post(owner, { id: randomUUID(), text: sealText({ kind: "reveal", reason: why, source }) });
  // Nobody serves it: whoever else writes to it now is a sweep, and then there is nothing to show.
  const entry = entryText({ unit: "outside", name: REVEAL, outcome: "ok", ms: [0, 0, 0], source, reason: why });
  await store.commit(owner, { writeId: randomUUID(), expectedVersion: version, epoch, entry });
}
