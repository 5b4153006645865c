import { expect, test } from "vitest";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { RawJson } from "../../src/wire/frame.ts";
import { Outbox } from "../../src/wire/outbox.ts";
import { newWireStats } from "../../src/wire/wire-stats.ts";

function outbox(clock = new SimulatedClock()) {
  let ref = 0;
  const sent: string[] = [];
  const box = new Outbox({ clock, stats: newWireStats(), confirmAfterMs: 1_000, maxPushes: 100, maxBytes: 1_000 });
  const send = (event: string) => {
    sent.push(event);
    return String(++ref);
  };
  return { box, send, sent, clock };
}

test("a reply to a push of a former join confirms nothing", () => {
  const { box, send } = outbox();
  box.joined(send);
  box.add("k1", "e", new RawJson("1"));
  box.lost();
  box.joined(send);
  expect(box.replied("1", "ok")).toBe(false);
  expect(box.size).toBe(1);
  expect(box.replied("2", "ok")).toBe(true);
  expect(box).toMatchObject({ size: 0, bytes: 0 });
});

test("only the old ones are confirmed by time, and time does not run without a join", async () => {
  const { box, send, clock } = outbox();
  box.joined(send);
  box.add("k1", "e", new RawJson("1"));
  await clock.advance(500);
  box.add("k2", "e", new RawJson("1"));
  await clock.advance(500);
  expect(box.size).toBe(1);
  box.lost();
  await clock.advance("1h");
  expect(box.size).toBe(1);
});

test("a push that replaces another one takes its place, is sent, and is the one that is sent again", () => {
  const { box, send, sent } = outbox();
  box.joined(send);
  box.add("k1", "failed", new RawJson("1"));
  expect(box.add("k1", "failed", new RawJson("2"))).toBe("duplicate");
  expect(box.add("k1", "answered", new RawJson("22"), true)).toBe("accepted");
  expect(box.add("k1", "answered", new RawJson("22"), true)).toBe("duplicate");
  expect(sent).toEqual(["failed", "answered"]);
  expect(box.replied("1", "ok")).toBe(false);
  expect(box).toMatchObject({ size: 1, bytes: 2 });
  box.lost();
  box.joined(send);
  expect(sent).toEqual(["failed", "answered", "answered"]);
});

test("whenEmpty resolves with the last confirmation", async () => {
  const { box, send } = outbox();
  await box.whenEmpty();
  box.joined(send);
  box.add("k1", "e", new RawJson("1"));
  let isEmpty = false;
  const empty = box.whenEmpty().then(() => (isEmpty = true));
  await Promise.resolve();
  expect(isEmpty).toBe(false);
  box.replied("1", "ok");
  await empty;
});
