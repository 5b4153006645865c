import { expect, test } from "vitest";
import { durationMs } from "../../src/base/simulated-clock.ts";
import { SimulatedClock } from "../../src/testing/index.ts";

test("overlapping advances end at their own moments, and time never goes back", async () => {
  const clock = new SimulatedClock(0);
  const seen: number[] = [];
  for (const at of [50, 150, 250]) clock.after(at, () => seen.push(clock.now()));
  await Promise.all([clock.advance(200), clock.advance(100).then(() => expect(clock.now()).toBeGreaterThanOrEqual(100))]);
  expect(clock.now()).toBe(200);
  await clock.advance(100);
  expect(seen).toEqual([50, 150, 250]);
});

test("time stands still while something real is under way", async () => {
  const clock = new SimulatedClock(0);
  const real = Promise.withResolvers<void>();
  let isLate = false;
  void clock.during(real.promise);
  clock.after(10, () => (isLate = true));
  const advanced = clock.advance(20);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(isLate).toBe(false);
  real.resolve();
  await advanced;
  expect(isLate).toBe(true);
});

test("real work that fails does not hold time for ever, nor is it lost", async () => {
  const clock = new SimulatedClock(0);
  const failed = clock.during(Promise.reject(new Error("no disk")));
  await clock.advance(1);
  await expect(failed).rejects.toThrow("no disk");
});

test("until moves on to the moment at which a promise settles, and not beyond", async () => {
  const clock = new SimulatedClock(0);
  const waits = new Promise<string>((resolve) => clock.after(300, () => resolve("done")));
  clock.after(400, () => {});
  expect(await clock.until(waits)).toBe("done");
  expect(clock.now()).toBe(300);
  await expect(clock.until(new Promise(() => {}), "1m")).rejects.toThrow("did not happen within 1m");
  await expect(clock.until(Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("a duration is a number with a unit, or several of them", () => {
  expect(["500ms", "1.5s", "7m1s", "1d2h", 12].map(durationMs)).toEqual([500, 1_500, 421_000, 93_600_000, 12]);
  for (const wrong of ["", "5", "m", "1m ", "1x", "1.s", "-1s", -1, NaN]) expect(() => durationMs(wrong)).toThrow("is not a duration");
});
