// Webhooks and jobs that change a call which another process serves, which changes hands, or which nobody serves, on every
// durable store.                                                                                          (P16)

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect as always, test } from "vitest";
import { everyStore } from "./places.ts";
import { Rig } from "./rig.ts";

const MESSAGES = 12;
const PATIENCE = { timeout: 20_000, interval: 20 };

// The stores wait side by side; their tests follow one another.
describe.concurrent.each(await everyStore())("%s", (_name, place) => {
  let rig: Rig;
  const lease = { leaseMs: 1_500 };

  beforeAll(async () => {
    rig = await Rig.start({}, place);
    await Promise.all([rig.serve(lease), rig.serve(lease)]);
  });
  afterAll(() => rig?.stop());

  /** Starts a writer. `sent`: what is durable so far. */
  function writer(conversation: string, name: string, more: readonly string[] = []) {
    const names = Array.from({ length: MESSAGES }, (_, n) => `${name}-${n + 1}`);
    for (const each of names) rig.sent(conversation, each);
    const script = fileURLToPath(new URL("writer-process.ts", import.meta.url));
    const child = fork(script, [conversation, name, String(MESSAGES), ...more], { execArgv: [], env: { ...process.env, ...rig.environment } });
    const sent: string[] = [];
    child.on("message", (said: string) => void sent.push(said));
    const exited = once(child, "exit");
    /** Resolves with what it sent when it is through. */
    const done = async () => {
      always([(await exited)[0], sent]).toEqual([0, names]);
      return names;
    };
    return { sent, done };
  }

  /** What a writer of this name changed, in the order of the store. */
  async function changesOf(conversation: string, name: string): Promise<string[]> {
    return (await rig.seen(conversation))?.changes.map(({ callId }) => callId).filter((callId) => callId.startsWith(`${name}-`)) ?? [];
  }

  test("messages to a live call are applied in order, once, while its own tools run, and two writers do not mix theirs up", { timeout: 60_000, concurrent: false }, async ({ expect }) => {
    await rig.open("live");
    await rig.call("live", "add", { n: 1 });
    const [a, b] = [writer("live", "a"), writer("live", "b")];
    const calls = Promise.all(Array.from({ length: 20 }, (_, n) => rig.call("live", "add", { n })));
    const [fromA, fromB] = [await a.done(), await b.done()];
    expect((await calls).map(({ kind }) => kind)).toEqual(Array(20).fill("result"));
    await expect.poll(() => changesOf("live", "a"), PATIENCE).toEqual(fromA);
    await expect.poll(() => changesOf("live", "b"), PATIENCE).toEqual(fromB);
    await expect.poll(async () => (await rig.seen("live"))!.state.note, PATIENCE).toMatch(new RegExp(`^[ab]-${MESSAGES}$`));
    expect(await rig.judge()).toEqual([]);
  });

  test("messages to a call that changes hands twice - by kill -9 and by SIGTERM - are applied in order, once", { timeout: 60_000, concurrent: false }, async ({ expect }) => {
    await rig.open("moving");
    await rig.call("moving", "add", { n: 1 });
    const first = (await rig.owner("moving"))!;
    const moving = writer("moving", "m");
    await expect.poll(() => moving.sent.length, PATIENCE).toBeGreaterThan(2);
    await first.kill();
    const second = rig.processes.find((other) => !other.hasExited)!;
    expect((await rig.call("moving", "add", { n: 2 })).kind).toBe("result");
    await rig.serve(lease);
    const leaving = writer("moving", "n");
    await expect.poll(() => leaving.sent.length, PATIENCE).toBeGreaterThan(2);
    await second.kill("SIGTERM");
    await second.exited;
    const [sent, late] = [await moving.done(), await leaving.done()];
    await expect.poll(() => changesOf("moving", "m"), PATIENCE).toEqual(sent);
    await expect.poll(() => changesOf("moving", "n"), PATIENCE).toEqual(late);
    expect((await rig.call("moving", "add", { n: 3 })).kind).toBe("result");
    expect((await rig.seen("moving"))!.state.note).toBe(late.at(-1));
    expect(await rig.ownerId("moving")).toBe(rig.processes.at(-1)!.identity);
    expect(await rig.judge()).toEqual([]);
  });

  test("with nobody alive a message waits for the next owner; a writer that has the agent applies it itself", { timeout: 60_000, concurrent: false }, async ({ expect }) => {
    await rig.open("alone");
    await rig.call("alone", "add", { n: 1 });
    await rig.processes.at(-1)!.kill();
    const waiting = await writer("alone", "w").done();
    expect(await changesOf("alone", "w")).toEqual([]);
    const applied = await writer("alone", "x", ["agents"]).done();
    // It applied what was waiting first.
    expect([await changesOf("alone", "w"), await changesOf("alone", "x")]).toEqual([waiting, applied]);
    const late = await writer("alone", "y").done();
    expect(await changesOf("alone", "y")).toEqual([]);
    await rig.serve(lease);
    expect((await rig.call("alone", "add", { n: 2 })).kind).toBe("result");
    expect(await changesOf("alone", "y")).toEqual(late);
    expect((await rig.seen("alone"))!.changes.at(-1)!.callId).toMatch(/^call-/);
    expect((await rig.seen("alone"))!.state.note).toBe(late.at(-1));
    expect(await rig.judge()).toEqual([]);
  });
});
