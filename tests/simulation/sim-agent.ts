// The agent of the simulation: every kind of unit, and each change says which call of which conversation made it.
//
// What it does outside (waiting, comparing secrets, charging) is the world's, so that a process can die in the middle.

import { z } from "zod";
import { ConversimpleAgent, ToolError, conversationState, customerState, ephemeral, session, tool, workflow } from "../../src/index.ts";
import { codeOf } from "../../src/base/errors.ts";

/** How often a secret may be tried in the simulation, and in which time. */
export const LOCKOUT = { attempts: 3, perConversation: 50, windowMs: 60_000 } as const;

/** Where each step leads; a deadline leads from the third to the first. */
export const STEPS: Readonly<Record<string, readonly string[]>> = { first: ["second"], second: ["third", "first"], third: ["done", "first"], done: [] };

/** What an agent finds outside of itself. */
export interface Outside {
  /** Time passes. */
  pause(ms: number): Promise<void>;
  verify(account: string, conversation: string, pin: string): Promise<boolean>;
  /** Charges money; gives a receipt that tells one charge from another. */
  charge(conversation: string, callId: string): Promise<string>;
  /** Two units of a conversation ran at the same time. */
  overlapped(conversation: string): void;
}

const change = z.object({ callId: z.string(), conversation: z.string(), n: z.number() });
const state = z.object({
  changes: z.array(change).default([]),
  starts: z.number().default(0),
  resumes: z.number().default(0),
  ends: z.number().default(0),
  heard: z.array(z.string()).default([]),
  outside: z.string().default(""),
  note: z.string().default(""),
});
const profile = z.object({ changes: z.array(change).default([]), ended: z.array(z.string()).default([]), note: z.string().default("") });
const user = z.object({ id: z.string() });
const numbered = z.object({ n: z.number().int(), pauseMs: z.number() });
const credentials = z.object({ account: z.string(), pin: z.string().meta({ secret: true }), pauseMs: z.number() });
const moved = z.object({ to: z.enum(["first", "second", "third", "done"]), pauseMs: z.number() });

/** What stands in the records of a customer's conversations, and must not after they are forgotten. */
export const noteOf = (customer: string): string => `the note of ${customer}`;

export class SimAgent extends ConversimpleAgent {
  static override readonly agentId = "sim";
  readonly outside: Outside;

  constructor(outside: Outside) {
    super();
    this.outside = outside;
  }

  readonly state = conversationState(state);
  readonly customer = customerState(profile);
  readonly session = session({ user, idleTimeoutMs: 45_000, lockout: LOCKOUT });
  readonly flow = workflow({
    data: {},
    initial: "first",
    steps: {
      first: { to: ["second"] },
      second: { to: ["third", "first"] },
      third: { to: ["done", "first"], deadlineMs: 20_000, onDeadline: "first" },
      done: { final: true },
    },
  });

  readonly turn = ephemeral(() => ({ running: 0 }));

  add = tool("Adds", numbered, ({ n, pauseMs }) => this.inTurn(async () => {
    const result = this.apply(n);
    await this.outside.pause(pauseMs);
    return result;
  }));

  addBeside = tool("Adds beside others", numbered, { parallel: true }, async ({ n, pauseMs }) => {
    const { callId } = this.call;
    await this.outside.pause(pauseMs);
    return this.update(() => this.apply(n, callId));
  });

  pay = tool("Pays", numbered, ({ n, pauseMs }) => this.inTurn(async () => {
    const result = this.apply(n);
    const receipt = await this.effect("charge", () => this.outside.charge(this.conversation.id, this.call.callId));
    await this.outside.pause(pauseMs);
    return { ...result, receipt };
  }));

  fail = tool("Changes, then throws", numbered, ({ pauseMs }) => this.inTurn(async () => {
    this.apply(-1);
    await this.outside.pause(pauseMs);
    throw new Error("planned");
  }));

