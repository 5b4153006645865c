import { inspect } from "node:util";

import { expect, test } from "vitest";

import { ConversimpleError } from "../../../src/base/errors.ts";
import { copyOf } from "../../../src/base/plain.ts";
import { bench, initial, type Shape } from "./shape.ts";
import { anySlice, OWNER } from "./slices.ts";
import { RecordDocument } from "../../../src/state/document.ts";
import { Unit } from "../../../src/state/unit.ts";

/** Everything that changes something, with the same change made by hand. */
const MUTATIONS: readonly (readonly [string, (state: Shape) => unknown])[] = [
  ["assignment", (s) => (s.n = 2)],
  ["a new key", (s) => (s.fields.fresh = 1)],
  ["delete", (s) => delete s.fields.a],
  ["nested assignment", (s) => ((s.fields.a as { deep: { value: number } }).deep.value = 5)],
  ["Object.assign", (s) => Object.assign(s.fields, { x: 1, y: [2] })],
  ["Object.defineProperty", (s) => Object.defineProperty(s.fields, "x", { value: 1, enumerable: true, writable: true, configurable: true })],
  ["Reflect.set", (s) => Reflect.set(s.fields, "x", 1)],
  ["push", (s) => s.list.push({ id: "d", tags: [] })],
  ["pop", (s) => s.list.pop()],
  ["shift", (s) => s.list.shift()],
  ["unshift", (s) => s.list.unshift({ id: "0", tags: ["n"] })],
  ["splice", (s) => s.list.splice(1, 1, { id: "p", tags: [] }, { id: "q", tags: [] })],
  ["sort", (s) => s.list.sort((a, b) => (a.id < b.id ? -1 : 1))],
  ["reverse", (s) => s.list.reverse()],
  ["fill", (s) => s.numbers.fill(7, 1)],
  ["copyWithin", (s) => s.numbers.copyWithin(0, 1)],
  ["an index", (s) => (s.numbers[1] = 9)],
  ["length", (s) => (s.numbers.length = 1)],
  ["a swap", (s) => ([s.list[0], s.list[2]] = [s.list[2]!, s.list[0]!])],
  ["a change of an element in a loop", (s) => { for (const line of s.list) line.tags.push("seen"); }],
  ["a change of an element found", (s) => s.list.find(({ id }) => id === "a")!.tags.push("found")],
  ["a change of the last element", (s) => s.list.at(-1)!.tags.pop()],
  ["a change in forEach", (s) => s.list.forEach((line) => (line.id += "!"))],
  ["a moved subtree", (s) => { s.fields.moved = s.fields.a; delete s.fields.a; }],
  ["a moved and then changed subtree", (s) => { s.fields.moved = s.fields.a; delete s.fields.a; (s.fields.moved as { deep: { value: number } }).deep.value = 8; }],
  ["a whole new value", (s) => (s.list = [{ id: "only", tags: [] }])],
  ["Map.set", (s) => s.map.set("new", { v: 2 })],
  ["Map.set of a known key", (s) => s.map.set("k", 0)],
  ["Map.delete", (s) => s.map.delete("k")],
  ["Map.delete by an object key", (s) => { for (const key of s.map.keys()) if (typeof key === "object") s.map.delete(key); }],
  ["Map.clear", (s) => s.map.clear()],
  ["a change of a Map's value", (s) => ((s.map.get("k") as { v: number }).v = 3)],
  ["a change of a Map's value in forEach", (s) => s.map.forEach((value) => { if ("v" in (value as object)) (value as { v: number }).v = 4; })],
  ["a change of a Map's value in a loop", (s) => { for (const [key, value] of s.map) if (key === "k") (value as { v: number }).v = 5; }],
  ["a change of a Set inside a Map", (s) => { for (const value of s.map.values()) if (value instanceof Set) value.add(2); }],
  ["Set.add", (s) => s.set.add("t").add("u")],
  ["Set.delete", (s) => s.set.delete("s")],
  ["Set.clear", (s) => s.set.clear()],
  ["a change of a Set's member", (s) => { for (const member of s.set) if (typeof member === "object" && "member" in member!) member.member = 2; }],
  ["a new Date", (s) => (s.at = new Date(2))],
  ["a Date changed in place", (s) => s.at.setTime(3)],
  ["a nested Date changed in place", (s) => (s.fields.when as Date).setUTCFullYear(2030)],
  ["a Date in a list changed in place", (s) => (s.fields.dates as Date[])[0]!.setTime(4)],
  ["a Date in a Map changed in place", (s) => (s.map.get("k") as { at: Date }).at.setTime(4)],
  ["a Date in a Set changed in place", (s) => { for (const member of s.set) if (member instanceof Date) member.setTime(44); }],
  ["bytes changed in place", (s) => (s.bytes[1] = 200)],
  ["bytes filled in place", (s) => s.bytes.fill(7)],
];

