// What is over ends once, with the reason that the platform gave, whoever has it and whoever dies.       (P12, P13, P16)

import { expect, test } from "vitest";

import { sealText } from "../../../src/state/record.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { HostBench, world } from "./bench.ts";
import { CallAgent, RARELY, start } from "./call-agent.ts";

const OWNER = conversationOwner("c1");
const endings = (...agents: readonly { readonly heard: readonly string[] }[]) => agents.flatMap(({ heard }) => heard.filter((line) => line.startsWith("ended")));
const signal = (name: string) => ({ id: name, text: sealText({ kind: "signal", name, payload: 1, source: "test" }) });

/** A conversation whose owner was killed just now, and a process that goes on. */
async function orphaned() {
  const here = world();
  const dead = await start({}, here);
  await dead.bench.open();
  await dead.bench.result("add");
  const other = await start({}, here);
  expect(await other.bench.open()).toMatchObject({ kind: "held" });
  dead.bench.host.abandon();
  return { here, dead, other };
}

test("an end that is reported while a dead owner's lease still runs ends the conversation when the lease is over, with its reason", async () => {
  const { here, dead, other } = await orphaned();
  await other.bench.host.close("c1", "caller_hung_up");
  expect(await other.bench.facts()).toMatchObject({ status: "live" });
  await here.clock.advance("11s");
  expect(await other.bench.facts()).toMatchObject({ status: "ended", endReason: "caller_hung_up", expiresAtMs: expect.any(Number) as number });
  expect(endings(dead.agent, other.agent)).toEqual(["ended caller_hung_up c1"]);
  expect(await other.bench.stored()).toMatchObject({ n: 1, log: ["started", "ended caller_hung_up"] });
  const loaded = (await here.truth.load(OWNER))!;
  expect(loaded).toMatchObject({ process: null, mail: 0 });
  expect((await other.bench.journal()).at(-1)).toMatchObject({ unit: "hook", name: "onConversationEnded", outcome: "ok", source: "platform" });
  expect(other.bench.host.conversations.size).toBe(0);
  expect(other.bench.lines.join()).not.toContain("inbox could not be read");
});

test("an end outlives the process that heard it", async () => {
  const { here, other } = await orphaned();
  await other.bench.host.close("c1", "bye");
  other.bench.host.abandon();
  const late = await start({}, here);
  await here.clock.advance("11s");
  expect(await late.bench.facts()).toMatchObject({ status: "ended", endReason: "bye" });
  expect(endings(late.agent)).toEqual(["ended bye c1"]);
});

test("an end that every process hears is applied once", async () => {
  const { here, other } = await orphaned();
  const others = [other, await start({}, here), await start({}, here)];
  await Promise.all(others.map(({ bench }) => bench.host.close("c1", "bye")));
  await here.clock.advance("11s");
  await Promise.all(others.map(({ bench }) => bench.host.close("c1", "again")));
  await here.clock.advance("11s");
  expect(await other.bench.facts()).toMatchObject({ status: "ended", endReason: "bye" });
  expect(endings(...others.map(({ agent }) => agent))).toEqual(["ended bye c1"]);
  expect((await other.bench.journal()).filter(({ outcome }) => outcome !== "ok")).toEqual([]);
});

test("an owner that did not hear of the end itself learns it from its inbox; its caller hears that it has ended", async () => {
  const here = world();
  const owner = await start({}, here);
  const other = await start({}, here);
  await owner.bench.open();
  const gone: string[] = [];
  owner.bench.host.onGone((id, why) => gone.push(`${id} ${why}`));
  await other.bench.host.close("c1", "bye");
  expect(await owner.bench.facts()).toMatchObject({ status: "live" });
  await here.clock.advance(300);
  expect(await owner.bench.facts()).toMatchObject({ status: "ended", endReason: "bye" });
  expect(endings(owner.agent, other.agent)).toEqual(["ended bye c1"]);
  expect(gone).toEqual(["c1 ended"]);
  expect(owner.bench.host.conversations.size).toBe(0);
  expect(await owner.bench.result("add")).toBe("conversation_ended");
  // Nor does the platform's word, that comes late, end it again.
  await owner.bench.host.close("c1", "late");
  expect(endings(owner.agent)).toHaveLength(1);
});

