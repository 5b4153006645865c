// A host in memory: keeps the promises of the port (H1..H4) with no store behind it.

import { ConversimpleError } from "../../src/base/errors.ts";
import type { Host, HostHealth, Invocation, Opened, OpenOptions, Outcome, ToolDescription } from "../../src/host/host.ts";

const ADD: ToolDescription = { name: "add", description: "Adds", parameters: { type: "object" } };

export class MemoryHost implements Host {
  readonly agentIds: readonly string[];
  readonly opens: { id: string; options: OpenOptions }[] = [];
  readonly closes: { id: string; reason: string }[] = [];
  readonly configs: unknown[] = [];
  /** Every delivery of a call, and every run of it. */
  readonly invocations: Invocation[] = [];
  readonly runs: string[] = [];
  /** Answers that the platform confirmed. */
  readonly confirmations: { conversationId: string; callId: string; ms: number }[] = [];
  /** What `open` answers instead of serving, once each. */
  readonly answers: (Opened | ConversimpleError)[] = [];
  listed: ToolDescription[] = [ADD];
  /** What a tool does. */
  run: (invocation: Invocation) => Outcome | Promise<Outcome> = (invocation) => ({
    kind: "result",
    json: JSON.stringify({ conversation: invocation.conversationId, arguments: invocation.arguments }),
    repeated: false,
  });
  status: HostHealth["status"] = "ok";
  readonly #served = new Set<string>();
  readonly #ledger = new Map<string, Promise<Outcome>>();
  readonly #onTools = new Set<(id: string) => void>();
  readonly #onGone = new Set<(id: string, why: "ended" | "taken" | "released") => void>();

  constructor(...agentIds: string[]) {
    this.agentIds = agentIds.length > 0 ? agentIds : ["shop"];
  }

  async open(id: string, options: OpenOptions): Promise<Opened> {
    this.opens.push({ id, options });
    const answer = this.answers.shift();
    if (answer instanceof ConversimpleError) throw answer;
    if (answer && answer.kind !== "serving") return answer;
    const isNew = !this.#served.has(id);
    this.#served.add(id);
    return { kind: "serving", isNew };
  }

  confirmed(conversationId: string, callId: string, ms: number): void {
    this.confirmations.push({ conversationId, callId, ms });
  }

  tools(id: string): readonly ToolDescription[] {
    return this.#served.has(id) ? this.listed : [];
  }

  async invoke(invocation: Invocation): Promise<Outcome> {
    this.invocations.push(invocation);
    const key = `${invocation.conversationId}\n${invocation.callId}`;
    let outcome = this.#ledger.get(key);
    if (!outcome) {
      this.runs.push(invocation.callId);
      outcome = Promise.resolve(this.run(invocation));
      this.#ledger.set(key, outcome);
    }
    return outcome;
  }

  onToolsChanged(listener: (id: string) => void): () => void {
    this.#onTools.add(listener);
    return () => void this.#onTools.delete(listener);
  }

  onGone(listener: (id: string, why: "ended" | "taken" | "released") => void): () => void {
    this.#onGone.add(listener);
    return () => void this.#onGone.delete(listener);
  }

  changeTools(id: string, listed: ToolDescription[]): void {
    this.listed = listed;
    for (const listener of this.#onTools) listener(id);
  }

  lose(id: string, why: "ended" | "taken" | "released"): void {
    this.#served.delete(id);
    for (const listener of this.#onGone) listener(id, why);
  }

  async close(id: string, reason: string): Promise<void> {
    this.closes.push({ id, reason });
    // A real end takes its time: the hook runs and a commit is stored.
    await new Promise((resolve) => setImmediate(resolve));
    this.lose(id, "ended");
  }

  async configure(config: Readonly<Record<string, unknown>>): Promise<void> {
    this.configs.push(config);
  }

  health(): HostHealth {
    return { status: this.status, agents: this.agentIds, conversations: this.#served.size, waiting: 0, store: "memory:" };
  }

  async drain(): Promise<void> {
    this.status = "draining";
  }
}
