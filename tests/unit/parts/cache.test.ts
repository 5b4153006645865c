import { expect, test } from "vitest";

import { cache, type CacheOptions, type CacheScope } from "../../../src/index.ts";
import { systemClock, type Clock } from "../../../src/base/clock.ts";
import { CacheTime } from "../../../src/parts/cache-entries.ts";
import { counting, open } from "./cache-shop.ts";

test("a value is loaded once, until it is older than its time to live", async () => {
  const { call } = await counting();
  expect((await call.tool("fetch", { key: "a" })).result).toEqual({ value: "a#1", cached: false, ageMs: 0 });
  await call.advance("60s");
  expect((await call.tool("fetch", { key: "a" })).result).toEqual({ value: "a#1", cached: true, ageMs: 60_000 });
  await call.advance(1);
  expect((await call.tool("fetch", { key: "a" })).result).toEqual({ value: "a#2", cached: false, ageMs: 0 });
});

test("what is as old as its time to live is fresh, whatever fraction of a millisecond another clock had reached", () => {
  for (let step = 0; step < 1_000; step++) {
    const time = new CacheTime();
    const moments = { first: 0, second: 0 };
    const clock = (which: keyof typeof moments): Clock => ({ ...systemClock, monotonic: () => moments[which] });
    time.use(clock("first"));
    moments.first = 20_000 + step * 0.777;
    time.use(clock("second"));
    const before = time.now();
    moments.second = 60_000;
    expect(time.now() - before).toBe(60_000);
  }
});

test("a wall clock that is set makes nothing older or younger", async () => {
  const { call } = await counting();
  await call.tool("get", { key: "a" });
  call.clock.jump(3_600_000);
  expect((await call.tool("fetch", { key: "a" })).result).toMatchObject({ value: "a#1", ageMs: 0 });
  call.clock.jump(-7_200_000);
  await call.advance("61s");
  expect((await call.tool("fetch", { key: "a" })).result).toMatchObject({ value: "a#2" });
});

test.each([[0], [""], [false], [null], [undefined]])("%j is a value like any other", async (value) => {
  let loads = 0;
  const { call } = await open({ load: () => (loads++, value) });
  await call.tool("get", { key: "a" });
  expect((await call.tool("fetch", { key: "a" })).result).toMatchObject({ cached: true });
  expect(loads).toBe(1);
});

test("dates, maps, sets and bytes are kept as they are", async () => {
  const value = { at: new Date(5), map: new Map([["k", 1n]]), set: new Set([-0]), bytes: new Uint8Array([1, 2]), no: undefined };
  const things = cache({ ttlMs: 1_000, load: () => value });
  expect(await things.get("a")).toEqual(value);
  expect(await things.get("a")).toStrictEqual(value);
  expect(await things.get("a")).not.toBe(await things.get("a"));
});

test("at most max values are kept; the one used least recently goes", async () => {
  const { call } = await counting({ max: 2 });
  for (const key of ["a", "b", "a", "c"]) await call.tool("get", { key });
  expect((await call.tool("stats")).result).toEqual({ hits: 1, misses: 3, failures: 0, size: 2 });
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: "a#1" });
  expect((await call.tool("get", { key: "b" })).result).toEqual({ value: "b#4" });
});

test("1,000 values are kept unless told otherwise", async () => {
  const things = cache({ ttlMs: 60_000, load: (key) => key });
  for (let index = 0; index < 1_500; index++) await things.get(`${index}`);
  expect(things.stats).toEqual({ hits: 0, misses: 1_500, failures: 0, size: 1_000 });
});

test("a tool that throws keeps what it set: a cache is no state", async () => {
  const { call } = await open();
  await call.tool("throw_after_set", { key: "a" });
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: "kept" });
});

test("a peek is no use: it loads nothing, counts nothing and keeps nothing longer", async () => {
  const { call, asked } = await open({ max: 2 });
  for (const key of ["a", "b"]) await call.tool("set", { key, value: key });
  expect((await call.tool("peek", { key: "a" })).result).toEqual({ value: "a" });
  await call.tool("set", { key: "c", value: "c" });
  expect((await call.tool("peek", { key: "a" })).result).toEqual({ value: null });
  await call.advance("61s");
  expect((await call.tool("peek", { key: "b" })).result).toEqual({ value: null });
  expect((await call.tool("stats")).result).toEqual({ hits: 0, misses: 0, failures: 0, size: 0 });
  expect(asked).toEqual([]);
});

test.each([
  ["ttlMs", {}],
  ["ttlMs", { ttlMs: 0 }],
  ["ttlMs", { ttlMs: 1.5 }],
  ["ttlMs", { ttlMs: Infinity }],
  ["ttlMs", { ttlMs: "5m" }],
  ["max", { ttlMs: 1, max: 0 }],
  ["max", { ttlMs: 1, max: Number.NaN }],
  ["staleMs", { ttlMs: 1, staleMs: -1 }],
  ["scope", { ttlMs: 1, scope: "agent" as CacheScope }],
  ["loadTimeoutMs", { ttlMs: 1, loadTimeoutMs: 0 }],
  ["loadTimeoutMs", { ttlMs: 1, loadTimeoutMs: 3_600_001 }],
  ["load", { ttlMs: 1, load: undefined }],
])("a bad %s is refused when the cache is declared: %j", (option, options) => {
  expect(() => cache({ load: () => 1, ...options } as CacheOptions<number>)).toThrow(expect.objectContaining({ code: "definition_invalid", message: expect.stringMatching(new RegExp(`^cache: ${option} must be`)) as string }) as Error);
});

test.each([[5], [undefined], ["x".repeat(2_049)]])("a key that is none is refused", async (key) => {
  const things = cache({ ttlMs: 1, load: () => 1 });
  await expect(things.get(key as string)).rejects.toMatchObject({ code: "option_invalid" });
});
