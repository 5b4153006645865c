// What of a value is shown, how it is changed, and what a commit changed.

import { expect, test } from "vitest";

import { MaskCursor } from "../../console/src/panels/logic/mask-cursor.ts";
import { childrenOf, previewOf, shownOf } from "../../console/src/panels/logic/shown-value.ts";
import { applied, patchesOf, valueAtSteps } from "../../console/src/panels/logic/value-steps.ts";
import { changesOf, indexOf, keyOfPath, pathText } from "../../console/src/panels/logic/value-changes.ts";
import { encode } from "../../src/base/codec.ts";
import { apply, diff, type Patch } from "../../src/state/patch.ts";

const raw = (value: unknown): unknown => JSON.parse(encode(value));

test("every kind of value that state can hold is shown as what it is", () => {
  const kinds = { text: "a", number: 1.5, minusZero: -0, yes: true, nothing: null, missing: undefined, at: new Date(0), big: 7n, bytes: new Uint8Array([1, 2]), list: [1], set: new Set([1]), map: new Map([[{ a: 1 }, 2]]), odd: { $date: 3 } };
  const node = shownOf(raw(kinds));
  expect(childrenOf(node).map(({ label, raw: inner }) => `${label}: ${shownOf(inner).kind} ${previewOf(inner)}`)).toEqual([
    'text: text "a"', "number: number 1.5", "minusZero: number -0", "yes: truth true", "nothing: null null", "missing: undefined undefined", "at: date 1970-01-01T00:00:00.000Z",
    "big: bigint 7n", "bytes: bytes 2 bytes", "list: list [1]", "set: set Set(1) { 1 }", "map: map Map(1) { { a: 1 } → 2 }", "odd: object { $date: 3 }",
  ]);
});

test("a masked place is told from a text of three dots that somebody typed", () => {
  const cursor = MaskCursor.of(["phone", "kin/*/name", "a~1b"]);
  expect(shownOf("•••", cursor.at("phone").isWhole).kind).toBe("masked");
  expect(shownOf("•••", cursor.at("note").isWhole).kind).toBe("text");
  expect(cursor.at("kin").at("mother").at("name").isWhole).toBe(true);
  expect(cursor.at("kin").at(undefined).at("age").isWhole).toBe(false);
  expect(cursor.at("a/b").isWhole).toBe(true);
  expect(MaskCursor.of([""]).at("anything").isWhole).toBe(true);
});

test("a preview of a large value is short, and looks at no more than it shows", () => {
  expect(previewOf(Array.from({ length: 100_000 }, (_, index) => index)).length).toBeLessThanOrEqual(120);
  expect(previewOf("x".repeat(900_000)).length).toBeLessThanOrEqual(120);
});

const before = { cart: [{ id: "a", n: 1 }, { id: "b", n: 2 }], at: new Date(5), tags: new Set(["x"]), $odd: 1, gone: 1n };
const after = { cart: [{ id: "b", n: 3 }, { id: "c", n: 1 }], at: new Date(6), tags: new Set(["x", "y"]), $odd: 2, come: new Map([["k", 1]]) };

test("patches change lossless JSON as they change values, and nothing in place", () => {
  const patches = diff(before, after);
  const shown = raw(before);
  const kept = structuredClone(shown);
  expect(applied(shown, raw(patches) as Patch[])).toEqual(raw(apply(structuredClone(before), patches)));
  expect(shown).toEqual(kept);
});

test("an object whose only key begins with a dollar is wrapped and unwrapped as the codec does it", () => {
  const one = raw({ $a: 1 });
  expect(applied(one, [["set", ["b"], 2]])).toEqual(raw({ $a: 1, b: 2 }));
  expect(applied(raw({ $a: 1, b: 2 }), [["cut", ["b"]]])).toEqual(one);
  expect(applied({ x: {} }, [["set", ["x", "$a"], 1]])).toEqual({ x: one });
});

test("what changed is said by the place in the value after, from what to what", () => {
  const old = raw({ cart: [1, 2, 3], name: "Kim", at: new Date(1) });
  const changes = changesOf(old, [["splice", ["cart"], 0, 1, []], ["splice", ["cart"], 2, 0, [4]], ["set", ["name"], "Lee"], ["set", ["new"], true], ["cut", ["at"]]]);
  expect(changes).toEqual([
    { kind: "removed", path: ["cart", 0], before: 1, isBeforeKnown: true },
    { kind: "added", path: ["cart", 2], after: 4 },
    { kind: "changed", path: ["name"], before: "Kim", after: "Lee", isBeforeKnown: true },
    { kind: "added", path: ["new"], after: true },
    { kind: "removed", path: ["at"], before: { $date: 1 }, isBeforeKnown: true },
  ]);
});

test("of a piece of a list that was replaced, only what differs is a change", () => {
  const item = (n: number): object => ({ id: `item-${n}`, n });
  const list = Array.from({ length: 12_000 }, (_, n) => item(n));
  const after = [...list.slice(0, 3), ...list.slice(4)].map((each, at) => (at === 5_999 ? { ...each, n: -1 } : each));
  const patches = diff({ list }, { list: after });
  const changes = changesOf({ list }, patches);
  expect(changes).toEqual([
    { kind: "removed", path: ["list", 3], before: item(3), isBeforeKnown: true },
    { kind: "changed", path: ["list", 5_999, "n"], before: 6_000, after: -1, isBeforeKnown: true },
  ]);
});

