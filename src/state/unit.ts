// A unit of work on one document: drafts while it runs, one change when it ends.
//
// Owns what a handler has changed so far. Does not commit: the host does, with what `change` gives.
//
//   U1. Before the commit nothing outside of the unit sees its changes; `discard` leaves no trace.     (P3)
//   U2. What `change` gives shares no object with anything that a handler holds.                       (P3)
//   U3. A unit that only read has no change.
//   U4. After `change` or `discard` every draft throws `unit_ended`.
//   U5. What may run again changes nothing of it: the second run would find what the first one left.     (P11)

import { ConversimpleError } from "../base/errors.ts";
import { copyOf } from "../base/plain.ts";
import type { NewPart, RecordDocument } from "./document.ts";
import { Draft, mayRunAgain, type DraftHold, type DraftMode } from "./draft.ts";
import { diff, type Patch } from "./patch.ts";
import { encodePart } from "./record.ts";
import type { MaskPath, Masks } from "../base/marks.ts";
import type { Slice } from "./slice.ts";

/** What a unit changes in its record. */
export interface UnitChange {
  readonly parts: ReadonlyMap<string, NewPart>;
  readonly patches: Readonly<Record<string, readonly Patch[]>>;
  /** What is masked of the parts that changed. */
  readonly masks?: Masks;
}

interface Open {
  readonly slice: Slice;
  readonly draft: Draft;
  /** The committed value that the draft began from. */
  readonly base: unknown;
}

export class Unit {
  readonly mode: DraftMode;
  readonly #document: RecordDocument;
  readonly #open = new Map<string, Open>();
  /** Open ones, and those that were replaced by another. */
  readonly #drafts: Draft[] = [];
  /** Whether drafts can be changed just now (U5). */
  readonly #hold: DraftHold = { isHeld: false };

  /** @param mode `write` for ordered units, `read` for parallel tools. */
  constructor(document: RecordDocument, mode: DraftMode) {
    this.mode = mode;
    this.#document = document;
  }

  /** The part's value as a draft; the same draft while the committed value is the same. */
  draft(slice: Slice): unknown {
    const committed = this.#document.value(slice);
    const open = this.#open.get(slice.name);
    const isCurrent = open && (this.mode === "write" || open.base === committed);
    return (isCurrent ? open.draft : this.#begin(slice, committed)).value;
  }

  /** Puts a whole new value in the place of a part's (write mode). */
  replace(slice: Slice, value: unknown): void {
    if (this.mode === "read") throw new ConversimpleError("read_only", `${slice.name} is read-only here. In a parallel tool change it inside this.update(() => { ... }).`, { part: slice.name });
    if (this.#hold.isHeld) throw mayRunAgain(slice.name);
    this.#begin(slice, copyOf(value)).touched = true;
  }

  /** Runs something synchronous that must not change a draft. @throws what it throws; `read_only` when it does (U5). */
  untouched<T>(run: () => T): T {
    const before = this.#hold.isHeld;
    this.#hold.isHeld = true;
    try {
      return run();
    } finally {
      this.#hold.isHeld = before;
    }
  }

  /**
   * The change of the unit, undefined when there is none (U2, U3). The unit has ended then.
   *
   * @throws {StateInvalidError} A part's schema or the codec refused a value.
   * @throws {StateTooLargeError} A part passed its limit.
   * @throws {ConversimpleError} `read_only`: a parallel tool changed a Date or a byte array.
   */
  change(): UnitChange | undefined {
    this.discard();
    for (const draft of this.#drafts) draft.checkCopies();
    const parts = new Map<string, NewPart>();
    const patches: Record<string, readonly Patch[]> = {};
    const masks: Record<string, readonly MaskPath[]> = {};
    for (const { slice, draft } of this.#open.values()) {
      if (!draft.touched || this.mode === "read") continue;
      const written = draft.finish();
      // First the codec, so that nothing after it meets a cycle or a depth without end.
      const text = encodePart(slice, written);
      const committed = this.#document.value(slice);
      const value = slice.check(written, committed);
      const steps = diff(committed, value);
      if (steps.length === 0) continue;
      parts.set(slice.name, { text: value === written ? text : encodePart(slice, value), value });
      patches[slice.name] = steps;
      if (slice.masks !== undefined && slice.masks.length > 0) masks[slice.name] = slice.masks;
    }
    return parts.size === 0 ? undefined : { parts, patches, masks };
  }

  /** Ends the unit without a change (U1, U4). */
  discard(): void {
    for (const draft of this.#drafts) draft.end();
  }

  #begin(slice: Slice, base: unknown): Draft {
    const draft = new Draft(this.mode, slice.name, base, this.#hold);
    this.#open.set(slice.name, { slice, draft, base });
    this.#drafts.push(draft);
    return draft;
  }
}
