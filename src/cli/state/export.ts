// `conversimple state export <customer>`                                                              (P22)

import { systemClock } from "../../base/clock.ts";
import { exportCustomer } from "../../host/customer-export.ts";
import type { Command } from "../command.ts";
import { openToRead, readAddress } from "../store-address.ts";
import { CUSTOMER_OPTION, customerOwner } from "./customer-owner.ts";
import { STORE_OPTION } from "./store-option.ts";

export const exportCommand: Command = {
  name: "state export",
  summary: "Writes everything that the store has of a customer as one JSON document, unmasked: it is for that person.",
  takes: "<customer>",
  count: [1, 1],
  options: { ...CUSTOMER_OPTION, ...STORE_OPTION },
  notes: ["<customer> is the id that the agents identify them with. For somebody who is not known, \"record\" is null."],
  async run(input, terminal) {
    const store = await openToRead(readAddress(input.text("store")));
    try {
      terminal.say(JSON.stringify(await exportCustomer(store, systemClock, await customerOwner(store, input)), null, 2));
      return 0;
    } finally {
      await store.close();
    }
  },
};
