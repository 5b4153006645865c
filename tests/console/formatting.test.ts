// Durations, ages and sizes as they are read.

import fc from "fast-check";
import { expect, test } from "vitest";

import { age, count, duration, size } from "../../console/src/lib/formatting.ts";

test.each([
  [0, "0 ms"], [0.01, "<0.1 ms"], [0.44, "0.4 ms"], [1, "1 ms"], [9.96, "10 ms"], [12.4, "12 ms"], [999.4, "999 ms"], [999.6, "1 s"], [1_240, "1.24 s"], [12_345, "12.3 s"],
  [59_999, "1 min"], [192_000, "3 min 12 s"], [3_599_900, "1 h"], [86_399_000, "1 d"], [7_500_000, "2 h 5 min"], [273_600_000, "3 d 4 h"], [-5, "-5 ms"],
])("%d milliseconds are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("a longer duration is never written as a shorter one, and nothing is written as sixty", () => {
  const value = (text: string) => [...text.matchAll(/([\d.]+) (ms|s|min|h|d)/g)].reduce((sum, [, number, unit]) => sum + Number(number) * { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }[unit as "ms"], 0);
  fc.assert(
    fc.property(fc.nat(400_000_000), fc.nat(1_000_000), (ms, more) => {
      expect(value(duration(ms + more))).toBeGreaterThanOrEqual(value(duration(ms)));
      expect(duration(ms)).not.toMatch(/(?<!\d)60 (s|min)|(?<!\d)24 h|(?<!\d)1000 ms/);
    }),
  );
});

test.each([[0, "now"], [1_999, "now"], [59_999, "59 s"], [3_599_999, "59 min"], [7_200_000, "2 h"], [90_000_000, "1 d"]])("%d milliseconds ago is %s", (ms, text) => {
  expect(age(ms)).toBe(text);
});

test.each([[0, "0 B"], [1_023, "1023 B"], [1_434, "1.4 KiB"], [262_144, "256 KiB"], [1_048_500, "1 MiB"], [5_368_709_120, "5 GiB"]])("%d bytes are %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test("one is not many", () => {
  expect([count(1, "entry", "entries"), count(5_000, "entry", "entries"), count(0, "tool")]).toEqual(["1 entry", "5,000 entries", "0 tools"]);
});