test.each(MUTATIONS)("%s is committed as plain JavaScript would have it", (_, mutate) => {
  const state = bench();
  const plain = initial();
  state.commit(mutate);
  mutate(plain);
  expect(plain).not.toEqual(initial());
  expect(state.stored).toStrictEqual(plain);
});

test.each(MUTATIONS)("%s leaves no trace when the unit is discarded", (_, mutate) => {
  const state = bench();
  const before = state.text;
  const { unit, state: draft } = state.begin();
  mutate(draft);
  unit.discard();
  expect(state.text).toBe(before);
  expect(state.document.value(state.slice)).toStrictEqual(initial());
});

test.each(MUTATIONS)("%s is refused in a parallel tool", (_, mutate) => {
  const state = bench();
  const before = state.text;
  const { unit, state: draft } = state.begin("read");
  expect(() => {
    mutate(draft);
    unit.change();
  }).toThrow(expect.objectContaining({ code: "read_only" }) as Error);
  expect(state.text).toBe(before);
});

/** Methods that Node has and the compiler's library does not know yet. */
function newer(value: Set<unknown>): Record<"union" | "intersection" | "difference" | "isSupersetOf", (other: Set<unknown>) => unknown>;
function newer(value: Iterator<unknown>): { map(run: (item: unknown) => unknown): { toArray(): unknown[] } };
function newer(value: unknown): unknown {
  return value;
}

const READS: readonly (readonly [string, (state: Shape) => unknown])[] = [
  ["Object.keys", (s) => Object.keys(s)],
  ["Object.entries", (s) => Object.entries(s.fields)],
  ["spread of an object", (s) => ({ ...s })],
  ["spread of a list", (s) => [...s.list]],
  ["for in", (s) => { const keys = []; for (const key in s.fields) keys.push(key); return keys; }],
  ["JSON.stringify", (s) => JSON.stringify(s)],
  ["Array.isArray", (s) => [Array.isArray(s.list), Array.isArray(s.fields)]],
  // oxlint-disable-next-line unicorn/no-instanceof-builtins -- the case
  ["instanceof", (s) => [s.list instanceof Array, s.map instanceof Map, s.set instanceof Set, s.at instanceof Date, s.bytes instanceof Uint8Array]],
  ["Object.prototype.toString", (s) => [s, s.list, s.map, s.set].map((value) => Object.prototype.toString.call(value))],
  ["constructor of collections", (s) => [s.map.constructor, s.set.constructor]],
  ["methods by call, apply and bind", (s) => [s.numbers.join.call(s.numbers, "+"), s.numbers.join.apply(s.numbers, ["+"]), s.numbers.map.bind(s.numbers, (n) => n + 1)(), s.numbers.slice.name]],
  ["an object's own methods", (s) => [Object.hasOwn(s.fields, "a"), s.fields.propertyIsEnumerable("a"), s.fields.toString(), String(s.numbers), `${s.numbers.join()} of ${s.list.toString()}`, s.fields.valueOf() === s.fields]],
  ["in", (s) => ["n" in s, "nothing" in s, "toString" in s]],
  ["hasOwn", (s) => [Object.hasOwn(s, "n"), Object.hasOwn(s, "nothing")]],
  ["at", (s) => s.list.at(-1)],
  ["findLast", (s) => s.list.findLast(({ tags }) => tags.length > 0)],
  ["flat and flatMap", (s) => [s.list.map(({ tags }) => tags).flat(), s.list.flatMap(({ tags }) => tags)]],
  ["concat", (s) => [s.numbers.concat([9]), [0].concat(s.numbers), s.list.concat(s.list)]],
  ["slice, toSorted, toReversed, toSpliced, with", (s) => [s.list.slice(1), s.numbers.toSorted((a, b) => a - b), s.list.toReversed(), s.list.toSpliced(0, 1), s.numbers.with(0, 8)]],
  ["join", (s) => s.numbers.join("-")],
  ["reduce", (s) => s.numbers.reduce((sum, number) => sum + number)],
  ["Object.groupBy", (s) => ({ ...Object.groupBy(s.list, ({ tags }) => (tags.length > 0 ? "some" : "none")) })],
  ["Map.groupBy", (s) => Map.groupBy(s.list, ({ tags }) => tags.length)],
  ["Map reads", (s) => [s.map.size, s.map.has("k"), s.map.has("x"), s.map.get("k"), [...s.map.keys()], [...s.map.values()], [...s.map.entries()], [...s.map]]],
  ["Map made of a Map", (s) => new Map(s.map as Map<string, unknown>)],
  ["Map.forEach", (s) => { const seen: unknown[] = []; s.map.forEach((value, key) => seen.push([key, value])); return seen; }],
  ["iterator helpers", (s) => newer(s.map.keys()).map((key) => typeof key).toArray()],
  ["Set reads", (s) => [s.set.size, s.set.has("s"), s.set.has("x"), [...s.set], [...s.set.entries()]]],
  ["Set.union and the like", (s) => [newer(s.set).union(new Set(["t"])), newer(s.set).intersection(new Set(["s"])), newer(s.set).difference(new Set(["s"])), newer(new Set<unknown>(["s"])).union(s.set), newer(s.set).isSupersetOf(new Set(["s"]))]],
  ["Date reads", (s) => [s.at.getTime(), s.at.toISOString(), Number(s.at), (s.at.toJSON()), s.at < new Date(2_000)]],
  ["bytes", (s) => [s.bytes[0], s.bytes.length, [...s.bytes], s.bytes.subarray(1)]],
  ["inspect", (s) => inspect(s, { depth: 9 })],
  ["destructuring", ({ list: [first], ...rest }) => [first, Object.keys(rest)]],
];