test("where everybody hears of the end, the one that has it ends it, and nothing is left of what the others said", async () => {
  const here = world();
  const fleet = [await start({}, here), await start({}, here), await start({}, here)];
  await fleet[0]!.bench.open();
  await Promise.all(fleet.toReversed().map(({ bench }) => bench.host.close("c1", "bye")));
  await here.clock.advance("2s");
  expect(endings(...fleet.map(({ agent }) => agent))).toEqual(["ended bye c1"]);
  expect((await fleet[0]!.bench.journal()).map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(["onConversationStarted ok", "onConversationEnded ok"]);
  expect((await here.truth.load(OWNER))!.mail).toBe(0);
});

test("what was posted before the end is applied before it, what came behind it is refused", async () => {
  const { here, other } = await orphaned();
  await here.truth.post(OWNER, signal("before"));
  await other.bench.host.close("c1", "bye");
  await here.truth.post(OWNER, signal("behind"));
  await here.clock.advance("11s");
  expect(await other.bench.stored()).toMatchObject({ log: ["started", "signal before 1", "ended bye"] });
  expect((await other.bench.journal()).at(-1)).toMatchObject({ message: "behind", outcome: "failed", code: "conversation_ended" });
  expect((await here.truth.load(OWNER))!.mail).toBe(0);
});

test("a call that is on its way while the end arrives in the inbox hears that the conversation has ended", async () => {
  const here = world();
  const owner = await start({}, here);
  const other = await start({}, here);
  await owner.bench.open();
  const running = owner.bench.result("hang");
  const behind = owner.bench.result("add");
  await other.bench.host.close("c1", "bye");
  await here.clock.advance(300);
  owner.agent.gates.tool.open();
  expect([await running, await behind]).toEqual([{ n: 1 }, "conversation_ended"]);
  expect(owner.agent.runs.all).toBe(1);
  expect(await owner.bench.stored()).toMatchObject({ n: 1, log: ["started", "ended bye"] });
});

test("an end that the store did not take is tried again until it is stored", async () => {
  const { here, other } = await orphaned();
  here.faults.down();
  await expect(here.clock.until(other.bench.host.close("c1", "bye"))).rejects.toMatchObject({ code: "state_unavailable" });
  await here.clock.advance("30s");
  here.faults.up();
  await here.clock.advance("11s");
  expect(await other.bench.facts()).toMatchObject({ status: "ended", endReason: "bye" });
  expect(endings(other.agent)).toEqual(["ended bye c1"]);
});

test("a process that leaves stores what the store did not take before", async () => {
  const { here, other } = await orphaned();
  here.faults.next("post", "refused");
  await expect(other.bench.host.close("c1", "bye")).rejects.toMatchObject({ code: "state_unavailable" });
  await here.clock.until(other.bench.host.drain(1_000));
  expect((await here.truth.load(OWNER))!.mail).toBe(1);
});

test("the owner's end that the store did not take is tried again, too", async () => {
  const { agent, bench } = await start();
  await bench.open();
  bench.world.faults.next("commit", "refused");
  await expect(bench.host.close("c1", "bye")).rejects.toMatchObject({ code: "state_unavailable" });
  // What was said first counts.
  bench.world.faults.next("commit", "refused");
  await expect(bench.host.close("c1", "abandoned")).rejects.toMatchObject({ code: "state_unavailable" });
  await bench.world.clock.advance("10s");
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "bye" });
  expect(await bench.stored()).toMatchObject({ log: ["started", "ended bye"] });
  expect(agent.errors).toEqual([]);
});

test("a conversation that cannot be read any more is ended with the platform's reason when its owner is dead, and its record stays as it is", async () => {
  const { here, other } = await orphaned();
  const before = (await here.truth.load(OWNER))!;
  await here.truth.commit(OWNER, { writeId: "damage", expectedVersion: before.version, epoch: before.epoch, record: "damaged" });
  await other.bench.host.close("c1", "bye");
  await here.clock.advance("11s");
  expect(await here.truth.load(OWNER)).toMatchObject({ record: "damaged", mail: 0, facts: { status: "ended", endReason: "bye" } });
  expect(endings(other.agent)).toEqual([]);
});

