import { expect, test } from "vitest";

import { endMessage } from "../../../src/host/mail.ts";
import { openEntry } from "../../../src/state/journal.ts";
import { partText, sealRecord, sealText } from "../../../src/state/record.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { HostBench, world, type World } from "./bench.ts";
import { CallAgent, start } from "./call-agent.ts";

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

const look = (reason: string) => sealText({ kind: "reveal", reason, source: "inspector" });

test("a look at what is masked is journalled with its reason, also when its message stands behind the end", async () => {
  const here = world();
  const { bench } = await start({}, here, { mailEveryMs: 600_000, leaseMs: 600_000 });
  await bench.open();
  await here.truth.post(conversationOwner("c1"), endMessage("bye"));
  await post(here, look("ticket 1"), "look-1");
  await post(here, update(5), "late");
  bench.host.deliver("c1");
  await here.clock.advance("1s");
  expect(await bench.facts()).toMatchObject({ status: "ended" });
  const entries = (await bench.journal()).slice(-2);
  expect(entries[0]).toMatchObject({ unit: "outside", name: "reveal", outcome: "ok", reason: "ticket 1", source: "inspector", message: "look-1" });
  expect(entries[1]).toMatchObject({ name: "message", outcome: "failed", code: "conversation_ended" });
});

test("a look into a conversation whose record this code cannot use is journalled when it ends", async () => {
  const here = world();
  const { bench } = await start({}, here);
  await bench.open();
  await bench.host.drain(0);
  const { version, epoch } = (await here.truth.load(conversationOwner("c1")))!;
  await here.truth.commit(conversationOwner("c1"), { writeId: "newer", expectedVersion: version, epoch, record: sealRecord(conversationOwner("c1"), version + 1, [["state", partText(99, undefined, "{}")]]) });
  await post(here, look("ticket 2"), "look-2");
  const other = await start({}, here);
  await other.bench.host.close("c1", "bye");
  expect(await other.bench.facts()).toMatchObject({ status: "ended" });
  const texts = (await here.truth.history(conversationOwner("c1"))).flatMap(({ text }) => text ?? []);
  expect(openEntry(conversationOwner("c1"), texts.at(-1)!)).toMatchObject({ unit: "outside", name: "reveal", reason: "ticket 2", source: "inspector" });
});
