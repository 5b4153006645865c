import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, tool } from "../../../src/index.ts";
import { endMessage } from "../../../src/host/mail.ts";
import { sealText } from "../../../src/state/record.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { HostBench, world, type World } from "./bench.ts";

const OWNER = conversationOwner("c1");
const heard: string[] = [];

abstract class Release extends ConversimpleAgent {
  static override readonly agentId = "app";
  readonly errors: unknown[] = [];
  override onConversationResumed() {
    heard.push("resumed");
  }
  override onConversationEnded() {
    heard.push("ended");
  }
  override onError(error: unknown) {
    this.errors.push(error);
  }
}
class First extends Release {
  readonly state = conversationState(z.object({ name: z.string().default("ann"), balance: z.string().default("canary-100") }));
  touch = tool("Touch", () => void (this.state.name = "bob"));
}
class Second extends Release {
  readonly state = conversationState(z.object({ name: z.string().default(""), balance: z.number().default(0), since: z.date().optional() }), {
    version: 3,
    upgrade: {
      1: (old) => ({ ...old, balance: Number(String(old.balance).slice(7)) }),
      2: (old) => ({ ...old, since: new Date(5) }),
    },
  });
  read = tool("Read", () => ({ ...this.state }));
  spend = tool("Spend", () => --this.state.balance);
}
class ThrowingUpgrade extends Release {
  readonly state = conversationState(z.object({ name: z.string().default("") }), {
    version: 2,
    upgrade: { 1: (old) => { throw new Error(`cannot upgrade ${String(old.balance)}`); } },
  });
  read = tool("Read", () => ({ ...this.state }));
}
class AsynchronousUpgrade extends Release {
  readonly state = conversationState(z.object({ name: z.string().default("") }), { version: 2, upgrade: { 1: () => Promise.reject(new Error("late")) } });
  read = tool("Read", () => ({ ...this.state }));
}
class NoUpgrade extends Release {
  readonly state = conversationState(z.object({ name: z.string().default(""), balance: z.number().default(0) }), { version: 2, upgrade: { 1: (old) => old } });
  read = tool("Read", () => ({ ...this.state }));
}
class RenamedField extends Release {
  readonly state = conversationState(z.object({ fullName: z.string().default(""), balance: z.string().default("") }));
  read = tool("Read", () => ({ ...this.state }));
}
class MissingStep extends Release {
  readonly state = conversationState(z.object({ name: z.string().default(""), balance: z.string().default("") }), { version: 3, upgrade: { 2: (old) => old } });
  read = tool("Read", () => ({ ...this.state }));
}
class SmallerLimit extends Release {
  readonly state = conversationState(z.object({ name: z.string().default(""), balance: z.string().default("") }), { maxBytes: 25 });
  read = tool("Read", () => ({ ...this.state }));
}

/** P10: kept as it is, reported, never overwritten; tools stay registered; hooks do not run; no value is said. */
const QUARANTINED = { opened: { kind: "serving", isNew: false }, isRegistered: true, code: "state_quarantined", isReported: true, hooks: [], isKept: true, said: null };

/** A conversation of the first release, left by it. */
async function left(): Promise<World> {
  const here = world();
  const bench = await HostBench.start(new First(), { world: here });
  await bench.open();
  await bench.call("touch");
  await bench.host.drain(0);
  heard.length = 0;
  return here;
}

test("a newer release upgrades what an older one stored, step by step, and stores it with the next change", async () => {
  const here = await left();
  const bench = await HostBench.start(new Second(), { world: here });
  await bench.open();
  expect(await bench.result("read")).toEqual({ name: "bob", balance: 100, since: "1970-01-01T00:00:00.005Z" });
  expect(await bench.result("spend")).toBe(99);
  expect(await bench.stored()).toEqual({ name: "bob", balance: 99, since: new Date(5) });
  expect(heard).toEqual(["resumed"]);
});

test("an older release meets what a newer one stored", async () => {
  const here = await left();
  const second = await HostBench.start(new Second(), { world: here });
  await second.open();
  await second.call("spend");
  await second.host.drain(0);
  expect(await served(here, new First(), "touch")).toEqual(QUARANTINED);
});

test.each<[string, () => Release]>([
  ["an upgrade that throws", () => new ThrowingUpgrade()],
  ["an asynchronous upgrade", () => new AsynchronousUpgrade()],
  ["an upgrade whose result does not fit the schema", () => new NoUpgrade()],
  ["a field that the schema does not name any more", () => new RenamedField()],
  ["a version that no upgrade leads from", () => new MissingStep()],
  ["a limit that is too small now", () => new SmallerLimit()],
])("%s quarantines the conversation", async (_, release) => {
  expect(await served(await left(), release(), "read")).toEqual(QUARANTINED);
});

test("a damaged record quarantines the conversation", async () => {
  const here = await left();
  const { record, version } = (await here.truth.load(OWNER))!;
  const epoch = (await here.truth.load(OWNER))!.epoch;
  await here.truth.commit(OWNER, { writeId: "w", expectedVersion: version, epoch, record: record!.replace("bob", "bop") });
  expect(await served(here, new First(), "touch")).toEqual(QUARANTINED);
});

test("a quarantined conversation can be ended, without hooks and without touching its record", async () => {
  const here = await left();
  const before = (await here.truth.load(OWNER))!.record;
  const bench = await HostBench.start(new NoUpgrade(), { world: here });
  await bench.open();
  heard.length = 0;
  await bench.host.close("c1", "bye");
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "bye" });
  expect((await here.truth.load(OWNER))!.record).toBe(before);
  expect(heard).toEqual([]);
});

test("a writer from outside hears that the conversation is quarantined, and its message waits", async () => {
  const here = await left();
  const agent = new NoUpgrade();
  const bench = await HostBench.start(agent, { world: here });
  await bench.open();
  await expect(agent.updateState("c1", { balance: 1 })).rejects.toMatchObject({ code: "state_quarantined" });
  await expect(agent.getState("c1")).rejects.toMatchObject({ code: "state_quarantined" });
  await here.clock.advance("1s");
  expect(await here.truth.inbox(OWNER)).toHaveLength(1);
  await bench.host.drain(0);
});

test("an end that waits behind more messages than one look at the inbox gives is applied all the same", async () => {
  const here = await left();
  const bench = await HostBench.start(new NoUpgrade(), { world: here });
  await bench.open();
  for (let index = 0; index < 120; index++) await here.truth.post(OWNER, { id: `m${index}`, text: sealText({ kind: "signal", name: "s", source: "test" }) });
  await here.truth.post(OWNER, endMessage("bye"));
  await here.clock.advance("1s");
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "bye" });
  await bench.host.drain(0);
});

/** What becomes of the conversation when a release serves it, calls one tool and leaves. */
async function served(here: World, release: Release, toolName: string) {
  heard.length = 0;
  const before = (await here.truth.load(OWNER))!;
  const bench = await HostBench.start(release, { world: here });
  const opened = await bench.open();
  const tools = bench.host.tools("c1").map(({ name }) => name);
  const outcome = await bench.call(toolName);
  await bench.host.drain(0);
  const after = (await here.truth.load(OWNER))!;
  return {
    opened,
    isRegistered: tools.includes(toolName),
    code: outcome.kind === "error" ? outcome.code : outcome.kind,
    isReported: release.errors.length === 1,
    hooks: [...heard],
    isKept: after.record === before.record && after.version === before.version,
    said: `${JSON.stringify(outcome)} ${bench.lines.join()}`.match(/canary|bob/g),
  };
}
