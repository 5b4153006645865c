// The timeline: what is said of an entry, which ones are shown, and where its bars lie.

import { expect, test } from "vitest";

import { explain, lockoutWords, noteChip, outcomeText, SAME_WORDS, toneOf, whyText } from "../../console/src/panels/logic/entry-words.ts";
import { countsOf, passes } from "../../console/src/panels/logic/timeline-filter.ts";
import { countdownText } from "../../console/src/panels/logic/countdown.ts";
import { linkPieces, ticksOf, waterfallOf } from "../../console/src/panels/logic/waterfall.ts";
import type { TimelineEntry } from "../../src/inspector/api.ts";

const at = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
const UNTIL = Date.UTC(2026, 0, 1, 14, 32);

function entry(facts: Partial<TimelineEntry>): TimelineEntry {
  return { version: 1, atMs: 0, unit: "tool", name: "login", outcome: "ok", queueMs: 0, guardMs: 0, runMs: 0, commitMs: null, replyMs: null, changes: {}, notes: [], ...facts };
}

const wrong = (attempts: number): TimelineEntry => entry({ notes: [{ kind: "login", part: "session", outcome: "wrong", by: "account", attempts, limit: 5, ...(attempts === 5 ? { untilMs: UNTIL } : {}) }] });
const locked = entry({ notes: [{ kind: "login", part: "session", outcome: "locked", by: "account", attempts: 5, limit: 5, untilMs: UNTIL }] });

test("a locked login says that the secret was not looked at, why, until when, and that the caller's words are on purpose", () => {
  const { headline, sentences, remedy, tone } = explain(locked, at);
  expect(headline).toContain("too many wrong secrets");
  expect(sentences.join(" ")).toContain("(verify) did not run. So the right one is refused, too. 5 of 5 attempts on the account are used up.");
  expect(sentences.join(" ")).toContain("at 14:32");
  expect(sentences).toContain(SAME_WORDS);
  expect(remedy).toBe("Wait until 14:32, then log in with the right secret.");
  expect(tone).toBe("bad");
  expect(noteChip(locked.notes[0]!, at).text).toBe("locked: verify did not run; 5 of 5 attempts; unlocks at 14:32");
});

test("a wrong login counts down, and the last one warns of the lock", () => {
  expect(explain(wrong(4), at).sentences.join(" ")).toContain("4 of 5 attempts on this account are used; 1 is left before it locks.");
  expect(explain(wrong(5), at).headline).toBe("The secret was wrong, and that was the last attempt.");
  expect(explain(wrong(5), at).sentences.join(" ")).toContain("the right one included, until 14:32");
});

test("a unit that changed nothing does not claim to have stored something", () => {
  expect(explain(entry({ name: "look" }), at).headline).toBe("The tool look ran; it changed no state of this conversation.");
  expect(explain(entry({ name: "add", changes: { state: [["cut", ["a"]]] } }), at).headline).toBe("The tool add ran, and what it changed is stored.");
});

test("a failed login is no success of the call, though its tool answered", () => {
  expect([toneOf(entry({})), toneOf(wrong(1)), toneOf(locked)]).toEqual(["good", "warn", "bad"]);
  expect([outcomeText(entry({})), outcomeText(wrong(1)), outcomeText(locked)]).toEqual(["ok", "wrong secret", "locked"]);
  expect(passes(locked, "refused")).toBe(true);
  expect(passes(entry({}), "refused")).toBe(false);
});

test("a lock of the whole call is told from a lock of the account, and a lock that is over is none", () => {
  const lock = { attempts: 10, limit: 10, windowMs: 900_000, lockedUntilMs: UNTIL };
  expect(lockoutWords(lock, "conversation", UNTIL - 1, at)?.headline).toContain("this call has tried too many secrets");
  expect(lockoutWords(lock, "account", UNTIL + 1, at)?.headline).toBe("10 of 10 attempts used");
  expect(lockoutWords({ ...lock, attempts: 0, lockedUntilMs: null }, "account", 0, at)).toBeUndefined();
});