test("items that changed places are told without losing one", () => {
  expect(changesOf({ list: ["a", "b", "c"] }, [["splice", ["list"], 0, 3, ["c", "a", "b"]]]).map(({ kind, path }) => `${kind} ${path.join(".")}`)).toEqual(["removed list.0", "removed list.1", "added list.1", "added list.2"]);
});

test("what stands in the same gap was changed, the rest was added or removed", () => {
  expect(changesOf({ list: [1, 2, 3, 4] }, [["splice", ["list"], 0, 4, [9, 2, 8, 7, 4]]]).map(({ kind, path }) => `${kind} ${path.join(".")}`)).toEqual(["changed list.0", "changed list.2", "added list.3"]);
  expect(changesOf({ list: [{ a: 1, b: 2 }] }, [["splice", ["list"], 0, 1, [{ b: 3, c: 4 }, 5]]]).map(({ kind, path }) => `${kind} ${path.join(".")}`)).toEqual(["removed list.0.a", "changed list.0.b", "added list.0.c", "added list.1"]);
});

test("a later step moves the place of an earlier one", () => {
  const changes = changesOf({ list: [1, 2] }, [["set", ["list", 1], 5], ["splice", ["list"], 0, 0, [9, 9]]]);
  expect(changes.map(({ path }) => path)).toEqual([["list", 3], ["list", 0], ["list", 1]]);
  expect(changesOf({ list: [1, 2] }, [["set", ["list", 1], 5], ["splice", ["list"], 1, 1, []]]).map(({ kind }) => kind)).toEqual(["removed"]);
});

test("without the value before, a change says that it does not know it", () => {
  expect(changesOf(undefined, [["set", ["a"], 1]])).toEqual([{ kind: "changed", path: ["a"], before: undefined, after: 1, isBeforeKnown: false }]);
});

test("changes are found by place, by what is above them, and by what lost them", () => {
  const index = indexOf(changesOf({ a: { b: 1, c: 2 } }, [["set", ["a", "b"], 2], ["cut", ["a", "c"]]]));
  expect(index.at.has(keyOfPath(["a", "b"]))).toBe(true);
  expect(index.above.has(keyOfPath(["a"]))).toBe(true);
  expect(index.removedFrom.get(keyOfPath(["a"]))?.length).toBe(1);
  expect(pathText("state", ["cart", 2, "odd key", "at"])).toBe('state.cart[2]["odd key"].at');
});

test("an edit by hand is the smallest step", () => {
  const root = raw({ cart: [1, 2], name: "Kim" });
  expect(patchesOf(root, ["name"], { kind: "set", value: "Lee" })).toEqual([["set", ["name"], "Lee"]]);
  expect(patchesOf(root, ["cart", 0], { kind: "remove" })).toEqual([["splice", ["cart"], 0, 1, []]]);
  expect(patchesOf(root, ["name"], { kind: "remove" })).toEqual([["cut", ["name"]]]);
  expect(patchesOf(root, ["cart"], { kind: "append", value: 3 })).toEqual([["splice", ["cart"], 2, 0, [3]]]);
});

test("an edit inside of a Map or a Set sets the whole of it", () => {
  const root = raw({ map: new Map([["a", { n: 1 }], ["b", { n: 2 }]]), set: new Set([1, 2]) });
  expect(patchesOf(root, ["map", { entry: 1 }, "n"], { kind: "set", value: 5 })).toEqual([["set", ["map"], raw(new Map([["a", { n: 1 }], ["b", { n: 5 }]]))]]);
  expect(patchesOf(root, ["set", { entry: 0 }], { kind: "remove" })).toEqual([["set", ["set"], raw(new Set([2]))]]);
});

test("what stands at a place is found through Maps and Sets", () => {
  const root = raw({ map: new Map([["a", { n: [7] }]]), set: new Set(["x"]) });
  expect(valueAtSteps(root, ["map", { entry: 0 }, "n", 0])).toBe(7);
  expect(valueAtSteps(root, ["set", { entry: 0 }])).toBe("x");
  expect(valueAtSteps(root, ["map", { entry: 3 }, "n"])).toBeUndefined();
});

test("an edit never writes the masked text over what it stands for", () => {
  const root = { map: { $map: [["a", { phone: "•••", n: 1 }]] }, phone: "•••" };
  expect(patchesOf(root, ["map", { entry: 0 }, "n"], { kind: "set", value: 2 })).toBeUndefined();
  expect(patchesOf(root, ["phone"], { kind: "set", value: "•••" })).toBeUndefined();
  expect(patchesOf(root, ["phone"], { kind: "set", value: "123" })).toEqual([["set", ["phone"], "123"]]);
});

test("a preview reads no more of a long list than it shows", () => {
  const list: unknown[] = Array.from({ length: 10_000 }, (_, index) => index);
  const unread = (): never => {
    throw new Error("nobody sees this one");
  };
  Object.defineProperty(list, 500, { get: unread, enumerable: true });
  expect(previewOf({ list }, 30)).toMatch(/^\{ list: \[0, 1, 2, .*…$/);
  expect(previewOf({ $set: list }, 30)).toMatch(/^Set\(10000\)/);
});
