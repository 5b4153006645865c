// The committed state of one owner, as this process knows it.
//
// Owns what is true: the text of every part as it was last committed. Values are decoded when they are asked for
// and can be let go of at any time (`cool`), so that an idle conversation costs its text and little more.
//
//   DO1. A value that was given out by `value` is never changed by anybody; a commit replaces it.
//   DO2. Parts that the code no longer declares are kept as they are.
//   DO3. A stored part is upgraded and parsed on opening; if that fails the whole record is quarantined. (P10)
//   DO4. A part that is neither declared nor stored is undefined until a commit makes it.

import { encode, encodedObject, revive } from "../base/codec.ts";
import { StateQuarantinedError, textOf } from "../base/errors.ts";
import { encodePart, openRecord, partText, sealRecord, type StoredPart } from "./record.ts";
import type { Slice } from "./slice.ts";
import type { Owner } from "./store.ts";

/** What a commit makes of the parts that it changes. */
export interface NewPart {
  readonly text: string;
  readonly value: unknown;
}

export class RecordDocument {
  readonly owner: Owner;
  readonly #texts: Map<string, string>;
  #values: Map<string, unknown> | undefined;

  private constructor(owner: Owner, texts: Map<string, string>, values: Map<string, unknown>) {
    this.owner = owner;
    this.#texts = texts;
    this.#values = values;
  }

  /** The document of an owner that begins. */
  static begin(owner: Owner, slices: readonly Slice[]): RecordDocument {
    const document = new RecordDocument(owner, new Map(), new Map());
    for (const slice of slices) document.#begin(slice);
    return document;
  }

  /**
   * The document of a stored text.
   *
   * @throws {StateQuarantinedError} DO3.
   */
  static open(owner: Owner, version: number, text: string, slices: readonly Slice[]): RecordDocument {
    const document = new RecordDocument(owner, new Map(), new Map());
    const stored = openRecord(owner, version, text);
    for (const [name, part] of stored) document.#texts.set(name, partText(part.version, part.mask, encode(part.data, name)));
    for (const slice of slices) {
      const part = stored.get(slice.name);
      if (part) document.#restore(slice, part);
      else document.#begin(slice);
    }
    return document;
  }

  /** The committed value of a part (DO1, DO4). */
  value(slice: Slice): unknown {
    this.#values ??= new Map();
    if (this.#values.has(slice.name)) return this.#values.get(slice.name);
    const text = this.#texts.get(slice.name);
    if (text === undefined) return undefined;
    const value = revive((JSON.parse(text) as { data: unknown }).data, 0);
    this.#values.set(slice.name, value);
    return value;
  }

  /** The whole record's text with some parts changed, as the commit that makes `version` stores it. */
  textWith(version: number, changed: ReadonlyMap<string, NewPart>): string {
    return sealRecord(this.owner, version, this.#textsWith(changed));
  }

  /** Takes over what was committed. */
  accept(changed: ReadonlyMap<string, NewPart>): void {
    this.#values ??= new Map();
    for (const [name, part] of changed) {
      this.#texts.set(name, part.text);
      this.#values.set(name, part.value);
    }
  }

  /** All parts as one JSON object text: a snapshot for the journal. */
  snapshotText(changed: ReadonlyMap<string, NewPart>): string {
    return encodedObject(this.#textsWith(changed));
  }

  #textsWith(changed: ReadonlyMap<string, NewPart>): [string, string][] {
    const texts = new Map(this.#texts);
    for (const [name, { text }] of changed) texts.set(name, text);
    return [...texts];
  }

  /** Characters of all parts' texts. */
  get size(): number {
    let size = 0;
    for (const text of this.#texts.values()) size += text.length;
    return size;
  }

  /** Lets the decoded values go; the texts stay. */
  cool(): void {
    this.#values = undefined;
  }

  /** DO3, also for a value that this code's limits do not allow any more. */
  #restore(slice: Slice, part: StoredPart): void {
    const { owner } = this;
    if (part.version > slice.schemaVersion) {
      throw new StateQuarantinedError(owner, `${slice.name} has schema version ${part.version}, this code knows ${slice.schemaVersion}`, { part: slice.name });
    }
    try {
      this.#set(slice, slice.restore(part.data, part.version));
    } catch (thrown) {
      throw new StateQuarantinedError(owner, `${slice.name} cannot be read: ${textOf(thrown)}`, { part: slice.name }, { cause: thrown });
    }
  }

  #begin(slice: Slice): void {
    this.#set(slice, slice.initial());
  }

  #set(slice: Slice, value: unknown): void {
    this.#texts.set(slice.name, encodePart(slice, value));
    (this.#values ??= new Map()).set(slice.name, value);
  }
}
