// What comes from outside at an awkward moment: two writers at once, mail during the end, mail that cannot be applied.

import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent } from "../../../src/agent/agent.ts";
import { tool } from "../../../src/agent/tool.ts";
import { conversationState } from "../../../src/parts/conversation-state.ts";
import { sealText } from "../../../src/state/record.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { gate, HostBench, world } from "./bench.ts";

const benches: HostBench[] = [];
afterEach(() => {
  for (const { host } of benches.splice(0)) host.abandon();
});

class NotesAgent extends ConversimpleAgent {
  static override readonly agentId = "notes";
  readonly state = conversationState(z.object({ notes: z.array(z.string()).default([]), big: z.string().default(""), count: z.number().default(0) }), { maxBytes: 1_048_576 });
  readonly during: (name: string) => unknown;
  constructor(during: (name: string) => unknown = () => {}) {
    super();
    this.during = during;
  }
  note = tool("Notes", { text: z.string() }, ({ text }) => this.state.notes.push(text));
  fill = tool("Fills", { length: z.number() }, ({ length }) => {
    this.state.big = "x".repeat(length);
    return this.state.big.length;
  });
  override async onSignal(name: string) {
    this.state.notes.push(name);
    await this.during(name);
  }
  override async onConversationEnded() {
    await this.during("end");
  }
}

async function bench(agent: ConversimpleAgent, options: Parameters<typeof HostBench.start>[1] = {}): Promise<HostBench> {
  const started = await HostBench.start(agent, options);
  benches.push(started);
  return started;
}

const signal = (name: string) => sealText({ kind: "signal", name, payload: null, source: "test" });

/** Text that fits into the state, but not with the record's envelope around it. */
const TOO_LONG = 1_048_576 - '{"notes":[],"big":"","count":0}'.length;

test("two writers that find the same conversation without an owner are both applied", async () => {
  const agent = new NotesAgent();
  const here = await bench(agent);
  await here.open();
  await here.host.drain(0);
  const writer = new NotesAgent();
  const there = await bench(writer, { world: here.world });
  const written = await here.world.clock.until(Promise.allSettled([writer.updateState("c1", { big: "a" }), writer.updateState("c1", { count: 7 })]));
  expect(written.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  expect(await there.stored()).toMatchObject({ big: "a", count: 7 });
});

test("a writer whose take-over is fenced by an open waits until its message is applied, instead of failing", async () => {
  const here = await bench(new NotesAgent());
  await here.open();
  await here.host.drain(0);
  const writer = new NotesAgent();
  const there = await bench(writer, { world: here.world });
  const inbox = here.world.faults.hold("inbox");
  const written = writer.updateState("c1", { count: 7 });
  await inbox.reached;
  const opened = there.open();
  inbox.release();
  await here.world.clock.until(Promise.all([opened, written]));
  expect(await there.stored()).toMatchObject({ count: 7 });
});

test("a change that fits into its part but not into the record is refused like any that is too large, and the conversation goes on", async () => {
  const here = await bench(new NotesAgent());
  await here.open();
  await here.world.truth.post(conversationOwner("c1"), { id: "m1", text: sealText({ kind: "update", changes: { big: "x".repeat(TOO_LONG) }, source: "test" }) });
  here.host.deliver("c1");
  expect(await here.result("note", { text: "after" })).toBe(1);
  expect(await here.result("fill", { length: TOO_LONG })).toBe("state_too_large");
  expect((await here.journal()).map(({ unit, outcome, code }) => [unit, outcome, code])).toEqual([
    ["hook", "ok", undefined],
    ["outside", "failed", "state_too_large"],
    ["tool", "ok", undefined],
    ["tool", "failed", "state_too_large"],
  ]);
  await here.host.close("c1", "bye");
  expect(await here.facts()).toMatchObject({ status: "ended" });
});

test("a message that arrives while the conversation ends is refused and journalled, not forgotten", async () => {
  const reached = gate();
  const goOn = gate();
  const here = await bench(
    new NotesAgent(async (name) => {
      if (name !== "end") return;
      reached.open();
      await goOn.opened;
    }),
  );
  await here.open();
  const closed = here.host.close("c1", "bye");
  await reached.opened;
  await here.world.truth.post(conversationOwner("c1"), { id: "m1", text: signal("late") });
  goOn.open();
  await closed;
  expect((await here.journal()).at(-1)).toMatchObject({ message: "m1", outcome: "failed", code: "conversation_ended" });
  expect(await here.world.truth.inbox(conversationOwner("c1"))).toEqual([]);
});

test("a handler that hangs on a message for an unserved conversation keeps nobody else's mail waiting", async () => {
  const shared = world();
  const before = await bench(new NotesAgent(), { world: shared });
  await before.open("orphan");
  await before.open("orphan-2");
  await before.host.drain(0);
  const here = await bench(
    new NotesAgent((name) => (name === "hang" ? new Promise(() => {}) : undefined)),
    { world: shared },
  );
  await here.open("served");
  await shared.truth.post(conversationOwner("orphan"), { id: "m1", text: signal("hang") });
  await shared.clock.advance(500);
  await shared.truth.post(conversationOwner("orphan-2"), { id: "m2", text: signal("two") });
  await shared.truth.post(conversationOwner("served"), { id: "m3", text: signal("three") });
  await shared.clock.advance(1_000);
  expect(await here.stored("served")).toMatchObject({ notes: ["three"] });
  expect(await here.stored("orphan-2")).toMatchObject({ notes: ["two"] });
});

test("one conversation whose mail cannot be read keeps nobody else's waiting", async () => {
  const shared = world();
  const before = await bench(new NotesAgent(), { world: shared });
  for (const id of ["a", "b"]) await before.open(id);
  await before.host.drain(0);
  const here = await bench(new NotesAgent(), { world: shared });
  for (const id of ["a", "b"]) await shared.truth.post(conversationOwner(id), { id: "m1", text: signal("hello") });
  shared.faults.next("acquire", "refused");
  await shared.clock.advance(260);
  const notes = [await here.stored("a"), await here.stored("b")].map((state) => (state as { notes: string[] }).notes.length);
  expect(notes.reduce((sum, count) => sum + count, 0)).toBe(1);
  await shared.clock.advance(260);
  expect(await here.stored("a")).toMatchObject({ notes: ["hello"] });
  expect(await here.stored("b")).toMatchObject({ notes: ["hello"] });
});

test("mail of a conversation that this process has, but could not begin to serve, is read", async () => {
  const shared = world();
  const before = await bench(new NotesAgent(), { world: shared });
  await before.open();
  await before.host.drain(0);
  class Resumed extends NotesAgent {
    override onConversationResumed() {}
  }
  const here = await bench(new Resumed(), { world: shared });
  shared.faults.next("commit", "refused");
  await expect(here.open()).rejects.toMatchObject({ code: "state_unavailable" });
  await shared.truth.post(conversationOwner("c1"), { id: "m1", text: signal("hello") });
  await shared.clock.advance(1_000);
  expect(await here.stored()).toMatchObject({ notes: ["hello"] });
});

test("mail that could not be read is read before the next unit all the same", async () => {
  const here = await bench(new NotesAgent(), { mailEveryMs: 3_600_000 });
  await here.open();
  for (const id of ["m1", "m2"]) await here.world.truth.post(conversationOwner("c1"), { id, text: signal(id) });
  here.world.faults.next("inbox", "refused");
  here.host.deliver("c1");
  await here.host.conversations.get("c1")!.whenIdle();
  expect(await here.result("note", { text: "after" })).toBe(3);
  expect(await here.stored()).toMatchObject({ notes: ["m1", "m2", "after"] });
});
