import { expect, test } from "vitest";
import { Part } from "../../../src/agent/part.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { DueTimes } from "../../../src/host/due-times.ts";
import type { Slice } from "../../../src/state/slice.ts";

/** A part that wants its unit at the time that its value says. */
class Alarm extends Part {
  readonly kind = "alarm";
  override slice(): Slice {
    return { name: this.name, schemaVersion: 1, maxBytes: 100, initial: () => null, restore: (stored) => stored, check: (value) => value };
  }
  override dueAtMs(value: unknown): number | undefined {
    if (value === "broken") throw new Error("cannot say");
    return value as number | undefined;
  }
}

function alarms(names: readonly string[]) {
  const clock = new SimulatedClock(0);
  const timers: number[] = [];
  const recording = { now: () => clock.now(), monotonic: () => clock.monotonic(), after: (ms: number, run: () => void) => (timers.push(ms), clock.after(ms, run)) };
  const parts = names.map((name) => {
    const part = new Alarm();
    part.attach(name);
    return part;
  });
  let heard = 0;
  const times = new DueTimes({ clock: recording, parts, createdAtMs: 0, onDue: () => void heard++ });
  const look = (values: Readonly<Record<string, unknown>>) => times.look(({ name }) => values[name]);
  return { clock, times, timers, look, heard: () => heard, overdue: () => times.overdue().map(([part, atMs]) => `${part.name} ${atMs}`) };
}

test("what is longest overdue comes first, and only what is due", async () => {
  const { clock, look, overdue, heard } = alarms(["a", "b", "c"]);
  look({ a: 2_000, b: 1_000, c: 3_000 });
  await clock.advance(1_999);
  expect([overdue(), heard()]).toEqual([["b 1000"], 1]);
  look({ a: 2_000, b: 1_000, c: 3_000 });
  await clock.advance(1);
  expect(overdue()).toEqual(["b 1000", "a 2000"]);
  look({ a: undefined, b: 9_000, c: 3_000 });
  expect(overdue()).toEqual([]);
});

test("no timer is longer than timers can be, and what is far away still comes", async () => {
  const days = 86_400_000;
  const { clock, timers, look, heard } = alarms(["a"]);
  look({ a: 40 * days });
  await clock.advance(40 * days - 1);
  expect(heard()).toBe(0);
  await clock.advance(1);
  expect(heard()).toBe(1);
  expect(Math.max(...timers)).toBeLessThan(2 ** 31);
});

test("what is due and stays so is told of once, and hides nothing that comes after it", async () => {
  const { clock, times, look, heard } = alarms(["a", "b"]);
  look({ a: 1_000, b: 2_000 });
  await clock.advance(1_500);
  look({ a: 1_000, b: 2_000 });
  expect(heard()).toBe(1);
  await clock.advance(500);
  expect(heard()).toBe(2);
  await clock.advance("1h");
  expect(heard()).toBe(2);
  // It could not be done: both are told of again.
  times.again();
  await clock.advance("1h");
  expect(heard()).toBe(3);
});

test("after a stop no timer is left, and none is started again", async () => {
  const { clock, times, timers, look, heard } = alarms(["a"]);
  look({ a: 1_000 });
  times.stop();
  times.again();
  await clock.advance("1h");
  expect([heard(), timers.length]).toEqual([0, 1]);
});

test("a part that cannot say when wants nothing, and takes no other one with it", async () => {
  const { clock, look, overdue } = alarms(["a", "b"]);
  look({ a: "broken", b: 1 });
  await clock.advance(1);
  expect(overdue()).toEqual(["b 1"]);
});
