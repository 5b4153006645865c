import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, tool } from "../../../src/index.ts";
import { sealText } from "../../../src/state/record.ts";
import { conversationOwner, type Store } from "../../../src/state/store.ts";
import { HostBench, world, type World } from "./bench.ts";

const OWNER = conversationOwner("c1");

class Counter extends ConversimpleAgent {
  static override readonly agentId = "app";
  readonly state = conversationState(z.object({ count: z.number().default(0) }));
  add = tool("Add", () => ++this.state.count);
}
class Listening extends Counter {
  readonly said: (word: string) => void;
  constructor(said: (word: string) => void) {
    super();
    this.said = said;
  }
  override onConversationStarted() {
    this.said("started");
  }
  override onConversationResumed() {
    this.said("resumed");
  }
  override onConversationEnded() {
    this.said("ended");
  }
}
class Newer extends ConversimpleAgent {
  static override readonly agentId = "app";
  readonly state = conversationState(z.object({ count: z.number().default(0) }), { version: 2, upgrade: { 1: (old) => old } });
  add = tool("Add", () => ++this.state.count);
}

const REPAIRER = { id: "repairer", pid: 1, host: "elsewhere", startedAtMs: 0 };

/** Writes a record as somebody who owns the conversation for the moment. */
async function rewrite(store: Store, change: (record: string) => string): Promise<void> {
  await store.renew(REPAIRER, 10_000);
  const acquired = await store.acquire(OWNER, REPAIRER);
  if (acquired.kind !== "acquired") throw new Error("It is held.");
  const { version, epoch, record } = acquired.loaded;
  await store.commit(OWNER, { writeId: `rewrite-${version}`, expectedVersion: version, epoch, record: change(record!) });
  await store.retire(REPAIRER.id);
}

/** A conversation that counted to 2 and whose record is damaged since, and how to repair it. */
async function damaged(): Promise<{ here: World; repair: () => Promise<void>; words: string[] }> {
  const here = world();
  const bench = await HostBench.start(new Counter(), { world: here });
  await bench.open();
  await bench.call("add");
  await bench.call("add");
  await bench.host.drain(0);
  let good = "";
  await rewrite(here.truth, (record) => {
    good = record;
    return record.replace(":2}", ":3}");
  });
  return { here, repair: () => rewrite(here.truth, () => good), words: [] };
}

test("a call after the repair is served, and the conversation is resumed once", async () => {
  const { here, repair, words } = await damaged();
  const bench = await HostBench.start(new Listening((word) => words.push(word)), { world: here });
  expect(await bench.open()).toEqual({ kind: "serving", isNew: false });
  expect(await bench.result("add")).toBe("state_quarantined");
  await repair();
  expect(await Promise.all([bench.result("add"), bench.result("add")])).toEqual([3, 4]);
  expect(words).toEqual(["resumed"]);
  expect(await bench.stored()).toEqual({ count: 4 });
  await bench.host.drain(0);
});

test("a process that cannot use a conversation does not own it, so who repairs it may", async () => {
  const { here } = await damaged();
  const bench = await HostBench.start(new Counter(), { world: here });
  await bench.open();
  expect((await here.truth.load(OWNER))!.process).toBeNull();
  await bench.host.drain(0);
});

test("as long as nothing was repaired, a call changes nothing in the store", async () => {
  const { here } = await damaged();
  const bench = await HostBench.start(new Counter(), { world: here });
  await bench.open();
  const before = await here.truth.load(OWNER);
  for (let n = 0; n < 3; n++) expect(await bench.result("add")).toBe("state_quarantined");
  await bench.open();
  expect(await here.truth.load(OWNER)).toEqual(before);
  expect(bench.errors).toHaveLength(1);
  await bench.host.drain(0);
});

test("a conversation that is gone from the store altogether never looks like an empty one", async () => {
  const { here, words } = await damaged();
  const bench = await HostBench.start(new Listening((word) => words.push(word)), { world: here });
  await bench.open();
  await here.truth.forget(OWNER);
  expect(await bench.result("add")).toBe("state_quarantined");
  expect(await here.truth.load(OWNER)).toBeUndefined();
  expect(words).toEqual([]);
  await bench.host.drain(0);
});

