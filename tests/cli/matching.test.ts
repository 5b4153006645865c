import { expect, test } from "vitest";

import { mismatch } from "../../src/cli/call/matching.ts";

test.each([
  [{ a: 1 }, { a: 1, b: 2 }],
  [{ at: "2026-01-01T00:00:00.000Z" }, { at: new Date("2026-01-01") }],
  [{ map: { a: "7" }, set: [1, 2] }, { map: new Map([["a", 7n]]), set: new Set([1, 2]) }],
  [[{ a: 1 }], [{ a: 1, b: 1 }]],
  [null, null],
  [0, -0],
])("%j matches", (expected, actual) => {
  expect(mismatch("state", expected, actual)).toBeUndefined();
});

test.each([
  [{ a: 1 }, {}, "state.a is not there"],
  [{ a: 1 }, { a: "1" }, 'state.a is "1" instead of 1'],
  [{ a: [1] }, { a: [1, 2] }, "state.a has 2 items instead of 1"],
  [{ a: [] }, { a: {} }, "state.a is not a list"],
  [{ a: {} }, { a: [] }, "state.a is not an object"],
  [{ a: { b: null } }, { a: { b: { c: 1 } } }, "state.a.b is an object instead of null"],
])("%j does not match %j", (expected, actual, message) => {
  expect(mismatch("state", expected, actual)).toBe(message);
});
