import { runInThisContext } from "node:vm";

import fc from "fast-check";
import { expect, test } from "vitest";

import { differences } from "../../src/host/replay/compare.ts";
import { placeholderFor } from "../../src/host/replay/placeholders.ts";
import { literal } from "../../src/inspector/saved-test/literal.ts";
import { editedByHand } from "../../src/state/hand-edit.ts";
import { diff, isSame } from "../../src/state/patch.ts";
import { storable } from "../unit/storable.ts";

test("a value that is written as TypeScript is read back as it was", () => {
  fc.assert(
    fc.property(storable, (value) => {
      // In this realm: a Date of another one is no Date here.
      expect(isSame(runInThisContext(`(${literal(value, "    ")})`), value)).toBe(true);
    }),
  );
});

test("a text with line separators is one line of a source", () => {
  expect(literal("a\u2028b\u2029")).toBe('"a\\u2028b\\u2029"');
  expect(literal({ __proto__: 1 })).toBe("{}");
  expect(literal(JSON.parse('{"__proto__":1,"a-b":2}'))).toBe('{ ["__proto__"]: 1, "a-b": 2 }');
});

test("the steps between two values, applied by hand, give the second one", () => {
  fc.assert(
    fc.property(fc.object({ withDate: true }), fc.object({ withDate: true }), (before, after) => {
      const patches = diff(before, after);
      fc.pre(patches.length > 0 && patches.length <= 256 && !JSON.stringify(patches).match(/"(__proto__|constructor|prototype)"/));
      expect(isSame(editedByHand("state", before, patches), after)).toBe(true);
    }),
  );
});

test("times that lie no further apart than a unit took are the same; other values are compared to the last bit", () => {
  const at = Date.UTC(2026, 0, 1);
  const [then, later] = [new Date(at), new Date(at + 40)];
  expect(differences("state", { at: then, ms: at, text: then.toISOString() }, { at: later, ms: at + 40, text: later.toISOString() }, 40)).toEqual([]);
  expect(differences("state", { at: then, count: 3 }, { at: later, count: 4 }, 39)).toEqual(["state.at", "state.count"]);
  expect(differences("state", { at: then }, { at }, 1_000)).toEqual(["state.at"]);
  expect(differences("state", { contacts: { Kim: 1 } }, { contacts: {} }, 0, ["contacts"])).toEqual(["state.contacts"]);
});

test("a placeholder is one that the schema accepts, where there is one", () => {
  const of = (schema: object, isFine: (value: unknown) => boolean) => placeholderFor(schema, 2, isFine);
  expect(of({ type: "string" }, () => true)).toBe("secret-2");
  expect(of({ type: "string", pattern: "^\\d{4}$" }, (value) => /^\d{4}$/.test(String(value)))).toBe("0002");
  expect(of({ type: "string", minLength: 7, maxLength: 7 }, (value) => String(value).length === 7)).toBe("secret-");
  expect(of({ type: "integer", minimum: 1_000 }, (value) => Number(value) >= 1_000)).toBe(1_000);
  expect(of({ enum: ["a", "b"] }, (value) => value === "b")).toBe("b");
  expect(of({ type: "string" }, () => false)).toBe("secret-2");
});

test("a mark that turns the direction of a text around is written as what it is: a source shows what it does", () => {
  expect(literal("a\u202eb\u2066c\u200f")).toBe(String.raw`"a\u202eb\u2066c\u200f"`);
});
