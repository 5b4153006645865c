// What goes into a draft, and what cannot be reached from one.                                          (P3, R5)

import { expect, test } from "vitest";

import { bench, initial, type Shape } from "./shape.ts";

const OWN: readonly (readonly [string, (s: Shape) => unknown])[] = [
  ["a group that is made where there is none", (s) => { ((s.fields.monday ??= []) as string[]).push("walk"); ((s.fields.monday ??= []) as string[]).push("swim"); }],
  ["an object that is filled after it was put in", (s) => { const line = { id: "d", tags: [] as string[] }; s.list.push(line); line.tags.push("late"); line.id = "e"; }],
  ["one that lies in a list that was moved", (s) => { const line = { id: "d", tags: [] as string[] }; s.list.unshift(line); s.list.reverse(); s.list.push(line); s.list.splice(1, 1); }],
  ["one that is put in twice", (s) => { const day = { n: 1 }; Object.assign(s.fields, { monday: day, friday: day }); day.n = 2; }],
  ["one that was taken out again", (s) => { const day = { n: 1 }; s.fields.monday = day; delete s.fields.monday; day.n = 2; s.fields.friday = day; }],
  ["one that holds a draft", (s) => { const box: Record<string, unknown> = { inner: s.fields.a }; s.fields.box = box; box.more = [1]; (s.fields.a as { deep: { value: number } }).deep.value = 2; }],
  ["one by definition", (s) => { const day = { n: 1 }; Object.defineProperty(s.fields, "day", { value: day, enumerable: true, writable: true, configurable: true }); day.n = 2; }],
  ["one that is looked at when it is done", (s) => { const day = { n: [1] }; s.fields.day = day; day.n.push(2); (s.fields.day as typeof day).n.push(3); }],
];

test.each(OWN)("what a handler does with its own until it is looked at counts, as in plain JavaScript: %s", (_, change) => {
  const b = bench();
  const plain = initial();
  b.commit(change);
  change(plain);
  expect(b.stored).toEqual(plain);
});

test.each<[string, (s: Shape) => unknown]>([
  ["an object, after it was looked at", (s) => { const day = { n: 1 }; s.fields.day = day; (s.fields.day as { n: number }).n = 2; day.n = 3; }],
  ["what lies deep in it", (s) => { const day = { walk: [{ km: 1 }] }; s.fields.day = day; expect(s.fields.day).toEqual({ walk: [{ km: 1 }] }); day.walk[0]!.km = 2; }],
  ["a Date", (s) => { const at = new Date(1); s.at = at; at.setTime(2); }],
  ["what was put into a Map", (s) => { const tags: string[] = []; s.map.set("tags", tags); tags.push("lost"); }],
  ["what was put into a Set", (s) => { const member = { n: 1 }; s.set.add(member); member.n = 2; }],
  ["a Map", (s) => { const map = new Map(); s.map = map; map.set("k", 1); }],
  ["a draft in it, for another one", (s) => { const box: Record<string, unknown> = { inner: s.list }; s.fields.box = box; expect(s.fields.box).toBeDefined(); box.inner = s.numbers; }],
])("a change of one's own that comes too late to be stored is refused, not lost: %s", (_, change) => {
  const b = bench();
  const before = b.text;
  expect(() => b.commit(change)).toThrow(expect.objectContaining({ code: "state_invalid", message: expect.stringContaining("original was changed") as string }) as Error);
  expect(b.text).toBe(before);
});

test("what is put in stays the handler's own: a change through the draft does not reach it", () => {
  const DEFAULTS = { deep: { value: 1 }, list: [1] };
  const b = bench();
  b.commit((s) => {
    s.fields.mine = DEFAULTS;
    const mine = s.fields.mine as typeof DEFAULTS;
    mine.deep.value = 2;
    mine.list.push(2);
  });
  b.commit((s) => void (s.fields.mine as typeof DEFAULTS).list.push(3));
  expect(DEFAULTS).toEqual({ deep: { value: 1 }, list: [1] });
  expect(b.stored.fields.mine).toEqual({ deep: { value: 2 }, list: [1, 2, 3] });
  DEFAULTS.deep.value = 9;
  expect(b.stored.fields.mine).toMatchObject({ deep: { value: 2 } });
});

/** What a draft could lead to, by keys that a caller chose. */
const SHARED: readonly (readonly [keyof Shape | "", ...string[]])[] = [
  ["", "constructor", "keys"],
  ["", "constructor", "prototype", "admin"],
  ["", "toString", "call"],
  ["", "hasOwnProperty", "apply"],
  ["", "valueOf", "__proto__", "admin"],
  ["fields", "isPrototypeOf", "call", "call"],
  ["fields", "constructor", "assign"],
  ["list", "constructor", "isArray"],
  ["list", "constructor", "prototype", "admin"],
  ["list", "push", "call"],
  ["list", "map", "bind", "admin"],
  ["list", "slice", "constructor", "prototype", "admin"],
];

test.each(SHARED)("no caller reaches what all objects share: state.%s[%s][%s]...", (part, ...keys) => {
  const last = keys.pop()!;
  type Any = Record<string, unknown>;
  const holderIn = (value: unknown): Any | undefined => keys.reduce<Any | undefined>((inner, key) => inner?.[key] as Any | undefined, (part === "" ? value : (value as Any)[part]) as Any);
  const shared = holderIn(initial())!;
  const before = Object.getOwnPropertyDescriptor(shared, last);
  try {
    for (const mode of ["write", "read"] as const) {
      const { unit, state } = bench().begin(mode);
      expect(() => (holderIn(state)![last] = "theirs")).toThrow(/of undefined|not extensible|read only|__proto__/);
      unit.discard();
    }
  } finally {
    // A test that fails must not take the others with it.
    const after = Object.getOwnPropertyDescriptor(shared, last);
    if (after?.value !== before?.value) Reflect.deleteProperty(shared, last);
    if (before) Object.defineProperty(shared, last, before);
    expect(after).toEqual(before);
  }
});

test("who is called constructor has an entry of their own, made where there is none", () => {
  const b = bench();
  b.commit((s) => {
    const rooms = s.fields as Record<string, Record<string, number>>;
    expect("constructor" in rooms).toBe(false);
    (rooms.constructor ??= {} as never)["keys" as never] = 1 as never;
    expect("constructor" in rooms).toBe(true);
  });
  expect(b.stored.fields).toMatchObject({ constructor: { keys: 1 } });
});

test("a merge of what came from outside reaches no prototype", () => {
  const merge = (into: Record<string, unknown>, from: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(from)) {
      if (typeof value === "object" && value !== null) merge((into[key] ??= {}) as Record<string, unknown>, value as Record<string, unknown>);
      else into[key] = value;
    }
  };
  const b = bench();
  b.commit((s) => merge(s.fields, JSON.parse('{"constructor":{"prototype":{"admin":true}}}') as Record<string, unknown>));
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
  expect(b.stored.fields).toMatchObject({ constructor: { prototype: { admin: true } } });
});