for (const mode of ["write", "read"] as const) {
  test.each(READS)(`%s gives in ${mode} mode what it gives for plain data`, (_, read) => {
    const { state } = bench().begin(mode);
    // A draft has no constructor, which toStrictEqual compares; all else is the same.
    expect(copyOf(read(state))).toStrictEqual(read(initial()));
  });

  test(`a draft in ${mode} mode is structurally equal to plain data, both ways round`, () => {
    const { state } = bench().begin(mode);
    expect(state).toEqual(initial());
    expect(initial()).toEqual(state);
    expect(copyOf(state)).toStrictEqual(initial());
    expect({ inside: state.list }).toEqual({ inside: initial().list });
    expect(state.map).toEqual(initial().map);
    expect(state.set).not.toEqual(new Set(["other"]));
  });

  test(`reading in ${mode} mode is not a change`, () => {
    const b = bench();
    const { unit, state } = b.begin(mode);
    for (const [, read] of READS) read(state);
    expect(unit.change()).toBeUndefined();
  });

  test(`the same object is the same draft in ${mode} mode`, () => {
    const { state } = bench().begin(mode);
    expect(state.list).toBe(state.list);
    expect(state.list[0]).toBe(state.list[0]);
    expect(state.list.indexOf(state.list[1]!)).toBe(1);
    expect(state.list.includes(state.list[2]!)).toBe(true);
    expect(state.map.get("k")).toBe(state.map.get("k"));
    expect([...state.map.values()][0]).toBe(state.map.get("k"));
    expect(state.at).toBe(state.at);
    expect(state.bytes).toBe(state.bytes);
    for (const member of state.set) expect(state.set.has(member)).toBe(true);
    for (const key of state.map.keys()) expect(state.map.get(key)).toBeDefined();
  });

  test(`no descriptor, iterator or callback of ${mode} mode reaches the committed value`, () => {
    const b = bench();
    const before = b.text;
    const { unit, state } = b.begin(mode);
    const reached: unknown[] = [
      Object.getOwnPropertyDescriptor(state, "fields")!.value,
      ...Object.values(Object.getOwnPropertyDescriptors(state)).map(({ value }) => value as unknown),
      ...Object.values(state),
      ...state.list,
      ...state.map.values(),
      ...state.map.keys(),
      ...state.set,
      ...[...state.map.entries()].flat(),
      ...[...state.set.entries()].flat(),
      state.list.entries().next().value?.[1],
      state.map[Symbol.iterator]().next().value?.[1],
    ];
    state.list.forEach((line, _, all) => reached.push(line, all));
    state.map.forEach((value, key, all) => reached.push(value, key, all));
    state.set.forEach((value, _, all) => reached.push(value, all));
    state.list.sort.call([...state.list], (a, b) => (reached.push(a, b), 0));
    for (const object of reached) spoil(object);
    unit.discard();
    expect(b.text).toBe(before);
  });
}