  decline = tool("Changes, then declines", numbered, ({ pauseMs }) => this.inTurn(async () => {
    this.apply(-1);
    await this.outside.pause(pauseMs);
    throw new ToolError("Not today.");
  }));

  login = tool("Logs in", credentials, ({ account, pin, pauseMs }) => this.inTurn(async () => {
    const { id } = this.conversation;
    const known = await this.session.login(account, async () => ((await this.outside.verify(account, id, pin)) ? { id: account } : undefined));
    if (!known) return { conversation: id, error: "wrong" };
    try {
      await this.customer.identify(known.id);
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code !== "customer_forgotten" && code !== "already_identified") throw thrown;
      return { conversation: id, error: code };
    }
    this.state.note = noteOf(account);
    await this.outside.pause(pauseMs);
    return this.apply(0);
  }));

  logout = tool("Logs out", () => this.inTurn(() => {
    this.session.logout();
    return this.apply(0);
  }));

  remember = tool("Remembers", numbered, { requires: this.session }, ({ n, pauseMs }) => this.inTurn(async () => {
    const { callId } = this.call;
    const conversation = this.conversation.id;
    const { id } = this.customer;
    if (id === undefined) return { conversation, error: "nobody" };
    const customerCount = await this.customer.update((known) => {
      known.changes.push({ callId, conversation: id, n });
      known.note = noteOf(id);
      return known.changes.length;
    });
    await this.outside.pause(pauseMs);
    return { ...this.apply(n), customer: id, customerCount };
  }));

  whoAmI = tool("Says who is logged in", {}, { requires: this.session }, () => ({ conversation: this.conversation.id, user: this.session.user!.id }));

  move = tool("Moves to a step", moved, ({ to, pauseMs }) => this.inTurn(async () => {
    const { step } = this.flow;
    if (!STEPS[step]!.includes(to) && this.call.callId.endsWith("0")) return { conversation: this.conversation.id, error: "impossible" };
    const result = this.apply(0);
    this.flow.go(to);
    await this.outside.pause(pauseMs);
    return result;
  }));

  confirm = tool("Confirms at the third step", {}, { step: this.flow.at("third") }, () => this.inTurn(() => ({ ...this.apply(0), step: this.flow.step })));

  read = tool("Reads", {}, { parallel: true }, () => ({
    conversation: this.conversation.id,
    foreign: this.state.changes.filter((each) => each.conversation !== this.conversation.id).length,
  }));

  override onConversationStarted() {
    return this.alone(() => void this.state.starts++);
  }

  override onConversationEnded() {
    return this.alone(async () => {
      const { id } = this.conversation;
      this.state.ends++;
      await this.outside.pause(20);
      if (this.customer.id !== undefined) await this.customer.update((known) => void known.ended.push(id));
    });
  }

  override onSignal(_name: string, payload: unknown) {
    return this.alone(() => void this.state.heard.push((payload as { id: string }).id));
  }

  apply(n: number, callId = this.call.callId): { conversation: string; count: number } {
    const { id } = this.conversation;
    this.state.changes.push({ callId, conversation: id, n });
    return { conversation: id, count: this.state.changes.length };
  }

  /** A tool whose time is over goes on, but its turn is over too. */
  inTurn<T>(run: () => T | Promise<T>): Promise<T> {
    return this.alone(run, this.call.signal);
  }

  /** What runs in the conversation's queue runs alone (Q1). */
  async alone<T>(run: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.turn.value;
    if (turn.running++ > 0) this.outside.overlapped(this.conversation.id);
    let isOver = false;
    const leave = () => {
      if (!isOver) turn.running--;
      isOver = true;
    };
    signal?.addEventListener("abort", leave);
    try {
      return await run();
    } finally {
      leave();
    }
  }
}

/** Writes when it is taken over: who had it before is refused by the version already, not only by the epoch. */
export class ResumingAgent extends SimAgent {
  override onConversationResumed() {
    return this.alone(() => void this.state.resumes++);
  }
}