test("a refusal says why, what it waited for, and what to do", () => {
  const refused = entry({ name: "confirm", outcome: "refused", code: "not_authenticated", waitedFor: "search", queueMs: 1_200, remedy: "Log in first." });
  expect(explain(refused, at)).toMatchObject({ headline: "The tool confirm was refused; it did not run.", sentences: ["It waited 1.2 s for search: units of one conversation run one after another."], remedy: "Log in first." });
  expect([whyText({ outcome: "refused", code: "not_authenticated" }), whyText({ outcome: "failed", code: "odd" }), whyText({ outcome: "ok" })]).toEqual(["The caller is not logged in, and this tool requires it.", "code: odd.", undefined]);
  expect(explain(entry({ outcome: "refused", code: "step_not_allowed" }), at).sentences).toEqual(["The workflow is at another step than this tool is for."]);
});

test("filters and counts agree, and a search looks at names, codes and sources", () => {
  const entries = [entry({}), entry({ unit: "hook", name: "onConversationStarted" }), entry({ outcome: "refused", code: "not_authenticated" }), entry({ outcome: "timeout" }), entry({ unit: "outside", source: "inspector" }), wrong(1)];
  expect(countsOf(entries)).toEqual({ all: 6, tools: 4, refused: 2, failed: 1 });
  expect(entries.filter((each) => passes(each, "all", "INSPECT")).length).toBe(1);
  expect(entries.filter((each) => passes(each, "refused", "not_auth")).length).toBe(1);
});

test("the phases of a bar follow each other, and what is not known is not drawn", () => {
  const { bars } = waterfallOf([entry({ atMs: 1_000, queueMs: 10, guardMs: 5, runMs: 20, commitMs: 3, replyMs: null })]);
  expect(bars[0]!.segments).toEqual([{ phase: "queue", fromMs: 0, ms: 10 }, { phase: "guard", fromMs: 10, ms: 5 }, { phase: "run", fromMs: 15, ms: 20 }, { phase: "commit", fromMs: 35, ms: 3 }]);
  expect(bars[0]!.totalMs).toBe(38);
});

test("a unit that waited is joined to the one that it waited for, across the rows between", () => {
  const search = entry({ name: "search", atMs: 1_300, runMs: 1_200, commitMs: 10 });
  const first = entry({ name: "add", atMs: 1_320, queueMs: 1_200, runMs: 5, waitedFor: "search" });
  const second = entry({ name: "pay", atMs: 1_330, queueMs: 1_200, runMs: 5, waitedFor: "search" });
  const { links, bars } = waterfallOf([search, first, second]);
  expect(links.map(({ from, to }) => [from, to])).toEqual([[0, 1], [0, 2]]);
  expect(bars.map(({ isFirst }) => isFirst)).toEqual([true, false, false]);
  expect(linkPieces(links).get(1)!.map(({ part }) => part)).toEqual(["end", "through"]);
});

test("who began first is drawn first on the scale, though it committed later", () => {
  const look = entry({ name: "look", atMs: 500, runMs: 300, queueMs: 1 });
  const search = entry({ name: "search", atMs: 1_300, runMs: 1_200 });
  const order = entry({ name: "order", atMs: 1_360, queueMs: 1_000, runMs: 60, waitedFor: "search" });
  const { bars, links } = waterfallOf([look, search, order]);
  expect(bars.map(({ fromMs }) => fromMs)).toEqual([99, 0, 200]);
  expect(links).toEqual([{ from: 1, to: 2, atMs: 1_200 }]);
});

test("silence between two bursts takes no room, and one outlier does not flatten the rest", () => {
  const calls = Array.from({ length: 40 }, (_, index) => entry({ version: index + 1, atMs: index * 60_000, runMs: index === 7 ? 30_000 : 80 }));
  const { bars, scaleMs } = waterfallOf(calls);
  expect(bars.every(({ fromMs }) => fromMs === 0)).toBe(true);
  expect(scaleMs).toBe(100);
  expect(ticksOf(scaleMs)).toEqual([0, 50, 100]);
  expect(waterfallOf([]).scaleMs).toBeGreaterThan(0);
});

test("5,000 entries are laid out at once", () => {
  const entries = Array.from({ length: 5_000 }, (_, index) => entry({ version: index, atMs: index * 100, name: `tool${index % 7}`, queueMs: 60, runMs: 60, waitedFor: `tool${(index + 6) % 7}` }));
  expect(waterfallOf(entries).links.length).toBeGreaterThan(4_900);
});

test("a countdown is a clock that ends at nothing", () => {
  expect([-1, 9_001, 65_000, 3_725_000].map(countdownText)).toEqual(["0:00", "0:10", "1:05", "1:02:05"]);
});
