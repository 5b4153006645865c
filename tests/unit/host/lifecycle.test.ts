import { expect, test } from "vitest";

import { partsAt } from "../../../src/state/history.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { world } from "./bench.ts";
import { RARELY, start } from "./call-agent.ts";

test("a conversation is opened once, however often and at the same time it is announced", async () => {
  const { agent, bench } = await start();
  const opened = await Promise.all([bench.open(), bench.open(), bench.open()]);
  expect(opened.filter((each) => each.kind === "serving")).toHaveLength(3);
  expect(await bench.open()).toEqual({ kind: "serving", isNew: false });
  expect(agent.heard).toEqual(["started c1"]);
  expect(await bench.stored()).toEqual({ n: 0, log: ["started"] });
});

test("calls that overtake the end of open wait for onConversationStarted", async () => {
  const { bench } = await start();
  const opening = bench.open();
  const calls = [bench.result("add"), bench.result("add")];
  await opening;
  expect(await Promise.all(calls)).toEqual([{ n: 1 }, { n: 2 }]);
});

test("a hook that throws changes nothing, is reported, and stops nobody", async () => {
  const { agent, bench } = await start({ failing: "started" });
  expect(await bench.open()).toEqual({ kind: "serving", isNew: true });
  expect(await bench.stored()).toEqual({ n: 0, log: [] });
  expect(agent.errors).toEqual(["started fails|undefined"]);
  expect(await bench.result("add")).toEqual({ n: 1 });
});

test("a hook that hangs is given up after the time of a tool, and the conversation goes on", async () => {
  const { agent, bench } = await start({ hanging: "started" });
  const opening = bench.open();
  const call = bench.result("add");
  await bench.world.clock.advance("30s");
  expect(await opening).toMatchObject({ kind: "serving" });
  expect(await call).toEqual({ n: 1 });
  expect(agent.errors).toHaveLength(1);
  agent.gates.hook.open();
});

test("when the first commit fails, open fails and can be tried again", async () => {
  const { agent, bench } = await start();
  bench.world.faults.next("commit", "refused");
  await expect(bench.open()).rejects.toMatchObject({ code: "state_unavailable" });
  expect(await bench.open()).toEqual({ kind: "serving", isNew: true });
  expect(agent.heard).toEqual(["started c1", "started c1"]);
  expect(await bench.stored()).toEqual({ n: 0, log: ["started"] });
});

test("a conversation ends once, whoever says so and however often", async () => {
  const { agent, bench } = await start();
  await bench.open();
  await Promise.all([bench.host.close("c1", "bye"), bench.host.close("c1", "again")]);
  await bench.host.close("c1", "and again");
  expect(agent.heard).toEqual(["started c1", "ended bye c1"]);
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "bye", expiresAtMs: expect.any(Number) as number });
  expect(bench.host.conversations.size).toBe(0);
  expect(await bench.open()).toEqual({ kind: "ended", reason: "bye" });
});

test("calls that waited before the end run; one that comes behind it hears that it has ended", async () => {
  const { agent, bench } = await start();
  await bench.open();
  const hanging = bench.result("hang");
  const before = bench.result("add");
  const closing = bench.host.close("c1", "bye");
  await bench.world.clock.advance(1);
  const behind = [bench.result("add"), bench.result("add")];
  agent.gates.tool.open();
  expect([await hanging, await before]).toEqual([{ n: 1 }, { n: 2 }]);
  await closing;
  expect(await Promise.all(behind)).toEqual(["conversation_ended", "conversation_ended"]);
  expect(await bench.stored()).toEqual({ n: 2, log: ["started", "ended bye"] });
});

test("a redelivery after the end gets the kept answer, a new call is told that it has ended", async () => {
  const { bench } = await start();
  await bench.open();
  await bench.call("add", {}, { callId: "a" });
  await bench.host.close("c1", "bye");
  expect(await bench.call("add", {}, { callId: "a" })).toEqual({ kind: "result", json: '{"n":1}', repeated: true });
  expect(await bench.call("touch", {}, { callId: "a" })).toMatchObject({ code: "call_mismatch" });
  expect(await bench.result("add", {}, { callId: "b" })).toBe("conversation_ended");
});

test("open while it closes waits for the end; close while it opens ends it after it began", async () => {
  const { agent, bench } = await start();
  await bench.open();
  const closing = bench.host.close("c1", "bye");
  expect(await bench.open()).toEqual({ kind: "ended", reason: "bye" });
  await closing;
  const opening = bench.open("c2");
  await bench.host.close("c2", "quick");
  await opening;
  expect(agent.heard.slice(2)).toEqual(["started c2", "ended quick c2"]);
  expect(await bench.facts("c2")).toMatchObject({ status: "ended" });
});

