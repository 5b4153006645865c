// Looking at what is masked: only with a reason, and never without a trace in the journal.             (P21)
//
//   RV1. The trace is durable before anything is shown: in the inbox of a live conversation, whose owner journals it, or in
//        the journal of one that is over.

import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";

import { entryText, REVEAL } from "../../state/journal.ts";
import { sealText } from "../../state/record.ts";
import { idOf, type Loaded, type Store } from "../../state/store.ts";
import { Failure } from "../failure.ts";
import { Shown } from "../../base/shown.ts";
import type { StoredParts } from "./conversations.ts";

/** The longest reason, characters. Source: the journal's own limit. */
const MAX_REASON = 300;

/**
 * The parts in clear, after the reason was written down (RV1).
 *
 * @throws {Failure} There is no reason, or nothing to show. @throws {ConversimpleError} It could not be written down.
 */
export async function revealed(store: Store, loaded: Loaded, stored: StoredParts, reason: string): Promise<StoredParts> {
  const why = reason.trim().slice(0, MAX_REASON);
  if (why === "") throw new Failure("--reveal needs a reason: it is written into the journal.", { exitCode: 2 });
  const source = `state show by ${userInfo().username}`;
  if (loaded.facts.status === "live") await store.post(loaded.owner, { id: randomUUID(), text: sealText({ kind: "reveal", reason: why, source }) });
  else if (loaded.facts.status === "ended") await journal(store, loaded, why, source);
  else throw new Failure(`The data of ${idOf(loaded.owner)} was erased; there is nothing to show.`);
  return { ...stored, parts: Object.fromEntries(Object.entries(stored.clear).map(([name, value]) => [name, Shown.revealed(value)])) };
}

/** Nobody serves it: whoever else writes to it now is a sweep, and then there is nothing to show. */
async function journal(store: Store, { owner, version, epoch }: Loaded, reason: string, source: string): Promise<void> {
  const entry = entryText({ unit: "outside", name: REVEAL, outcome: "ok", ms: [0, 0, 0], source, reason });
  await store.commit(owner, { writeId: randomUUID(), expectedVersion: version, epoch, entry });
}
