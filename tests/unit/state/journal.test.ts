import * as fc from "fast-check";
import { expect, test } from "vitest";

import { MAX_DEPTH } from "../../../src/base/codec.ts";
import { StateQuarantinedError } from "../../../src/base/errors.ts";
import { copyOf } from "../../../src/base/plain.ts";
import { RecordDocument } from "../../../src/state/document.ts";
import { partsAt } from "../../../src/state/history.ts";
import { isSame } from "../../../src/state/patch.ts";
import { JournalWriter, openEntry, type EntryFacts, type JournalLimits } from "../../../src/state/journal.ts";
import type { Entry } from "../../../src/state/store.ts";
import { Unit } from "../../../src/state/unit.ts";
import { nested, storable } from "../storable.ts";
import { anySlice, Bench, OWNER } from "./slices.ts";

const FACTS: EntryFacts = { unit: "tool", name: "add_to_cart", callId: "c", outcome: "ok", ms: [0, 0, 1] };

/** A conversation's commits, with a journal that is trimmed as a host would. */
class Run<T extends object> {
  readonly bench: Bench<T>;
  entries: Entry[] = [];
  /** What the state was at each version. */
  readonly truth = new Map<number, unknown>();
  trims = 0;
  #writer: JournalWriter;
  readonly #limits: JournalLimits;

  constructor(initial: () => T, limits: JournalLimits) {
    this.bench = new Bench(initial);
    this.#limits = limits;
    this.#writer = new JournalWriter(limits);
  }

  /** Commits a recipe, or a unit without a change. `fails`: the store refuses it. */
  unit(recipe?: (state: T) => void, options: { fails?: boolean; oldestKeptAnswer?: number } = {}): void {
    const { bench } = this;
    const { unit, state } = bench.begin();
    recipe?.(state);
    const version = bench.version + 1;
    const change = unit.change() ?? (version === 1 ? { parts: new Map(), patches: {} } : undefined);
    const text = this.#writer.entry(FACTS, bench.document, version, change);
    const trimBelow = this.#writer.trimBelow(version, options.oldestKeptAnswer);
    if (options.fails) return this.#writer.undo(version);
    bench.version = version;
    if (change) bench.document.accept(change.parts);
    this.entries.push({ version, atMs: version, text, callId: null });
    if (trimBelow !== undefined) {
      this.trims++;
      this.entries = this.entries.filter((entry) => entry.version >= trimBelow);
    }
    this.truth.set(version, copyOf(bench.document.value(bench.slice)));
  }

  /** As after a crash: another process goes on. */
  resume(): void {
    this.#writer = new JournalWriter(this.#limits);
  }

  /** The kept versions whose state is not what it was then. */
  get wrong(): number[] {
    // The order of an object's keys is no difference (PA2).
    return this.entries.map(({ version }) => version).filter((version) => !isSame(partsAt(OWNER, this.entries, version)?.state, this.truth.get(version)));
  }
}

