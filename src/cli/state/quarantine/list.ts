// `conversimple state quarantine list`

import { systemClock } from "../../../base/clock.ts";
import { wholeKib } from "../../../base/shown-size.ts";
import type { Loaded, Owner, Store } from "../../../state/store.ts";
import type { Command, Input } from "../../command.ts";
import { nextCommand } from "../../next-command.ts";
import { agoText, sizeText } from "../../rendering.ts";
import { openToRead, readAddress } from "../../store-address.ts";
import { columns, printable, type Terminal } from "../../terminal.ts";
import { definitionsOf, QUARANTINE_OPTIONS, reasonAgainst, type Definitions } from "./judgement.ts";
import { nameOf } from "./owner.ts";

/** Owners of one page, and records that are read at the same time. */
const PAGE = 200;
const AT_ONCE = 16;

export const listCommand: Command = {
  name: "state quarantine list",
  summary: "Lists the records that cannot be used: damaged, of a newer release, encrypted with a key that is not there.",
  options: { json: { summary: "one JSON object per line" }, ...QUARANTINE_OPTIONS },
  notes: ["It reads every record once and changes nothing. What it shows has no values in it."],
  async run(input, terminal) {
    const definitions = await definitionsOf(input);
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const found: Quarantined[] = [];
      let records = 0;
      for await (const page of pages(store, definitions)) {
        records += page.read;
        found.push(...page.found);
        terminal.passing(`${records.toLocaleString("en")} records read ...`);
        if (input.flag("json")) for (const each of page.found) terminal.say(JSON.stringify(jsonOf(each)));
      }
      terminal.passing("");
      if (!input.flag("json")) show(found, records, definitions.size > 0, input, terminal);
      return 0;
    } finally {
      await store.close();
    }
  },
};

/** What is shown of a record that cannot be used. The record itself is let go of: there may be many. */
interface Quarantined extends Pick<Loaded, "owner" | "version" | "facts" | "process"> {
  readonly bytes: number;
  readonly reason: string;
}

async function* pages(store: Store, definitions: Definitions): AsyncGenerator<{ readonly read: number; readonly found: readonly Quarantined[] }> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await store.list({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    for (let from = 0; from < page.items.length; from += AT_ONCE) {
      const owners = page.items.slice(from, from + AT_ONCE).map(({ owner }) => owner);
      const judged = await Promise.all(owners.map((owner) => judge(store, owner, definitions)));
      yield { read: owners.length, found: judged.filter((each) => each !== undefined) };
    }
    cursor = page.nextCursor;
  }
}

async function judge(store: Store, owner: Owner, definitions: Definitions): Promise<Quarantined | undefined> {
  const loaded = await store.load(owner);
  const reason = loaded && reasonAgainst(loaded, definitions);
  if (!loaded || reason === undefined) return undefined;
  const { version, facts, process, record } = loaded;
  return { owner, version, facts, process, bytes: wholeKib(Buffer.byteLength(record ?? "")), reason };
}

function jsonOf({ owner, version, facts, bytes, reason }: Quarantined) {
  return { owner, ...facts, version, recordBytes: bytes, reason };
}

function show(found: readonly Quarantined[], records: number, hasAgents: boolean, input: Input, terminal: Terminal): void {
  const unit = records === 1 ? "record" : "records";
  if (found.length === 0) {
    terminal.say(`None of ${records.toLocaleString("en")} ${unit} is quarantined.`);
    if (!hasAgents) terminal.say(terminal.tone("quiet", "What the agents' schemas do not take is found with --agents <path>."));
    return;
  }
  const nowMs = systemClock.now();
  const rows = found.map(({ owner, version, facts, bytes, reason }) => [
    nameOf(owner), printable(facts.agentId ?? "-"), facts.status, String(version), sizeText(bytes), agoText(facts.updatedAtMs, nowMs), printable(reason),
  ]);
  const [head = "", ...lines] = columns([["RECORD", "AGENT", "STATUS", "VERSION", "SIZE", "CHANGED", "REASON"], ...rows]);
  terminal.say(terminal.tone("quiet", head));
  for (const line of lines) terminal.say(line);
  terminal.say(`\n${found.length.toLocaleString("en")} of ${records.toLocaleString("en")} ${unit}. Next: ${nextCommand(`state quarantine show ${nameOf(found[0]!.owner)}${input.again("agents", "store")}`)}`);
}
