// `conversimple state reset <id>`: the way out of a quarantine during development.                   (P10)
//
//   RS1. A state that can be read is not dropped, unless it is forced; one that is served is never dropped silently:
//        the command says when the agents will notice.
//   RS2. Nothing is dropped that was not confirmed.

import { idOf } from "../../state/store.ts";
import type { Command } from "../command.ts";
import { isConfirmed } from "../confirmation.ts";
import { Failure } from "../failure.ts";
import { openToRead, readAddress } from "../store-address.ts";
import { printable } from "../terminal.ts";
import { currentParts, findConversation } from "./conversations.ts";
import { checkKeyIsHere } from "./missing-key.ts";
import { STORE_OPTION } from "./store-option.ts";

export const resetCommand: Command = {
  name: "state reset",
  summary: "Drops a stored state that cannot be read, with its journal, so that the conversation begins anew.",
  takes: "<id>",
  count: [1, 1],
  options: {
    yes: { summary: "do not ask" },
    force: { summary: "also a state that can be read by this release (for example one that your own upgrade refuses)" },
    ...STORE_OPTION,
  },
  notes: ["Agents that serve the conversation notice it when they start again: save a file of theirs, or restart them."],
  async run(input, terminal) {
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const loaded = await findConversation(store, input.positionals[0]!);
      const id = printable(idOf(loaded.owner));
      if (isReadable(() => currentParts(loaded)) && !input.flag("force")) {
        throw new Failure(`The state of ${id} can be read; nothing was dropped.`, { remedy: "To drop it all the same: --force" });
      }
      if (!input.flag("force")) checkKeyIsHere(store, loaded);
      if (!input.flag("yes") && !(await isConfirmed(`Drop the state of ${id}`, terminal))) throw new Failure("Nothing was dropped.");
      const { entries } = await store.forget(loaded.owner);
      terminal.say(`The state of ${id} was dropped, with ${entries} journal entries. It begins anew when its agents start again.`);
      return 0;
    } finally {
      await store.close();
    }
  },
};

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
