// The text of a saved test: a call, unit by unit, with what is expected after each.
//
//   TT1. It is run by Vitest or by node:test, and needs nothing but the agent's file and `conversimple/testing`.
//   TT2. What is made anew in each run - ids of sessions, keys of accounts - is not expected.

import { DESCRIBE } from "../../agent/part-description.ts";
import type { Recorded, RecordedOutcomes } from "../../agent/recorded.ts";
import type { Deed } from "../../host/replay/acts.ts";
import type { RecordedCall, PartValues } from "../../host/replay/recorded-call.ts";
import type { Rehearsed } from "../../host/replay/rehearse.ts";
import { isSame } from "../../state/patch.ts";
import { literal } from "./literal.ts";

/** Where an agent comes from, as a test imports it. */
export interface AgentImport {
  /** From the test's folder: `../../agents/shop.ts`. */
  readonly path: string;
  /** The name under which it is exported; "default" for that one. */
  readonly name: string;
  readonly isInstance: boolean;
}

export interface TestTextOptions {
  readonly call: RecordedCall;
  readonly played: readonly Rehearsed[];
  readonly recorded: Recorded;
  readonly agent: AgentImport;
  readonly runner: "vitest" | "node:test";
}

/** A conversation is ended when nothing happens for so long, unless the test says otherwise, milliseconds. */
const ABANDONED_MS = 3_600_000;
const A_YEAR_MS = 31_536_000_000;

/** The whole file. */
export function testText({ call, played, recorded, agent, runner }: TestTextOptions): string {
  const { agentId } = call.agent;
  const [imported, made] = importOf(agent);
  const start = played[0]?.startedMs ?? 0;
  const lines = new Lines(call, start);
  for (const each of played) lines.add(each);
  return `// A call of the agent "${agentId}" as it was recorded: ${comment(call.conversationId)}, ${new Date(start).toISOString()}.
// Secrets are placeholders. What logins, effects, caches and the customer's record gave is in \`recorded\`.

import assert from "node:assert/strict";
import { test } from "${runner}";

import { testAgent } from "conversimple/testing";

import ${imported} from ${literal(agent.path)};

test(${literal(`${agentId}: the recorded call ${call.conversationId} goes as it went`)}, async () => {
  const call = await testAgent(${made}, ${literal(optionsOf(call, played, recorded, start), "  ")});
  try {
${lines.text}  } finally {
    await call.close();
  }
});
`;
}

function optionsOf({ conversationId, caller, seed }: RecordedCall, played: readonly Rehearsed[], recorded: Recorded, start: number): Readonly<Record<string, unknown>> {
  const heard = Object.entries(recorded).map(([name, outcomes]) => [name, withoutIds(outcomes)] as const).filter(([, outcomes]) => Object.keys(outcomes).length > 0);
  const longest = played.reduce((most, { startedMs }, index) => Math.max(most, startedMs - (played[index - 1]?.endedMs ?? start)), 0);
  return {
    now: new Date(start).toISOString(),
    conversationId,
    ...(Object.keys(caller).length > 0 ? { caller } : {}),
    ...(longest >= ABANDONED_MS ? { abandonedAfterMs: A_YEAR_MS } : {}),
    ...(seed ? { parts: Object.fromEntries(Object.entries(seed).map(([name, { data }]) => [name, data])) } : {}),
    ...(heard.length > 0 ? { recorded: Object.fromEntries(heard) } : {}),
  };
}

/** TT2. */
function withoutIds({ logins, ...others }: RecordedOutcomes): RecordedOutcomes {
  if (!logins) return others;
  return { logins: logins.map((login) => (login.outcome === "accepted" ? { outcome: login.outcome, user: login.user } : login)), ...others };
}

class Lines {
  text = "";
  readonly #call: RecordedCall;
  #nowMs: number;
  #turns = 0;
  #expected: PartValues | undefined;

  constructor(call: RecordedCall, nowMs: number) {
    this.#call = call;
    this.#nowMs = nowMs;
  }

