import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent } from "../../../src/agent/agent.ts";
import { tool } from "../../../src/agent/tool.ts";
import { KeyedHash } from "../../../src/base/keyed-hash.ts";
import type { LogFields } from "../../../src/base/log.ts";
import { redacted } from "../../../src/base/redaction.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { AgentHost } from "../../../src/host/agent-host.ts";
import { callDigest } from "../../../src/host/call-digest.ts";
import { conversationState } from "../../../src/parts/conversation-state.ts";
import { openEntry } from "../../../src/state/journal.ts";
import { maskedEntry } from "../../../src/state/masking.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { conversationOwner, type Entry, type Loaded } from "../../../src/state/store.ts";

const CARD = "4929175310067811";
const pii = z.string().meta({ pii: true });

class CardAgent extends ConversimpleAgent {
  static override readonly agentId = "cards";
  readonly state = conversationState(z.object({ card: pii.default(""), people: z.record(pii, z.number()).default({}) }));
  readonly heard: unknown[] = [];

  override onError(thrown: unknown): void {
    this.heard.push(thrown);
  }

  save = tool("Save", { number: pii, brand: z.string(), pin: z.string().meta({ secret: true }) }, ({ number }) => {
    this.state.card = number;
    return { saved: true };
  });
  fail = tool("Fail", { name: pii }, ({ name }) => {
    throw new Error(`no ${name}, who has ${this.state.card}, at /srv/x`);
  });
  misuse = tool("Write what is refused", { name: pii }, ({ name }) => {
    this.state.people[name] = "five" as never;
    return {};
  });
}

async function bench(): Promise<{ agent: CardAgent; log: [string, LogFields, string][]; call(tool: string, input: object, callId?: string): Promise<unknown>; read(): Promise<{ loaded: Loaded; entries: readonly Entry[] }> }> {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  const agent = new CardAgent();
  const log: [string, LogFields, string][] = [];
  const line = (level: string) => (fields: LogFields, message: string) => void log.push([level, fields, message]);
  const logger = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const host = await AgentHost.start({ agents: [agent], store, clock, logger, secret: "a secret of sixteen bytes" });
  await host.open("c1", { agentId: "cards" });
  const owner = conversationOwner("c1");
  return {
    agent,
    log,
    call: (name, input, callId = name) => host.invoke({ conversationId: "c1", callId, tool: name, arguments: input }),
    read: async () => ({ loaded: (await store.load(owner))!, entries: await store.history(owner) }),
  };
}

test("the digest of a call is keyed: two secrets give two digests, and a secret argument gives none", () => {
  const [one, other] = [new KeyedHash("x".repeat(16)), new KeyedHash("y".repeat(16))];
  const input = { number: CARD, pin: "4711" };
  const none = new Set<string>();
  expect(callDigest(one, "save", input, none)).toHaveLength(22);
  expect(callDigest(one, "save", input, none)).not.toBe(callDigest(other, "save", input, none));
  expect(callDigest(one, "save", input, none)).not.toBe(callDigest(one, "save", { ...input, number: "4000" }, none));
  expect(callDigest(one, "save", input, new Set(["pin"]))).toBe(callDigest(one, "save", { ...input, pin: "0815" }, new Set(["pin"])));
});

test("an entry says which of its arguments are masked", async () => {
  const { call, read } = await bench();
  await call("save", { number: CARD, brand: "visa", pin: "4711" });
  const { entries } = await read();
  const entry = openEntry(conversationOwner("c1"), entries.at(-1)!.text!);
  expect(entry.arguments).toEqual({ number: CARD, brand: "visa", pin: "***" });
  expect(JSON.stringify(maskedEntry(entry))).not.toContain(CARD);
  expect(maskedEntry(entry).arguments).toEqual({ number: "•••", brand: "visa", pin: "•••" });
});

test("what a tool threw is heard by onError alone; the log has its kind and its place", async () => {
  const { agent, log, call } = await bench();
  await call("save", { number: CARD, brand: "visa", pin: "4711" });
  expect(await call("fail", { name: "Jane Doe" })).toMatchObject({ kind: "error", code: "tool_execution_error", message: expect.stringMatching(/^The tool failed\. Reference \w+\.$/) as string });
  expect(agent.heard).toMatchObject([{ message: `no Jane Doe, who has ${CARD}, at /srv/x` }]);
  expect(JSON.stringify(log)).not.toMatch(/Jane|4929|srv\/x/);
  expect(log).toContainEqual(["error", expect.objectContaining({ error: "Error", callId: "fail" }), "a tool failed"]);
  expect(log).toContainEqual(["debug", expect.objectContaining({ at: expect.stringMatching(/privacy\.test\.ts:\d+:\d+$/) as string }), "where the tool threw"]);
  // Whoever shows the text can take out what is known.
  expect(redacted((agent.heard[0] as Error).message, agent.heard[0])).toBe("no •••, who has •••, at /srv/x");
});

test("a refusal of a value names no key of a record whose keys are personal", async () => {
  const { call, read } = await bench();
  expect(await call("misuse", { name: "Jane Doe" })).toMatchObject({ code: "state_invalid", message: expect.stringMatching(/^state\.people is not valid/) as string });
  const { entries } = await read();
  const entry = openEntry(conversationOwner("c1"), entries.at(-1)!.text!);
  expect(entry.reason).toMatch(/^state\.people is not valid/);
  expect(JSON.stringify(maskedEntry(entry))).not.toContain("Jane");
});
