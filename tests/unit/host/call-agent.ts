// An agent that says what its hooks heard, and can fail or hang in each of them.

import { z } from "zod";

import type { HostOptions } from "../../../src/host/host-options.ts";
import { conversationState, ConversimpleAgent, ephemeral, tool } from "../../../src/index.ts";
import { gate, HostBench, world, type World } from "./bench.ts";

export class CallAgent extends ConversimpleAgent {
  static override readonly agentId: string = "call";
  readonly state = conversationState(z.object({ n: z.number().default(0), log: z.array(z.string()).default([]), note: z.string().optional() }));
  readonly scratch = ephemeral(() => ({ uses: 0 }));
  readonly heard: string[] = [];
  readonly errors: string[] = [];
  readonly gates = { hook: gate(), tool: gate() };
  failing: string | undefined;
  readonly runs = { all: 0 };

  override async onConversationStarted() {
    await this.#hook("started");
  }
  override async onConversationResumed() {
    await this.#hook("resumed");
  }
  override async onConversationEnded(reason: string) {
    await this.#hook(`ended ${reason}`);
  }
  override async onSignal(name: string, payload: unknown) {
    await this.#hook(`signal ${name} ${JSON.stringify(payload)}`);
  }
  override onError(error: unknown) {
    this.errors.push(`${(error as Error).message}|${String(this.currentConversationId)}`);
  }
  async #hook(what: string) {
    this.heard.push(`${what} ${this.currentConversationId!}`);
    this.state.log.push(what);
    if (this.options.failing === what.split(" ")[0]) throw new Error(`${what} fails`);
    if (this.options.hanging === what.split(" ")[0]) await this.gates.hook.opened;
  }
  readonly options: { failing?: string; hanging?: string; onDone?: () => void };

  constructor(options: { failing?: string; hanging?: string } = {}) {
    super();
    this.options = options;
  }

  add = tool("Add", () => {
    this.runs.all++;
    return { n: ++this.state.n };
  });
  hang = tool("Hang", {}, { timeoutMs: 5_000 }, async () => {
    this.runs.all++;
    await this.gates.tool.opened;
    return { n: ++this.state.n };
  });
  beside = tool("Beside", {}, { parallel: true, timeoutMs: 5_000 }, async () => {
    await this.gates.tool.opened;
    await this.update(() => void this.state.n++);
    return "done";
  });
  touch = tool("Touch", () => ++this.scratch.value.uses);
  mail = tool("Mail", { to: z.string(), n: z.number() }, async ({ to, n }) => {
    await this.updateState(to, { n });
    return "posted";
  });
  postNonsense = tool("Post nonsense", { to: z.string() }, ({ to }) => this.updateState(to, { n: "x" as unknown as number }));
  peek = tool("Peek", { at: z.string() }, async ({ at }) => (await this.getState(at)) ?? null);
}

export const start = async (options: { failing?: string; hanging?: string } = {}, here: World = world(), settings: Partial<HostOptions> = {}) => {
  const agent = new CallAgent(options);
  return { agent, bench: await HostBench.start(agent, { world: here, ...settings }) };
};
/** For tests that wait for hours: a poll every 250 ms would be a million of them. */
export const RARELY: Partial<HostOptions> = { mailEveryMs: 600_000, leaseMs: 600_000 };