  add({ act: { deed }, answer, outcome, startedMs, endedMs, settled }: Rehearsed): void {
    if (deed.kind === "skip" || outcome === "not run") return;
    if (this.text !== "" && deed.kind !== "follow") this.text += "\n";
    if (startedMs > this.#nowMs) this.#say(`await call.advance(${startedMs - this.#nowMs});`);
    const turn = this.#do(deed, outcome === "ok", answer);
    if (endedMs > startedMs) this.#say(`await call.advance(${endedMs - startedMs});`);
    this.#nowMs = endedMs;
    this.#expect(settled, turn, deed.kind === "follow");
  }

  /** Gives what the expectation is asked of. */
  #do(deed: Deed, isOk: boolean, answer: Rehearsed["answer"]): string {
    switch (deed.kind) {
      case "tool": {
        const turn = `turn${++this.#turns}`;
        this.#say(`const ${turn} = await call.tool(${literal(deed.tool)}, ${literal(deed.input, "    ")}, { callId: ${literal(deed.callId)} });`);
        if (answer?.kind === "result") this.#say(`assert.deepEqual(${turn}.result, ${literal(JSON.parse(answer.json), "    ")});`);
        if (answer?.kind === "error") this.#say(`assert.equal(${turn}.error?.code, ${literal(answer.code)});`);
        return turn;
      }
      case "resume":
        // testAgent opens what it begins with, which is the first time that a fork is resumed.
        if (!this.#call.seed || this.text !== "") this.#say("await call.restart();");
        return "call";
      case "signal":
        this.#say(hopeful(`call.signal(${literal(deed.name)}, ${literal(deed.payload, "    ")})`, isOk));
        return "call";
      case "update":
        this.#say(hopeful(`call.update(${literal(deed.changes, "    ")})`, isOk));
        return "call";
      case "edit":
        this.#say(hopeful(`call.edit(${literal(deed.part)}, ${literal(deed.patches, "    ")})`, isOk));
        return "call";
      case "end":
        this.#say(`await call.hangUp(${literal(deed.reason)});`);
        return "call";
      default:
        return "call";
    }
  }

  #expect(after: PartValues, turn: string, isFollowing: boolean): void {
    const parts = Object.fromEntries(Object.entries(after).filter(([name]) => this.#call.agent.parts.has(name)).map(([name, value]) => [name, this.#lasting(name, value)]));
    if (Object.keys(parts).length === 0 || (isFollowing && this.#expected && isSame(parts, this.#expected))) return;
    const before = this.#expected;
    const changed = Object.fromEntries(Object.entries(parts).filter(([name, value]) => !before || !isSame(before[name], value)));
    if (!before) this.#say(`let expected: Parameters<typeof call.expectState>[0] = ${literal(changed, "    ")};`);
    else if (Object.keys(changed).length > 0) this.#say(`expected = ${literal(changed, "    ").replace(/^\{(\s*)/, "{$1...expected,$1")};`);
    this.#say(`${turn}.expectState(expected);`);
    this.#expected = parts;
  }

  /** TT2. */
  #lasting(name: string, value: unknown): unknown {
    const kind = this.#call.agent.parts.get(name)?.[DESCRIBE]().kind;
    if ((kind !== "session" && kind !== "customer") || typeof value !== "object" || value === null) return value;
    const { account: _account, ...rest } = value as Readonly<Record<string, unknown>>;
    if (kind === "customer") return rest;
    const { id: _id, ...session } = rest;
    return session;
  }

  #say(line: string): void {
    this.text += `    ${line}\n`;
  }
}

function hopeful(work: string, isOk: boolean): string {
  return isOk ? `await ${work};` : `await assert.rejects(${work});`;
}

function importOf({ name, isInstance }: AgentImport): readonly [imported: string, made: string] {
  const local = name === "default" ? (isInstance ? "agent" : "Agent") : name;
  const imported = name === "default" ? local : `{ ${name} }`;
  return [imported, isInstance ? local : `() => new ${local}()`];
}

/** One line, whatever an id is. */
function comment(text: string): string {
  return text.replace(/\s+/g, " ");
}
