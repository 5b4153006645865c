// Forks of an erased customer's conversations, also those that are older than the moment in which it was said whose they are. (P22)

import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, customerState, tool } from "../../../src/index.ts";
import { CustomerData } from "../../../src/host/customer-data.ts";
import { fork } from "../../../src/host/fork.ts";
import { sealText } from "../../../src/state/record.ts";
import { conversationOwner, type Change, type Owner } from "../../../src/state/store.ts";
import { openStore } from "../../../src/stores/open.ts";
import { interceptedStore } from "../../../src/testing/intercepted-store.ts";
import { temporaryFiles } from "../../stores/folder.ts";
import { HostBench, world } from "./bench.ts";

const file = temporaryFiles("forks");
const endings: string[] = [];

class Clinic extends ConversimpleAgent {
  static override readonly agentId = "clinic";
  readonly state = conversationState(z.object({ notes: z.array(z.string()).default([]) }));
  readonly patient = customerState(z.object({ visits: z.number().default(0) }));
  note = tool("Note", { text: z.string() }, ({ text }) => this.state.notes.push(text));
  identify = tool("Say who it is", { id: z.string() }, ({ id }) => this.patient.identify(id));
  mistake = tool("Identify, and fail", { id: z.string() }, async ({ id }) => {
    await this.patient.identify(id);
    throw new Error("a fuse blew");
  });
  override onConversationEnded(reason: string): void {
    endings.push(`${this.currentConversationId} ${reason}`);
  }
}

/** A call that nobody is known in yet, with something personal in its state. */
async function begun(options: Parameters<typeof HostBench.start>[1] = {}) {
  endings.length = 0;
  const bench = await HostBench.start(new Clinic(), options);
  onTestFinished(() => bench.host.drain(0));
  await bench.open();
  await bench.call("note", { text: "canary" });
  return bench;
}

const forkOf = (bench: HostBench, conversationId: string, newId: string, isNobodys = false, version = 1) =>
  fork({ store: bench.host.store, clock: bench.world.clock, agents: bench.host.definitions }, { conversationId, version, newId, source: "test", isNobodys });

const isErased = async (bench: HostBench, id: string) => (await bench.world.truth.load(conversationOwner(id)))?.facts.status === "forgotten";

test.each([["memory", false], ["sqlite", false], ["memory, where real people call", true]])("a fork that is older than the identification goes with the customer (%s)", async (kind, isNobodys) => {
  const here = world();
  const truth = kind === "sqlite" ? await openStore(`sqlite:${file()}`, { clock: here.clock }) : here.truth;
  if (kind === "sqlite") onTestFinished(() => truth.close());
  const bench = await begun({ world: { ...here, truth, store: truth } });
  await forkOf(bench, "c1", "copy", isNobodys);
  await bench.call("identify", { id: "kim" });
  await forkOf(bench, "c1", "later", isNobodys);
  await bench.open("other");
  expect(await bench.host.forget("kim")).toMatchObject({ conversations: 3, unreadable: 0 });
  expect(await Promise.all(["c1", "copy", "later", "other"].map((id) => isErased(bench, id)))).toEqual([true, true, true, false]);
});

test("the source's journal says where its state went, and a fork begins without its source's forks", async () => {
  const bench = await begun();
  await forkOf(bench, "c1", "copy");
  await bench.world.clock.advance("1s");
  await bench.call("note", { text: "more" });
  expect(await bench.journal()).toMatchObject([{}, {}, { unit: "outside", name: "forked", outcome: "ok", source: "test", reason: "as copy" }, { unit: "tool", name: "note" }]);
  await forkOf(bench, "c1", "second", false, 4);
  expect(await bench.stored("second", "state")).toEqual({ notes: ["canary", "more"] });
  expect(await bench.stored("second", "$forks")).toBeUndefined();
  expect(await bench.stored("c1", "$forks")).toEqual(["conversation:copy"]);
  expect(await bench.stored("c1", "state")).toEqual({ notes: ["canary", "more"] });
});

test("a fork of a fork goes too, also one of a fork that was over", async () => {
  const bench = await begun();
  await forkOf(bench, "c1", "child");
  await forkOf(bench, "child", "grandchild");
  await bench.open("grandchild");
  await bench.host.close("grandchild", "done");
  await forkOf(bench, "grandchild", "last");
  await bench.call("identify", { id: "kim" });
  expect(await bench.host.forget("kim")).toMatchObject({ conversations: 4 });
  for (const id of ["child", "grandchild", "last"]) expect(await isErased(bench, id)).toBe(true);
});

test("an owner that has not read its inbox yet keeps no fork from going", async () => {
  const bench = await begun();
  await bench.call("identify", { id: "kim" });
  bench.host.abandon();
  const { truth, clock } = bench.world;
  // As it would have been told a moment before it was identified.
  const before = interceptedStore(truth, async ({ method, owner }, run) => {
    const answer = await run();
    return method === "load" && owner === conversationOwner("c1") ? ({ ...(answer as object), facts: { ...(answer as { facts: object }).facts, customer: null } } as typeof answer) : answer;
  });
  await fork({ store: before, clock, agents: bench.host.definitions }, { conversationId: "c1", version: 1, newId: "copy", source: "test" });
  expect((await truth.inbox(conversationOwner("c1"))).length).toBe(1);
  await new CustomerData({ store: truth, clock, hash: bench.host.settings.hash }).forget("kim");
  expect(await isErased(bench, "copy")).toBe(true);
});