/** Changes an object in every way that it lets us. */
function spoil(object: unknown): void {
  if (typeof object !== "object" || object === null) return;
  const ways = [
    () => ((object as Record<string, unknown>).spoilt = true),
    () => (object as unknown[]).push?.("spoilt"),
    () => (object as Map<unknown, unknown>).set?.("spoilt", 1),
    () => (object as Set<unknown>).add?.("spoilt"),
    () => (object as Date).setTime?.(0),
    () => Date.prototype.setTime.call(object, 0),
    () => ((object as Uint8Array)[0] = 99),
  ];
  for (const way of ways) {
    try {
      way();
    } catch {
      // Refused: as good.
    }
  }
}

for (const end of ["change", "discard"] as const) {
  test(`after the unit's ${end} everything that was kept of it throws unit_ended`, () => {
    const { unit, state } = bench().begin();
    const { list, map, set, fields } = state;
    const line = list[0]!;
    const begun = { list: list[Symbol.iterator](), map: map.entries(), set: set.values(), values: map.values() };
    for (const iterator of Object.values(begun)) iterator.next();
    const fresh = { list: list.values(), map: map.keys(), set: set[Symbol.iterator]() };
    const exhausted = map.keys();
    for (const _ of exhausted);
    const methods = { set: map.set, get: map.get, forEach: map.forEach, add: set.add, keys: set.keys, union: newer(set).union };
    unit[end]();
    const uses: (() => unknown)[] = [
      () => state.n,
      () => (state.n = 2),
      () => delete (state as Partial<Shape>).n,
      () => "n" in state,
      () => Object.keys(state),
      () => ({ ...state }),
      () => JSON.stringify(state),
      () => Object.getOwnPropertyDescriptor(state, "n"),
      () => Object.defineProperty(fields, "x", { value: 1 }),
      () => line.id,
      () => line.tags.push("late"),
      () => list.length,
      () => list.map((each) => each),
      () => [...list],
      () => map.size,
      () => map.get("k"),
      () => map.has("k"),
      () => map.set("late", 1),
      () => set.add("late"),
      () => [...set],
      () => begun.list.next(),
      () => begun.map.next(),
      () => begun.set.next(),
      () => begun.values.next(),
      () => fresh.list.next(),
      () => fresh.map.next(),
      () => fresh.set.next(),
      () => methods.set.call(map, "late", 1),
      () => methods.get.call(map, "k"),
      () => methods.forEach.call(map, () => {}),
      () => methods.add.call(set, "late"),
      () => methods.keys.call(set),
      () => methods.union.call(set, new Set()),
    ];
    for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: "unit_ended" }) as Error);
  });
}

test("a Date that a handler kept cannot change what was committed", () => {
  const b = bench();
  const kept = b.commit((s) => {
    s.n = 2;
    s.set.add(new Date(10));
    return [s.at, s.fields.when as Date, (s.map.get("k") as { at: Date }).at, ...[...s.set].filter((member) => member instanceof Date)];
  });
  const bytes = b.commit((s) => { s.n = 3; return s.bytes; });
  const before = b.text;
  for (const date of kept) date.setTime(77);
  bytes.fill(9);
  expect(b.text).toBe(before);
});

