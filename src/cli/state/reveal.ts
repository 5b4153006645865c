// Looking at what is masked from the terminal: the reason is written down first (inspector/reveal.ts).        (P21)

import { userInfo } from "node:os";

import { Shown } from "../../base/shown.ts";
import { writeReason } from "../../inspector/reveal.ts";
import { idOf, type Loaded, type Store } from "../../state/store.ts";
import { Failure } from "../failure.ts";
import type { StoredParts } from "./conversations.ts";

/**
 * The parts in clear, after the reason was written down.
 *
 * @throws {Failure} There is no reason, or nothing to show. @throws {ConversimpleError} It could not be written down.
 */
export async function revealed(store: Store, loaded: Loaded, stored: StoredParts, reason: string): Promise<StoredParts> {
  if (reason.trim() === "") throw new Failure("--reveal needs a reason: it is written into the journal.", { exitCode: 2 });
  if (loaded.facts.status === "forgotten") throw new Failure(`The data of ${idOf(loaded.owner)} was erased; there is nothing to show.`);
  await writeReason(store, loaded, reason, `state show by ${userInfo().username}`);
  return { ...stored, parts: Object.fromEntries(Object.entries(stored.clear).map(([name, value]) => [name, Shown.revealed(value)])) };
}
