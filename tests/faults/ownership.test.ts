// Who serves a conversation when several processes could, on every durable store.                    (P14, P15)

import { afterAll, beforeAll, describe, test } from "vitest";
import { until } from "../servers/redis.ts";
import type { DispatcherProcess } from "./dispatcher-process.ts";
import { load } from "./load.ts";
import { everyStore } from "./places.ts";
import { Rig } from "./rig.ts";

/** What a machine that is busy with other things may add to any wait. A wait for nothing would be endless. */
const BUSY_MS = 15_000;
const CONVERSATIONS = ["c0", "c1", "c2", "c3", "c4", "c5"];

// The stores wait side by side; their tests follow one another.
describe.concurrent.each(await everyStore())("%s", (_name, place) => {
  let rig: Rig;
  let trio: DispatcherProcess[];
  const lease = { leaseMs: 1_500 };

  beforeAll(async () => {
    rig = await Rig.start({}, place);
    trio = await Promise.all([rig.serve(lease), rig.serve(lease), rig.serve(lease)]);
  });
  afterAll(() => rig?.stop());

  const ids = (processes: readonly DispatcherProcess[]) => processes.map(({ identity }) => identity);

  /** Who has it by the store, once somebody has. */
  async function ownerOf(conversation: string): Promise<DispatcherProcess> {
    await until(async () => (await rig.owner(conversation)) !== undefined);
    return (await rig.owner(conversation))!;
  }

  test("three processes hear of a conversation, and exactly one takes it", { concurrent: false }, async ({ expect }) => {
    for (const id of CONVERSATIONS) await rig.open(id, "unruly");
    await Promise.all(CONVERSATIONS.map((id) => rig.call(id, "add", { n: 1 })));
    for (const id of CONVERSATIONS) {
      expect(ids(trio)).toContain(await rig.ownerId(id));
      // Every take-over is counted.
      expect((await rig.seen(id))!.epoch).toBe(1);
    }
    expect(await rig.judge()).toEqual([]);
  });

  test("after kill -9 another process goes on with the call when the lease is over", { timeout: 60_000, concurrent: false }, async ({ expect }) => {
    const victim = await ownerOf("c0");
    const { epoch, changes } = (await rig.seen("c0"))!;
    const others = await Promise.all(CONVERSATIONS.map(async (id) => ({ id, owner: await rig.owner(id) })));
    rig.world.close("kill");
    const running = rig.call("c0", "add_slowly", { n: 2, gate: "kill" });
    await rig.world.arrived("kill");
    await victim.kill();
    const killed = performance.now();
    rig.world.open("kill");
    expect(await running).toMatchObject({ kind: "result" });
    expect(performance.now() - killed).toBeLessThan(lease.leaseMs + 1_000 + BUSY_MS);
    expect(ids(trio.filter((other) => other !== victim))).toContain(await rig.ownerId("c0"));
    expect((await rig.seen("c0"))!.epoch).toBe(epoch + 1);
    expect((await rig.seen("c0"))!.changes).toHaveLength(changes.length + 1);
    // A lease has passed, and nobody took what somebody alive has.
    for (const { id, owner } of others) if (owner !== victim) expect((await rig.seen(id))!.epoch).toBe(1);
    expect(await rig.judge()).toEqual([]);
    trio[trio.indexOf(victim)] = await rig.serve(lease);
  });

  test("an owner that is stopped past its lease is taken over; when it goes on it commits nothing and answers nothing", { timeout: 60_000, concurrent: false }, async ({ expect }) => {
    const first = await ownerOf("c1");
    rig.world.close("stop");
    const slow = rig.call("c1", "add_slowly", { n: 2, gate: "stop" }, "slow");
    await rig.world.arrived("stop");
    const before = (await rig.seen("c1"))!;
    await first.kill("SIGSTOP");
    // Another one runs the same call again and waits at the same gate. It has committed nothing yet, so the version is what
    // the first one expects when it goes on to its commit: only the epoch keeps it out.
    await rig.world.arrived("stop", 2);
    const taken = (await rig.seen("c1"))!;
    expect(await rig.ownerId("c1")).not.toBe(first.identity);
    expect(taken).toMatchObject({ version: before.version, epoch: before.epoch + 1 });
    await first.kill("SIGCONT");
    rig.world.passOne("stop");
    await first.says("the conversation is not served here any more");
    expect(first.output).toContain('"code":"fenced"');
    expect(await rig.seen("c1")).toEqual(taken);
    rig.world.open("stop");
    expect(await slow).toMatchObject({ kind: "result" });
    expect((await rig.seen("c1"))!.changes.filter(({ callId }) => callId === "slow")).toHaveLength(1);
    expect(await rig.judge()).toEqual([]);
  });

  test("three processes are replaced one after another under load: no call is lost, doubled or refused, and none waits for a lease", { timeout: 120_000, concurrent: false }, async ({ expect }) => {
    // Whoever waited for the end of such a lease would be too late for the test.
    const long = { leaseMs: 600_000 };
    const callers = load(rig, CONVERSATIONS);
    for (const old of [...trio]) {
      const replacement = await rig.serve(long);
      await old.kill("SIGTERM");
      expect(await old.exited).toEqual({ code: 0, signal: null });
      trio[trio.indexOf(old)] = replacement;
      const { answered } = callers;
      await until(async () => callers.answered > answered);
    }
    await callers.stop();
    expect([...callers.kinds]).toEqual(["result"]);
    expect(callers.longestMs).toBeLessThan(1_000 + BUSY_MS);
    for (const id of CONVERSATIONS) expect(ids(trio)).toContain(await rig.ownerId(id));
    expect(await rig.judge()).toEqual([]);
    if (process.env.CONVERSIMPLE_FAULT_SEEDS) console.log(`rolling restart: ${callers.answered} calls, the longest waited ${Math.round(callers.longestMs)} ms`);
  });
});