test("a value that was put in and is changed afterwards does not change what is stored", () => {
  const b = bench();
  const line = { id: "new", tags: ["kept"] };
  const map = new Map<unknown, unknown>([["a", { inner: [1] }]]);
  const date = new Date(5);
  b.commit((s) => {
    s.list.push(line);
    s.fields.map = map;
    s.fields.date = date;
    s.set.add(line);
  });
  const before = b.text;
  line.tags.push("late");
  (map.get("a") as { inner: number[] }).inner.push(2);
  date.setTime(6);
  expect(b.text).toBe(before);
  expect(b.stored.list.at(-1)).toEqual({ id: "new", tags: ["kept"] });
});

test("drafts inside of what is put in become what they stand for", () => {
  const b = bench();
  b.commit((s) => {
    s.fields.bundle = { line: s.list[0], all: [s.list, s.map, s.at], byKey: new Map<unknown, unknown>([[s.list[1], s.set]]) };
    s.list[0]!.id = "later";
  });
  const bundle = b.stored.fields.bundle as { line: unknown; all: unknown[]; byKey: Map<unknown, unknown> };
  expect(bundle.line).toEqual({ id: "later", tags: ["x"] });
  expect(bundle.all[1]).toEqual(initial().map);
  expect([...bundle.byKey]).toEqual([[initial().list[1], initial().set]]);
});

test("a draft of one part put into another is copied", () => {
  const left = anySlice("left", () => ({ items: [{ n: 1 }] }));
  const right = anySlice("right", () => ({ items: [] as { n: number }[] }));
  const document = RecordDocument.begin(OWNER, [left, right]);
  const unit = new Unit(document, "write");
  const from = unit.draft(left) as { items: { n: number }[] };
  const to = unit.draft(right) as { items: { n: number }[] };
  to.items = from.items;
  to.items.push(from.items[0]!);
  from.items[0]!.n = 99;
  const change = unit.change()!;
  document.accept(change.parts);
  expect(document.value(right)).toEqual({ items: [{ n: 1 }, { n: 1 }] });
  expect(document.value(left)).toEqual({ items: [{ n: 99 }] });
});

test("a draft of another conversation is copied while its unit runs, and refused after it", () => {
  const mine = bench();
  const theirs = bench();
  const other = theirs.begin();
  mine.commit((s) => (s.fields.copied = other.state.list));
  other.state.list[0]!.id = "uncommitted";
  expect((mine.stored.fields.copied as Shape["list"])[0]!.id).toBe("b");
  other.unit.discard();
  const { unit, state } = mine.begin();
  for (const put of [() => (state.fields.x = other.state), () => (state.list = other.state.list), () => state.map.set("x", other.state.list)]) {
    expect(put).toThrow(expect.objectContaining({ code: "unit_ended" }) as Error);
  }
  unit.discard();
  expect(() => mine.commit((s) => (s.fields.x = { deep: [other.state] }))).toThrow(expect.objectContaining({ code: "unit_ended" }) as Error);
});

test("an object graph with cycles is refused at once, with its path, whatever its shape", () => {
  const b = bench();
  const node: Record<string, unknown> = { name: "root" };
  node.left = { parent: node, twin: node };
  node.right = { parent: node, twin: node };
  for (const put of [(s: Shape) => (s.fields.graph = node), (s: Shape) => Object.assign(s.fields, { graph: copyOf(node) })]) {
    const { unit, state } = b.begin();
    put(state);
    expect(() => unit.change()).toThrow(expect.objectContaining({ code: "state_invalid", message: expect.stringContaining("refers to itself") as string }) as Error);
  }
  const { unit, state } = b.begin();
  state.fields.self = state.fields;
  expect(() => unit.change()).toThrow(expect.objectContaining({ code: "state_invalid" }) as Error);
});

test("5,000 levels are refused as too deep", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 5_000; level++) deep = [deep];
  const { unit, state } = bench().begin();
  state.fields.deep = deep;
  expect(() => unit.change()).toThrow(expect.objectContaining({ code: "state_too_large" }) as Error);
});

class Account {
  balance = 1;
}
class Basket extends Array<unknown> {}

