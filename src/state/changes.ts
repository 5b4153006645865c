// What a commit changed, part by part, also where the journal holds a snapshot instead of patches.
//
//   CH1. Commits of one conversation are given in order; what came before the first one is told by `begin`.
//   CH2. What it gives is masked, by what the entries so far and `mask` said; it goes on from the clear values. (P21)

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

/** Conversations whose parts are kept for comparison; the oldest goes first. */
const MAX_KEPT = 500;

export class Changes {
  readonly #parts = new Map<Owner, Record<string, unknown>>();
  readonly #masks = new Map<Owner, Masks>();

  /** Whether commits of this conversation can be compared with what was before. */
  has(owner: Owner): boolean {
    return this.#parts.has(owner);
  }

  /** The parts before the first commit that will be given (CH1). */
  begin(owner: Owner, parts: Parts): void {
    this.#keep(owner, { ...copyOf(parts) });
  }

  /** What is masked beside what the entries say, for example of the record as it is now. */
  mask(owner: Owner, masks: Masks): Masks {
    const joined = joinedMasks(this.#masks.get(owner) ?? {}, masks);
    this.#masks.set(owner, joined);
    return joined;
  }

  /** What was before the next commit is not known: an entry could not be read, or was not seen. */
  lose(owner: Owner): void {
    this.#parts.delete(owner);
  }

  /** What the entry changed in the agent's own parts (CH2). */
  of(owner: Owner, entry: JournalEntry): PartChanges {
    const masks = this.mask(owner, masksOfEntry(entry));
    const changes = this.#of(owner, entry);
    return changes && Object.fromEntries(Object.entries(changes).filter(([name]) => isOwnPart(name)).map(([name, patches]) => [name, maskedPatches(patches, masks[name])]));
  }

  #of(owner: Owner, entry: JournalEntry): PartChanges {
    const before = this.#parts.get(owner);
    if (entry.snapshot) {
      const after = Object.fromEntries(Object.entries(entry.snapshot).map(([name, { data }]) => [name, data]));
      this.#keep(owner, copyOf(after));
      return before && differences(before, after);
    }
    if (entry.patches && before) {
      for (const [name, patches] of Object.entries(entry.patches)) before[name] = apply(before[name], copyOf(patches));
    }
    return entry.patches ?? {};
  }

  #keep(owner: Owner, parts: Record<string, unknown>): void {
    this.#parts.delete(owner);
    this.#parts.set(owner, parts);
    if (this.#parts.size <= MAX_KEPT) return;
    const oldest = this.#parts.keys().next().value!;
    this.#parts.delete(oldest);
    this.#masks.delete(oldest);
  }
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
