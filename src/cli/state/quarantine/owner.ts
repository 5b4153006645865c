// One owner of a store that a command writes to.
//
//   OW1. A conversation that a living process serves is not written to: a process that cannot use it does not own it
//        (host, AH4), so one that owns it can. It is told to the person, who may end the call or the process.
//   OW2. Customers and accounts have no owner: compare-and-set alone decides.

import { systemClock } from "../../../base/clock.ts";
import { LEASE_MS, thisProcess } from "../../../host/leases.ts";
import { idOf, type Loaded, type Owner, type ProcessIdentity, type Store } from "../../../state/store.ts";
import { Failure } from "../../failure.ts";
import { timeText } from "../../rendering.ts";
import { printable } from "../../terminal.ts";
import { findConversation } from "../conversations.ts";

/** `customer:<key>` or `account:<key>` as a list shows them, else a conversation by its id or the beginning of it. */
export async function findOwner(store: Store, typed: string): Promise<Loaded> {
  if (!/^(customer|account):/.test(typed)) return findConversation(store, typed);
  const loaded = await store.load(typed as Owner);
  if (loaded) return loaded;
  throw new Failure(`There is no record ${printable(typed.slice(0, 80))} in ${store.address}.`, { remedy: "Write it as conversimple state quarantine list shows it." });
}

/** How an owner is typed and shown. */
export function nameOf(owner: Owner): string {
  return printable(owner.startsWith("conversation:") ? idOf(owner) : owner);
}

/**
 * Runs a task on an owner that nobody else writes to meanwhile (OW1, OW2).
 *
 * @param seen what was decided upon; it must not have changed.
 * @param task is given the owner as it is now, and the process that owns a conversation meanwhile.
 * @throws {Failure} A process serves it, or it changed.
 */
export async function owning<T>(store: Store, seen: Loaded, task: (loaded: Loaded, process: ProcessIdentity | undefined) => Promise<T>): Promise<T> {
  const { owner } = seen;
  if (!owner.startsWith("conversation:")) return task(seen, undefined);
  const identity = thisProcess(systemClock);
  await store.renew(identity, LEASE_MS);
  try {
    const acquired = await store.acquire(owner, identity);
    if (acquired.kind === "held") {
      throw new Failure(`A process that is alive serves ${nameOf(owner)}, so it can use it. Nothing was changed.`, { remedy: `End the call, or stop that process (its lease ends at ${timeText(acquired.untilMs)}), then try again.` });
    }
    if (acquired.loaded.version !== seen.version) throw new Failure(`${nameOf(owner)} was changed by somebody else meanwhile. Nothing was changed here.`, { remedy: "Look at it again." });
    return await task(acquired.loaded, identity);
  } finally {
    await store.retire(identity.id);
  }
}
