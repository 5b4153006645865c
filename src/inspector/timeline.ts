// The journal of a conversation as a timeline: what each unit of work did, masked.                      (P21)
//
//   TL1. Pages follow each other from old to new; each is the same whether it is read first or last.
//   TL2. An entry that cannot be read is shown as such, and costs nothing else of the page.
//   TL3. A page is bounded in bytes as well: what is left is on the next one.
//   TL4. What an entry cost in the store, and until its caller had the answer, the entry after it knows.

import { MASKED } from "../base/mask.ts";
import type { MaskPath } from "../base/marks.ts";
import { Shown } from "../base/shown.ts";
import { textOf } from "../base/errors.ts";
import { Changes } from "../state/changes.ts";
import { openEntry, type JournalEntry } from "../state/journal.ts";
import { openBody } from "../state/record.ts";
import type { Entry, Loaded, Owner, Store } from "../state/store.ts";
import type { KnownMasks } from "./agent-book.ts";
import type { ShownValue, TimelineEntry, TimelinePage } from "./api.ts";
import { remedyOf } from "./remedies.ts";
import { shownChanges, shownValue } from "./shown-value.ts";
import { masksNow, partsBack } from "./stored-parts.ts";

/** Entries of a page unless told otherwise, and the most. */
export const ENTRIES = { usual: 200, most: 1_000 } as const;
/** Stored texts of one page, characters (TL3): the most that one unit can leave still fits. */
const PAGE_CHARACTERS = 4 * 1_048_576;
/** Entries that are asked of the store at once. */
const AT_ONCE = 100;

/** Entries after a version (TL1). */
export async function timelinePage(store: Store, loaded: Loaded, masks: KnownMasks, after: number, limit: number): Promise<TimelinePage> {
  const { owner } = loaded;
  const { entries: stored, isAll } = await entriesAfter(store, owner, after, limit + 1);
  const shown = isAll ? stored.slice(0, limit) : stored.slice(0, -1);
  const next = stored[shown.length];
  const reader = new EntryReader(store);
  await reader.begin(owner, (shown[0]?.version ?? 1) - 1, loaded);
  const read = shown.map((entry) => reader.read(owner, entry, masks));
  const results = shown.map((entry) => reader.result(owner, entry, masks));
  const following = [...read.slice(1), next && reader.read(owner, next, masks)];
  const entries = read.map(({ view }, index) => ({ ...view, ...durations(view, following[index]), ...(results[index] === undefined ? {} : { result: results[index] }) }));
  return { entries, nextAfter: next ? shown.at(-1)!.version : null };
}

/** At most so many entries, with their answers, fewer when their texts are long (TL3); some at a time, so that no store has to give it all at once. */
async function entriesAfter(store: Store, owner: Owner, after: number, most: number): Promise<{ readonly entries: readonly Entry[]; readonly isAll: boolean }> {
  const entries: Entry[] = [];
  for (let characters = 0; entries.length < most; ) {
    const asked = Math.min(AT_ONCE, most - entries.length);
    const page = await store.history(owner, { afterVersion: entries.at(-1)?.version ?? after, limit: asked, answers: true });
    for (const entry of page) {
      characters += (entry.text?.length ?? 0) + (entry.answer?.length ?? 0);
      entries.push(entry);
      // The one that is too much begins the next page.
      if (characters > PAGE_CHARACTERS && entries.length > 1) return { entries, isAll: false };
    }
    if (page.length < asked) return { entries, isAll: true };
  }
  return { entries, isAll: false };
}

/** An entry, and what it knows of the one before it (TL4). */
export interface ReadEntry {
  readonly view: TimelineEntry;
  readonly before: { readonly commitMs: number | null; readonly replyMs: number | null };
}

function durations({ version }: TimelineEntry, after: ReadEntry | undefined): Pick<TimelineEntry, "commitMs" | "replyMs"> {
  return after?.view.version === version + 1 ? after.before : { commitMs: null, replyMs: null };
}

/** Reads entries of conversations, each conversation's in order; knows what was before them. */
export class EntryReader {
  readonly #store: Store;
  readonly #changes = new Changes();
  /** The version of the entry that was read last. */
  readonly #last = new Map<Owner, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The conversations of which something is remembered. */
  get owners(): Iterable<Owner> {
    return this.#last.keys();
  }