test("an end of a conversation that nobody knows, or that is over, does nothing", async () => {
  const { bench } = await start();
  await bench.host.close("nobody", "bye");
  await bench.open();
  await bench.host.close("c1", "bye");
  await bench.host.close("c1", "again");
  expect(await bench.facts()).toMatchObject({ endReason: "bye" });
  expect(await bench.world.truth.load(conversationOwner("nobody"))).toBeUndefined();
});

test("a conversation that was served again after it was found abandoned is not ended", async () => {
  const here = world();
  const dead = await start({}, here, RARELY);
  await dead.bench.open();
  dead.bench.host.abandon();
  await here.clock.advance("59m");
  const other = await start({}, here, { ...RARELY, sweepEveryMs: 60_000 });
  const third = await start({}, here, RARELY);
  const held = here.faults.hold("load");
  const sweeping = here.clock.advance("2m");
  await held.reached;
  expect(await third.bench.open()).toMatchObject({ kind: "serving" });
  expect(await third.bench.result("add")).toEqual({ n: 1 });
  await third.bench.host.drain(0);
  held.release();
  await sweeping;
  expect(await other.bench.facts()).toMatchObject({ status: "live" });
  await here.clock.advance("61m");
  expect(await other.bench.facts()).toMatchObject({ status: "ended", endReason: "abandoned" });
});

test("an end that is reported while a process finds out that a conversation is not abandoned is not taken for that", async () => {
  const here = world();
  const dead = await start({}, here, RARELY);
  await dead.bench.open();
  dead.bench.host.abandon();
  await here.clock.advance("59m");
  const other = await start({}, here, { ...RARELY, sweepEveryMs: 60_000 });
  const third = await start({}, here, { ...RARELY, mailEveryMs: 250 });
  const held = here.faults.hold("load");
  const sweeping = here.clock.advance("2m");
  await held.reached;
  expect(await third.bench.open()).toMatchObject({ kind: "serving" });
  expect(await third.bench.result("add")).toEqual({ n: 1 });
  const ending = other.bench.host.close("c1", "bye");
  held.release();
  await sweeping;
  await ending;
  await here.clock.advance("1s");
  expect(await third.bench.facts()).toMatchObject({ status: "ended", endReason: "bye" });
  expect(endings(other.agent, third.agent)).toEqual(["ended bye c1"]);
});

test("two that take an orphan over at the same time in one process do not fence each other", async () => {
  const { here, other } = await orphaned();
  await here.clock.advance("11s");
  await here.truth.post(OWNER, signal("ping"));
  await Promise.all([other.bench.host.borrow("c1"), other.bench.host.borrow("c1")]);
  expect(other.agent.heard).toEqual(["signal ping 1 c1"]);
});

test("a conversation of an agent that no process has any more is ended a day later than others, without its hook", async () => {
  class OtherAgent extends CallAgent {
    static override readonly agentId = "other";
  }
  const here = world();
  const gone = await start({}, here, RARELY);
  await gone.bench.open();
  await gone.bench.result("add");
  gone.bench.host.abandon();
  const agent = new OtherAgent();
  const other = await HostBench.start(agent, { world: here, ...RARELY, sweepEveryMs: 600_000 });
  // One that has the agent might come back, and would run its hook.
  await here.clock.advance("20h");
  expect(await other.facts()).toMatchObject({ status: "live" });
  await here.clock.advance("6h");
  expect(await other.facts()).toMatchObject({ status: "ended", endReason: "abandoned", expiresAtMs: expect.any(Number) as number });
  expect(await other.stored()).toMatchObject({ n: 1 });
  expect(agent.heard).toEqual([]);
  expect((await here.truth.load(OWNER))!.process).toBeNull();
  await here.clock.advance("25h");
  expect(await here.truth.load(OWNER)).toBeUndefined();
});
