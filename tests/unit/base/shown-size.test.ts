import { expect, test } from "vitest";

import { encode } from "../../../src/base/codec.ts";
import { Mask } from "../../../src/base/mask.ts";
import { shownBytes } from "../../../src/base/shown-size.ts";

const mask = Mask.of(["name"]);

function sizes(name: unknown, note: string): { readonly stored: number; readonly shown: number } {
  const value = { note, name };
  const stored = Buffer.byteLength(encode(value));
  return { stored, shown: shownBytes(value, mask, stored) };
}

test("what is shown counts to the byte, what is masked not at all as long as it is short", () => {
  const names = ["", "Kim", "Kim of the long street", "é".repeat(200), { first: "Kim", born: new Date(0) }];
  for (const length of [0, 1, 500, 511, 512, 513, 1_024, 5_000]) {
    const shown = Buffer.byteLength(encode({ note: "x".repeat(length), name: "•••" }));
    expect(names.map((name) => sizes(name, "x".repeat(length)).shown)).toEqual(names.map(() => shown));
  }
});

test("something masked that is large counts as so many KiB, whatever grows beside it", () => {
  const without = (note: string) => sizes("Kim", note).shown;
  for (const note of ["", "x", "x".repeat(700)]) {
    expect(sizes("z".repeat(60_000), note).shown - without(note)).toBe(59 * 1_024);
    expect(sizes("z".repeat(60_100), note).shown - without(note)).toBe(59 * 1_024);
  }
  const { stored, shown } = sizes("z".repeat(60_000), "x");
  expect(Math.abs(stored - shown)).toBeLessThanOrEqual(512);
});

test("nothing that is there, or nothing that is masked, is as large as it is", () => {
  const none = sizes(null, "x");
  expect(none.shown).toBe(none.stored);
  expect(shownBytes({ name: "Kim" }, Mask.of([]), 14)).toBe(14);
});
