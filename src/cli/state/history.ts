// `conversimple state history <id>`

import { openEntry, type JournalEntry } from "../../state/journal.ts";
import { maskedEntry } from "../../state/masking.ts";
import { idOf, type Entry, type Owner } from "../../state/store.ts";
import { textOf } from "../../base/errors.ts";
import type { Command } from "../command.ts";
import { outcomeOf } from "../outcome.ts";
import { timeText } from "../rendering.ts";
import { openToRead, readAddress } from "../store-address.ts";
import { columns, printable, type Terminal } from "../terminal.ts";
import { Changes, pathsOf, type PartChanges } from "../../state/changes.ts";
import { noteText } from "./note-text.ts";
import { currentMasks, findConversation, journalOf } from "./conversations.ts";
import { STORE_OPTION } from "./store-option.ts";

export const historyCommand: Command = {
  name: "state history",
  summary: "Lists what happened in a conversation, commit by commit, oldest first.",
  takes: "<id>",
  count: [1, 1],
  options: { json: { summary: "one JSON object per line" }, ...STORE_OPTION },
  notes: ["The beginning of an id is enough when no other one begins like it.", "State at one of the versions: conversimple state show <id> --at <version>"],
  async run(input, terminal) {
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const loaded = await findConversation(store, input.positionals[0]!);
      const { owner } = loaded;
      const changes = new Changes();
      changes.mask(owner, currentMasks(loaded));
      const commits = (await journalOf(store, owner)).map((stored) => readCommit(owner, stored, changes));
      if (input.flag("json")) for (const commit of commits) terminal.say(JSON.stringify(commitJson(owner, commit)));
      else show(commits, terminal);
      return 0;
    } finally {
      await store.close();
    }
  },
};

/** One commit, as far as it can be read. */
export interface Commit {
  readonly version: number;
  readonly atMs: number;
  readonly entry: JournalEntry | undefined;
  readonly changes: PartChanges;
  /** Why the entry cannot be read. */
  readonly damage?: string;
}

/** @param changes has seen the commits before this one. */
export function readCommit(owner: Owner, { version, atMs, text }: Entry, changes: Changes): Commit {
  if (version === 1) changes.begin(owner, {});
  try {
    const entry = text === null ? undefined : openEntry(owner, text);
    return { version, atMs, entry: entry && maskedEntry(entry), changes: entry ? changes.of(owner, entry) : {} };
  } catch (thrown) {
    return { version, atMs, entry: undefined, changes: {}, damage: textOf(thrown) };
  }
}

/** A commit for programs: no values, only where they changed. */
export function commitJson(owner: Owner, { version, atMs, entry, changes, damage }: Commit): Readonly<Record<string, unknown>> {
  const { unit, name, callId, outcome, code, reason, ms, waitedFor, source, notes } = entry ?? {};
  return { conversationId: idOf(owner), version, at: new Date(atMs).toISOString(), unit, name, callId, outcome, code, reason, ms, waitedFor, source, notes, changed: changes ? pathsOf(changes) : null, damage };
}

function said(entry: JournalEntry | undefined, changes: PartChanges, damage: string | undefined): string {
  return damage ?? entry?.code ?? (entry?.unit === "outside" ? entry.reason : undefined) ?? (changes ? pathsOf(changes).join(", ") : "first kept");
}

function show(commits: readonly Commit[], terminal: Terminal): void {
  if (commits.length === 0) return terminal.say("Nothing was committed yet.");
  const rows = commits.map(({ version, atMs, entry, changes, damage }) => [
    String(version),
    timeText(atMs),
    entry?.unit ?? "-",
    printable(entry?.name ?? "-"),
    entry ? outcomeOf(entry).word : "-",
    entry ? `${entry.ms[2]} ms` : "-",
    printable([said(entry, changes, damage), ...(entry?.notes ?? []).map(noteText)].filter((text) => text !== "").join("; ")),
  ]);
  const [head = "", ...lines] = columns([["VERSION", "TIME", "UNIT", "NAME", "OUTCOME", "RAN", "CHANGED"], ...rows]);
  terminal.say(terminal.tone("quiet", head));
  lines.forEach((line, index) => {
    const { entry } = commits[index]!;
    const tone = entry && outcomeOf(entry).tone;
    terminal.say(tone === undefined || tone === "good" ? line : terminal.tone(tone, line));
  });
}
