// What a part says of itself to people: what an inspector draws and explains. Nothing of a conversation is in it.

import type { MaskPath } from "../base/marks.ts";
import type { JsonSchema } from "../base/schema.ts";

/**
 * What an inspector asks a part, and what a host has it do, under names that no part of one's own can have by chance: what it is,
 * what it did so far, what becomes of a value that somebody changed by hand, and that it lets go of what it need not hold any more.
 */
export const DESCRIBE = Symbol("conversimple.describe");
export const COUNTS = Symbol("conversimple.counts");
export const EDITED = Symbol("conversimple.edited");
export const TIDY = Symbol("conversimple.tidy");

/** A part, as its declaration has it. */
export interface PartDescription {
  readonly kind: "state" | "customer" | "session" | "workflow" | "cache" | "ephemeral" | "other";
  /** Version of its schema, for durable ones. */
  readonly schemaVersion?: number;
  /** The JSON Schema of its value (`session`: of its user), where the schema library gives one. */
  readonly schema?: JsonSchema;
  readonly masks?: readonly MaskPath[];
  /** The largest text of its value, UTF-8 bytes (P9). */
  readonly maxBytes?: number;
  readonly workflow?: WorkflowDescription;
  readonly session?: SessionDescription;
  readonly cache?: CacheDescription;
}

/** The steps of a workflow and where each leads. */
export interface WorkflowDescription {
  readonly initial: string;
  readonly steps: readonly {
    readonly name: string;
    readonly prompt?: string;
    readonly refusal?: string;
    readonly needs: readonly string[];
    readonly to: readonly string[];
    readonly isFinal: boolean;
    readonly deadlineMs?: number;
    /** The step that a deadline leads to; absent where it runs a handler. */
    readonly deadlineTo?: string;
  }[];
}

/** The limits of a session. */
export interface SessionDescription {
  readonly idleTimeoutMs: number;
  readonly absoluteTimeoutMs: number;
  readonly lockout: false | { readonly attempts: number; readonly perConversation: number; readonly windowMs: number };
}

/** How long a cache keeps what. */
export interface CacheDescription {
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly max: number;
  readonly scope: string;
}

/** What a cache did since its process began. */
export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
  readonly failures: number;
  readonly size: number;
}
