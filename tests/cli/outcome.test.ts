// How the terminal says what became of a unit of work.

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { outcomeOf, outcomeOfResult } from "../../src/cli/outcome.ts";
import type { LoginNote } from "../../src/state/notes.ts";
import { Workplace } from "./program.ts";

const login = (outcome: LoginNote["outcome"], more: Partial<LoginNote> = {}): LoginNote => ({ kind: "login", part: "session", outcome, ...more });

test.each([
  [{ outcome: "ok" }, { word: "ok", tone: "good", why: undefined }],
  [{ outcome: "refused", code: "not_authenticated" }, { word: "refused", tone: "warning", why: "not_authenticated" }],
  [{ outcome: "ok", notes: [login("accepted", { by: "account", attempts: 0, limit: 5 })] }, { word: "accepted", tone: "good", why: undefined }],
  [{ outcome: "ok", notes: [login("wrong", { by: "account", attempts: 2, limit: 5 })] }, { word: "wrong", tone: "warning", why: "account 2 of 5" }],
  [{ outcome: "tool_error", code: "tool_error", notes: [login("wrong")] }, { word: "wrong", tone: "warning", why: undefined }],
  [{ outcome: "ok", notes: [login("wrong"), login("locked", { by: "conversation", attempts: 10, limit: 10, untilMs: new Date(2026, 0, 31, 9, 5).getTime() })] }, { word: "locked", tone: "bad", why: "conversation 10 of 10, until 2026-01-31 09:05:00" }],
  // The login was accepted, and then the tool broke.
  [{ outcome: "failed", code: "tool_execution_error", notes: [login("accepted")] }, { word: "failed", tone: "bad", why: "tool_execution_error" }],
  [{ outcome: "timeout", notes: [login("pending")] }, { word: "timeout", tone: "bad", why: undefined }],
] as const)("%j is said as it was", (entry, expected) => {
  expect(outcomeOf({ code: undefined!, ...entry })).toEqual(expected);
});

test("without a journal a refusal is known by its result, and nothing else is taken for one", () => {
  expect(outcomeOfResult({ error: "step_not_allowed", message: "Not yet." })).toEqual({ word: "refused", tone: "warning", why: "step_not_allowed" });
  for (const result of [{ error: "not found" }, { message: "Done." }, null, "error", 5]) expect(outcomeOfResult(result)).toBeUndefined();
});

test("a wrong, a locked and an accepted login are told apart by whoever looks, and a refusal has its reason", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  const dev = await place.dev([fileURLToPath(new URL("../../examples/session", import.meta.url))]);
  const lines = ["login username=Kim pin=1234", "log me out", "add P1 to my cart", ...Array.from({ length: 5 }, () => "my name is Kim and my PIN is nine nine nine nine"), "login username=Kim pin=1234", "place_order", "/history", ""];
  const { out, code } = await place.run(["call"], { input: lines.join("\n") });
  expect(code).toBe(0);
  expect(out).toMatch(/^! add_to_cart \{"productId":"P1"\} {2}refused, not_authenticated\n» Please log in first\.$/m);
  expect(out).toMatch(/^! login \{"pin":"•••","username":"Kim"\} {2}wrong, account 1 of 5$/m);
  expect(out).toMatch(/^✗ login {2}locked, account 5 of 5, until \d{4}-\S+ \S+ {2}[\d.]+ ms$/m);
  expect(out).toMatch(/^✓ login {2}accepted {2}[\d.]+ ms$/m);
  expect(out).toMatch(/^[\d:]{8} {2}add_to_cart {2}refused {3}not_authenticated\n[\d:]{8} {2}login {8}wrong {5}account 1 of 5$/m);
  expect(out).toMatch(/^[\d:]{8} {2}login {8}accepted\n[\d:]{8} {2}logout {7}ok\n/m);
  expect(out).toMatch(/^[\d:]{8} {2}login {8}locked {4}account 5 of 5, until \S+ \S+\n[\d:]{8} {2}place_order/m);
  // The terminal of dev, and the stored history.
  await dev.program.says(/place_order +refused/);
  expect(dev.program.out).toMatch(/login +accepted +\d+ ms/);
  expect(dev.program.out).toMatch(/login +wrong +\d+ ms {2}account 1 of 5\n/);
  expect(dev.program.out).toMatch(/login +locked +\d+ ms {2}account 5 of 5, until /);
  const history = (await place.run(["state", "list", "--json"])).out;
  const { conversationId } = JSON.parse(history.split("\n")[0]!) as { conversationId: string };
  expect((await place.run(["state", "history", conversationId])).out).toMatch(/login +locked +\d+ ms/);
});
