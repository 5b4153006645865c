// What the store counts as a process's, although nobody there serves it: an answer to a claim was lost.

import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent } from "../../../src/agent/agent.ts";
import { conversationState } from "../../../src/parts/conversation-state.ts";
import { tool } from "../../../src/agent/tool.ts";
import { HostBench, world } from "./bench.ts";

class PlainAgent extends ConversimpleAgent {
  static override readonly agentId = "plain";
  readonly state = conversationState(z.object({ ends: z.number().default(0) }));
  look = tool("Looks", () => this.state.ends);
  override onConversationEnded() {
    this.state.ends++;
  }
}

const benches: HostBench[] = [];
afterEach(() => {
  for (const { host } of benches.splice(0)) host.abandon();
});

test("a conversation whose claim was not answered, and that nobody opened again, is ended as abandoned", async () => {
  const here = world();
  benches.push(await HostBench.start(new PlainAgent(), { world: here, abandonedAfterMs: 120_000 }));
  here.faults.next("acquire", "unanswered");
  await expect(benches[0]!.open()).rejects.toMatchObject({ code: "state_unavailable" });
  await here.clock.advance("5m");
  expect(await benches[0]!.facts()).toMatchObject({ status: "ended", endReason: "abandoned" });
  expect(await benches[0]!.stored()).toEqual({ ends: 1 });
});

test("a conversation that was claimed, and could not be served because the store went away, is ended as abandoned", async () => {
  const here = world();
  const bench = await HostBench.start(new PlainAgent(), { world: here, abandonedAfterMs: 120_000 });
  benches.push(bench);
  here.faults.next("commit", "refused");
  here.faults.next("release", "refused");
  await expect(bench.open()).rejects.toMatchObject({ code: "state_unavailable" });
  await here.clock.advance("5m");
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "abandoned" });
});

test("a claim that arrives late, behind the one that is served, keeps nobody from going on, nor the conversation from its end", async () => {
  const here = world();
  const bench = await HostBench.start(new PlainAgent(), { world: here, abandonedAfterMs: 120_000 });
  benches.push(bench);
  here.faults.next("acquire", { late: "2s" });
  await expect(bench.open()).rejects.toMatchObject({ code: "state_unavailable" });
  expect(await bench.open()).toEqual({ kind: "serving", isNew: true });
  await here.clock.advance("3s");
  // Fenced by its own process.
  await bench.host.close("c1", "hangup");
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "hangup" });
  expect(await bench.stored()).toEqual({ ends: 1 });
});

test("what was claimed without an answer, and is opened again, stays with whoever opened it", async () => {
  const here = world();
  const bench = await HostBench.start(new PlainAgent(), { world: here, sweepEveryMs: 1_000 });
  benches.push(bench);
  here.faults.next("acquire", "unanswered");
  await expect(bench.open()).rejects.toMatchObject({ code: "state_unavailable" });
  await bench.open();
  await here.clock.advance("90s");
  expect(await bench.result("look")).toBe(0);
  expect((await here.truth.load("conversation:c1"))!.process).not.toBeNull();
});
