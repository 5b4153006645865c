import { expect, test } from "vitest";

import { Changes } from "../../../src/state/changes.ts";
import type { JournalEntry } from "../../../src/state/journal.ts";
import type { Patch } from "../../../src/state/patch.ts";
import type { Owner } from "../../../src/state/store.ts";

const MIB = 1_048_576;
const owner = (index: number): Owner => `conversation:c${index}`;
const text = (kibibytes: number) => "x".repeat(kibibytes * 1_024);
const entry = (patches: Readonly<Record<string, readonly Patch[]>>, more: Partial<JournalEntry> = {}): JournalEntry => ({ unit: "tool", name: "t", outcome: "ok", ms: [0, 0, 0], patches, ...more });

/** Which of so many are still known. */
const known = (changes: Changes, count: number) => Array.from({ length: count }, (_, index) => index).filter((index) => changes.has(owner(index)));

test("what is kept for comparison is bounded by its size: large states make room for others", () => {
  const changes = new Changes();
  for (let index = 0; index < 40; index++) changes.begin(owner(index), { state: { note: text(900) } });
  const kept = known(changes, 40);
  expect(kept.length * 900 * 1_024).toBeLessThanOrEqual(8 * MIB);
  expect(kept.length).toBeGreaterThan(4);
  expect(kept.at(-1)).toBe(39);
});

test("small states are kept by the thousand, and those that are used stay", () => {
  const changes = new Changes();
  for (let index = 0; index < 2_000; index++) changes.begin(owner(index), { state: { note: text(1) } });
  expect(known(changes, 2_000)).toHaveLength(2_000);
  for (let index = 2_000; index < 2_100; index++) {
    changes.of(owner(0), entry({ state: [["set", ["count"], index]] }));
    changes.begin(owner(index), { state: { note: text(100) } });
  }
  expect(changes.has(owner(0))).toBe(true);
  expect(changes.has(owner(1))).toBe(false);
});

test("a state that grows by its commits counts as large as it became, one that only changes does not", () => {
  const changes = new Changes();
  for (let index = 0; index < 10; index++) changes.begin(owner(index), { state: { notes: [] } });
  for (let index = 0; index < 10; index++) changes.of(owner(index), entry({ state: [["set", ["notes"], [text(900)]]] }));
  expect(known(changes, 10).length * 900 * 1_024).toBeLessThanOrEqual(8 * MIB);
  for (let round = 0; round < 40; round++) changes.of(owner(9), entry({ state: [["set", ["notes"], [`${round}${text(900)}`]]] }));
  expect(changes.has(owner(9))).toBe(true);
  expect(changes.has(owner(8))).toBe(true);
});

test("a snapshot that follows changes is compared with them; one after nothing that is known tells nothing", () => {
  const changes = new Changes();
  changes.begin(owner(0), { state: { count: 1 } });
  changes.of(owner(0), entry({ state: [["set", ["count"], 2]] }));
  const snapshot = { state: { version: 1, data: { count: 3 } } };
  const after: JournalEntry = { unit: "tool", name: "t", outcome: "ok", ms: [0, 0, 0], snapshot };
  expect(changes.of(owner(0), after)).toEqual({ state: [["set", ["count"], 3]] });
  changes.lose(owner(0));
  expect(changes.of(owner(0), after)).toBeUndefined();
});

test("what was masked once stays masked for as long as the conversation is followed, also when what was before is not known", () => {
  const changes = new Changes();
  changes.begin(owner(0), { state: { phone: "" } });
  changes.mask(owner(0), { state: ["phone"] });
  expect(changes.of(owner(0), entry({ state: [["set", ["phone"], "555"]] }))).toEqual({ state: [["set", ["phone"], "•••"]] });
  changes.lose(owner(0));
  expect(changes.of(owner(0), entry({ state: [["set", ["phone"], "556"]] }))).toEqual({ state: [["set", ["phone"], "•••"]] });
});
