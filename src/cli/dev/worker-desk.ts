// The agents' desk as the platform's process has it: it asks the process of the agents, which comes and goes.
//
//   WD1. Every question settles: with the answer, when the agents' process is gone or being replaced, or when the time is over.
//   WD2. While there are no agents, nobody waits for them: the page says so and asks again when they are back (`agents`).

import { systemClock, type Clock } from "../../base/clock.ts";
import { ConversimpleError } from "../../base/errors.ts";
import type { AgentView, CacheView, CallResult, Edit, Replay, SavedTest } from "../../inspector/api.ts";
import type { AgentDesk } from "../../inspector/desks.ts";
import type { Patch } from "../../state/patch.ts";
import type { DeskAnswer, DeskMethod, DeskQuestion } from "./desk-messages.ts";

/** How long an answer may take, milliseconds. Source: an edit waits 10 s for its owner. */
const ANSWER_MS = 15_000;
/** The same where tools run. Source: longer than a tool may take unless it says otherwise. */
const TOOLS_MS = 60_000;
const SLOW: ReadonlySet<DeskMethod> = new Set(["call", "end", "replay", "test"]);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: ConversimpleError) => void;
}

/** Sends a question to the agents' process; false when there is none. */
export type Ask = (question: DeskQuestion) => boolean;

export class WorkerDesk implements AgentDesk {
  #ask: Ask = () => false;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<() => void>();
  #isServing = false;
  #last = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The way to the agents' process. */
  connect(ask: Ask): void {
    this.#ask = ask;
  }

  /** The agents are there, perhaps others than before: who listens hears of it. */
  ready(): void {
    this.#isServing = true;
    for (const listener of this.#listeners) listener();
  }

  /** The agents' process is gone, or about to be replaced (WD1). */
  gone(): void {
    this.#isServing = false;
    for (const { reject } of this.#waiting.values()) reject(reloading());
    this.#waiting.clear();
  }

  /** Calls the listener when the agents were loaded anew; returns a function that stops it. */
  onReady(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** An answer of the agents' process; one that nobody waits for any more is dropped. */
  hear(answer: DeskAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("error" in answer) waiting?.reject(new ConversimpleError(answer.error.code, answer.error.message, answer.error.fields));
    else waiting?.resolve(answer.value);
  }

  agents(): Promise<readonly AgentView[]> {
    return this.#asked("agents");
  }

  caches(): Promise<readonly CacheView[]> {
    return this.#asked("caches");
  }

  offered(conversationId: string): Promise<readonly string[]> {
    return this.#asked("offered", conversationId);
  }

  edit(conversationId: string, edit: Edit, source: string): Promise<{ version: number }> {
    return this.#asked("edit", conversationId, edit, source);
  }

  signal(conversationId: string, name: string, payload: unknown, source: string): Promise<{ version: number }> {
    return this.#asked("signal", conversationId, name, payload, source);
  }

  editCustomer(agentId: string, customerId: string, patches: readonly Patch[], source: string): Promise<{ key: string; version: number }> {
    return this.#asked("editCustomer", agentId, customerId, patches, source);
  }

  call(conversationId: string, tool: string, input: unknown, callId: string | undefined): Promise<CallResult> {
    return this.#asked("call", conversationId, tool, input, callId);
  }

  end(conversationId: string, reason: string): Promise<void> {
    return this.#asked("end", conversationId, reason);
  }

  fork(conversationId: string, version: number, newId: string | undefined, source: string): Promise<{ conversationId: string; version: number; agentId: string }> {
    return this.#asked("fork", conversationId, version, newId, source);
  }

  replay(conversationId: string): Promise<Replay> {
    return this.#asked("replay", conversationId);
  }

  test(conversationId: string, save: boolean): Promise<SavedTest> {
    return this.#asked("test", conversationId, save);
  }

  #asked<T>(method: DeskMethod, ...inputs: readonly unknown[]): Promise<T> {
    const id = ++this.#last;
    const question: DeskQuestion = { type: "ask", id, method, inputs };
    if (!this.#isServing || !this.#ask(question)) return Promise.reject(reloading());
    return new Promise<T>((resolve, reject) => {
      const withinMs = SLOW.has(method) ? TOOLS_MS : ANSWER_MS;
      const timer = this.#clock.after(withinMs, () => {
        this.#waiting.delete(id);
        reject(new ConversimpleError("state_unavailable", `The agents' process did not answer within ${withinMs / 1_000} s. It may be busy, or stand at a breakpoint.`, { method }));
      });
      const settled = () => timer.cancel();
      this.#waiting.set(id, {
        resolve: (value) => (settled(), resolve(value as T)),
        reject: (error) => (settled(), reject(error)),
      });
    });
  }
}

function reloading(): ConversimpleError {
  return new ConversimpleError("state_unavailable", "The agents are being reloaded. Try again in a moment.");
}
