// What a commit's answer proves, and what it does not.                                                   (P4, P5)

import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent } from "../../../src/agent/agent.ts";
import { tool } from "../../../src/agent/tool.ts";
import { ConversimpleError } from "../../../src/base/errors.ts";
import { conversationState } from "../../../src/parts/conversation-state.ts";
import { interceptedStore, type Around } from "../../../src/testing/intercepted-store.ts";
import { HostBench, world, type World } from "./bench.ts";

const benches: HostBench[] = [];
afterEach(() => {
  for (const { host } of benches.splice(0)) host.abandon();
});

class CounterAgent extends ConversimpleAgent {
  static override readonly agentId = "counter";
  readonly state = conversationState(z.object({ count: z.number().default(0) }));
  add = tool("Adds", () => ++this.state.count);
}

/** A host whose store's commits go through the steps, one each. */
async function through(here: World, ...steps: ((run: () => Promise<unknown>) => Promise<unknown>)[]): Promise<HostBench> {
  const around: Around = <T>(request: { readonly method: string }, run: () => Promise<T>) => {
    const step = request.method === "commit" ? steps.shift() : undefined;
    return step ? (step(run) as Promise<T>) : run();
  };
  const bench = await HostBench.start(new CounterAgent(), { world: { ...here, store: interceptedStore(here.store, around) } });
  benches.push(bench);
  return bench;
}

const plain = (run: () => Promise<unknown>) => run();
const misconfigured = () => Promise.reject(new ConversimpleError("store_misconfigured", "The file cannot be opened just now."));
const undescribed = async (run: () => Promise<unknown>) => {
  await run();
  throw new TypeError("the driver's own");
};

test("a repetition that fails in another way says nothing about the attempt before it", async () => {
  const here = world();
  const bench = await through(here, plain, plain, misconfigured, plain);
  await bench.open();
  here.faults.next("commit", "unanswered");
  expect(await here.clock.until(bench.result("add"))).toBe(1);
  expect(await bench.result("add")).toBe(2);
});

test("an error that a store does not describe is no proof that nothing was written", async () => {
  const here = world();
  const bench = await through(here, plain, undescribed);
  await bench.open();
  expect(await here.clock.until(bench.result("add"))).toBe(1);
  expect(await bench.stored()).toEqual({ count: 1 });
});

test("unresolved for too long is state_unavailable, whatever the last repetition failed with", async () => {
  const here = world();
  const bench = await through(here, plain, undescribed, ...Array.from({ length: 40 }, () => misconfigured));
  await bench.open();
  expect(await here.clock.until(bench.result("add", {}, { callId: "c" }))).toBe("state_unavailable");
});

test("a redelivery at the very moment of the end gets its kept answer", async () => {
  const here = world();
  const bench = await through(here);
  await bench.open();
  expect(await bench.result("add", {}, { callId: "kept" })).toBe(1);
  const release = here.faults.hold("release");
  const closed = bench.host.close("c1", "bye");
  await release.reached;
  expect(await bench.result("add", {}, { callId: "kept" })).toBe(1);
  expect(await bench.result("add", {}, { callId: "new" })).toBe("conversation_ended");
  release.release();
  await closed;
});

test("a kept answer that was damaged in the store is an error, never a wrong answer", async () => {
  const here = world();
  const around: Around = async (request, run) => {
    const answer = await run();
    return request.method === "answer" && typeof answer === "string" ? (`${answer.slice(0, -1)}2` as typeof answer) : answer;
  };
  const bench = await HostBench.start(new CounterAgent(), { world: { ...here, store: interceptedStore(here.store, around) } });
  benches.push(bench);
  await bench.open();
  expect(await bench.result("add", {}, { callId: "k1" })).toBe(1);
  expect(await bench.result("add", {}, { callId: "k1" })).toBe("state_quarantined");
});
