// The journal: one entry per unit of work, enough to explain a call and to go back in time.
//
// Owns the entry's shape, when a snapshot replaces patches, and how far back the journal reaches.
//
//   J1. Every unit leaves one entry; a failed one has no patches.
//   J2. A state at any kept version is the newest snapshot at or below it plus the patches since.
//   J3. The journal is trimmed at snapshots only, so J2 holds after trimming; kept answers are never trimmed. (P5)
//       So there is a snapshot every now and then also where nothing changes, or nothing could ever be trimmed.
//   J4. What is secret is not in it; what is personal is, and is masked whenever it is shown.           (P21)

import { ConversimpleError, RefusedError, ToolError } from "../base/errors.ts";
import { encode, encodedObject, ENVELOPE_DEPTH, isJson, MAX_DEPTH } from "../base/codec.ts";
import type { RecordDocument } from "./document.ts";
import { textOfPatches, type Patch } from "./patch.ts";
import type { MaskPath, Masks } from "../base/marks.ts";
import type { UnitNote } from "./notes.ts";
import type { RecordedUnit } from "./recorded-unit.ts";
import { openText, sealBody, type StoredPart } from "./record.ts";
import type { Owner } from "./store.ts";
import type { UnitChange } from "./unit.ts";

/** What kind of handler ran. */
export type UnitKind = "tool" | "hook" | "update" | "signal" | "effect" | "outside" | "deadline";

export type UnitOutcome = "ok" | "refused" | "tool_error" | "failed" | "timeout" | "cancelled";

/** What the host says about a unit. */
export interface EntryFacts {
  readonly unit: UnitKind;
  /** Name of the tool, hook, effect or signal; the part whose deadline it was. */
  readonly name: string;
  readonly callId?: string;
  /** The arguments as they came, secret ones replaced. */
  readonly arguments?: unknown;
  /** What is masked of the arguments wherever they are shown. */
  readonly mask?: readonly MaskPath[];
  readonly outcome: UnitOutcome;
  /** Error code or refusal word when the outcome is not "ok". */
  readonly code?: string;
  /** Why it was refused, in the SDK's words: path and reason, never a value. Of a look at what is masked: why it was looked at. */
  readonly reason?: string;
  /** Milliseconds that the unit waited in the queue, spent in guards, and ran. */
  readonly ms: readonly [queue: number, guard: number, run: number];
  /** Milliseconds of the commit of the unit before this one. */
  readonly commitBeforeMs?: number;
  /** Milliseconds from the answer of the unit before this one until the platform had confirmed it; absent while it had not. */
  readonly replyBeforeMs?: number;
  /** What it did beside its changes. */
  readonly notes?: readonly UnitNote[];
  /** What a development host records to run the call again; shown to nobody. */
  readonly recorded?: RecordedUnit;
  /** The unit that it waited for, when it waited longer than 250 ms (P2). */
  readonly waitedFor?: string;
  /** Who wrote from outside, and the id of its message. */
  readonly source?: string;
  readonly message?: string;
}

/** Code and reason of a failure: the words of our own errors hold no values (E1), those of others and what an agent says to its caller stay outside. */
export function causeOf(thrown: unknown): Pick<EntryFacts, "code" | "reason"> {
  if (!(thrown instanceof ConversimpleError)) return { code: "tool_execution_error" };
  if (thrown instanceof ToolError || thrown instanceof RefusedError) return { code: thrown.code };
  return { code: thrown.code, reason: thrown.message.slice(0, MAX_REASON) };
}

/** The longest reason of an entry, characters. */
const MAX_REASON = 300;

/** The name of a unit that only says that somebody looked at what is masked. (P21) */
export const REVEAL = "reveal";

/** An entry as it is read. */
export interface JournalEntry extends EntryFacts {
  readonly patches?: Readonly<Record<string, readonly Patch[]>>;
  /** What is masked of the parts that have patches; a snapshot says it itself. */
  readonly masks?: Masks;
  /** All parts as they were after the unit, by name. */
  readonly snapshot?: Readonly<Record<string, StoredPart>>;
}

/** How far back the journal reaches. */
export interface JournalLimits {
  /** Entries that are kept at least; 5,000 unless told otherwise. */
  readonly maxEntries: number;
  /** Bytes of entries that are kept at least; 4 MiB unless told otherwise. */
  readonly maxBytes: number;
}

export const JOURNAL_LIMITS: JournalLimits = { maxEntries: 5_000, maxBytes: 4_194_304 };

