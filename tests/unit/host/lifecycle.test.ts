import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, ephemeral, tool } from "../../../src/index.ts";
import { sealText } from "../../../src/state/record.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { gate, HostBench, world, type World } from "./bench.ts";

class CallAgent extends ConversimpleAgent {
  static override readonly agentId: string = "call";
  readonly state = conversationState(z.object({ n: z.number().default(0), log: z.array(z.string()).default([]), note: z.string().optional() }));
  readonly scratch = ephemeral(() => ({ uses: 0 }));
  readonly heard: string[] = [];
  readonly errors: string[] = [];
  readonly gates = { hook: gate(), tool: gate() };
  failing: string | undefined;
  runs = 0;

  override async onConversationStarted() {
    await this.#hook("started");
  }
  override async onConversationResumed() {
    await this.#hook("resumed");
  }
  override async onConversationEnded(reason: string) {
    await this.#hook(`ended ${reason}`);
  }
  override async onSignal(name: string, payload: unknown) {
    await this.#hook(`signal ${name} ${JSON.stringify(payload)}`);
  }
  override onError(error: unknown) {
    this.errors.push(`${(error as Error).message}|${String(this.currentConversationId)}`);
  }
  async #hook(what: string) {
    this.heard.push(`${what} ${this.currentConversationId!}`);
    this.state.log.push(what);
    if (this.options.failing === what.split(" ")[0]) throw new Error(`${what} fails`);
    if (this.options.hanging === what.split(" ")[0]) await this.gates.hook.opened;
  }
  readonly options: { failing?: string; hanging?: string; onDone?: () => void };

  constructor(options: { failing?: string; hanging?: string } = {}) {
    super();
    this.options = options;
  }

  add = tool("Add", () => ({ n: ++this.state.n }));
  hang = tool("Hang", {}, { timeoutMs: 5_000 }, async () => {
    await this.gates.tool.opened;
    return { n: ++this.state.n };
  });
  beside = tool("Beside", {}, { parallel: true, timeoutMs: 5_000 }, async () => {
    await this.gates.tool.opened;
    await this.update(() => void this.state.n++);
    return "done";
  });
  touch = tool("Touch", () => ++this.scratch.value.uses);
  mail = tool("Mail", { to: z.string(), n: z.number() }, async ({ to, n }) => {
    await this.updateState(to, { n });
    return "posted";
  });
  peek = tool("Peek", { at: z.string() }, async ({ at }) => (await this.getState(at)) ?? null);
}

const start = async (options: { failing?: string; hanging?: string } = {}, here: World = world()) => {
  const agent = new CallAgent(options);
  return { agent, bench: await HostBench.start(agent, { world: here }) };
};

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
  const { identity } = (one.bench.host as unknown as { "~": never; conversations: unknown }) as { identity?: never };
  expect(identity).toBeUndefined();
  const hanging = one.bench.call("hang");
  const waiting = one.bench.call("add");
  // As if the first process had stalled past its lease: somebody else took the conversation.
  await here.truth.acquire(conversationOwner("c1"), { id: "thief", pid: 1, host: "h", startedAtMs: 0 }).then(async (first) => {
    expect(first.kind).toBe("held");
    await here.truth.retire((await here.truth.load(conversationOwner("c1")))!.process!);
    return here.truth.acquire(conversationOwner("c1"), { id: "thief", pid: 1, host: "h", startedAtMs: 0 });
  });
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

test("a conversation without a sign of life is ended as abandoned, with its hook, also when its process is gone", async () => {
  const here = world();
  const one = await start({}, here);
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
  const two = await start({}, here);
  await here.clock.advance("2h");
  expect(await two.bench.facts("busy")).toMatchObject({ status: "ended", endReason: "abandoned" });
  expect(two.agent.heard).toEqual(["ended abandoned busy"]);
});

test("an ended conversation's record is swept after its retention time, a live one's never", async () => {
  const { bench } = await start();
  await bench.open();
  await bench.host.close("c1", "bye");
  await bench.world.clock.advance("23h");
  expect(await bench.stored()).toBeDefined();
  await bench.world.clock.advance("2h");
  expect(await bench.stored()).toBeUndefined();
});

test("two processes that end the same orphan run its hook once", async () => {
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
  expect([...two.agent.heard, ...three.agent.heard]).toEqual(["ended three c1"]);
});

const update = (n: unknown) => sealText({ kind: "update", changes: { n }, source: "test" });
const post = (here: World, text: string, id = `m${Math.random()}`) => here.truth.post(conversationOwner("c1"), { id, text });

