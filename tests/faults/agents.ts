// The agents of the fault tests: one that keeps a ledger of its calls, one whose callers log in, one that misbehaves.
//
// Every change names the call and the conversation that made it, so that a history can be judged (checker.ts).

import { ConversimpleAgent, conversationState, customerState, session, tool, ToolError } from "conversimple";
import { z } from "zod";

/** What a tool does outside: wait at a gate, charge money under a key, report. `attempts`: how often the key was used. */
export type Outside = (request: { gate?: string; key?: string; amount?: number; report?: string }) => Promise<{ attempts: number }>;

const changes = z.array(z.object({ callId: z.string(), conversation: z.string(), n: z.number() })).default([]);

abstract class LedgerAgent extends ConversimpleAgent {
  readonly outside: Outside;

  constructor(outside: Outside) {
    super();
    this.outside = outside;
  }

  readonly state = conversationState(z.object({ changes, resumes: z.number().default(0), note: z.string().default("") }), { maxBytes: 1_000_000 });

  override onError(thrown: unknown): void {
    void this.outside({ report: thrown instanceof Error ? thrown.message : String(thrown) });
  }

  add = tool("Adds a number", { n: z.number().int() }, ({ n }) => this.apply(n));

  /** Adds, but waits at a gate in the middle, with half of its change made. */
  addSlowly = tool("Adds a number after a while", { n: z.number().int(), gate: z.string() }, async ({ n, gate }) => {
    const result = this.apply(n);
    await this.outside({ gate });
    return result;
  });

  read = tool("Says what there is", () => ({ conversation: this.conversation.id, count: this.state.changes.length, note: this.state.note.length }));

  apply(n: number): { conversation: string; count: number; total: number } {
    const { id } = this.conversation;
    this.state.changes.push({ callId: this.call.callId, conversation: id, n });
    return { conversation: id, count: this.state.changes.length, total: this.state.changes.reduce((sum, change) => sum + change.n, 0) };
  }
}

export class BankAgent extends LedgerAgent {
  static override readonly agentId = "bank";

  override onConversationResumed(): void {
    this.state.resumes++;
  }

  /** A change from outside, under the id that its sender gave it. */
  override onSignal(_name: string, payload: unknown): void {
    const { callId, n } = payload as { callId: string; n: number };
    this.state.changes.push({ callId, conversation: this.conversation.id, n });
  }

  /** Three places at which a process can die: before the charge, while it is made, after it is recorded. */
  pay = tool("Pays", { amount: z.number().int() }, async ({ amount }) => {
    const { callId, idempotencyKey } = this.call;
    const result = this.apply(amount);
    await this.outside({ gate: `before ${callId}` });
    await this.effect("charge", () => this.outside({ key: idempotencyKey, amount, gate: `while ${callId}` }));
    await this.outside({ gate: `after ${callId}` });
    return result;
  });

  fill = tool("Writes a long note", { bytes: z.number().int() }, ({ bytes }) => {
    this.state.note = "x".repeat(bytes);
    return this.apply(0);
  });

  /** Blocks the event loop of the first process that runs it. */
  blockOnce = tool("Computes for long, once", { ms: z.number().int() }, async ({ ms }) => {
    const result = this.apply(ms);
    const { attempts } = await this.outside({ key: this.call.callId });
    if (attempts === 1) block(ms);
    return result;
  });
}

/** Says outside when it was ended, and waits there: a process can die in the middle of it. */
export class FarewellAgent extends LedgerAgent {
  static override readonly agentId = "farewell";

  override async onConversationEnded(reason: string): Promise<void> {
    const { id } = this.conversation;
    this.state.note = reason;
    await this.outside({ report: `ended ${id}: ${reason}`, gate: `ending ${id}` });
  }
}

export class MemberAgent extends LedgerAgent {
  static override readonly agentId = "member";
  readonly session = session({ user: z.object({ id: z.string() }) });
  readonly customer = customerState(z.object({ visits: z.array(z.string()).default([]) }), { maxBytes: 1_000_000 });

  /** Each look at a PIN is counted outside, under the account. */
  login = tool("Logs in", { account: z.string(), pin: z.string().meta({ secret: true }) }, async ({ account, pin }) => {
    const user = await this.session.login(account, async () => {
      await this.outside({ key: `verify ${account}` });
      return pin === "1234" ? { id: account } : null;
    });
    if (user) await this.customer.identify(user.id);
    return { success: user !== undefined };
  });

  visit = tool("Counts a visit", {}, { requires: this.session }, async () => {
    const { callId } = this.call;
    return { conversation: `customer:${this.customer.id}`, count: await this.customer.update(({ visits }) => visits.push(callId)) };
  });
}

export class UnrulyAgent extends LedgerAgent {
  static override readonly agentId = "unruly";

  throwAfterChange = tool("Changes, then throws", () => {
    this.apply(1);
    throw new Error("the secret text of a stack");
  });

  throwOddly = tool("Throws what is no error", () => {
    this.apply(1);
    // oxlint-disable-next-line typescript/only-throw-error -- a tool may throw anything
    throw { odd: "the secret text of a thing" };
  });

  hang = tool("Never comes back", {}, { timeoutMs: 150 }, async () => {
    this.apply(1);
    await new Promise(() => {});
  });

  /** Goes on after its time is over, and changes what it still holds. */
  lingerThenChange = tool("Changes too late", {}, { timeoutMs: 150 }, async () => {
    const { state } = this;
    await this.outside({ gate: "late" });
    try {
      state.note = "too late";
    } catch (thrown) {
      await this.outside({ report: `late: ${(thrown as { code?: string }).code}` });
    }
  });

  block = tool("Computes for long", { ms: z.number().int() }, ({ ms }) => {
    const result = this.apply(ms);
    block(ms);
    return result;
  });

  rejectLater = tool("Leaves a promise alone", () => {
    void Promise.resolve().then(() => {
      throw new Error("nobody awaited this");
    });
    return this.apply(1);
  });

  rejectMuchLater = tool("Leaves a promise alone that rejects after the answer", () => {
    void this.outside({ gate: "rejection" }).then(() => {
      throw new Error("nobody awaited this either");
    });
    return this.apply(1);
  });

  odd = tool("Returns what JSON does not have", { what: z.enum(["function", "cycle", "nan", "bigint", "map", "deep", "large"]) }, ({ what }) => {
    this.apply(1);
    return ODD[what]();
  });

  echo = tool("Gives back any object", z.looseObject({}), (input) => ({ input, polluted: ({} as Record<string, unknown>).polluted ?? null }));

  keep = tool("Keeps a text", { text: z.string(), more: z.array(z.number()).optional() }, ({ text }) => {
    this.state.note = text;
    return this.apply(1);
  });

  takeSecret = tool("Takes a secret", { pin: z.string().meta({ secret: true }), end: z.enum(["answer", "throw", "error", "function", "wait"]) }, async ({ pin, end }) => {
    if (end === "throw") throw new Error(`pw=${pin} at /srv/x`);
    if (end === "error") throw new ToolError("The secret was declined.");
    if (end === "wait") await this.outside({ gate: "secret" });
    return end === "function" ? { run: () => pin } : this.apply(pin.length);
  });
}

const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

const ODD = {
  function: () => ({ run: () => 1 }),
  cycle: () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    return cycle;
  },
  nan: () => ({ n: Number.NaN }),
  bigint: () => ({ n: 1n }),
  map: () => new Map([["a", 1]]),
  deep: () => deep(5_000),
  large: () => "x".repeat(300 * 1_024),
};

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