/** A snapshot is due when the patches since the last one are this many times larger than the record. Source: J2 reads a bounded share. */
const PATCHES_PER_RECORD = 8;
/** ... or after this many entries at the latest: so far back there is one, as a rule. */
export const SNAPSHOT_EVERY = 512;
/** ... or when this share of the journal, and the record again, was written. */
const SNAPSHOTS_PER_JOURNAL = 8;

interface Mark {
  readonly version: number;
  readonly bytes: number;
}

/** The facts as text. All but the arguments are plain JSON, which needs no codec. */
function headOf(facts: EntryFacts): string {
  const { arguments: input } = facts;
  if (isJson(input)) return JSON.stringify(facts);
  const head = JSON.stringify({ ...facts, arguments: undefined });
  return input === undefined ? head : `${head.slice(0, -1)},"arguments":${encode(input, "arguments", undefined, MAX_DEPTH + ENVELOPE_DEPTH)}}`;
}

/** The text of an entry without a change, for a commit by somebody who serves nothing. */
export function entryText(facts: EntryFacts): string {
  return sealBody(headOf(facts));
}

/** Writes the entries of one conversation and knows where its snapshots are. One per served conversation. */
export class JournalWriter {
  readonly #limits: JournalLimits;
  #marks: Mark[] = [];
  #bytes = 0;
  /** The first version that this writer saw. */
  #first: number | undefined;
  #patchCharacters = Number.POSITIVE_INFINITY;

  constructor(limits: JournalLimits = JOURNAL_LIMITS) {
    this.#limits = limits;
  }

  /** The entry's text for the commit that makes `version` (J1, J2). */
  entry(facts: EntryFacts, document: RecordDocument, version: number, change: UnitChange | undefined): string {
    const head = headOf(facts);
    this.#first ??= version;
    const text = change ? this.#withChange(head, document, version, change) : this.#isOverdue(version, document) ? this.#snapshot(head, document, version) : sealBody(head);
    this.#bytes += text.length;
    return text;
  }

  /** The commit that was to make `version` did not happen: the next change has to be a snapshot (J2). */
  undo(version: number): void {
    this.#marks = this.#marks.filter((mark) => mark.version < version);
    this.#patchCharacters = Number.POSITIVE_INFINITY;
  }

  /** Below which version entries can go; undefined while none can (J3). */
  trimBelow(version: number, oldestKeptAnswer: number | undefined): number | undefined {
    let last: Mark | undefined;
    while (this.#marks.length > 0) {
      const mark = this.#marks[0]!;
      const isOld = version - mark.version >= this.#limits.maxEntries || this.#bytes - mark.bytes >= this.#limits.maxBytes;
      if (!isOld || (oldestKeptAnswer !== undefined && mark.version > oldestKeptAnswer)) break;
      last = mark;
      this.#marks.shift();
    }
    return last?.version;
  }

  /** Whether much was written since the last snapshot, or since this writer began, changes or not. */
  #isOverdue(version: number, document: RecordDocument): boolean {
    const { version: since, bytes } = this.#marks.at(-1) ?? { version: this.#first!, bytes: 0 };
    return version - since >= SNAPSHOT_EVERY || this.#bytes - bytes >= this.#limits.maxBytes / SNAPSHOTS_PER_JOURNAL + 2 * document.size;
  }

  #snapshot(head: string, document: RecordDocument, version: number, changed: UnitChange["parts"] = new Map()): string {
    this.#patchCharacters = 0;
    this.#marks.push({ version, bytes: this.#bytes });
    return sealBody(`${head.slice(0, -1)},"snapshot":${document.snapshotText(changed)}}`);
  }

  #withChange(head: string, document: RecordDocument, version: number, change: UnitChange): string {
    const patches = encodedObject(Object.entries(change.patches).map(([name, steps]) => [name, textOfPatches(steps)]));
    const isDue = this.#patchCharacters + patches.length > PATCHES_PER_RECORD * document.size || this.#marks.length === 0 || this.#isOverdue(version, document);
    if (!isDue && patches.length <= document.size) {
      this.#patchCharacters += patches.length;
      const { masks = {} } = change;
      const masked = Object.keys(masks).length === 0 ? "" : `,"masks":${JSON.stringify(masks)}`;
      return sealBody(`${head.slice(0, -1)},"patches":${patches}${masked}}`);
    }
    return this.#snapshot(head, document, version, change.parts);
  }
}

/**
 * The entry of a stored text.
 *
 * @throws {StateQuarantinedError} when it is damaged.
 */
export function openEntry(owner: Owner, text: string): JournalEntry {
  return openText(owner, text) as JournalEntry;
}
