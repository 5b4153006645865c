// `conversimple state list`

import { systemClock } from "../../base/clock.ts";
import { wholeKib } from "../../base/shown-size.ts";
import { idOf, type Listed } from "../../state/store.ts";
import type { Command } from "../command.ts";
import { agoText, sizeText } from "../rendering.ts";
import { openToRead, readAddress } from "../store-address.ts";
import { columns, printable, type Terminal } from "../terminal.ts";
import { STORE_OPTION } from "./store-option.ts";

const LIMIT = 20;

export const listCommand: Command = {
  name: "state list",
  summary: "Lists the stored conversations, newest first.",
  options: {
    status: { value: "<status>", summary: "only live, ended or forgotten ones" },
    agent: { value: "<id>", summary: "only those of one agent" },
    limit: { value: "<n>", summary: `at most so many (${LIMIT})` },
    json: { summary: "one JSON object per line" },
    ...STORE_OPTION,
  },
  async run(input, terminal) {
    const limit = input.number("limit", 1, 1_000) ?? LIMIT;
    const status = input.choice("status", ["live", "ended", "forgotten"] as const);
    const agentId = input.text("agent");
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const { items, nextCursor } = await store.list({ kind: "conversation", limit, ...(status ? { status } : {}), ...(agentId === undefined ? {} : { agentId }) });
      if (input.flag("json")) for (const item of items) terminal.say(JSON.stringify(jsonOf(item)));
      else show(items, nextCursor !== null, store.address, terminal);
      return 0;
    } finally {
      await store.close();
    }
  },
};

function jsonOf({ owner, version, recordBytes, facts, process }: Listed) {
  return { conversationId: idOf(owner), ...facts, version, recordBytes: wholeKib(recordBytes), process };
}

function show(items: readonly Listed[], hasMore: boolean, address: string, terminal: Terminal): void {
  if (items.length === 0) return terminal.say(`No conversations in ${address}.`);
  const nowMs = systemClock.now();
  const rows = items.map(({ owner, version, recordBytes, facts }) => [
    printable(idOf(owner)), printable(facts.agentId ?? "-"), facts.status, String(version), sizeText(wholeKib(recordBytes)), agoText(facts.updatedAtMs, nowMs),
  ]);
  const [head = "", ...lines] = columns([["CONVERSATION", "AGENT", "STATUS", "VERSION", "SIZE", "CHANGED"], ...rows]);
  terminal.say(terminal.tone("quiet", head));
  for (const line of lines) terminal.say(line);
  if (hasMore) terminal.say(terminal.tone("quiet", `... and more: --limit ${Math.min(1_000, items.length * 5)}`));
}
