import * as fc from "fast-check";
import { expect, test } from "vitest";

import { encode } from "../../../src/base/codec.ts";
import { Mask, MASKED } from "../../../src/base/mask.ts";
import { copyOf } from "../../../src/base/plain.ts";
import { RecordDocument } from "../../../src/state/document.ts";
import { masksAt, partsAt } from "../../../src/state/history.ts";
import { entryText, JournalWriter, openEntry, type JournalEntry } from "../../../src/state/journal.ts";
import { joinedMasks, maskedEntry, maskedPatches, masksOfParts } from "../../../src/state/masking.ts";
import { diff } from "../../../src/state/patch.ts";
import { openRecord, sealRecord } from "../../../src/state/record.ts";
import { Unit } from "../../../src/state/unit.ts";
import { storableObject } from "../storable.ts";
import { anySlice, OWNER } from "./slices.ts";

const PERSONAL = "Jane Doe, 4 Elm Street";
const masks = ["card", "people", "cart/*/note", "tags/*"];
const slice = anySlice("state", () => ({ card: "", people: {}, cart: [], tags: new Set(), open: 0 }), { masks });

interface State {
  card: string;
  people: Record<string, { age: string }>;
  cart: { id: number; note: string }[];
  tags: Set<string>;
  open: number;
}

/** Runs recipes as units and gives the journal's entries. */
function entriesOf(...recipes: ((state: State) => void)[]): { texts: string[]; document: RecordDocument } {
  const document = RecordDocument.begin(OWNER, [slice]);
  const writer = new JournalWriter();
  const texts = recipes.map((recipe, index) => {
    const unit = new Unit(document, "write");
    recipe(unit.draft(slice) as State);
    const change = unit.change();
    const text = writer.entry({ unit: "tool", name: "t", callId: "c", arguments: { who: PERSONAL, id: 1 }, mask: ["who"], outcome: "ok", ms: [0, 0, 0] }, document, index + 1, change);
    document.accept(change!.parts);
    return text;
  });
  return { texts, document };
}

const recipes: ((state: State) => void)[] = [
  (state) => void (state.open = 1),
  (state) => void (state.card = PERSONAL),
  (state) => void (state.people[PERSONAL] = { age: PERSONAL }),
  (state) => void (state.people[PERSONAL]!.age = `${PERSONAL}!`),
  (state) => void state.cart.push({ id: 1, note: PERSONAL }, { id: 2, note: PERSONAL }),
  (state) => void (state.cart[1]!.note = `${PERSONAL}!`),
  (state) => void (state.cart = [{ id: 3, note: PERSONAL }]),
  (state) => void state.tags.add(PERSONAL),
  (state) => void delete state.people[PERSONAL],
];

test("a record says what is masked of it, under its checksum, and keeps it for parts that the code does not know any more", () => {
  const { document } = entriesOf(...recipes);
  const text = document.textWith(10, new Map());
  expect(masksOfParts(openRecord(OWNER, 10, text))).toEqual({ state: masks });
  expect(() => openRecord(OWNER, 10, text.replace('"card",', ""))).toThrow(/checksum/);
  const reopened = RecordDocument.open(OWNER, 10, text, [anySlice("other", () => ({}))]);
  expect(masksOfParts(openRecord(OWNER, 11, reopened.textWith(11, new Map())))).toEqual({ state: masks });
});

test("a part without personal fields is stored as before", () => {
  const document = RecordDocument.begin(OWNER, [anySlice("state", () => ({ n: 1 }), { masks: [] })]);
  expect(document.snapshotText(new Map())).toBe('{"state":{"version":1,"data":{"n":1}}}');
  expect(masksOfParts(openRecord(OWNER, 1, sealRecord(OWNER, 1, [["state", '{"version":1,"data":{"n":1}}']])))).toEqual({});
});

test("every entry of a journal can be masked by itself, whatever kind of change it holds", () => {
  const { texts } = entriesOf(...recipes);
  for (const text of texts) {
    const entry = openEntry(OWNER, text);
    expect(text).toContain(PERSONAL); // The arguments, at least.
    const shown = maskedEntry(entry);
    expect(encode(shown)).not.toContain(PERSONAL);
    expect(shown.arguments).toEqual({ who: MASKED, id: 1 });
    expect(Object.keys({ ...shown.patches, ...shown.snapshot })).toEqual(["state"]);
  }
  expect(maskedEntry(openEntry(OWNER, texts[0]!)).snapshot).toMatchObject({ state: { data: { open: 1, card: MASKED } } });
  expect(texts.map((text) => openEntry(OWNER, text).patches !== undefined)).toContain(true);
});

