// `conversimple state watch [id]`
//
//   WA1. Commits are shown in the order in which they were made, each once.

import { sleep, systemClock } from "../../base/clock.ts";
import { masksAt, partsAt } from "../../state/history.ts";
import { idOf, type FeedItem, type Owner, type Store } from "../../state/store.ts";
import type { Command } from "../command.ts";
import { outcomeOf, type Outcome } from "../outcome.ts";
import { changeLines } from "../rendering.ts";
import { openToRead, readAddress } from "../store-address.ts";
import { printable, type Terminal } from "../terminal.ts";
import { Changes } from "../../state/changes.ts";
import { findConversation, journalOf } from "./conversations.ts";
import { commitJson, readCommit, type Commit } from "./history.ts";
import { STORE_OPTION } from "./store-option.ts";

/** How often the store is asked, milliseconds. */
const ASK_EVERY_MS = 150;

export const watchCommand: Command = {
  name: "state watch",
  summary: "Shows commits as they happen, of all conversations or of one. Ctrl-C ends it.",
  takes: "[id]",
  count: [0, 1],
  options: { json: { summary: "one JSON object per line" }, ...STORE_OPTION },
  async run(input, terminal) {
    const ended = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const [id] = input.positionals;
      const only = id === undefined ? undefined : (await findConversation(store, id)).owner;
      await follow(store, only, input.flag("json"), terminal, ended.signal);
      return 0;
    } finally {
      await store.close();
    }
  },
};

async function follow(store: Store, only: Owner | undefined, asJson: boolean, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const changes = new Changes();
  let { cursor } = await store.feed(null);
  if (!asJson) terminal.say(terminal.tone("quiet", `watching ${only === undefined ? store.address : printable(idOf(only))}; Ctrl-C ends it`));
  while (!signal.aborted) {
    const page = await store.feed(cursor);
    cursor = page.cursor;
    for (const item of page.items) {
      if (!item.owner.startsWith("conversation:") || (only !== undefined && item.owner !== only)) continue;
      if (!changes.has(item.owner)) await readBefore(store, item, changes);
      const commit = readCommit(item.owner, item, changes);
      if (asJson) terminal.say(JSON.stringify(commitJson(item.owner, commit)));
      else show(item.owner, commit, terminal);
    }
    if (page.items.length === 0) await sleep(systemClock, ASK_EVERY_MS, signal);
  }
}

/** A conversation that is seen for the first time: what was before this commit is in its journal. */
async function readBefore(store: Store, { owner, version }: FeedItem, changes: Changes): Promise<void> {
  try {
    const entries = await journalOf(store, owner);
    changes.mask(owner, masksAt(owner, entries, version - 1));
    const before = partsAt(owner, entries, version - 1);
    if (before) changes.begin(owner, before);
  } catch {
    // A damaged journal: the commit is shown without what it changed.
  }
}

function outcomeText({ word, tone, why }: Outcome, terminal: Terminal): string {
  return terminal.tone(tone, why === undefined ? word : `${word} (${printable(why)})`);
}

function show(owner: Owner, { version, atMs, entry, changes, damage }: Commit, terminal: Terminal): void {
  const time = terminal.tone("quiet", new Date(atMs).toTimeString().slice(0, 8));
  const outcome = entry ? outcomeText(outcomeOf(entry), terminal) : (damage ?? "-");
  terminal.say(`${time}  ${printable(idOf(owner))}  ${terminal.tone("quiet", `v${version}`)}  ${terminal.tone("strong", printable(entry?.unit === "deadline" ? `deadline of ${entry.name}` : (entry?.name ?? "-")))}  ${outcome}${entry ? terminal.tone("quiet", `  ${entry.ms[2]} ms`) : ""}`);
  for (const line of changeLines(changes, terminal, "    ")) terminal.say(line);
}
