import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { processStat } from "../../src/base/process-stat.ts";
import type { Fault, Step } from "../../src/stores/sqlite/faults.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { temporaryFiles } from "./folder.ts";
import { CONVERSATIONS, expectNothingLost, playedBy } from "./killed-writer.ts";

const newFile = temporaryFiles("sqlite-processes");

function start(script: string, ...args: string[]) {
  const path = fileURLToPath(new URL(`./process/${script}`, import.meta.url));
  return spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

test("of two processes that add to one number at the same time none loses an update", async () => {
  const path = newFile();
  const adders = [1, 2].map(() => start("adder.ts", `sqlite:${path}`, "150"));
  const codes = await Promise.all(adders.map(async (adder) => (await once(adder, "exit"))[0] as number));
  expect(codes).toEqual([0, 0]);
  const store = await openSqlite(path);
  const loaded = await store.load("customer:shared");
  expect([loaded?.record, loaded?.version]).toEqual(["300", 300]);
  const entries = await store.history("customer:shared");
  expect(new Set(entries.map((entry) => entry.text)).size).toBe(300);
  await store.close();
});

test("a process of this machine that was killed holds nothing, whatever its lease says", async () => {
  const path = newFile();
  const holder = start("holder.ts", path);
  await once(createInterface(holder.stdout), "line");
  const store = await openSqlite(path);
  const me = { id: "me", pid: process.pid, host: hostname(), startedAtMs: 0 };
  expect((await store.acquire("conversation:held", me)).kind).toBe("held");
  expect(await store.pending(null)).toEqual([]);
  expect((await store.list({ orphaned: true })).items).toEqual([]);

  holder.kill("SIGKILL");
  await once(holder, "exit");
  expect(await store.pending(null)).toEqual(["conversation:held"]);
  expect((await store.list({ orphaned: true })).items).toHaveLength(1);
  expect(await store.acquire("conversation:held", me)).toMatchObject({ kind: "acquired", tookOver: true });
  await store.close();
});

test("a process whose pid was given to another one holds nothing", async () => {
  const store = await openSqlite(newFile());
  // Not by the clock: somebody may set it while the process lives.
  const startedAtMs = processStat(process.pid)!.startMs;
  const me = { id: "me", pid: process.pid, host: hostname(), startedAtMs };
  const before = { ...me, id: "before", startedAtMs: startedAtMs - 10 };
  const unknown = { ...me, id: "unknown", startedAtMs: 0 };
  for (const each of [me, before, unknown]) {
    await store.renew(each, 3_600_000);
    await store.acquire(`conversation:${each.id}`, each);
  }
  const other = { ...me, id: "other" };
  const kinds = await Promise.all(["me", "before", "unknown"].map(async (id) => (await store.acquire(`conversation:${id}`, other)).kind));
  expect(kinds).toEqual(["held", "acquired", "held"]);
  await store.close();
});

const STEPS: readonly Step[] = ["before-begin", "after-begin", "after-operation", "before-commit", "after-commit", "before-reply", "checkpoint"];

/** Where to kill: at each step, in groups that a seed chooses. */
function killPoints(seed: number): Fault[] {
  let state = seed;
  const next = (below: number) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  return STEPS.flatMap((step): Fault[] => {
    if (step === "checkpoint") return [{ step, action: { kind: "kill" } }];
    // The first group has all conversations in it, so it has a third operation.
    if (step === "after-operation") return [{ step, group: 1, operation: 3, action: { kind: "kill" } }, { step, group: 2 + next(25), action: { kind: "kill" } }];
    return [0, 1].map(() => ({ step, group: 2 + next(25), action: { kind: "kill" } }));
  });
}

for (const fault of killPoints(20_260_101)) {
  test(`killed at ${fault.step} of group ${fault.group ?? "any"}${fault.operation ? `, operation ${fault.operation}` : ""}, everything acknowledged is there and nothing half-done`, async () => {
    const path = newFile();
    const writer = start("writer.ts", path, JSON.stringify([fault]), String(CONVERSATIONS), "40");
    const { begun, done, code, signal } = await playedBy(writer);
    expect([code, signal]).toEqual([null, "SIGKILL"]);
    expect(begun.size).toBeGreaterThan(0);

    await expectNothingLost(path, begun, done);
  });
}