test("an end that could not be stored is no end: it is said, and can be tried again", async () => {
  const { agent, bench } = await start();
  await bench.open();
  bench.world.faults.next("commit", "refused");
  await expect(bench.host.close("c1", "bye")).rejects.toMatchObject({ code: "state_unavailable" });
  expect(await bench.result("add")).toEqual({ n: 1 });
  await bench.host.close("c1", "bye");
  expect(await bench.facts()).toMatchObject({ status: "ended" });
  expect(agent.heard.filter((line) => line.startsWith("ended"))).toHaveLength(2);
});

test("a conversation whose onConversationEnded throws or hangs is ended all the same", async () => {
  for (const options of [{ failing: "ended" }, { hanging: "ended" }]) {
    const { agent, bench } = await start(options);
    await bench.open();
    const closing = bench.host.close("c1", "bye");
    await bench.world.clock.advance("31s");
    await closing;
    expect(await bench.facts()).toMatchObject({ status: "ended" });
    expect(await bench.stored()).toMatchObject({ log: ["started"] });
    expect(agent.errors).toHaveLength(1);
  }
});

test("an odd id is refused by promise, never by exception", async () => {
  const { bench } = await start();
  await expect(bench.open("a\nb")).rejects.toMatchObject({ code: "id_invalid" });
  await expect((async () => bench.host.close("", "bye"))()).rejects.toMatchObject({ code: "id_invalid" });
  let thrown: unknown;
  try {
    bench.host.close("\ud800", "bye").catch(() => {});
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeUndefined();
  await expect(bench.host.open("c9", { agentId: "nobody" })).rejects.toMatchObject({ code: "option_invalid" });
});

test("interleaved conversations never see each other's state or memory (D)", async () => {
  const { bench } = await start();
  const ids = Array.from({ length: 20 }, (_, index) => `c${index}`);
  await Promise.all(ids.map((id) => bench.open(id)));
  await Promise.all(ids.flatMap((conversationId, index) => Array.from({ length: index }, () => bench.call("add", {}, { conversationId }))));
  await Promise.all(ids.flatMap((conversationId, index) => Array.from({ length: index }, () => bench.call("touch", {}, { conversationId }))));
  for (const [index, id] of ids.entries()) {
    expect(await bench.stored(id)).toEqual({ n: index, log: ["started"] });
    expect(await bench.result("touch", {}, { conversationId: id })).toBe(index + 1);
  }
});

test("after a crash another process goes on with the state once the lease is over", async () => {
  const here = world();
  const one = await start({}, here);
  await one.bench.open();
  await one.bench.call("add");
  one.bench.host.abandon();
  const two = await start({}, here);
  expect(await two.bench.open()).toMatchObject({ kind: "held" });
  await here.clock.advance("11s");
  expect(await two.bench.open()).toEqual({ kind: "serving", isNew: false });
  expect(two.agent.heard).toEqual(["resumed c1"]);
  expect(await two.bench.result("add")).toEqual({ n: 2 });
});

test("a live process keeps its conversations: its lease is renewed", async () => {
  const here = world();
  const one = await start({}, here);
  await one.bench.open();
  const two = await start({}, here);
  await here.clock.advance("5m");
  expect(await two.bench.open()).toMatchObject({ kind: "held" });
  expect(await one.bench.result("add")).toEqual({ n: 1 });
});

test("a process that was overtaken commits nothing more and says nothing", async () => {
  const here = world();
  const one = await start({}, here);
  await one.bench.open();
  const gone: string[] = [];
  one.bench.host.onGone((id, why) => gone.push(`${id} ${why}`));
  const hanging = one.bench.call("hang");
  const waiting = one.bench.call("add");
  // As if the first process had stalled past its lease: somebody else took the conversation.
  const owner = conversationOwner("c1");
  const thief = { id: "thief", pid: 1, host: "h", startedAtMs: 0 };
  expect(await here.truth.acquire(owner, thief)).toMatchObject({ kind: "held" });
  await here.truth.retire((await here.truth.load(owner))!.process!);
  expect(await here.truth.acquire(owner, thief)).toMatchObject({ kind: "acquired" });
  one.agent.gates.tool.open();
  expect([await hanging, await waiting]).toEqual([{ kind: "gone" }, { kind: "gone" }]);
  expect(await one.bench.stored()).toEqual({ n: 0, log: ["started"] });
  expect(gone).toEqual(["c1 taken"]);
  expect(one.bench.host.conversations.size).toBe(0);
  expect(await one.bench.call("add")).toEqual({ kind: "gone" });
});

test("a process that stalled past its lease goes on where nobody took over", async () => {
  const here = world();
  const { bench } = await start({}, here);
  await bench.open();
  await here.truth.retire((await here.truth.load(conversationOwner("c1")))!.process!);
  expect(await bench.result("add")).toEqual({ n: 1 });
});

test("state that is gone from the store is lost, never empty", async () => {
  const { agent, bench } = await start();
  await bench.open();
  await bench.world.truth.forget(conversationOwner("c1"));
  expect(await bench.result("add")).toBe("state_lost");
  expect(agent.errors).toHaveLength(1);
  expect(await bench.result("add")).toBe("conversation_not_found");
});

test("drain: running calls finish, conversations are released at once, new ones are refused", async () => {
  const here = world();
  const one = await start({}, here);
  await one.bench.open();
  const running = [one.bench.result("hang"), one.bench.result("beside")];
  const draining = one.bench.host.drain(10_000);
  await expect(one.bench.open("c2")).rejects.toMatchObject({ code: "overloaded" });
  await here.clock.advance("1s");
  one.agent.gates.tool.open();
  expect(await Promise.all(running)).toEqual([{ n: 1 }, "done"]);
  await draining;
  expect(one.agent.heard).toEqual(["started c1"]);
  const two = await start({}, here);
  expect(await two.bench.open()).toEqual({ kind: "serving", isNew: false });
  expect(await two.bench.stored()).toMatchObject({ n: 2 });
});

test("drain waits for a parallel call that is all that runs", async () => {
  const { agent, bench } = await start();
  await bench.open();
  const running = bench.result("beside");
  const draining = bench.host.drain(10_000);
  await bench.world.clock.advance("1s");
  agent.gates.tool.open();
  expect(await running).toBe("done");
  await draining;
  expect(await bench.stored()).toMatchObject({ n: 1 });
});

test("when the first change after a take-over fails to be stored, going back in time still works", async () => {
  const here = world();
  const one = await start({}, here);
  await one.bench.open();
  await one.bench.host.drain(0);
  const two = await start({ failing: "resumed" }, here);
  await two.bench.open();
  here.faults.next("commit", "refused");
  expect(await two.bench.result("add")).toBe("state_unavailable");
  expect(await two.bench.result("add")).toEqual({ n: 1 });
  const owner = conversationOwner("c1");
  const entries = await here.truth.history(owner);
  expect(partsAt(owner, entries, entries.at(-1)!.version)).toEqual({ state: { n: 1, log: ["started"] } });
  // Also when everything before this process's own first snapshot has been trimmed.
  const own = (await two.bench.journal()).findIndex(({ name }) => name === "add");
  expect(partsAt(owner, entries.slice(own), entries.at(-1)!.version)).toEqual({ state: { n: 1, log: ["started"] } });
});

test("onError is in no conversation, also when another one's tool set it off", async () => {
  const { agent, bench } = await start();
  await bench.open("a");
  await bench.open("b");
  await bench.call("mail", { to: "b", n: 0.5 }, { conversationId: "a" });
  await bench.call("post_nonsense", { to: "b" }, { conversationId: "a" });
  await bench.world.clock.advance("1s");
  expect(agent.errors).toEqual([expect.stringMatching(/^state\.n .*\|undefined$/)]);
});

test.each([{ hanging: "none" }, { hanging: "started" }])("drain ends within its time although something hangs (%o)", async ({ hanging }) => {
  const { bench } = await start({ hanging });
  const opening = bench.open().catch(() => {});
  if (hanging === "none") await opening;
  const call = bench.result("hang");
  const draining = bench.host.drain(2_000);
  await bench.world.clock.advance("3s");
  await draining;
  if (hanging === "none") expect(await call).toBe("overloaded");
  expect(await bench.stored()).toEqual(hanging === "none" ? { n: 0, log: ["started"] } : undefined);
});

test("calls that keep coming do not hold a drain up", async () => {
  const { bench } = await start();
  await bench.open();
  let isDone = false;
  const draining = bench.host.drain(1_000).then(() => (isDone = true));
  for (let round = 0; round < 40; round++) {
    const call = bench.call("add");
    await bench.world.clock.advance(100);
    await call;
  }
  await draining;
  expect(isDone).toBe(true);
});

test("somebody who sets the clock ends no call, and none of another process either", async () => {
  const shared = world();
  // Their leases look over until they are renewed.
  const times = { leaseMs: 300_000, sweepEveryMs: 10_000 };
  const one = await start({}, shared, times);
  const two = await start({}, shared, times);
  await one.bench.open("mine");
  await two.bench.open("theirs");
  shared.clock.jump(3 * 3_600_000);
  await shared.clock.advance("3m");
  expect(await one.bench.facts("mine")).toMatchObject({ status: "live" });
  expect(await two.bench.facts("theirs")).toMatchObject({ status: "live" });
});

test("a conversation without a sign of life is ended as abandoned, with its hook, also when its process is gone", async () => {
  const here = world();
  const one = await start({}, here, RARELY);
  await one.bench.open("quiet");
  await one.bench.open("busy");
  await one.bench.open("orphan");
  for (let minute = 0; minute < 65; minute++) {
    await here.clock.advance("1m");
    await one.bench.call("add", {}, { conversationId: "busy" });
  }
  expect(await one.bench.facts("quiet")).toMatchObject({ status: "ended", endReason: "abandoned" });
  expect(await one.bench.facts("busy")).toMatchObject({ status: "live" });
  expect(one.agent.heard).toContain("ended abandoned quiet");
  one.bench.host.abandon();
  const two = await start({}, here, RARELY);
  await here.clock.advance("2h");
  expect(await two.bench.facts("busy")).toMatchObject({ status: "ended", endReason: "abandoned" });
  expect(two.agent.heard).toEqual(["ended abandoned busy"]);
});

test("an ended conversation's record is swept after its retention time, a live one's never", async () => {
  const { bench } = await start({}, world(), RARELY);
  await bench.open();
  await bench.host.close("c1", "bye");
  await bench.world.clock.advance("23h");
  expect(await bench.stored()).toBeDefined();
  await bench.world.clock.advance("2h");
  expect(await bench.stored()).toBeUndefined();
});

test("two processes that end the same orphan run its hook once, with what was said first", async () => {
  const here = world();
  const one = await start({}, here);
  await one.bench.open();
  await one.bench.host.drain(0);
  const [two, three] = [await start({}, here), await start({}, here)];
  const held = here.faults.hold("acquire");
  const first = two.bench.host.close("c1", "two");
  await held.reached;
  await three.bench.host.close("c1", "three");
  held.release();
  await first;
  expect([...two.agent.heard, ...three.agent.heard]).toEqual(["ended two c1"]);
});

/** A conversation that was claimed by a process that died in its start. */
async function neverStarted() {
  const here = world();
  const first = await start({}, here);
  const held = here.faults.hold("commit");
  void first.bench.open().catch(() => {});
  await held.reached;
  first.bench.host.abandon();
  const { agent, bench } = await start({}, here);
  await here.clock.advance("11s");
  return { here, agent, bench };
}

test("a message does not begin a conversation: it waits for the start, and is applied behind it", async () => {
  const { here, agent, bench } = await neverStarted();
  const writing = agent.updateState("c1", { n: 7 }).catch((thrown: unknown) => thrown);
  await here.clock.advance("20s");
  expect(await writing).toMatchObject({ code: "state_unavailable", fields: { outcome: "posted" } });
  const { epoch } = (await here.truth.load(conversationOwner("c1")))!;
  await here.clock.advance("5s");
  // Nobody takes it over again and again for a message that has to wait.
  expect((await here.truth.load(conversationOwner("c1")))!.epoch).toBe(epoch);
  expect(await bench.open()).toEqual({ kind: "serving", isNew: true });
  await here.clock.advance("1s");
  expect(agent.heard).toEqual(["started c1"]);
  expect((await bench.journal()).map(({ unit, name }) => `${unit} ${name}`)).toEqual(["hook onConversationStarted", "outside update"]);
  expect(await bench.stored()).toMatchObject({ n: 7, log: ["started"] });
});

test("one that never began is ended all the same, and its messages are refused", async () => {
  const { here, agent, bench } = await neverStarted();
  void agent.updateState("c1", { n: 7 }).catch(() => {});
  await here.clock.advance("1s");
  await bench.host.close("c1", "hangup");
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "hangup" });
  expect(await bench.stored()).toMatchObject({ n: 0 });
  expect((await bench.journal()).at(-1)).toMatchObject({ unit: "outside", code: "conversation_ended" });
  expect((await here.truth.load(conversationOwner("c1")))!.mail).toBe(0);
});
