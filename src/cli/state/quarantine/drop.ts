// `conversimple state quarantine drop <id>`
//
//   DR1. What can be used is not dropped here, and nothing is dropped that was not confirmed.
//   DR2. A conversation that is live begins anew, also where a process waits for its repair. So an empty one is left in its
//        place: one that is merely gone from the store was lost, which is something else.

import type { Forgotten, Loaded, ProcessIdentity, Store } from "../../../state/store.ts";
import type { Command } from "../../command.ts";
import { isConfirmed } from "../../confirmation.ts";
import { Failure } from "../../failure.ts";
import { openToRead, readAddress } from "../../store-address.ts";
import { checkKeyIsHere } from "../missing-key.ts";
import { definitionsOf, QUARANTINE_OPTIONS, reasonAgainst } from "./judgement.ts";
import { findOwner, nameOf, owning } from "./owner.ts";

export const dropCommand: Command = {
  name: "state quarantine drop",
  summary: "Removes a record that cannot be used, with its journal, its answers and its messages. Nothing of it comes back.",
  takes: "<id>",
  count: [1, 1],
  options: { yes: { summary: "do not ask" }, force: { summary: "also a record whose key is not given, because it is lost" }, ...QUARANTINE_OPTIONS },
  notes: ["A conversation that is live begins anew with its next call."],
  async run(input, terminal) {
    const definitions = await definitionsOf(input);
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const loaded = await findOwner(store, input.positionals[0]!);
      const id = nameOf(loaded.owner);
      if (reasonAgainst(loaded, definitions) === undefined) {
        throw new Failure(`${id} is not quarantined; nothing was dropped.`, { remedy: definitions.size === 0 ? "If an agent's schema does not take it: --agents <path>" : "To drop the state of a conversation all the same: conversimple state reset <id> --force" });
      }
      if (!input.flag("force")) checkKeyIsHere(store, loaded);
      if (!input.flag("yes") && !(await isConfirmed(`Drop ${id}`, terminal))) throw new Failure("Nothing was dropped.");
      const { entries, messages } = await owning(store, loaded, (now, process) => dropped(store, now, process));
      terminal.say(`${id} was dropped, with ${entries} journal entries and ${messages} messages.`);
      return 0;
    } finally {
      await store.close();
    }
  },
};

/** DR2. */
async function dropped(store: Store, { owner, facts }: Loaded, process: ProcessIdentity | undefined): Promise<Forgotten> {
  const receipt = await store.forget(owner);
  if (process && facts.status === "live") await store.acquire(owner, process, facts.agentId === null ? {} : { agentId: facts.agentId });
  return receipt;
}