test.each([["before", "1s"], ["after", 0]])("a fork is remembered when its source was swept long ago (the source heard of it %s the identification)", async (_when, waits) => {
  const bench = await begun({ retentionMs: 1_000 });
  await forkOf(bench, "c1", "copy");
  await bench.world.clock.advance(waits);
  await bench.call("identify", { id: "kim" });
  await bench.host.close("c1", "done");
  await bench.world.clock.advance("10m");
  expect(await bench.world.truth.load(conversationOwner("c1"))).toBeUndefined();
  expect(await isErased(bench, "copy")).toBe(false);
  await bench.host.forget("kim");
  expect(await isErased(bench, "copy")).toBe(true);
});

test("a source that is identified while it is forked gives its customer, or its tombstone, to the fork", async () => {
  const bench = await begun();
  const { truth, clock } = bench.world;
  let meanwhile = async (): Promise<void> => void (await bench.call("identify", { id: "kim" }));
  const slow = interceptedStore(truth, async ({ method }, run) => {
    if (method === "post") await meanwhile();
    return run();
  });
  const forked = (newId: string) => fork({ store: slow, clock, agents: bench.host.definitions }, { conversationId: "c1", version: 1, newId, source: "test" });
  await forked("copy");
  expect((await bench.facts("copy")).customer).toBe((await bench.facts("c1")).customer);

  await bench.open("c2");
  meanwhile = async () => {
    await bench.call("identify", { id: "lee" }, { conversationId: "c2" });
    await bench.host.forget("lee");
  };
  await expect(fork({ store: slow, clock, agents: bench.host.definitions }, { conversationId: "c2", version: 1, newId: "none", source: "test" })).rejects.toMatchObject({ code: "customer_forgotten" });
  expect(await truth.load(conversationOwner("none"))).toBeUndefined();
});

test("a source that ends while it is forked is forked all the same, and its fork goes with its customer", async () => {
  const bench = await begun();
  const { truth, clock } = bench.world;
  const slow = interceptedStore(truth, async ({ method }, run) => {
    if (method === "post") {
      await bench.call("identify", { id: "kim" });
      await bench.host.close("c1", "done");
    }
    return run();
  });
  await fork({ store: slow, clock, agents: bench.host.definitions }, { conversationId: "c1", version: 1, newId: "copy", source: "test" });
  await bench.host.forget("kim");
  expect(await isErased(bench, "copy")).toBe(true);
});

test("what is told while the conversation ends is not refused", async () => {
  const here = world();
  const told = { id: "late", text: sealText({ kind: "fork", fork: "conversation:copy", source: "test" }) };
  const store = interceptedStore(here.truth, async ({ method, inputs }, run) => {
    const [owner, change] = inputs as readonly [Owner, Change];
    if (method === "commit" && change.facts?.status === "ended") await here.truth.post(owner, told);
    return run();
  });
  const bench = await begun({ world: { ...here, store } });
  await bench.call("identify", { id: "kim" });
  await bench.host.close("c1", "done");
  expect(await bench.stored("c1", "$forks")).toEqual(["conversation:copy"]);
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "done" });
});

test("an erasure that is cut off finds the forks the next time", async () => {
  const bench = await begun();
  await forkOf(bench, "c1", "copy");
  await bench.call("identify", { id: "kim" });
  let isKilled = true;
  const { truth, clock } = bench.world;
  const store = interceptedStore(truth, async ({ method, owner }, run) => {
    if (method === "forget" && owner === conversationOwner("copy") && isKilled) throw new Error("the process is killed");
    return run();
  });
  const data = new CustomerData({ store, clock, hash: bench.host.settings.hash });
  await expect(data.forget("kim")).rejects.toThrow("killed");
  isKilled = false;
  await data.forget("kim");
  expect(await isErased(bench, "copy")).toBe(true);
});

test("a live fork ends in the processes that serve it: in the one that erases at once, in others within a minute", async () => {
  const bench = await begun();
  await forkOf(bench, "c1", "here");
  await forkOf(bench, "c1", "there");
  const other = await HostBench.start(new Clinic(), { world: bench.world, secret: "a secret of both" });
  onTestFinished(() => other.host.drain(0));
  await bench.open("here");
  await other.open("there");
  await bench.call("identify", { id: "kim" });
  await bench.host.forget("kim");
  await bench.world.clock.advance("61s");
  expect(endings.toSorted()).toEqual(["c1 forgotten", "here forgotten", "there forgotten"]);
  expect(bench.errors).toEqual([]);
});

test("a conversation that has the id of a fork which is gone is nobody's fork", async () => {
  const bench = await begun();
  await forkOf(bench, "c1", "copy");
  await bench.call("note", { text: "more" });
  await bench.world.truth.forget(conversationOwner("copy"));
  await bench.open("copy");
  await bench.call("identify", { id: "kim" });
  await bench.host.forget("kim");
  expect(await isErased(bench, "copy")).toBe(false);
});

test("who was identified in a unit that failed has no claim on the forks of the conversation", async () => {
  const bench = await begun();
  await forkOf(bench, "c1", "copy");
  await bench.world.clock.advance("1s");
  expect(await bench.result("mistake", { id: "kim" })).toBe("tool_execution_error");
  await bench.call("identify", { id: "lee" });
  await bench.host.close("c1", "done");
  await bench.host.forget("kim");
  expect(await isErased(bench, "copy")).toBe(false);
  await bench.host.forget("lee");
  expect(await isErased(bench, "copy")).toBe(true);
});

test("an export has the forks, too", async () => {
  const bench = await begun();
  await forkOf(bench, "c1", "copy");
  await bench.call("identify", { id: "kim" });
  await forkOf(bench, "c1", "later");
  await forkOf(bench, "copy", "child");
  const { conversations } = await new CustomerData(bench.host.settings).export("kim");
  expect(conversations.map(({ id }) => id).toSorted()).toEqual(["c1", "child", "copy", "later"]);
});