test("the state at every kept version is what it was then, through failures, resumes and trimming (J2, J3)", () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constant("change" as const), fc.constantFrom("a", "b", "c", "d"), storable) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("nothing" as const), fc.constant(""), fc.constant(null)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("failure" as const), fc.constantFrom("a", "b"), storable) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("resume" as const), fc.constant(""), fc.constant(null)) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), (steps) => {
      const run = new Run<Record<string, unknown>>(() => ({}), { maxEntries: 12, maxBytes: 4_000 });
      for (const [kind, key, value] of steps) {
        if (kind === "resume") run.resume();
        else run.unit(kind === "nothing" ? undefined : (state) => (state[key] = copyOf(value)), { fails: kind === "failure" });
      }
      expect(run.wrong).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("3,000 turns: every kept version is right, and trimming keeps the journal bounded", () => {
  const run = new Run<{ cart: { id: string; quantity: number }[]; notes: Record<string, number> }>(() => ({ cart: [], notes: {} }), { maxEntries: 200, maxBytes: 1_000_000 });
  for (let turn = 0; turn < 3_000; turn++) {
    run.unit((state) => {
      state.cart.push({ id: `P${turn}`, quantity: turn % 7 });
      if (state.cart.length > 20) state.cart.splice(turn % 10, 5);
      state.notes[`n${turn % 11}`] = turn;
    });
  }
  expect(run.trims).toBeGreaterThan(5);
  expect(run.entries.length).toBeLessThan(1_000);
  expect(run.wrong).toEqual([]);
});

test("units that change nothing do not grow the journal without end, few or large", () => {
  const few = new Run(() => ({ n: 0 }), { maxEntries: 600, maxBytes: 10_000_000 });
  const large = new Run(() => ({ n: 0 }), { maxEntries: 1_000_000, maxBytes: 20_000 });
  for (const run of [few, large]) {
    run.unit((state) => (state.n = 1));
    run.resume();
    for (let turn = 0; turn < 4_000; turn++) run.unit();
    expect(run.wrong).toEqual([]);
  }
  expect(few.entries.length).toBeLessThan(2_000);
  expect(large.entries.reduce((sum, { text }) => sum + text!.length, 0)).toBeLessThan(40_000);
});

test("trimming never drops an answer that is kept", () => {
  const run = new Run(() => ({ n: 0 }), { maxEntries: 5, maxBytes: 1_000_000 });
  for (let turn = 1; turn <= 200; turn++) run.unit((state) => (state.n = turn), { oldestKeptAnswer: 42 });
  expect(run.entries[0]!.version).toBeLessThanOrEqual(42);
  for (let turn = 201; turn <= 400; turn++) run.unit((state) => (state.n = turn), { oldestKeptAnswer: 300 });
  expect(run.entries[0]!.version).toBeGreaterThan(42);
  expect(run.entries[0]!.version).toBeLessThanOrEqual(300);
  expect(run.wrong).toEqual([]);
});

test("a version that the journal does not reach is not invented", () => {
  const run = new Run(() => ({ n: 0 }), { maxEntries: 5, maxBytes: 1_000_000 });
  for (let turn = 1; turn <= 100; turn++) run.unit((state) => (state.n = turn));
  expect(run.entries[0]!.version).toBeGreaterThan(1);
  expect(partsAt(OWNER, run.entries, 0)).toBeUndefined();
  expect(partsAt(OWNER, run.entries, run.entries[0]!.version - 1)).toBeUndefined();
});

test("a state of 64 levels is journalled and read back, changed as a whole or at the bottom", () => {
  const run = new Run(() => ({ deep: [] as unknown, pad: "x".repeat(1_000) }), { maxEntries: 100, maxBytes: 1_000_000 });
  run.unit();
  run.unit((state) => (state.deep = nested(MAX_DEPTH - 1)));
  run.unit((state) => {
    let bottom = state.deep as unknown[];
    while (bottom.length > 0) bottom = bottom[0] as unknown[];
    bottom.push(new Date(5), undefined);
  });
  expect(openEntry(OWNER, run.entries[1]!.text!).patches).toBeDefined();
  expect(run.wrong).toEqual([]);
});

test("a part whose name looks like a tag of the codec is journalled like any other", () => {
  const slice = anySlice("$set", () => ({ count: 0, note: "x".repeat(100) }));
  const document = RecordDocument.begin(OWNER, [slice]);
  const writer = new JournalWriter();
  const entries = [1, 2].map((version): Entry => {
    const unit = new Unit(document, "write");
    (unit.draft(slice) as { count: number }).count = version;
    const change = unit.change()!;
    const text = writer.entry(FACTS, document, version, change);
    document.accept(change.parts);
    return { version, atMs: version, text, callId: null };
  });
  expect(openEntry(OWNER, entries[0]!.text!).snapshot).toBeDefined();
  expect(openEntry(OWNER, entries[1]!.text!).patches).toEqual({ $set: [["set", ["count"], 2]] });
  expect(partsAt(OWNER, entries, 2)).toMatchObject({ $set: { count: 2 } });
});

test("what is read from the journal shares nothing with another reading", () => {
  const run = new Run(() => ({ list: [1] }), { maxEntries: 100, maxBytes: 1_000_000 });
  run.unit();
  run.unit((state) => state.list.push(2));
  const first = partsAt(OWNER, run.entries, 2) as { state: { list: number[] } };
  first.state.list.push(99);
  expect(partsAt(OWNER, run.entries, 2)).toEqual({ state: { list: [1, 2] } });
});

test("a damaged entry is said, not skipped", () => {
  const run = new Run(() => ({ n: 0 }), { maxEntries: 100, maxBytes: 1_000_000 });
  for (let turn = 0; turn < 3; turn++) run.unit((state) => (state.n += 1));
  run.entries[1] = { ...run.entries[1]!, text: run.entries[1]!.text!.replace("add_to_cart", "add_to_cars") };
  expect(() => partsAt(OWNER, run.entries, 3)).toThrow(StateQuarantinedError);
});

test("a turn on a state of 2 KB costs at most 500 bytes of journal", () => {
  const line = (index: number) => ({ productId: `P-${index}`, quantity: index, addedAt: new Date(1_767_225_600_000 + index) });
  const run = new Run(() => ({ cart: Array.from({ length: 26 }, (_, index) => line(index)), preferences: {} }), { maxEntries: 5_000, maxBytes: 4_194_304 });
  expect(run.bench.text.length).toBeGreaterThan(1_800);
  for (let turn = 0; turn < 1_000; turn++) {
    run.unit((state) => {
      state.cart.shift();
      state.cart.push(line(turn));
    });
  }
  const bytes = run.entries.reduce((sum, { text }) => sum + Buffer.byteLength(text!), 0);
  expect(bytes / run.entries.length).toBeLessThan(500);
});
