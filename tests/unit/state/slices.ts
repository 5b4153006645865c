// Slices and documents for tests of the state core: no schema, no host.

import { encode } from "../../../src/base/codec.ts";
import { RecordDocument } from "../../../src/state/document.ts";
import type { Slice } from "../../../src/state/slice.ts";
import type { Owner } from "../../../src/state/store.ts";
import { Unit } from "../../../src/state/unit.ts";

export const OWNER: Owner = "conversation:c1";

/** A slice that takes whatever the codec takes. */
export function anySlice(name: string, initial: () => unknown, options: Partial<Slice> = {}): Slice {
  return { name, schemaVersion: 1, maxBytes: 1_048_576, initial, restore: (stored) => stored, check: (value) => value, ...options };
}

/** A document of one slice, and what units of work do to it. */
export class Bench<T extends object> {
  readonly slice: Slice;
  readonly document: RecordDocument;
  version = 0;

  constructor(initial: () => T, options: Partial<Slice> = {}) {
    this.slice = anySlice("state", initial, options);
    this.document = RecordDocument.begin(OWNER, [this.slice]);
  }

  begin(mode: "write" | "read" = "write"): { unit: Unit; state: T } {
    const unit = new Unit(this.document, mode);
    return { unit, state: unit.draft(this.slice) as T };
  }

  /** Runs a recipe and commits it, as a host would. */
  commit<R>(recipe: (state: T) => R): R {
    const { unit, state } = this.begin();
    const result = recipe(state);
    const change = unit.change();
    if (change) {
      this.version++;
      this.document.accept(change.parts);
    }
    return result;
  }

  /** What is committed, as it would come back from the store. */
  get stored(): T {
    const text = this.document.textWith(this.version, new Map());
    return RecordDocument.open(OWNER, this.version, text, [this.slice]).value(this.slice) as T;
  }

  /** The committed text: to see that something changed nothing. */
  get text(): string {
    return encode(this.document.value(this.slice));
  }
}
