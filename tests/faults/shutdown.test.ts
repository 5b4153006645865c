import { afterEach, beforeEach, expect, test } from "vitest";
import { Rig } from "./rig.ts";

let rig: Rig;
beforeEach(async () => void (rig = await Rig.start()));
afterEach(() => rig.stop());

/** 8 conversations with 25 calls each; the first of each waits at the gate, so that all of them are in flight. */
async function inFlight(gate: string) {
  const conversations = await Promise.all(Array.from({ length: 8 }, (_, n) => rig.open(`c${n}`)));
  rig.world.close(gate);
  const calls = conversations.flatMap((id) => [
    rig.call(id, "add_slowly", { n: 0, gate }),
    ...Array.from({ length: 24 }, (_, n) => rig.call(id, "add", { n })),
  ]);
  await rig.world.arrived(gate, conversations.length);
  return calls;
}

const STOPPING = "stopping: running calls finish";

test("SIGTERM with 200 calls in flight: what runs finishes, nothing acknowledged is lost, the next process goes on", { timeout: 60_000 }, async () => {
  const first = await rig.serve();
  const calls = await inFlight("g");
  await first.kill("SIGTERM");
  await first.says(STOPPING);
  const late = rig.call("c0", "add", { n: 1 });
  rig.world.open("g");
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(await rig.judge()).toEqual([]);
  await rig.serve();
  expect((await Promise.all([...calls, late])).filter((answer) => answer.kind !== "result")).toEqual([]);
  expect(await rig.judge()).toEqual([]);
  expect((await rig.seen("c0"))?.changes).toHaveLength(26);
});

test("what does not finish within the grace time is refused or answered by the next process, and nothing of it is half stored", { timeout: 60_000 }, async () => {
  const first = await rig.serve({ graceMs: 300 });
  const calls = await inFlight("never");
  await first.kill("SIGTERM");
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(await rig.judge()).toEqual([]);
  rig.world.open("never");
  await rig.serve();
  const kinds = (await Promise.all(calls)).map((answer) => (answer.kind === "error" ? answer.error.type : answer.kind));
  expect(kinds.filter((kind) => kind !== "result" && kind !== "overloaded")).toEqual([]);
  expect(await rig.judge()).toEqual([]);
});

test("a process that is never left alone by its callers stops all the same", { timeout: 60_000 }, async () => {
  const first = await rig.serve({ graceMs: 300 });
  await rig.open("c1");
  const stopped = new AbortController();
  // Eight callers of one conversation, each with a new call as soon as it has an answer: its queue is never empty.
  const callers = Array.from({ length: 8 }, async () => {
    while (!stopped.signal.aborted) await rig.call("c1", "add", { n: 1 });
  });
  await rig.call("c1", "add", { n: 1 });
  await first.kill("SIGTERM");
  expect(await first.exited).toEqual({ code: 0, signal: null });
  stopped.abort();
  await rig.serve();
  await Promise.all(callers);
  expect(await rig.judge()).toEqual([]);
});

test("a second SIGTERM ends the process at once, and loses nothing that was acknowledged", { timeout: 60_000 }, async () => {
  const first = await rig.serve();
  const calls = await inFlight("g");
  await first.kill("SIGTERM");
  await first.says(STOPPING);
  await first.kill("SIGTERM");
  expect(await first.exited).toEqual({ code: 1, signal: null });
  rig.world.open("g");
  await rig.serve();
  expect((await Promise.all(calls)).filter((answer) => answer.kind !== "result")).toEqual([]);
  expect(await rig.judge()).toEqual([]);
});
