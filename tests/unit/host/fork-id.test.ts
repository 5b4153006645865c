import fc from "fast-check";
import { expect, test } from "vitest";
import { checkId, MAX_ID_LENGTH } from "../../../src/base/ids.ts";
import { forkId } from "../../../src/host/fork-id.ts";

test("a fork of whatever conversation has an id, which begins as that one's", () => {
  const id = fc.string({ unit: "binary", minLength: 1, maxLength: MAX_ID_LENGTH }).filter((text) => {
    try {
      return checkId(text, "conversation id") === text;
    } catch {
      return false;
    }
  });
  fc.assert(fc.property(id, (source) => {
    const made = checkId(forkId(source), "conversation id");
    const [begins] = made.split(/-fork-[a-z2-9]{4}$/);
    expect(source.startsWith(begins!)).toBe(true);
    expect(forkId(made).length).toBe(made.length);
  }), { seed: 11 });
});

test.each([
  ["the longest one", "x".repeat(MAX_ID_LENGTH), `${"x".repeat(246)}-fork-`],
  ["one that would be cut within a character", `${"x".repeat(245)}${"😀".repeat(5)}`, `${"x".repeat(245)}-fork-`],
])("an id that leaves no room is cut: %s", (_which, source, begins) => {
  const made = checkId(forkId(source), "conversation id");
  expect(made.startsWith(begins)).toBe(true);
});