test("updateState of another conversation is applied by its owner, here or elsewhere, and by the writer when nobody has it", async () => {
  const here = world();
  const one = await start({}, here);
  const two = await start({}, here);
  await one.bench.open("a");
  await one.bench.open("b");
  await two.bench.open("c");
  expect(await one.bench.result("mail", { to: "b", n: 5 }, { conversationId: "a" })).toBe("posted");
  expect(await one.bench.result("mail", { to: "c", n: 6 }, { conversationId: "a" })).toBe("posted");
  await here.clock.advance("1s");
  expect(await one.bench.stored("b")).toMatchObject({ n: 5 });
  expect(await one.bench.stored("c")).toMatchObject({ n: 6 });
  expect((await two.bench.journal("c")).at(-1)).toMatchObject({ unit: "outside", source: expect.stringContaining("call") as string, outcome: "ok" });
  // Outside of a unit the promise means: applied.
  await here.clock.until(one.agent.updateState("b", { n: 7 }));
  expect(await one.bench.stored("b")).toMatchObject({ n: 7 });
  await here.clock.until(one.agent.updateState("c", { n: 8 }));
  expect(await one.bench.stored("c")).toMatchObject({ n: 8 });
  await two.bench.host.drain(0);
  await here.clock.until(one.agent.updateState("c", { n: 9 }));
  expect(await one.bench.stored("c")).toMatchObject({ n: 9 });
  expect(one.agent.heard).not.toContain("resumed c");
  expect(await one.bench.result("peek", { at: "c" }, { conversationId: "a" })).toMatchObject({ n: 9 });
});

test("an update that is refused says why, changes nothing, and is journalled", async () => {
  const { agent, bench } = await start();
  await bench.open();
  await expect(bench.world.clock.until(agent.updateState("c1", { n: "x" as unknown as number }))).rejects.toMatchObject({ code: "state_invalid" });
  await expect(bench.world.clock.until(agent.updateState("c1", { unknown: 1 } as never))).rejects.toMatchObject({ code: "state_invalid" });
  await expect(agent.updateState("c1", JSON.parse('{"__proto__":{"n":1}}') as never)).rejects.toMatchObject({ code: "state_invalid" });
  await expect(agent.updateState("nobody", { n: 1 })).rejects.toMatchObject({ code: "conversation_not_found" });
  await bench.host.close("c1", "bye");
  await expect(agent.updateState("c1", { n: 1 })).rejects.toMatchObject({ code: "conversation_ended" });
  expect(await bench.stored()).toMatchObject({ n: 0 });
  expect((await bench.journal()).filter(({ unit, outcome }) => unit === "outside" && outcome === "failed")).toHaveLength(2);
});

test("another agent's conversation is neither read nor written", async () => {
  class OtherAgent extends CallAgent {
    static override readonly agentId = "other";
  }
  const other = new OtherAgent();
  const bench = await HostBench.start([new CallAgent(), other]);
  await bench.open();
  expect(await other.getState("c1")).toBeUndefined();
  await expect(other.updateState("c1", { n: 66 })).rejects.toMatchObject({ code: "conversation_not_found" });
  await bench.world.clock.advance("1s");
  expect(await bench.stored()).toMatchObject({ n: 0 });
});

test("mail is read in order before the next unit, each message once", async () => {
  const { bench } = await start();
  await bench.open();
  await post(bench.world, update(10), "m1");
  await post(bench.world, update(20), "m2");
  await post(bench.world, sealText({ kind: "signal", name: "ping", payload: { at: new Date(1) }, source: "test" }), "m3");
  await bench.world.clock.advance(260);
  expect(await bench.stored()).toMatchObject({ n: 20, log: ["started", 'signal ping {"at":"1970-01-01T00:00:00.001Z"}'] });
  expect(await bench.result("add")).toEqual({ n: 21 });
  await bench.world.clock.advance("2s");
  expect(await bench.stored()).toMatchObject({ n: 21 });
  expect(await bench.world.truth.inbox(conversationOwner("c1"))).toEqual([]);
});

test.each([
  ["damaged", "00000000{}"],
  ["not even a text of ours", "garbage"],
  ["an update without changes", sealText({ kind: "update", source: "test" })],
  ["something that is no message", sealText(null)],
  ["of an unknown kind", sealText({ kind: "launch", source: "test" })],
])("a message that is %s is dropped, reported, and stops nobody", async (_, text) => {
  const { agent, bench } = await start();
  await bench.open();
  await post(bench.world, text);
  await bench.world.clock.advance("1s");
  expect(agent.errors).toHaveLength(1);
  expect(await bench.world.truth.inbox(conversationOwner("c1"))).toEqual([]);
  expect(await bench.result("add")).toEqual({ n: 1 });
});

test("a signal whose hook throws is consumed and reported", async () => {
  const { agent, bench } = await start({ failing: "signal" });
  await bench.open();
  await post(bench.world, sealText({ kind: "signal", name: "ping", payload: 1, source: "test" }));
  await bench.world.clock.advance("1s");
  expect(agent.errors).toEqual(["signal ping 1 fails|undefined"]);
  expect(await bench.stored()).toMatchObject({ log: ["started"] });
  expect(await bench.world.truth.inbox(conversationOwner("c1"))).toEqual([]);
});

test("mail that waits for a conversation that is opened at the same moment does not fence it", async () => {
  const here = world();
  const one = await start({}, here);
  await one.bench.open();
  one.bench.host.abandon();
  await post(here, update(5));
  await here.clock.advance("11s");
  const two = await start({}, here);
  const held = here.faults.hold("load");
  // The poll for mail of orphans is under way when the platform announces the conversation.
  const polling = here.clock.advance(260);
  await held.reached;
  const opening = two.bench.open();
  held.release();
  expect(await opening).toMatchObject({ kind: "serving" });
  await polling;
  await here.clock.advance("1s");
  expect(await two.bench.result("add")).toEqual({ n: 6 });
});
