// What the inspector says over HTTP: the shapes, shared with the page. Types only: the page imports nothing else.
//
//   IA1. Everything here is masked already; what is in clear was asked for with a reason that is journalled.    (P21)
//   IA2. A value of state is in the codec's lossless JSON: a Date is {"$date":ms}, a Map {"$map":[..]} (base/codec.ts).
//   IA3. Times are milliseconds since 1970, durations milliseconds.
//
//   GET    /inspector/api/info                              Info
//   GET    /inspector/api/agents                            AgentView[]
//   GET    /inspector/api/caches                            CacheView[]
//   GET    /inspector/api/events                            server-sent events, `data:` is an InspectorEvent; Last-Event-ID goes on
//   GET    /inspector/api/conversations?status&agent&customer&search&limit<=1000&cursor    Page<ConversationRow>
//   POST   /inspector/api/conversations                     NewConversation -> { conversationId }                       write, talk
//   GET    /inspector/api/conversations/:id                 ConversationView
//   DELETE /inspector/api/conversations/:id                 ends it                                                     write
//   GET    /inspector/api/conversations/:id/at/:version     PartsView
//   GET    /inspector/api/conversations/:id/timeline?after&limit<=1000    TimelinePage
//   GET    /inspector/api/conversations/:id/export          everything of it as JSON, masked
//   POST   /inspector/api/conversations/:id/reveal          { reason, version? | customer? } -> PartsView in clear      reveal
//   POST   /inspector/api/conversations/:id/edit            Edit -> { version }                                         write
//   POST   /inspector/api/conversations/:id/signal          { name, payload? } -> { version }                           write
//   POST   /inspector/api/conversations/:id/tool-calls      { tool, arguments?, callId? } -> CallResult                 write
//   POST   /inspector/api/conversations/:id/fork            { version, conversationId? } -> { conversationId, version } write
//   POST   /inspector/api/conversations/:id/replay          Replay                                                      dev
//   POST   /inspector/api/conversations/:id/test            { save? } -> SavedTest                                      dev
//   POST   /inspector/api/customers/find                    { customerId } -> { key: string | null }
//   GET    /inspector/api/customers/:key                    CustomerView
//   POST   /inspector/api/customers/edit                    { agentId, customerId, patches } -> { key, version }        write
//
// An error is `{ error: { type, message, remedy? } }` with a status of 400, 401, 403, 404, 409, 413, 415, 422, 429, 501, 503 or 504.

import type { CacheCounts, PartDescription, WorkflowDescription } from "../agent/part-description.ts";
import type { MaskPath } from "../base/marks.ts";
import type { JsonSchema } from "../host/host.ts";
import type { UnitKind, UnitOutcome } from "../state/journal.ts";
import type { UnitNote } from "../state/notes.ts";
import type { Patch } from "../state/patch.ts";
import type { Status } from "../state/store.ts";

/** A value of state in the codec's lossless JSON, masked (IA1, IA2). */
export type ShownValue = unknown;

