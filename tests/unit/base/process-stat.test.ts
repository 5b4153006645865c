import { spawn } from "node:child_process";
import { once } from "node:events";
import { uptime } from "node:os";
import { expect, test } from "vitest";

import { processStat } from "../../../src/base/process-stat.ts";

test.runIf(process.platform === "linux")("a start is told since the machine's own, which no clock moves, and is the same whenever it is asked for", async () => {
  const mine = processStat(process.pid)!;
  expect(mine.startMs).toBeLessThan(uptime() * 1_000 + 1_000);
  const later = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
  await once(later, "spawn");
  expect(processStat(later.pid!)!.startMs).toBeGreaterThan(mine.startMs);
  later.stdin.end();
  await once(later, "exit");
  expect(processStat(process.pid)).toEqual(mine);
});

test("of a process that does not exist nothing is told", () => {
  expect(processStat(2 ** 30)).toBeUndefined();
});
