// Who is logged in, and how many attempts count, for a panel.
//
//   SS1. It tells what the stored times say now; the process that serves the call may know of a later sign of life.
//   SS2. A counter is shown where its limit is known and the store's secret, or the session, names its record.   (P18)

import type { KeyedHash } from "../base/keyed-hash.ts";
import { Shown } from "../base/shown.ts";
import { attemptsIn } from "../parts/lockout.ts";
import type { SessionRecord } from "../parts/session-record.ts";
import { idOf, type Loaded, type Owner, type Store } from "../state/store.ts";
import type { AgentView, LockoutView, PartInfo, SessionView } from "./api.ts";
import { kindOf } from "./part-views.ts";
import { shownValue } from "./shown-value.ts";
import { accountRecord, type ClearParts } from "./stored-parts.ts";

/** What the panel needs beside the record. */
export interface SessionContext {
  readonly store: Store;
  readonly nowMs: number;
  /** Names records of accounts; undefined where the secret is not known. */
  readonly hash: KeyedHash | undefined;
  readonly agent: AgentView | undefined;
}

/** The sessions of a conversation: one, as a rule. */
export async function sessionViews({ owner }: Loaded, { parts, masks }: ClearParts, context: SessionContext): Promise<readonly SessionView[]> {
  const views: SessionView[] = [];
  for (const [name, part] of parts) {
    const info = context.agent?.parts.find((each) => each.name === name);
    if ((info?.kind ?? kindOf(part)) !== "session") continue;
    const record = part.data as SessionRecord;
    const account = record.status === "anonymous" ? undefined : record.account;
    const conversation = context.hash && (`account:${context.hash.of("account", `conversation\n${idOf(owner)}`)}` as const);
    const counters = await Promise.all([counter(context, account, info?.session, "attempts"), counter(context, conversation, info?.session, "perConversation")]);
    views.push({
      part: name, ...factsOf(record, [...(masks[name] ?? []), ...(info?.masks ?? [])], info?.session, context.nowMs),
      ...(counters[0] ? { account: counters[0] } : {}),
      ...(counters[1] ? { conversation: counters[1] } : {}),
    });
  }
  return views;
}

function factsOf(record: SessionRecord, masks: readonly string[], limits: PartInfo["session"], nowMs: number): Omit<SessionView, "part" | "account" | "conversation"> {
  if (record.status !== "authenticated") return { status: record.status };
  const { startedAtMs, lastSeenMs } = record;
  const { user } = shownValue(Shown.masked({ user: record.user }, masks)) as { user: unknown };
  const facts = { user, startedAtMs, lastSeenMs };
  if (!limits) return { status: record.status, ...facts };
  const ends = { idleEndsAtMs: lastSeenMs + limits.idleTimeoutMs, absoluteEndsAtMs: startedAtMs + limits.absoluteTimeoutMs };
  return { status: nowMs >= Math.min(ends.idleEndsAtMs, ends.absoluteEndsAtMs) ? "expired" : "authenticated", ...facts, ...ends };
}

/** SS2. */
async function counter({ store, nowMs }: SessionContext, owner: Owner | undefined, limits: PartInfo["session"], which: "attempts" | "perConversation"): Promise<LockoutView | undefined> {
  if (owner === undefined || !limits || limits.lockout === false) return undefined;
  const { windowMs, [which]: limit } = limits.lockout;
  try {
    const ends = attemptsIn(await accountRecord(store, owner)).map((attempt) => attempt.atMs + attempt.windowMs).filter((endMs) => endMs > nowMs).sort((a, b) => a - b);
    return { attempts: ends.length, limit, windowMs, lockedUntilMs: ends.length >= limit ? ends[ends.length - limit]! : null };
  } catch {
    // A counter that cannot be read locks; what it holds, nobody knows.
    return undefined;
  }
}