/** What this inspector is and may do. */
export interface Info {
  readonly version: string;
  /** `dev`: beside the local platform. `production`: beside a dispatcher. */
  readonly mode: "dev" | "production";
  /** The store's address, without secrets. */
  readonly store: string;
  readonly nowMs: number;
  /** Whether it may edit, call tools, fork and end. */
  readonly canWrite: boolean;
  /** Whether it may show in clear what is masked, for a reason. */
  readonly canReveal: boolean;
  /** Whether there is a platform to talk over: callers ring at `/callers/websocket`, the transcript is at `/v1/conversations/:id/messages`. */
  readonly canTalk: boolean;
  /** The command that calls an agent in a terminal beside this one; null where that is not known. */
  readonly callCommand: string | null;
  /** Whether calls can be replayed and saved as tests. */
  readonly canReplay: boolean;
  /** Names of the brains that a talk can be held with; the first one is the default. Empty without `canTalk`. */
  readonly brains: readonly string[];
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** An agent, as its code says it. */
export interface AgentView {
  readonly agentId: string;
  /** Whether a process serves it now. */
  readonly isServed: boolean;
  /** The file that exports it, relative to the working directory; where it is known. */
  readonly file?: string;
  readonly parts: readonly PartInfo[];
  readonly tools: readonly ToolInfo[];
}

/** A field of an agent that holds or guards state. */
export interface PartInfo extends PartDescription {
  readonly name: string;
}

/** The steps of a workflow and where each leads. */
export type WorkflowInfo = WorkflowDescription;

/** A tool. */
export interface ToolInfo {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  readonly examples: readonly string[];
  /** Places of the arguments that are secret, and that are personal. */
  readonly secrets: readonly MaskPath[];
  readonly masks: readonly MaskPath[];
  /** Places of its results that are personal; an inspector masks the whole of a result whose tool it does not know. */
  readonly resultMasks: readonly MaskPath[];
  /** What it is guarded by, in the order in which it is asked: `session`, `session within 120000 ms`, `booking at readyToConfirm`, `a predicate`. */
  readonly guards: readonly string[];
  readonly isParallel: boolean;
  readonly isOnce: boolean;
  readonly timeoutMs: number;
}

/** What a cache did since its process began. */
export interface CacheView extends CacheCounts {
  readonly agentId: string;
  readonly part: string;
}

/** A conversation in a list. */
export interface ConversationRow {
  readonly conversationId: string;
  readonly agentId: string | null;
  readonly status: Status;
  readonly endReason: string | null;
  /** The owner key of its customer (a keyed hash), never who it is. */
  readonly customer: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly version: number;
  /** The process that serves it, null for none. */
  readonly process: string | null;
}

/** One part as it is stored. */
export interface PartView {
  readonly name: string;
  readonly kind: PartInfo["kind"];
  readonly schemaVersion: number;
  readonly value: ShownValue;
  /** What of it is masked. */
  readonly masks: readonly MaskPath[];
  /** What is masked counts in whole KiB (base/shown-size.ts). */
  readonly bytes: number;
  readonly maxBytes: number | null;
}

/** All parts at one version. */
export interface PartsView {
  readonly version: number;
  readonly parts: readonly PartView[];
  /** Whether masked places are in clear. */
  readonly isRevealed: boolean;
}

/** Who is logged in, in words for a panel. */
export interface SessionView {
  readonly part: string;
  readonly status: "anonymous" | "authenticated" | "expired";
  readonly user?: ShownValue;
  readonly startedAtMs?: number;
  readonly lastSeenMs?: number;
  readonly idleEndsAtMs?: number;
  readonly absoluteEndsAtMs?: number;
  /** The attempts that count now, where they can be known: on the account that logged in, and in this conversation. */
  readonly account?: LockoutView;
  readonly conversation?: LockoutView;
}

/** A counter of attempts. */
export interface LockoutView {
  readonly attempts: number;
  readonly limit: number;
  readonly windowMs: number;
  /** When the next attempt is allowed again; null while it is. */
  readonly lockedUntilMs: number | null;
}

/** A conversation with its state. */
export interface ConversationView extends ConversationRow, PartsView {
  /** Messages in its inbox. */
  readonly mail: number;
  /** Why it cannot be used (P10). */
  readonly quarantine?: { readonly code: string; readonly message: string; readonly remedy: string };
  /** Its tools, with those that its state allows now; empty when no process says so. */
  readonly offeredTools: readonly string[];
  readonly sessions: readonly SessionView[];
}

/** What a unit of work did beside its patches, as its journal entry says it (state/notes.ts). */
export type NoteView = UnitNote;

/** One unit of work. */
export interface TimelineEntry {
  readonly version: number;
  readonly atMs: number;
  readonly unit: UnitKind;
  /** Of the tool, hook, effect, signal or part. */
  readonly name: string;
  readonly callId?: string;
  /** Masked; secret ones are not there at all. */
  readonly arguments?: ShownValue;
  /** The answer of a tool call, masked; absent when none is kept. */
  readonly result?: ShownValue;
  readonly outcome: UnitOutcome;
  readonly code?: string;
  /** Why it was refused, in the SDK's words. */
  readonly reason?: string;
  /** What to do about `code`. */
  readonly remedy?: string;
  /** How long it waited in the queue, spent in guards, ran, committed, and waited for its reply to be confirmed; null while not known. */
  readonly queueMs: number;
  readonly guardMs: number;
  readonly runMs: number;
  readonly commitMs: number | null;
  readonly replyMs: number | null;
  /** The unit that it waited for. */
  readonly waitedFor?: string;
  /** Who wrote from outside. */
  readonly source?: string;
  /** Masked steps by part; null where what was before is not known. */
  readonly changes: Readonly<Record<string, readonly Patch[]>> | null;
  readonly notes: readonly NoteView[];
  /** Whether its text cannot be read (damaged, or encrypted with a key that is not here). */
  readonly isUnreadable?: true;
}

/** A part of a journal, oldest first. */
export interface TimelinePage {
  readonly entries: readonly TimelineEntry[];
  /** Ask with `after` this version for more; null when there is none. */
  readonly nextAfter: number | null;
}

/** A customer: what all calls of a person share. */
export interface CustomerView {
  readonly key: string;
  readonly status: Status;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly parts: readonly PartView[];
  /** The newest ones, at most 100. */
  readonly conversations: readonly ConversationRow[];
  readonly quarantine?: { readonly code: string; readonly message: string; readonly remedy: string };
}

/** A change of a part by hand. */
export interface Edit {
  readonly part: string;
  /** Steps with values in lossless JSON. */
  readonly patches: readonly Patch[];
  /** Refused with 409 when the conversation is at another version by the time it is applied; not checked unless given. */
  readonly expectedVersion?: number;
}

/** A call that begins on the page. */
export interface NewConversation {
  readonly agentId: string;
  readonly conversationId?: string;
  readonly caller?: Readonly<Record<string, unknown>>;
  /** Fields of the state, set before anything is said; lossless JSON. */
  readonly state?: Readonly<Record<string, unknown>>;
  /** A customer whose record is prepared. */
  readonly customer?: { readonly customerId: string; readonly fields: Readonly<Record<string, unknown>> };
}

/** What a tool call was answered with. */
export type CallResult =
  | { readonly kind: "result"; readonly callId: string; readonly result: unknown }
  | { readonly kind: "error"; readonly callId: string; readonly error: { readonly type: string; readonly message: string }; readonly remedy?: string };

/** A recorded call, run again on the agent's code without side effects. */
export interface Replay {
  readonly isSame: boolean;
  readonly steps: readonly ReplayStep[];
  /** What could not be replayed faithfully, in sentences: "The PIN of login was a placeholder." */
  readonly remarks: readonly string[];
}

/** One unit of a replay beside the recorded one. */
export interface ReplayStep {
  readonly version: number;
  readonly unit: UnitKind;
  readonly name: string;
  readonly callId?: string;
  readonly recorded: UnitOutcome;
  readonly replayed: UnitOutcome | "not run";
  /** Where the state after it differs from the recorded one: "state.cart[0].quantity". Empty when it is the same. */
  readonly differences: readonly string[];
}

/** A call as a test file. */
export interface SavedTest {
  readonly fileName: string;
  readonly text: string;
  /** Where it was written, relative to the working directory; absent unless `save` was asked for. */
  readonly savedAs?: string;
  readonly remarks: readonly string[];
}

/** What the page hears of while it is open. */
export type InspectorEvent =
  /** A commit of a conversation; `before`: what is known now of the entry before it. */
  | { readonly type: "commit"; readonly row: ConversationRow; readonly entry: TimelineEntry; readonly before?: { readonly version: number; readonly commitMs: number | null; readonly replyMs: number | null } }
  /** A conversation is there, was taken over, ended or went away. */
  | { readonly type: "conversation"; readonly conversationId: string }
  | { readonly type: "customer"; readonly key: string; readonly version: number }
  /** The agents were loaded anew, or could not be: ask for them again. `failure` is the developer's own, of dev only. */
  | { readonly type: "agents"; readonly failure?: { readonly message: string; readonly remedy?: string } }
  /** Something was said, or a turn began or ended (only with `canTalk`); masked. */
  | { readonly type: "talk"; readonly conversationId: string; readonly event: TalkEvent }
  /** A handler threw something that its caller does not hear (dev only). */
  | { readonly type: "threw"; readonly message: string; readonly places: readonly string[]; readonly reference?: string }
  /** Events were missed: ask for everything again. */
  | { readonly type: "reset" };

/** What is heard of a spoken conversation. */
export type TalkEvent =
  | { readonly type: "turn_began" | "turn_ended"; readonly turn: number; readonly isInterrupted?: boolean }
  | { readonly type: "turn_called"; readonly turn: number; readonly callId: string; readonly tool: string }
  | { readonly type: "call_delivered" | "call_answered" | "call_failed" | "call_timed_out"; readonly callId: string; readonly tool: string }
  | { readonly type: "caller_said" | "agent_said"; readonly turn: number; readonly text: string; readonly isInterrupted?: boolean };