  /** Nothing of it is remembered any more. */
  lose(owner: Owner): void {
    this.#changes.lose(owner);
    this.#last.delete(owner);
  }

  /** Whether the next entry of this conversation can be compared with what was before. */
  isAt(owner: Owner, version: number): boolean {
    return this.#last.get(owner) === version && this.#changes.has(owner);
  }

  /** Reads what was there at a version: the entry after it is the next one. */
  async begin(owner: Owner, version: number, loaded: Loaded | undefined): Promise<void> {
    this.#changes.lose(owner);
    const past = await partsBack(this.#store, owner, version, loaded ? masksNow(loaded) : {}).catch(() => undefined);
    this.#changes.mask(owner, past?.masks ?? (loaded ? masksNow(loaded) : {}));
    if (past) this.#changes.begin(owner, Object.fromEntries([...past.parts].map(([name, { data }]) => [name, data])));
    this.#last.set(owner, version);
  }

  /** The next entry; its result is asked for by {@link result} (TL2). */
  read(owner: Owner, stored: Entry, masks: KnownMasks): ReadEntry {
    const { version, atMs, text } = stored;
    this.#remember(owner, version);
    this.#changes.mask(owner, masks.parts);
    if (text === null) return readable(version, atMs, { unit: "outside", name: "without an entry", outcome: "ok", ms: [0, 0, 0] }, {}, []);
    try {
      const entry = openEntry(owner, text);
      return readable(version, atMs, entry, this.#changes.of(owner, entry), entry.unit === "tool" ? masks.arguments(entry.name) : []);
    } catch (thrown) {
      this.#changes.lose(owner);
      return unreadable(version, atMs, textOf(thrown));
    }
  }

  /** What a tool call was answered, masked; undefined when it left no answer, or none is kept. */
  result(owner: Owner, { text, answer }: Entry, masks: KnownMasks): ShownValue {
    if (answer === undefined || answer === null || text === null) return undefined;
    const tool = toolOf(owner, text);
    if (tool === undefined) return undefined;
    try {
      return shownValue(Shown.masked(JSON.parse(openBody(owner, answer)), masks.results(tool)));
    } catch {
      return MASKED;
    }
  }

  #remember(owner: Owner, version: number): void {
    this.#last.delete(owner);
    this.#last.set(owner, version);
    if (this.#last.size > MAX_REMEMBERED) this.#last.delete(this.#last.keys().next().value!);
  }
}

/** Conversations whose last version is remembered. */
const MAX_REMEMBERED = 1_000;

function toolOf(owner: Owner, text: string): string | undefined {
  try {
    const { unit, name } = openEntry(owner, text);
    return unit === "tool" ? name : undefined;
  } catch {
    return undefined;
  }
}

function readable(version: number, atMs: number, entry: JournalEntry, changes: ReturnType<Changes["of"]>, also: readonly MaskPath[]): ReadEntry {
  const { unit, name, callId, arguments: input, mask, outcome, code, reason, ms, waitedFor, source, commitBeforeMs, replyBeforeMs, notes = [] } = entry;
  const remedy = remedyOf(code);
  const [queueMs, guardMs, runMs] = ms;
  return {
    view: {
      version, atMs, unit, name, outcome, queueMs, guardMs, runMs, commitMs: null, replyMs: null, changes: shownChanges(changes), notes,
      ...(callId === undefined ? {} : { callId }),
      ...(input === undefined ? {} : { arguments: shownValue(Shown.masked(input, [...(mask ?? []), ...also])) }),
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
      ...(remedy === undefined ? {} : { remedy }),
      ...(waitedFor === undefined ? {} : { waitedFor }),
      ...(source === undefined ? {} : { source }),
    },
    before: { commitMs: commitBeforeMs ?? null, replyMs: replyBeforeMs ?? null },
  };
}

function unreadable(version: number, atMs: number, reason: string): ReadEntry {
  return {
    view: {
      version, atMs, unit: "outside", name: "", outcome: "failed", code: "state_quarantined", reason, remedy: "Its text is damaged, or encrypted with a key that is not here (CONVERSIMPLE_ENCRYPTION_KEYS). The entries around it are not affected.",
      queueMs: 0, guardMs: 0, runMs: 0, commitMs: null, replyMs: null, changes: null, notes: [], isUnreadable: true,
    },
    before: { commitMs: null, replyMs: null },
  };
}
