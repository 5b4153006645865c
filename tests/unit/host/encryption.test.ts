import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import { silentLogger } from "../../../src/base/log.ts";
import { AgentHost } from "../../../src/host/agent-host.ts";
import { conversationState, ConversimpleAgent, Dispatcher, openState, tool } from "../../../src/index.ts";
import { conversationOwner, type Store } from "../../../src/state/store.ts";
import { encryptedStore, openStore, rewrap } from "../../../src/stores/index.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { HostBench, world } from "./bench.ts";

const OWNER = conversationOwner("c1");
const CANARY = "canary-4929175310067811";
const [OLD, NEW] = [{ id: "old", key: randomBytes(32) }, { id: "new", key: randomBytes(32) }];

class Card extends ConversimpleAgent {
  static override readonly agentId = "card";
  readonly state = conversationState(z.object({ number: z.string().default(""), reads: z.number().default(0) }));
  keep = tool("Keep", { number: z.string() }, ({ number }) => {
    this.state.number = number;
    return { kept: number };
  });
  read = tool("Read", () => this.state.number);
}

const variables = ["CONVERSIMPLE_ENCRYPTION_KEYS", "CONVERSIMPLE_ENCRYPTION_PLAIN"];
afterEach(() => variables.forEach((name) => delete process.env[name]));

/** Everything that lies in a store about the conversation. */
async function storedOf(store: Store): Promise<string> {
  const loaded = await store.load(OWNER);
  const answers = await Promise.all((loaded?.calls ?? []).map(({ callId }) => store.answer(OWNER, callId)));
  return inspect([loaded?.record, await store.history(OWNER), answers, await store.inbox(OWNER), (await store.feed("0")).items], { depth: 9, maxStringLength: null });
}

test("a call over an encrypted store: nothing of it lies in clear, redelivery, take-over and key change lose nothing", async () => {
  const here = world();
  const withKeys = (...keys: (typeof OLD)[]) => ({ ...here, store: encryptedStore(here.truth, { keys }) });
  const first = await HostBench.start(new Card(), { world: withKeys(OLD), secret: "one secret for all of them" });
  await first.open();
  expect(await first.result("keep", { number: CANARY }, { callId: "k1" })).toEqual({ kept: CANARY });
  expect(await first.result("read")).toBe(CANARY);
  await first.host.drain(0);
  expect(await storedOf(here.truth)).not.toContain("canary");

  const second = await HostBench.start(new Card(), { world: withKeys(NEW, OLD), secret: "one secret for all of them" });
  expect(await second.open()).toEqual({ kind: "serving", isNew: false });
  expect(await second.result("keep", { number: CANARY }, { callId: "k1" })).toEqual({ kept: CANARY });
  // A call that changes nothing is enough for the new key.
  expect(await second.result("read")).toBe(CANARY);
  await second.host.drain(0);

  const third = await HostBench.start(new Card(), { world: withKeys(NEW), secret: "one secret for all of them" });
  await third.open();
  expect(await third.result("read")).toBe(CANARY);
  expect(await third.result("keep", { number: CANARY }, { callId: "k1" })).toBe("state_quarantined");
  await third.host.drain(0);
  expect(await storedOf(here.truth)).not.toContain("canary");
});

