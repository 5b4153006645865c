// `conversimple migrate`: brings the schema of a store up to date, apart from the agents and their rights.
//
//   MI1. It is the same migration that opening the store does, so running it is never needed where agents may make tables.

import type { Migrated } from "../stores/postgres/store.ts";
import { helpHint, type Command } from "./command.ts";
import { checkAddress, storeAddress } from "./store-address.ts";

export const migrateCommand: Command = {
  name: "migrate",
  summary: "Brings the tables of a store to this release. Agents do the same when they start, if they have the right to.",
  options: {
    store: { value: "<address>", summary: "the store (CONVERSIMPLE_STORE, else sqlite:.conversimple/state.db)" },
    json: { summary: "as one JSON object" },
  },
  notes: [
    "For agents whose user may use tables but not make them: run it before the deploy, as a user who may, then",
    "grant the agents' user USAGE on the schema and SELECT, INSERT, UPDATE, DELETE on its tables. Run by several at",
    "once, one does the work. A store of a newer release is refused and left as it is.",
  ],
  async run(input, terminal) {
    const address = storeAddress(input.text("store"));
    checkAddress(address, helpHint("migrate"));
    const { migrateStore } = await import("../stores/open.ts");
    const migrated = await migrateStore(address);
    if (input.flag("json")) terminal.say(JSON.stringify(migrated ?? { from: null, to: null }));
    else terminal.say(migrated ? told(migrated) : `A store of the kind ${address.slice(0, address.indexOf(":"))}: needs no migration. Nothing to do.`);
    return 0;
  },
};

function told({ address, from, to }: Migrated): string {
  if (from === to) return `${address} is at version ${to} of the schema already. Nothing to do.`;
  return from === 0 ? `${address} has the schema now, version ${to}.` : `${address} went from version ${from} of the schema to ${to}.`;
}
