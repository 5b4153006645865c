import { expect, test } from "vitest";

import { hide, kindOf, originOf, redacted } from "../../../src/base/redaction.ts";

test("what was said of an error is taken out of any text about it, the longest first", () => {
  const thrown = new Error("card 4929175310067811 of 49291753");
  hide(thrown, ["49291753", "4929175310067811"]);
  hide(thrown, ["of"]);
  expect(redacted(thrown.message, thrown)).toBe("card ••• of •••");
  expect(redacted(thrown.message, new Error("another"))).toBe(thrown.message);
  expect(redacted("key cs_test_0123456789", undefined, ["cs_test_0123456789"])).toBe("key •••");
});

test("a short text is taken out where it stands alone, a sign of a pattern is a sign", () => {
  const thrown = new Error("");
  hide(thrown, ["471", "a.c", "Kim"]);
  expect(redacted("471, 4711, v471; a.c, abc, Kim, Kimono", thrown)).toBe("•••, 4711, v471; •••, abc, •••, Kimono");
});

test("user and password of an address are taken out of every text", () => {
  expect(redacted("cannot reach redis://user:pw@db:6379/0 nor http://db/path@x")).toBe("cannot reach redis://•••@db:6379/0 nor http://db/path@x");
  expect(redacted("Use redis://[<user>:<password>@]<host>.")).toBe("Use redis://[<user>:<password>@]<host>.");
});

test("what is no object remembers nothing, and is no error", () => {
  for (const thrown of ["text", 5, null, undefined]) {
    hide(thrown, ["text"]);
    expect(redacted("a text", thrown)).toBe("a text");
  }
});

test("the kind of an error is a word of code, its place is found behind a message that looks like one", () => {
  expect([kindOf(new TypeError("x")), kindOf("x"), kindOf(Object.assign(new Error("x"), { name: "of Jane Doe" }))]).toEqual(["TypeError", "string", "Error"]);
  expect(originOf(new Error("pw\n    at secret (/srv/secret.ts:1:1)"))).toMatch(/redaction\.test\.ts:\d+:\d+$/);
  expect(originOf(Object.assign(new Error("x"), { stack: "Error: x" }))).toBeUndefined();
  expect(originOf("x")).toBeUndefined();
});
