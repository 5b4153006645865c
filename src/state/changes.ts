// What a commit changed, part by part, also where the journal holds a snapshot instead of patches.
//
//   CH1. Commits of one conversation are given in order; what came before the first one is told by `begin`.
//   CH2. What it gives is masked, by what the entries so far and `mask` said; it goes on from the clear values. (P21)
//   CH3. What is kept for that is bounded by its size, however many conversations it is of; the one that was used least
//        recently goes first.

import { LRUCache } from "lru-cache";

import { encode, ENVELOPE_DEPTH, MAX_DEPTH } from "../base/codec.ts";
import type { Masks } from "../base/marks.ts";
import { pathText } from "../base/path.ts";
import { copyOf } from "../base/plain.ts";
import type { Parts } from "./history.ts";
import type { JournalEntry } from "./journal.ts";
import { joinedMasks, maskedPatches, masksOfEntry } from "./masking.ts";
import { apply, diff, type Patch } from "./patch.ts";
import type { Owner } from "./store.ts";

/** Masked patches by part; undefined where a snapshot came and nothing is known of what was before. */
export type PartChanges = Readonly<Record<string, readonly Patch[]>> | undefined;

/** What is kept of all conversations, characters of its text (CH3); the values take some times as many bytes. */
const MOST = 8 * 1_048_576;
/** What one costs beside that, and each of its masks. */
const ENTRY = 256;
const PATH = 64;

/** What is known of a conversation. */
interface Known {
  /** Undefined: what was before the next commit is not known. Changed in place by patches. */
  readonly parts: Record<string, unknown> | undefined;
  readonly masks: Masks;
  /** Characters of the parts when they were counted last, and of the patches since: at most as much again. */
  readonly counted: number;
  readonly since: number;
}

export class Changes {
  readonly #known = new LRUCache<Owner, Known>({
    maxSize: MOST,
    sizeCalculation: ({ parts, masks, counted, since }) => Object.values(masks).reduce((sum, paths) => sum + paths.length * PATH, ENTRY + (parts ? counted + since : 0)),
  });

  /** Whether commits of this conversation can be compared with what was before. */
  has(owner: Owner): boolean {
    return this.#known.peek(owner)?.parts !== undefined;
  }

  /** The parts before the first commit that will be given (CH1). */
  begin(owner: Owner, parts: Parts): void {
    this.#keep(owner, copyOf(parts));
  }

  /** What is masked beside what the entries say, for example of the record as it is now. */
  mask(owner: Owner, masks: Masks): Masks {
    const known = this.#knownOf(owner);
    const joined = joinedMasks(known.masks, masks);
    this.#known.set(owner, { ...known, masks: joined });
    return joined;
  }

  /** What was before the next commit is not known: an entry could not be read, or was not seen. */
  lose(owner: Owner): void {
    const known = this.#known.peek(owner);
    if (known) this.#known.set(owner, { ...known, parts: undefined });
  }

  /** What the entry changed in the agent's own parts (CH2). */
  of(owner: Owner, entry: JournalEntry): PartChanges {
    const masks = this.mask(owner, masksOfEntry(entry));
    const changes = this.#of(owner, entry);
    return changes && Object.fromEntries(Object.entries(changes).filter(([name]) => isOwnPart(name)).map(([name, patches]) => [name, maskedPatches(patches, masks[name])]));
  }

  #of(owner: Owner, entry: JournalEntry): PartChanges {
    const { parts: before } = this.#knownOf(owner);
    if (entry.snapshot) {
      const after = Object.fromEntries(Object.entries(entry.snapshot).map(([name, { data }]) => [name, data]));
      this.#keep(owner, copyOf(after));
      return before && differences(before, after);
    }
    if (entry.patches && before) {
      for (const [name, patches] of Object.entries(entry.patches)) before[name] = apply(before[name], copyOf(patches));
      this.#grew(owner, sizeOf(entry.patches));
    }
    return entry.patches ?? {};
  }

  #knownOf(owner: Owner): Known {
    return this.#known.get(owner) ?? { parts: undefined, masks: {}, counted: 0, since: 0 };
  }

  #keep(owner: Owner, parts: Record<string, unknown>): void {
    this.#known.set(owner, { ...this.#knownOf(owner), parts, counted: sizeOf(parts), since: 0 });
  }

  /** Counted anew when as much was changed as there was: what is replaced again and again is no larger for it. */
  #grew(owner: Owner, characters: number): void {
    const known = this.#knownOf(owner);
    if (known.since + characters > known.counted + ENTRY) this.#keep(owner, known.parts ?? {});
    else this.#known.set(owner, { ...known, since: known.since + characters });
  }
}

function sizeOf(values: Parts): number {
  return encode(values, "parts", undefined, MAX_DEPTH + ENVELOPE_DEPTH).length;
}

/** Parts of the SDK begin with "$", which no field of an agent does: they are nobody's to read. */
export function isOwnPart(name: string): boolean {
  return !name.startsWith("$");
}

function differences(before: Parts, after: Parts): Readonly<Record<string, readonly Patch[]>> {
  const changes = Object.entries(after).map(([name, data]) => [name, diff(before[name], data)] as const);
  return Object.fromEntries(changes.filter(([, patches]) => patches.length > 0));
}

/** Where something changed: `state.cart[0]`. */
export function pathsOf(changes: PartChanges): string[] {
  const paths = Object.entries(changes ?? {}).flatMap(([part, patches]) => patches.map((patch) => pathText(part, patch[0] === "splice" ? [...patch[1], patch[2]] : patch[1])));
  return [...new Set(paths)];
}
