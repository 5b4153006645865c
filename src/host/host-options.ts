// What a host can be told, with the defaults in one place.

import type { ConversimpleAgent } from "../agent/agent.ts";
import type { Rehearsal } from "../agent/recorded.ts";
import { systemClock, type Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";
import { KeyedHash } from "../base/keyed-hash.ts";
import { systemRandom } from "../base/random.ts";
import { silentLogger, type Logger } from "../base/log.ts";
import type { Store } from "../state/store.ts";
import { LEASE_MS } from "./leases.ts";

export interface HostOptions {
  /** The agents, one instance each; the host seals them. */
  readonly agents: readonly ConversimpleAgent[];
  readonly store: Store;
  /**
   * Keys the hashes under which customers and accounts are stored: at least 16 bytes, the same for all processes and for
   * ever. Random, for this process only, unless given. (P18, P22)
   */
  readonly secret?: string | Uint8Array;
  readonly clock?: Clock;
  /** From 0 to below 1, for pauses that must not be the same everywhere; the machine's unless given. */
  readonly random?: () => number;
  readonly logger?: Logger;
  /** How long an ended conversation's record stays, milliseconds, or "forever"; 24 h unless given. (P13) */
  readonly retentionMs?: number | "forever";
  /** A conversation without a sign of life for this long is ended as `abandoned`, milliseconds; 1 h unless given. (P13) */
  readonly abandonedAfterMs?: number;
  /** The lease of this process, milliseconds; 10,000 unless given. (P15) */
  readonly leaseMs?: number;
  /** How often the inboxes are looked at, milliseconds; 250 unless given. (P16) */
  readonly mailEveryMs?: number;
  /** How often expired records and abandoned conversations are looked for, milliseconds; 60,000 unless given. */
  readonly sweepEveryMs?: number;
  /** How long the outcome of a commit may stay unknown before its caller hears `state_unavailable`, milliseconds; 10,000 unless given. (P4) */
  readonly resolveTimeoutMs?: number;
  /**
   * Whether the journal also holds what a replay needs: values that caches gave, what signals carried, who called. For
   * development; false unless given.
   */
  readonly record?: boolean;
  /** In the place of `secret`, for a host beside another one of the same process. @internal */
  readonly hash?: KeyedHash;
  /** A recording that is run again in place of what is outside; nothing unless given. @internal */
  readonly rehearsal?: Rehearsal | undefined;
  /** Hears everything that an agent's `onError` is told, with the conversation if there is one. Must not throw. */
  readonly onError?: (error: unknown, conversationId?: string) => void;
}

export interface HostSettings extends Required<Omit<HostOptions, "secret" | "rehearsal">> {
  readonly rehearsal?: Rehearsal | undefined;
  readonly hash: KeyedHash;
}

/** The options with their defaults. @throws {ConversimpleError} `option_invalid`. */
export function hostSettings({ secret, ...options }: HostOptions): HostSettings {
  const settings: HostSettings = {
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    retentionMs: 24 * 3_600_000,
    abandonedAfterMs: 3_600_000,
    leaseMs: LEASE_MS,
    mailEveryMs: 250,
    sweepEveryMs: 60_000,
    resolveTimeoutMs: 10_000,
    record: false,
    onError: () => {},
    hash: new KeyedHash(secret),
    ...options,
  };
  checkAgents(settings.agents);
  if (settings.retentionMs !== "forever") positive("retentionMs", settings.retentionMs, 0);
  for (const name of ["abandonedAfterMs", "leaseMs", "mailEveryMs", "sweepEveryMs", "resolveTimeoutMs"] as const) positive(name, settings[name], 1);
  return settings;
}

/** What a compiler would have found: a class, or one agent in the place of a list. */
function checkAgents(agents: unknown): void {
  if (!Array.isArray(agents)) throw invalid("agents", "must be a list: agents: [new ShopAgent()]");
  if (agents.length === 0) throw invalid("agents", "is empty; give at least one agent");
  for (const [index, agent] of (agents as readonly unknown[]).entries()) {
    if (typeof agent === "function") throw invalid(`agents[${index}]`, `is a class or a function; give an instance: new ${agent.name || "ShopAgent"}()`);
    if (typeof agent !== "object" || agent === null) throw invalid(`agents[${index}]`, "is no agent; give an instance of a class that extends ConversimpleAgent");
  }
}

function positive(name: string, value: number, least: number): void {
  if (!Number.isFinite(value) || value < least) throw invalid(name, `must be a number of milliseconds, at least ${least}`);
}

function invalid(name: string, reason: string): ConversimpleError {
  return new ConversimpleError("option_invalid", `${name} ${reason}.`, { option: name });
}
