// What a caller is offered to say.

import { expect, test } from "vitest";

import { fitting, suggestionsFor } from "../../console/src/talk/suggestions.ts";
import { needlessLogins } from "../../console/src/talk/logins.ts";
import type { NoteView, SessionView, TimelineEntry, ToolInfo } from "../../src/inspector/api.ts";

const tool = (name: string, description: string, more: Partial<ToolInfo> = {}): ToolInfo => ({
  name, description, parameters: { type: "object", properties: {} }, examples: [], secrets: [], masks: [], resultMasks: [], guards: [], isParallel: false, isOnce: false, timeoutMs: 1_000, ...more,
});
const date = { type: "string", format: "date" };
const START = tool("start_booking", "Start a booking", { examples: ["I'd like to book a room"] });
const DATES = tool("set_dates", "Set the dates of the booking", { parameters: { type: "object", required: ["checkIn", "checkOut"], properties: { checkIn: { ...date, description: "the day of arrival" }, checkOut: { ...date, description: "the day of departure" } } } });
const GUESTS = tool("set_guests", "Set the number of guests", { parameters: { type: "object", required: ["guests"], properties: { guests: { type: "integer", minimum: 1, maximum: 8 } } } });
const ROOM = tool("set_room", "Choose a room", { parameters: { type: "object", required: ["kind"], properties: { kind: { type: "string", enum: ["single", "double", "suite"], description: "the kind of room" } } } });
const CONFIRM = tool("confirm_booking", "Confirm the booking. It cannot be undone.");
const tools = [START, DATES, GUESTS, ROOM, CONFIRM];
const nowMs = new Date(2026, 3, 10).getTime();
const suggest = (agentSaid: string | undefined, ...offered: string[]) => suggestionsFor({ tools, offered, needless: new Set(), agentSaid, nowMs });

test("before anything was said, the examples of what is offered", () => {
  expect(suggest(undefined, "start_booking")).toEqual(["I'd like to book a room", "help"]);
});

test("nothing that only a tool understands which is not offered", () => {
  expect(suggest("Hello.", "confirm_booking")).toEqual(["confirm the booking", "help"]);
});

test("while nobody says what is offered, all examples", () => {
  expect(suggest(undefined)).toContain("I'd like to book a room");
});

test("a question is answered first", () => {
  expect(suggest("Shall I confirm the booking?", "confirm_booking").slice(0, 2)).toEqual(["yes", "no"]);
  expect(suggest("When would you like to book?", "set_dates")[0]).toBe("from the 3rd to the 5th of May");
  expect(suggest("How many guests?", "set_guests")[0]).toBe("two");
  expect(suggest("Please tell me the kind of room.", "set_room").slice(0, 3)).toEqual(["single", "double", "suite"]);
});

test("only the last question counts, and a statement is none", () => {
  expect(suggest("Done. How many guests?", "set_guests", "set_dates")[0]).toBe("two");
  expect(suggest("How many guests? I wrote down two.", "confirm_booking")[0]).not.toBe("two");
  expect(suggest("The booking is confirmed.", "start_booking")[0]).toBe("I'd like to book a room");
});

test("each once, at most four", () => {
  const many = tools.map((each, index) => ({ ...each, examples: ["yes", `phrase ${index}`] }));
  expect(suggestionsFor({ tools: many, offered: [], needless: new Set(), agentSaid: undefined, nowMs })).toEqual(["yes", "phrase 0", "phrase 1", "phrase 2"]);
  expect(suggestionsFor({ tools: many, offered: [], needless: new Set(), agentSaid: "Shall I?", nowMs })).toEqual(["yes", "no", "help"]);
});

test("what does not stand on two rows is left out; the first one never is", () => {
  expect(fitting(["a".repeat(200), "b".repeat(20), "c".repeat(30)], 48)).toEqual(["a".repeat(200), "b".repeat(20)]);
  expect(fitting(["yes", "no", "I'd like to book a room", "help"], 48)).toHaveLength(4);
});

const LOGIN = tool("login", "Log the caller in", { examples: ["my PIN is one two three four"], secrets: ["pin"] });
const PAY = tool("pay", "Pay", { examples: ["pay"], secrets: ["code"], guards: ["session within 120000 ms"] });
const LOGOUT = tool("logout", "Log the caller out", { examples: ["log me out"] });
const status = (is: SessionView["status"]): readonly SessionView[] => [{ part: "session", status: is }];
const entry = (name: string, more: Partial<TimelineEntry> = {}): TimelineEntry => ({ version: 1, atMs: 0, unit: "tool", name, outcome: "ok", queueMs: 0, guardMs: 0, runMs: 0, commitMs: null, replyMs: null, changes: {}, notes: [], ...more });
const login = (outcome: "accepted" | "wrong", name = "login") => entry(name, { notes: [{ kind: "login", part: "session", outcome } satisfies NoteView] });
const offers = (sessions: readonly SessionView[], entries: readonly TimelineEntry[]) => {
  const all = [LOGIN, PAY, LOGOUT];
  return suggestionsFor({ tools: all, offered: all.map(({ name }) => name), needless: needlessLogins(sessions, entries, all), agentSaid: undefined, nowMs });
};

test("who is logged in is not offered to log in", () => {
  expect(offers(status("authenticated"), [login("wrong"), login("accepted")])).toEqual(["pay", "log me out", "help"]);
  // In a fork the login is in no entry: a tool that takes a secret and asks for no session is one.
  expect(offers(status("authenticated"), [entry("fork", { unit: "outside" })])).toEqual(["pay", "log me out", "help"]);
});

test("who is not logged in, not any more, or has to log in again is", () => {
  const asks = (entries: readonly TimelineEntry[], is: SessionView["status"]) => offers(status(is), entries)[0];
  expect(asks([login("wrong")], "anonymous")).toBe("my PIN is one two three four");
  expect(asks([login("accepted")], "expired")).toBe("my PIN is one two three four");
  expect(asks([login("accepted"), entry("pay", { outcome: "refused", code: "reauthentication_required" })], "authenticated")).toBe("my PIN is one two three four");
});
