// The page's addresses, and the token that must not stay in them.

import fc from "fast-check";
import { expect, test } from "vitest";

import { formatPlace, NO_FILTER, parsePlace, type Place } from "../../console/src/lib/address.ts";
import { dropToken, takeToken, tokenIn } from "../../console/src/lib/token.ts";

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((each) => each.isWellFormed());
const view = fc.oneof(
  fc.constant({ page: "list" } as const),
  fc.record({ page: fc.constant("conversation" as const), conversationId: text, panel: fc.oneof(fc.constant(""), text), version: fc.option(fc.nat()) }),
  fc.record({ page: fc.constant("side" as const), id: text.filter((id) => id !== "c"), name: fc.option(text, { nil: undefined }) }),
);
const filter = fc.record({ status: fc.constantFrom("all" as const, "live" as const, "ended" as const), search: fc.string(), agent: fc.string(), customer: fc.string() });

test("every place has an address that leads back to it", () => {
  fc.assert(
    fc.property(fc.record({ view, filter }), (place: Place) => {
      expect(parsePlace(formatPlace(place))).toEqual(place);
    }),
  );
});

test("a browser keeps an address as it is", () => {
  fc.assert(
    fc.property(fc.record({ view, filter }), (place: Place) => {
      const hash = formatPlace(place);
      expect(new URL(`http://localhost/${hash}`).hash).toBe(hash === "#" ? "" : hash);
    }),
  );
});

test.each(["", "#", "#/", "#/c", "#/c/", "#//", "#?v=1"])("%j is the list", (fragment) => {
  expect(parsePlace(fragment)).toEqual({ view: { page: "list" }, filter: NO_FILTER });
});

test("what is not understood is passed over", () => {
  expect(parsePlace("#/c/a%/state?v=minus&status=odd")).toEqual({ view: { page: "conversation", conversationId: "a%", panel: "state", version: null }, filter: NO_FILTER });
});

function browser(hash: string) {
  const kept = new Map<string, string>();
  const shown: string[] = [];
  const storage = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value), removeItem: (name: string) => void kept.delete(name) };
  return { location: { hash, pathname: "/inspect/", search: "?x=1" }, history: { replaceState: (_data: unknown, _unused: string, url?: string | URL | null) => void shown.push(String(url)) }, storage, shown };
}

test.each([
  ["#token=ci_a", ""],
  ["#token=ci_a&/c/1", "#/c/1"],
  ["#/c/1?token=ci_a", "#/c/1"],
  ["#/c/1?token=ci_a&v=3", "#/c/1?v=3"],
  ["#/c/1?v=3&token=ci_a", "#/c/1?v=3"],
])("the token of %s leaves the address, the place stays", (hash, rest) => {
  const world = browser(hash);
  expect(takeToken(world)).toBe("ci_a");
  expect(world.shown).toEqual([`/inspect/?x=1${rest}`]);
  expect(takeToken({ ...world, location: { ...world.location, hash: rest } })).toBe("ci_a");
});

test("a token that is not accepted is forgotten", () => {
  const world = browser("#token=ci_a");
  takeToken(world);
  dropToken(world.storage);
  expect(takeToken({ ...world, location: { ...world.location, hash: "" } })).toBeNull();
});

test("a pasted text is a token or an address with one", () => {
  expect(tokenIn("  ci_a \n")).toBe("ci_a");
  expect(tokenIn("http://127.0.0.1:4000/#token=ci_a")).toBe("ci_a");
  expect(tokenIn("http://127.0.0.1:4000/#/c/1")).toBeNull();
  expect(tokenIn("")).toBeNull();
  expect(tokenIn("two words")).toBeNull();
});
