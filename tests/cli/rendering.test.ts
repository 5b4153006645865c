import { expect, test } from "vitest";

import { Shown } from "../../src/base/shown.ts";
import { changeLines, partText } from "../../src/cli/rendering.ts";
import { Terminal } from "../../src/cli/terminal.ts";

const terminal = new Terminal({ write: () => true }, { write: () => true });
const AT = new Date(2026, 0, 31, 9, 5).getTime();
const shown = (value: unknown) => partText(Shown.masked(value, []), AT + 125_000, terminal);

test("since when a workflow is at its step is a time, and how long ago", () => {
  expect(shown({ step: "asking", data: { guests: 2 }, since: AT })).toBe("{ step: 'asking', data: { guests: 2 }, since: 2026-01-31 09:05:00 (2 min ago) }");
  expect(changeLines({ booking: [["set", ["step"], "asked"], ["set", ["since"], AT]] }, terminal, "")).toEqual(["~ booking.step  'asked'", "~ booking.since  2026-01-31 09:05:00"]);
});

test("when somebody logged in is a time, too", () => {
  expect(shown({ status: "authenticated", account: "account:x", startedAtMs: AT, lastSeenMs: AT + 60_000 })).toMatch(/startedAtMs: 2026-01-31 09:05:00 \(2 min ago\),\s+lastSeenMs: 2026-01-31 09:06:00 \(1 min ago\)/);
});

test("a number of an agent's own state stays the number that it is", () => {
  for (const value of [{ since: AT }, { step: 3, data: {}, since: AT }, { step: "a", data: {}, since: 5 }, AT, null]) expect(shown(value)).not.toContain("2026");
  expect(changeLines({ state: [["set", ["since"], AT]] }, terminal, "")).toEqual([`~ state.since  ${AT}`]);
});
