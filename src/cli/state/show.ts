// `conversimple state show <id>`

import { systemClock } from "../../base/clock.ts";
import { idOf, type Loaded } from "../../state/store.ts";
import type { Command } from "../command.ts";
import { agoText, lossless, sizeText, timeText, partText } from "../rendering.ts";
import { openToRead, readAddress } from "../store-address.ts";
import { columns, printable, type Terminal } from "../terminal.ts";
import { bytesOf, currentParts, findConversation, partsAtVersion, type StoredParts } from "./conversations.ts";
import { revealed } from "./reveal.ts";
import { STORE_OPTION } from "./store-option.ts";

export const showCommand: Command = {
  name: "state show",
  summary: "Shows the state of a conversation, now or at an earlier version.",
  takes: "<id>",
  count: [1, 1],
  options: {
    at: { value: "<version>", summary: "as it was at this version" },
    reveal: { value: "<reason>", summary: "in clear, also what is personal; the reason is written into the journal" },
    json: { summary: "as JSON, without losing anything: a Date is {\"$date\":ms}, a Map {\"$map\":[...]}" },
    ...STORE_OPTION,
  },
  notes: ["The beginning of an id is enough when no other one begins like it."],
  async run(input, terminal) {
    const at = input.number("at", 1, Number.MAX_SAFE_INTEGER);
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const loaded = await findConversation(store, input.positionals[0]!);
      const masked = at === undefined ? currentParts(loaded) : await partsAtVersion(store, loaded, at);
      const reason = input.text("reveal");
      const stored = reason === undefined ? masked : await revealed(store, loaded, masked, reason);
      if (input.flag("json")) terminal.say(JSON.stringify(jsonOf(loaded, stored), null, 2));
      else show(loaded, stored, bytesOf(stored, reason !== undefined), terminal);
      return 0;
    } finally {
      await store.close();
    }
  },
};

function jsonOf(loaded: Loaded, { version, parts, schemas }: StoredParts) {
  return { conversationId: idOf(loaded.owner), ...loaded.facts, version, ...(Object.keys(schemas).length === 0 ? {} : { schemas: Object.fromEntries(Object.keys(parts).map((name) => [name, schemas[name]])) }), parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, lossless(part)])) };
}

function show(loaded: Loaded, { version, parts, schemas }: StoredParts, bytes: number, terminal: Terminal): void {
  const { facts } = loaded;
  const nowMs = systemClock.now();
  const time = (ms: number) => `${timeText(ms)} (${agoText(ms, nowMs)})`;
  const rows = [
    ["conversation", printable(idOf(loaded.owner))],
    ["agent", printable(facts.agentId ?? "none")],
    ["status", facts.endReason === null ? facts.status : `${facts.status} (${printable(facts.endReason)})`],
    ["version", version === loaded.version ? String(version) : `${version} of ${loaded.version}`],
    ["began", time(facts.createdAtMs)],
    ["changed", time(facts.updatedAtMs)],
    ...(facts.expiresAtMs === null ? [] : [["goes away", timeText(facts.expiresAtMs)]]),
    ["size", sizeText(bytes)],
    ...(loaded.mail === 0 ? [] : [["inbox", `${loaded.mail} waiting`]]),
  ];
  for (const line of columns(rows, "   ")) terminal.say(line);
  for (const [name, value] of Object.entries(parts)) {
    const schema = schemas[name];
    terminal.say(`\n${terminal.tone("strong", printable(name))}${schema === undefined || schema === 1 ? "" : terminal.tone("quiet", ` (schema version ${schema})`)}`);
    terminal.say(partText(value, nowMs, terminal, 2));
  }
  if (Object.keys(parts).length === 0) terminal.say("\nNothing is stored yet.");
}