test("masks of a version are all that its entries said, and the clear parts go on from the clear ones", () => {
  const { texts, document } = entriesOf(...recipes);
  const entries = texts.map((text, index) => ({ version: index + 1, atMs: 0, text, callId: null }));
  expect(masksAt(OWNER, entries, entries.length)).toEqual({ state: masks });
  expect(masksAt(OWNER, entries, 0)).toEqual({});
  expect(partsAt(OWNER, entries, entries.length)).toEqual({ state: document.value(slice) });
});

test("an entry is masked by what is known from elsewhere, too: what became personal later is", () => {
  const entry = openEntry(OWNER, entryText({ unit: "tool", name: "t", outcome: "ok", ms: [0, 0, 0] }));
  const patched = { ...entry, patches: { state: [["set", ["card"], PERSONAL] as const] } };
  expect(encode(maskedEntry(patched))).toContain(PERSONAL);
  expect(encode(maskedEntry(patched, { state: ["card"] }))).not.toContain(PERSONAL);
});

test("steps inside of something that is masked as a whole show as one change of the whole", () => {
  expect(maskedPatches([["set", ["people", "Jane", "age"], 5], ["cut", ["people", "Joe"]], ["splice", ["people", "list"], 3, 1, [1]]], ["people"])).toEqual([["set", ["people"], MASKED]]);
  expect(maskedPatches([["splice", ["people"], 3, 1, [1]]], ["people"])).toEqual([["set", ["people"], MASKED]]);
  expect(maskedPatches([["splice", ["list"], 3, 1, [1, { a: 1 }]]], ["list/*"])).toEqual([["splice", ["list"], 3, 1, [MASKED, MASKED]]]);
  expect(maskedPatches([["splice", ["pair"], 0, 1, ["a", "b"]]], ["pair/1"])).toEqual([["splice", ["pair"], 0, 1, ["a", MASKED]]]);
  expect(maskedPatches([["set", [], { card: 1, open: 2 }], ["cut", ["card"]]], ["card"])).toEqual([["set", [], { card: MASKED, open: 2 }], ["cut", ["card"]]]);
  expect(maskedPatches([["set", ["a"], 1]], [""])).toEqual([["set", [], MASKED]]);
});

test("masked steps of any change show only what the masked new value shows", () => {
  const places = fc.constantFrom(["a"], ["*"], ["a/b", "*/a"], ["*/*"], ["b/0", "b/*/a"]);
  fc.assert(
    fc.property(storableObject, storableObject, places, (before, after, paths) => {
      const hidden = Mask.of(paths).hidden(after).filter((text) => text.length > 6);
      const shown = encode(maskedPatches(diff(copyOf(before), after), paths)) + encode(Mask.of(paths).shown(after));
      const open = encode(Mask.of(paths).shown(after)) + encode(Object.keys(before)) + encode(Object.keys(after));
      const leaks = hidden.filter((text) => !open.includes(JSON.stringify(text).slice(1, -1)) && shown.includes(JSON.stringify(text)));
      expect(leaks).toEqual([]);
    }),
  );
});

test("masks of two moments are those of both", () => {
  expect(joinedMasks({ a: ["x"], b: ["y"] }, { a: ["x", "z"], c: [""] })).toEqual({ a: ["x", "z"], b: ["y"], c: [""] });
});

test("what was recorded to run a call again is shown to nobody", () => {
  const entry: JournalEntry = { unit: "tool", name: "look", outcome: "ok", ms: [0, 0, 0], notes: [{ kind: "cache", part: "prices", outcome: "hit" }], recorded: { atMs: 1, caches: [{ part: "prices", text: '"4929"' }], payload: '"4929"' } };
  const shown = maskedEntry(entry);
  expect(JSON.stringify(shown)).not.toContain("4929");
  expect(shown.notes).toEqual(entry.notes);
});
