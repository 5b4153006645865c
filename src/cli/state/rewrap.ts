// `conversimple state rewrap`: encrypts anew with the first key.

import type { EncryptionOptions } from "../../stores/encryption/key-ring.ts";
import type { Rewrapped } from "../../stores/encryption/rewrap.ts";
import type { Command } from "../command.ts";
import { Failure } from "../failure.ts";
import { nextCommand } from "../next-command.ts";
import { openToRead, readAddress } from "../store-address.ts";
import { columns, type Terminal } from "../terminal.ts";
import { STORE_OPTION } from "./store-option.ts";

export const rewrapCommand: Command = {
  name: "state rewrap",
  summary: "Encrypts every record with the first of CONVERSIMPLE_ENCRYPTION_KEYS, and tells what still needs the other keys.",
  options: {
    "allow-plain": { summary: "also records that are not encrypted: once, when a store is moved to encryption" },
    json: { summary: "as one JSON object" },
    ...STORE_OPTION,
  },
  notes: [
    "Agents may go on meanwhile. A conversation that a process serves is left to it: its next commit encrypts it anew.",
    "A journal is not written again: its entries and answers go away with their conversations. An old key can go when",
    "nothing needs it any more. What else was written before encryption stays in the free pages of a file until they",
    "are used again.",
  ],
  async run(input, terminal) {
    const [{ environmentEncryption }, { rewrap }] = await Promise.all([import("../../stores/encryption/key-ring.ts"), import("../../stores/encryption/rewrap.ts")]);
    const found = environmentEncryption();
    if (!found) throw new Failure("CONVERSIMPLE_ENCRYPTION_KEYS is not set; there is no key to encrypt with.", { remedy: 'Set it to <id>:<key>, the newest first. A key: openssl rand -base64 32' });
    const encryption: EncryptionOptions = { ...found, allowPlain: found.allowPlain === true || input.flag("allow-plain") };
    const stopped = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.abort());
    const store = await openToRead(readAddress(input.text("store")), { encryption });
    try {
      const report = await rewrap(store, { signal: stopped.signal, onProgress: (owners) => terminal.passing(`${owners.toLocaleString("en")} looked at ...`) });
      terminal.passing("");
      if (input.flag("json")) terminal.say(JSON.stringify({ ...report, others: Object.fromEntries(report.others), isComplete: !stopped.signal.aborted }));
      else show(report, encryption.allowPlain === true, terminal);
      if (stopped.signal.aborted) throw new Failure("It was stopped before its end.", { remedy: "Run it again: it goes on with what is left." });
      return 0;
    } finally {
      await store.close();
    }
  },
};

function show({ key, rewrapped, served, refused, others }: Rewrapped, arePlainRead: boolean, terminal: Terminal): void {
  const plain = arePlainRead ? 0 : (others.get("")?.records ?? 0);
  terminal.say(`${terminal.tone("good", count(rewrapped, "record"))} encrypted anew with the key "${key}".`);
  if (served > 0) terminal.say(`${count(served, "conversation")} left to the process that serves ${served === 1 ? "it" : "them"}: the next commit does it.`);
  if (plain > 0) {
    terminal.say(terminal.tone("warning", `${count(plain, "record")} ${plain === 1 ? "is" : "are"} not encrypted and ${left(plain)}.`));
    terminal.say(`If the store is from before its encryption: ${nextCommand("state rewrap --allow-plain")}`);
  }
  if (refused > plain) {
    terminal.say(terminal.tone("warning", `${count(refused - plain, "record")} cannot be read and ${left(refused - plain)}.`));
    terminal.say(`Next: ${nextCommand("state quarantine list")}`);
  }
  if (others.size === 0) return terminal.say(`Nothing needs another key.`);
  const rows = [...others].map(([id, use]) => [id === "" ? "(not encrypted)" : id, String(use.records), String(use.entries), String(use.answers), String(use.messages)]);
  terminal.say("\nStill needs another key:");
  for (const line of columns([["KEY", "RECORDS", "JOURNAL ENTRIES", "ANSWERS", "MESSAGES"], ...rows])) terminal.say(line);
}

function left(number: number): string {
  return number === 1 ? "was left as it is" : "were left as they are";
}

function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}