test("a conversation that was dropped begins anew with the next call", async () => {
  const { here, words } = await damaged();
  const bench = await HostBench.start(new Listening((word) => words.push(word)), { world: here });
  await bench.open();
  await here.truth.forget(OWNER);
  await here.truth.acquire(OWNER, REPAIRER, { agentId: "app" });
  await here.truth.retire(REPAIRER.id);
  expect(await bench.result("add")).toBe(1);
  expect(words).toEqual(["started"]);
  await bench.host.drain(0);
});

test("a newer release takes what an older one cannot read, and the older one lets it go", async () => {
  const here = world();
  const newer = await HostBench.start(new Newer(), { world: here });
  await newer.open();
  await newer.call("add");
  await newer.host.drain(0);
  const older = await HostBench.start(new Counter(), { world: here });
  const gone: string[] = [];
  older.host.onGone((id, why) => void gone.push(`${id} ${why}`));
  await older.open();
  expect(await older.result("add")).toBe("state_quarantined");
  const second = await HostBench.start(new Newer(), { world: here });
  expect(await second.open()).toEqual({ kind: "serving", isNew: false });
  expect(await second.result("add")).toBe(2);
  expect(await older.result("add")).toBe("gone");
  expect(gone).toEqual(["c1 taken"]);
  expect(await second.result("add")).toBe(3);
  await Promise.all([older.host.drain(0), second.host.drain(0)]);
});

test("mail that waited is applied after the repair, without a call, and keeps nobody busy before", async () => {
  const { here, repair } = await damaged();
  const bench = await HostBench.start(new Counter(), { world: here });
  const other = await HostBench.start(new Counter(), { world: here });
  await bench.open();
  const { store } = bench.host;
  await store.post(OWNER, { id: "m1", text: sealText({ kind: "update", changes: { count: 10 }, source: "test" }) });
  const before = await here.truth.load(OWNER);
  await here.clock.advance("5s");
  expect(await here.truth.load(OWNER)).toEqual(before);
  await repair();
  await here.clock.advance("1s");
  expect(await bench.stored()).toEqual({ count: 10 });
  expect(await here.truth.inbox(OWNER)).toEqual([]);
  await Promise.all([bench.host.drain(0), other.host.drain(0)]);
});

test("a program that reads or writes after the repair finds the repaired state, also before any call", async () => {
  const { here, repair } = await damaged();
  const agent = new Counter();
  const bench = await HostBench.start(agent, { world: here, mailEveryMs: 3_600_000 });
  await bench.open();
  await expect(agent.getState("c1")).rejects.toMatchObject({ code: "state_quarantined" });
  await repair();
  const written = agent.updateState("c1", { count: 7 });
  await here.clock.advance("1s");
  await written;
  expect(await agent.getState("c1")).toEqual({ count: 7 });
  await bench.host.drain(0);
});

test("a program that only reads finds the repaired state, too", async () => {
  const { here, repair } = await damaged();
  const agent = new Counter();
  const bench = await HostBench.start(agent, { world: here });
  await bench.open();
  await repair();
  expect(await agent.getState("c1")).toEqual({ count: 2 });
  await bench.host.drain(0);
});

test("an end after the repair runs the hook on the repaired state", async () => {
  const { here, repair, words } = await damaged();
  const bench = await HostBench.start(new Listening((word) => words.push(word)), { world: here });
  await bench.open();
  await repair();
  await bench.host.close("c1", "rang off");
  expect(words).toEqual(["resumed", "ended"]);
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "rang off" });
  await bench.host.drain(0);
});

test("when the store does not answer the look, the call hears of the quarantine, and the next one looks again", async () => {
  const { here, repair } = await damaged();
  const bench = await HostBench.start(new Counter(), { world: here });
  await bench.open();
  await repair();
  here.faults.next("load", "refused");
  expect(await bench.result("add")).toBe("state_quarantined");
  expect(await bench.result("add")).toBe(3);
  await bench.host.drain(0);
});
