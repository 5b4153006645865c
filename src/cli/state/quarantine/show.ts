// `conversimple state quarantine show <id>`
//
//   SH1. What is stored can be personal data: it is shown only when somebody asks for it.

import { systemClock } from "../../../base/clock.ts";
import { wholeKib } from "../../../base/shown-size.ts";
import { storedText } from "../../../state/encrypted-text.ts";
import type { Loaded } from "../../../state/store.ts";
import type { Command } from "../../command.ts";
import { nextCommand } from "../../next-command.ts";
import { agoText, sizeText, timeText } from "../../rendering.ts";
import { openToRead, readAddress } from "../../store-address.ts";
import { columns, printable, type Terminal } from "../../terminal.ts";
import { journalOf } from "../conversations.ts";
import { definitionsOf, QUARANTINE_OPTIONS, reasonAgainst } from "./judgement.ts";
import { findOwner, nameOf } from "./owner.ts";
import { rangesText, restorableVersions, type VersionRange } from "./past.ts";

export const showCommand: Command = {
  name: "state quarantine show",
  summary: "Shows why a record cannot be used, and which versions its journal can give back.",
  takes: "<id>",
  count: [1, 1],
  options: {
    raw: { summary: "also the text as it is stored: it may hold personal data" },
    json: { summary: "as one JSON object" },
    ...QUARANTINE_OPTIONS,
  },
  notes: ["The beginning of a conversation's id is enough; records of customers are named as the list shows them."],
  async run(input, terminal) {
    const definitions = await definitionsOf(input);
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const loaded = await findOwner(store, input.positionals[0]!);
      const reason = reasonAgainst(loaded, definitions);
      const restorable = restorableVersions(loaded.owner, await journalOf(store, loaded.owner));
      const raw = input.flag("raw") ? storedText(loaded.record ?? "") : undefined;
      if (input.flag("json")) terminal.say(JSON.stringify(jsonOf(loaded, reason, restorable, raw), null, 2));
      else show({ loaded, reason, restorable, raw, hasAgents: definitions.size > 0, typed: input.again("agents", "store") }, terminal);
      return 0;
    } finally {
      await store.close();
    }
  },
};

function jsonOf({ owner, version, facts, process, record }: Loaded, reason: string | undefined, restorable: readonly VersionRange[], raw: string | undefined) {
  return { owner, ...facts, version, process, isQuarantined: reason !== undefined, reason, recordBytes: bytesOf(record), restorable, ...(raw === undefined ? {} : { raw }) };
}

/** What is masked in a record that cannot be read, nobody knows. */
function bytesOf(record: string | null): number {
  return wholeKib(Buffer.byteLength(storedText(record ?? "")));
}

interface Shown {
  readonly loaded: Loaded;
  readonly reason: string | undefined;
  readonly restorable: readonly VersionRange[];
  readonly raw: string | undefined;
  readonly hasAgents: boolean;
  /** The options that the next command needs, too. */
  readonly typed: string;
}

function show({ loaded, reason, restorable, raw, hasAgents, typed }: Shown, terminal: Terminal): void {
  const { owner, version, facts, record } = loaded;
  const nowMs = systemClock.now();
  const rows = [
    ["record", nameOf(owner)],
    ["quarantined", reason === undefined ? `no${hasAgents ? "" : " (as far as its text goes; whether a schema takes it, its agents know: --agents <path>)"}` : printable(reason)],
    ["agent", printable(facts.agentId ?? "none")],
    ["status", facts.endReason === null ? facts.status : `${facts.status} (${printable(facts.endReason)})`],
    ["version", String(version)],
    ["began", `${timeText(facts.createdAtMs)} (${agoText(facts.createdAtMs, nowMs)})`],
    ["changed", `${timeText(facts.updatedAtMs)} (${agoText(facts.updatedAtMs, nowMs)})`],
    ...(facts.expiresAtMs === null ? [] : [["goes away", timeText(facts.expiresAtMs)]]),
    ["size", sizeText(bytesOf(record))],
    ["journal", restorable.length === 0 ? "can give nothing back" : `can give back version ${rangesText(restorable)}`],
    ["text", raw === undefined ? "not shown: it may hold personal data (--raw)" : "below"],
  ];
  for (const line of columns(rows, "   ")) terminal.say(line);
  if (raw !== undefined) terminal.say(`\n${printable(raw)}`);
  const id = nameOf(owner);
  if (reason === undefined) return hasAgents ? undefined : terminal.say(`\nNext: ${nextCommand(`state quarantine show ${id} --agents <path>${typed}`)}`);
  const remedy = restorable.length > 0 ? `state quarantine restore ${id}${typed}` : `state quarantine restore ${id} --file <json>${typed}`;
  terminal.say(`\nNext: ${nextCommand(remedy)}, or ${nextCommand(`state quarantine drop ${id}${typed}`)}`);
}
