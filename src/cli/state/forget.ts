// `conversimple state forget <customer>`                                                              (P22)

import { systemClock } from "../../base/clock.ts";
import { Erasure, type ErasureReceipt } from "../../host/erasure.ts";
import type { Command } from "../command.ts";
import { isConfirmed } from "../confirmation.ts";
import { Failure } from "../failure.ts";
import { openToRead, readAddress } from "../store-address.ts";
import { printable, type Terminal } from "../terminal.ts";
import { CUSTOMER_OPTION, customerOwner } from "./customer-owner.ts";
import { STORE_OPTION } from "./store-option.ts";

export const forgetCommand: Command = {
  name: "state forget",
  summary: "Erases a customer: their record, their conversations, journals, answers, messages and counted logins. Gives a receipt.",
  takes: "<customer>",
  count: [1, 1],
  options: { yes: { summary: "do not ask" }, json: { summary: "the receipt as JSON" }, ...CUSTOMER_OPTION, ...STORE_OPTION },
  notes: [
    "Calls of theirs that go on end, within a minute at the latest. For two days nothing is stored under this id; after that they are somebody new.",
    "Backups, logs and what your tools stored elsewhere are not touched.",
  ],
  async run(input, terminal) {
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const owner = await customerOwner(store, input);
      if (!input.flag("yes") && !(await isConfirmed(`Erase customer ${printable(input.positionals[0]!)}`, terminal))) throw new Failure("Nothing was erased.");
      const receipt = await new Erasure(store, systemClock, owner).run();
      if (input.flag("json")) terminal.say(JSON.stringify(receipt));
      else show(receipt, terminal);
      return 0;
    } finally {
      await store.close();
    }
  },
};

function counted(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}

function show(receipt: ErasureReceipt, terminal: Terminal): void {
  const { customer, erasedAt, rounds, conversations, accounts, records, entries, messages, unreadable } = receipt;
  if (records + entries + messages + conversations === 0) {
    terminal.say(`Nothing was stored of ${customer}. Is the secret the one that the agents run with?`);
    return;
  }
  terminal.say(`Erased ${customer} at ${erasedAt.toISOString()}`);
  terminal.say(`${counted(conversations, "conversation")}, ${counted(accounts, "account")}, ${counted(records, "record")}, ${counted(entries, "journal entry", "journal entries")}, ${counted(messages, "message")}; looked ${counted(rounds, "time")}`);
  if (unreadable > 0) terminal.say(`${unreadable} of the records were damaged: which accounts they named is not known`);
}
