// Shared records while a recorded call is run again: each question finds what it found then, and nothing is stored.
//
//   RJ1. A recipe runs on what is recorded; what it writes is checked and goes nowhere.

import type { JointRecord, JointRecords, JointUpdate, Left, Values } from "../agent/joint-records.ts";
import type { RehearsedUnit } from "../agent/recorded.ts";
import { encode } from "../base/codec.ts";
import { copyOf } from "../base/plain.ts";
import { RecordDocument } from "../state/document.ts";
import { partText, sealRecord } from "../state/record.ts";
import type { Slice } from "../state/slice.ts";
import type { Owner } from "../state/store.ts";
import { Unit } from "../state/unit.ts";

export class RehearsedJoint implements JointRecords {
  readonly #real: JointRecords;
  readonly #unit: RehearsedUnit;
  /** What the customer's last call left, as the last question had it. */
  #left: unknown;

  /** @param real names owners, and is asked where nothing is recorded. */
  constructor(real: JointRecords, unit: RehearsedUnit) {
    this.#real = real;
    this.#unit = unit;
  }

  ownerOf(kind: "customer" | "account", id: string): Owner {
    return this.#real.ownerOf(kind, id);
  }

  async read(owner: Owner, slices: readonly Slice[]): Promise<JointRecord> {
    const document = this.#found(owner, slices);
    return document ? { version: 1, facts: undefined, value: (slice) => copyOf(document.value(slice)) } : this.#real.read(owner, slices);
  }

  async update<T>(owner: Owner, slices: readonly Slice[], how: JointUpdate, recipe: (value: Values) => T): Promise<T> {
    const document = this.#found(owner, slices);
    if (!document) return this.#real.update(owner, slices, how, recipe);
    const unit = new Unit(document, "write");
    try {
      const result = copyOf(recipe((slice) => unit.draft(slice)));
      unit.change();
      how.onCommitted?.(1);
      return result;
    } finally {
      unit.discard();
    }
  }

  async left(of: Left, slice: Slice): Promise<unknown> {
    return this.#left === undefined ? this.#real.left(of, slice) : copyOf(this.#left);
  }

  #found(owner: Owner, slices: readonly Slice[]): RecordDocument | undefined {
    // Attempts to log in are counted where logins are real.
    const recorded = owner.startsWith("customer:") ? this.#unit.customer() : undefined;
    if (!recorded) return undefined;
    this.#left = recorded.left;
    const texts = slices.filter(({ name }) => Object.hasOwn(recorded.found, name)).map(({ name, schemaVersion }) => [name, partText(schemaVersion, undefined, encode(recorded.found[name], name))] as const);
    return RecordDocument.open(owner, 1, sealRecord(owner, 1, texts), slices);
  }
}