test.each<[string, (s: Shape) => unknown]>([
  ["a class instance", (s) => (s.fields.x = new Account())],
  ["a function", (s) => (s.fields.x = () => 1)],
  ["a symbol as a key", (s) => ((s.fields as Record<symbol, unknown>)[Symbol("s")] = 1)],
  ["a symbol as a key of what is put in", (s) => (s.fields.x = { [Symbol("s")]: 1 })],
  ["a hidden key of what is put in", (s) => (s.fields.x = Object.defineProperty({}, "hidden", { value: 1 }))],
  ["a hidden key", (s) => Object.defineProperty(s.fields, "hidden", { value: 1, configurable: true, writable: true })],
  ["a fixed key", (s) => Object.defineProperty(s.fields, "fixed", { value: 1, enumerable: true })],
  ["a known key made hidden", (s) => Object.defineProperty(s.fields, "a", { enumerable: false })],
  ["an accessor", (s) => Object.defineProperty(s.fields, "x", { get: () => 1, enumerable: true, configurable: true })],
  ["a property of a list", (s) => ((s.list as unknown as Record<string, unknown>).extra = 1)],
  ["a property of a Map", (s) => ((s.map as unknown as Record<string, unknown>).extra = 1)],
  ["a property of a Set", (s) => Object.defineProperty(s.set, "extra", { value: 1, enumerable: true, writable: true, configurable: true })],
  ["holes", (s) => (s.numbers[9] = 1)],
  ["holes with properties", (s) => (s.fields.x = Object.assign(Array.from([1]), { length: 2, extra: 1 }))],
  ["a subclass of Array", (s) => (s.fields.x = Basket.of(1))],
  ["a deleted index", (s) => Reflect.deleteProperty(s.numbers, 0)],
  ["__proto__ by assignment", (s) => ((s.fields as { __proto__: unknown }).__proto__ = { admin: true })],
  ["__proto__ by definition", (s) => Object.defineProperty(s.fields, "__proto__", { value: {}, enumerable: true, writable: true, configurable: true })],
  ["a key below __proto__", (s) => ((s.fields as { __proto__: Record<string, unknown> }).__proto__.admin = true)],
  ["a key below a list's __proto__", (s) => ((s.list as unknown as { __proto__: Record<string, unknown> }).__proto__.admin = true)],
  ["__proto__ inside of what is put in", (s) => (s.fields.x = JSON.parse('{"__proto__":{"admin":true}}'))],
  ["another prototype", (s) => Object.setPrototypeOf(s.fields, { admin: true })],
  ["freezing", (s) => Object.freeze(s.fields)],
  ["NaN", (s) => (s.n = Number.NaN)],
  ["a Date made invalid in place", (s) => s.at.setTime(Number.NaN)],
])("%s is refused, and the old state stays", (_, mutate) => {
  const b = bench();
  const before = b.text;
  const { unit, state } = b.begin();
  expect(() => {
    mutate(state);
    unit.change();
  }).toThrow(ConversimpleError);
  expect(b.text).toBe(before);
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
});

test("constructor, prototype and toString are keys like any other", () => {
  const b = bench();
  b.commit((s) => Object.assign(s.fields, { constructor: 1, prototype: { x: 2 }, toString: 3 }));
  expect(b.stored.fields).toMatchObject({ constructor: 1, prototype: { x: 2 }, toString: 3 });
});

test("a whole value that takes the place of another is committed, and the drafts of the old one end with the unit", () => {
  const b = bench();
  const { unit, state } = b.begin();
  const { list } = state;
  unit.replace(b.slice, { ...initial(), n: 42, list: [] });
  expect((unit.draft(b.slice) as Shape).n).toBe(42);
  b.document.accept(unit.change()!.parts);
  expect(b.stored).toMatchObject({ n: 42, list: [] });
  expect(() => list.length).toThrow(expect.objectContaining({ code: "unit_ended" }) as Error);
  expect(() => b.begin("read").unit.replace(b.slice, {})).toThrow(expect.objectContaining({ code: "read_only" }) as Error);
});

test("a parallel tool sees what was committed since, in the same object's place", () => {
  const b = bench();
  const { unit, state } = b.begin("read");
  expect(state.n).toBe(1);
  b.commit((s) => (s.n = 2));
  expect((unit.draft(b.slice) as Shape).n).toBe(2);
  expect(state.n).toBe(1);
});

test("a change that ends where it began is no change", () => {
  const { unit, state } = bench().begin();
  state.n = 2;
  state.n = 1;
  state.list.push({ id: "x", tags: [] });
  state.list.pop();
  state.at.setTime(state.at.getTime());
  expect(unit.change()).toBeUndefined();
});
