// What the stored records consist of, added up: names, counts and sizes. Never a value.
//
// Owns the sums. It reads nothing itself and knows no screen.
//
//   RS1. It remembers as much of a large store as of a small one: field names, and the largest records only.
//   RS2. A field is a root field of a part, which the agent's code named. What is deeper can be data, and is not looked at;
//        a part that is personal as a whole is one field.                                                  (P21)
//   RS3. Sizes are those of what may be shown: what is masked counts in whole KiB, and so does what nobody may read. (P21)
//   RS4. A record that cannot be read counts as such, by its reason, and is no part of the sums over fields.

import { encode } from "../../base/codec.ts";
import { StateQuarantinedError } from "../../base/errors.ts";
import { Mask } from "../../base/mask.ts";
import { pathText } from "../../base/path.ts";
import { shownBytes, wholeKib } from "../../base/shown-size.ts";
import { STATE_MAX_BYTES } from "../../parts/conversation-state.ts";
import { openRecord, RECORD_MAX_BYTES, WARN_SHARE, type StoredPart } from "../../state/record.ts";
import { idOf, type Loaded, type Owner } from "../../state/store.ts";
import { isOwnPart } from "../../state/changes.ts";

/** Different fields that are told apart; what comes later is summed up as one (RS1). */
const MAX_FIELDS = 10_000;
const OTHER_FIELDS = "(further fields)";

/** One field over all records that have it. */
export interface FieldSum {
  /** `state.cart`. */
  readonly field: string;
  readonly of: "conversation" | "customer";
  records: number;
  totalBytes: number;
  largestBytes: number;
  /** The record in which it is the largest. */
  largestIn: string;
}

/** A record by its size. */
export interface SizedRecord {
  readonly of: "conversation" | "customer";
  readonly id: string;
  readonly bytes: number;
}

/** A record, or a part of it, that will soon be refused (P9). */
export interface NearLimit extends SizedRecord {
  /** The part, or undefined for the record as a whole. */
  readonly part: string | undefined;
  readonly limit: number;
}

/** Why records cannot be read. */
export interface Unreadable {
  readonly reason: string;
  records: number;
  /** One of them. */
  readonly example: string;
}

export class RecordSurvey {
  readonly #top: number;
  readonly #fields = new Map<string, FieldSum>();
  readonly #unreadable = new Map<string, Unreadable>();
  readonly largest: SizedRecord[] = [];
  readonly nearLimit: NearLimit[] = [];
  nearLimitCount = 0;
  recordBytes = 0;
  journalBytes = 0;
  journalEntries = 0;

  /** @param top how many of the largest records are remembered. */
  constructor(top: number) {
    this.#top = top;
  }

  /** Fields, the largest total first. */
  get fields(): readonly FieldSum[] {
    return [...this.#fields.values()].sort((a, b) => b.totalBytes - a.totalBytes || (a.field < b.field ? -1 : 1));
  }

  get unreadable(): readonly Unreadable[] {
    return [...this.#unreadable.values()].sort((a, b) => b.records - a.records);
  }

  addJournal(texts: readonly (string | null)[]): void {
    this.journalBytes += wholeKib(texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0));
    this.journalEntries += texts.length;
  }

  add({ owner, version, record }: Loaded): void {
    if (record === null) return;
    const bytes = Buffer.byteLength(record);
    const [of, id] = [kindOf(owner), idOf(owner)];
    try {
      const parts = [...openRecord(owner, version, record)].map(([part, stored]) => measured(part, stored));
      const sized: SizedRecord = { of, id, bytes: parts.reduce((sum, part) => sum - part.bytes + part.shown, bytes) };
      this.#addSized(sized, bytes);
      for (const part of parts) this.#addPart(sized, part);
    } catch (thrown) {
      if (!(thrown instanceof StateQuarantinedError)) throw thrown;
      const sized: SizedRecord = { of, id, bytes: wholeKib(bytes) };
      this.#addSized(sized, bytes);
      this.#addUnreadable(String(thrown.fields.reason), sized);
    }
  }

  #addSized(sized: SizedRecord, bytes: number): void {
    this.recordBytes += sized.bytes;
    keepLargest(this.largest, sized, this.#top);
    if (bytes > RECORD_MAX_BYTES * WARN_SHARE) this.#near({ ...sized, part: undefined, limit: RECORD_MAX_BYTES });
  }

  #addPart(record: SizedRecord, { name, data, mask, bytes, shown }: MeasuredPart): void {
    // What an agent allows beyond the default is not known here.
    if (isOwnPart(name) && bytes > STATE_MAX_BYTES * WARN_SHARE) this.#near({ ...record, bytes: shown, part: name, limit: STATE_MAX_BYTES });
    if (!isPlain(data) || mask.isWhole) return this.#addField(record, name, shown);
    for (const [field, value] of Object.entries(data)) this.#addField(record, pathText(name, [field]), shownBytes(value, mask.at(field), bytesOf(value)));
  }

  #addField({ of, id }: SizedRecord, path: string, bytes: number): void {
    const field = this.#fields.size < MAX_FIELDS || this.#fields.has(`${of} ${path}`) ? path : OTHER_FIELDS;
    let sum = this.#fields.get(`${of} ${field}`);
    if (!sum) this.#fields.set(`${of} ${field}`, (sum = { field, of, records: 0, totalBytes: 0, largestBytes: -1, largestIn: id }));
    sum.records++;
    sum.totalBytes += bytes;
    if (bytes <= sum.largestBytes) return;
    sum.largestBytes = bytes;
    sum.largestIn = id;
  }

  #near(found: NearLimit): void {
    this.nearLimitCount++;
    keepLargest(this.nearLimit, found, this.#top);
  }

  #addUnreadable(reason: string, { id }: SizedRecord): void {
    const known = this.#unreadable.get(reason);
    if (known) known.records++;
    else this.#unreadable.set(reason, { reason, records: 1, example: id });
  }
}

function kindOf(owner: Owner): SizedRecord["of"] {
  return owner.startsWith("customer:") ? "customer" : "conversation";
}

interface MeasuredPart {
  readonly name: string;
  readonly data: unknown;
  readonly mask: Mask;
  readonly bytes: number;
  /** RS3. */
  readonly shown: number;
}

function measured(name: string, { data, mask: masks }: StoredPart): MeasuredPart {
  // Answers of `once` and the like: as personal as what they are made of.
  const mask = Mask.of(isOwnPart(name) ? masks : [""]);
  const bytes = bytesOf(data);
  return { name, data, mask, bytes, shown: shownBytes(data, mask, bytes) };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(encode(value));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Puts it into a list that is ordered by size and holds at most `top`. */
function keepLargest<T extends SizedRecord>(list: T[], item: T, top: number): void {
  const place = list.findIndex(({ bytes }) => bytes < item.bytes);
  list.splice(place === -1 ? list.length : place, 0, item);
  if (list.length > top) list.pop();
}
