// The host port: what every platform adapter drives.
//
// Owns the contract between "something that delivers tool calls" and the agents of this process. Knows no wire,
// no frames and no platform; adapters know no store and no agent.
//
//   H1. `invoke` never rejects and settles exactly once: with a result, an error, or `gone`.
//   H2. A result is given only after the commit that it belongs to is durable.                        (P4)
//   H3. The same call id with the same arguments gives the same result, also while the first is running. (P5)
//   H4. `open` of a conversation that is served already changes nothing and starts no hook again.      (P12)

import type { ErrorCode } from "../base/errors.ts";

/** A JSON Schema object (draft 2020-12, `type: "object"`). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a platform (and its model) is told about a tool. */
export interface ToolDescription {
  /** The name on the wire, in snake_case. */
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  /** Phrases by which a caller asks for it. */
  readonly examples?: readonly string[];
  /** What is masked of its results wherever they are shown (`base/marks.ts`); nothing when left out. (P21) */
  readonly resultMasks?: readonly string[];
}

/** What the platform says about who calls. A hint for prompts and logs: never proof of who somebody is (P19). */
export type Caller = Readonly<Record<string, unknown>>;

export interface OpenOptions {
  readonly agentId: string;
  readonly caller?: Caller;
}

export type Opened =
  /** This process serves it now (`isNew`: nobody did before). Register its tools. */
  | { readonly kind: "serving"; readonly isNew: boolean }
  /** Another process has it, at least until `untilMs` (milliseconds since 1970). Try again then. */
  | { readonly kind: "held"; readonly untilMs: number }
  /** It is over (or forgotten); it will not be served again. */
  | { readonly kind: "ended"; readonly reason: string | null };

export interface Invocation {
  readonly conversationId: string;
  readonly callId: string;
  /** The tool's name on the wire. */
  readonly tool: string;
  /** Parsed JSON; validated by the tool's schema before the handler runs. */
  readonly arguments: unknown;
  /** How long the caller waits, milliseconds, queue time included. The tool's own limit applies if it is shorter. */
  readonly timeoutMs?: number;
  /** Aborts when the caller no longer wants the answer. */
  readonly signal?: AbortSignal;
}

export type Outcome =
  /** The answer, as JSON text; a refusal and a ToolError are results too. */
  | { readonly kind: "result"; readonly json: string; /** Whether it was kept from an earlier delivery. */ readonly repeated: boolean }
  | { readonly kind: "error"; readonly code: ErrorCode; readonly message: string; readonly reference?: string }
  /** Another process serves the conversation now: say nothing, it will answer. */
  | { readonly kind: "gone" };

export interface HostHealth {
  /** `draining` after `drain` was called; `degraded` while the store does not answer. */
  readonly status: "ok" | "degraded" | "draining";
  readonly agents: readonly string[];
  /** Conversations that this process serves. */
  readonly conversations: number;
  /** Units waiting or running. */
  readonly waiting: number;
  /** The store's address, without secrets. */
  readonly store: string;
}

export interface Host {
  readonly agentIds: readonly string[];

  /**
   * Serves a conversation from now on: new, resumed after a crash, or already here (H4).
   *
   * @throws {ConversimpleError} `id_invalid`, `option_invalid` (no such agent), `state_unavailable`, `overloaded`
   *   (this process is draining).
   */
  open(conversationId: string, options: OpenOptions): Promise<Opened>;

  /**
   * The tools to register for a conversation that is served here; empty when it is not. `offered`, unless told otherwise:
   * those that its state allows now. `all`: for a platform that takes them once.
   */
  tools(conversationId: string, which?: "offered" | "all"): readonly ToolDescription[];

  /** Runs a tool call (H1..H3). */
  invoke(invocation: Invocation): Promise<Outcome>;

  /** The platform confirmed the answer of a call, so many milliseconds after it had been given to it: for the journal. */
  confirmed(conversationId: string, callId: string, ms: number): void;

  /** Calls the listener when the tools of a conversation changed; returns a function that stops it. */
  onToolsChanged(listener: (conversationId: string) => void): () => void;

  /**
   * Calls the listener when this process stops serving a conversation; returns a function that stops it.
   * `ended`: it is over. `taken`: another process serves it. `released`: this process drains.
   */
  onGone(listener: (conversationId: string, why: "ended" | "taken" | "released") => void): () => void;

  /** Ends a conversation: the hook runs, the state leaves memory, the record stays for the retention time (P13). Once. */
  close(conversationId: string, reason: string): Promise<void>;

  /** Tells every agent about the platform's `config_update`. */
  configure(config: Readonly<Record<string, unknown>>): Promise<void>;

  health(): HostHealth;

  /** No new conversations; running tools finish (or are refused after `graceMs`); everything is released (P15). */
  drain(graceMs: number): Promise<void>;
}