test("a process without the keys quarantines, says so without a value, and writes nothing; with them the next call goes on", async () => {
  const here = world();
  const keyed = { ...here, store: encryptedStore(here.truth, { keys: [NEW] }) };
  const owner = await HostBench.start(new Card(), { world: keyed });
  await owner.open();
  await owner.call("keep", { number: CANARY });
  await owner.host.drain(0);
  const before = await here.truth.load(OWNER);
  const keyless = await HostBench.start(new Card(), { world: here });
  await keyless.open();
  const outcome = await keyless.call("read");
  expect(outcome).toEqual({ kind: "error", code: "state_quarantined", message: "I cannot read what was noted in this call, so I cannot go on with that. Somebody has to look at it." });
  expect(keyless.lines.join()).toMatch(/is encrypted with the key .{1,2}new.{1,2}; open the store with its keys/);
  expect(inspect([outcome, keyless.lines, keyless.errors], { depth: 9 })).not.toContain("canary");
  expect((await here.truth.load(OWNER))!.record).toBe(before!.record);
  const again = await HostBench.start(new Card(), { world: keyed });
  await again.open();
  expect(await again.result("read")).toBe(CANARY);
  expect(await keyless.result("read")).toBe("gone");
  await Promise.all([keyless.host.drain(0), again.host.drain(0)]);
});

test("a writer outside writes encrypted messages with the keys, and is refused at once without them", async () => {
  const store = openMemory();
  const encryption = { keys: [NEW] };
  const host = await AgentHost.start({ agents: [new Card()], store: encryptedStore(store, encryption) });
  await host.open("c1", { agentId: "card" });
  await host.invoke({ conversationId: "c1", callId: "k", tool: "keep", arguments: { number: CANARY } });
  const without = await openState(store);
  await expect(without.updateState("c1", { number: "in clear" })).rejects.toMatchObject({ code: "state_quarantined", message: expect.stringMatching(/is encrypted with the key "new"/) as string });
  await expect(without.getState("c1")).rejects.toMatchObject({ code: "state_quarantined" });
  expect(await store.inbox(OWNER)).toEqual([]);
  const outside = await openState(store, { agents: [new Card()], encryption });
  await outside.updateState("c1", { number: `${CANARY}-2` });
  expect(await storedOf(store)).not.toContain("canary");
  const outcome = await host.invoke({ conversationId: "c1", callId: "r", tool: "read", arguments: {} });
  expect(outcome).toMatchObject({ kind: "result", json: `"${CANARY}-2"` });
  await Promise.all([outside.close(), without.close()]);
  await expect(store.load(OWNER)).resolves.toBeDefined();
  await host.drain(0);
});

test("a dispatcher encrypts the store that it is given when it is given keys", async () => {
  const store = openMemory();
  const dispatcher = new Dispatcher({ agents: [new Card()], apiKey: "cs_test_1", platformUrl: "ws://127.0.0.1:1/sdk/websocket", store, encryption: { keys: [NEW] }, signals: false, logger: silentLogger });
  const joining = dispatcher.start();
  let isOver = false;
  const started = joining.catch(() => {}).finally(() => void (isOver = true));
  for (; !dispatcher.host; await new Promise((resolve) => setImmediate(resolve))) expect(isOver).toBe(false);
  await dispatcher.host.open("c1", { agentId: "card" });
  await dispatcher.host.invoke({ conversationId: "c1", callId: "k", tool: "keep", arguments: { number: CANARY } });
  await dispatcher.stop();
  await started;
  const stored = await storedOf(store);
  expect(stored).toContain("enc1.new.");
  expect(stored).not.toContain("canary");
  expect(inspect(dispatcher, { depth: 9, showHidden: true })).not.toContain(inspect(NEW.key).slice(8, 40));
});

test("a store is encrypted when the environment has keys, unless somebody asks for the texts as they are", async () => {
  process.env.CONVERSIMPLE_ENCRYPTION_KEYS = `a:${NEW.key.toString("base64")}`;
  const store = await openStore("memory:");
  await expect(rewrap(store)).resolves.toMatchObject({ key: "a" });
  await expect(rewrap(await openStore("memory:", { encryption: false }))).rejects.toMatchObject({ code: "store_misconfigured" });
  process.env.CONVERSIMPLE_ENCRYPTION_KEYS = "a:short";
  await expect(openStore("sqlite:/nowhere/at/all.db")).rejects.toMatchObject({ code: "store_misconfigured", message: expect.stringMatching(/Encryption key 1/) as string });
});
