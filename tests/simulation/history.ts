// Judges the history of a simulated world: what the store did, what callers heard, what the agent did outside.
//
// Owns the invariants of the simulation. A to D are those of all fault tests (tests/faults/checker.ts); here they are also
// checked commit by commit, since the simulation sees what the store really did. Knows no agent, no host and no store.
//
//   A. Acknowledged <= stored <= acknowledged + in flight; a commit only adds; what failed leaves nothing.
//   B. Each call id's change is applied at most once, an effect that is recorded does not happen again, a message is applied
//      once and in order, a conversation starts and ends once.
//   C. Each commit follows the version before it, and has the epoch of the last take-over. An owner is never refused its
//      own version.
//   D. No conversation reads, or is stored with, another's state.
//   E. Every call that was accepted is answered, or its conversation is over.
//   F. An account is tried at most `attempts` times in a window, and nobody is logged in whom `verify` did not know.
//   G. A step is only reached from a step that leads to it.
//   H. Two units of one conversation never overlap in a process.
//   I. After the end nothing is left: no conversation, no timer, no request, nothing of who was forgotten.
//   J. Nothing happens that nobody foresaw: no unknown error, no answer that is none of the tool's.

import { violationsOf, type HistoryEvent } from "../faults/checker.ts";
import type { StoredParts } from "./recorder.ts";
import { LOCKOUT, STEPS } from "./sim-agent.ts";

type Parts = Partial<StoredParts>;

export type SimEvent =
  | HistoryEvent
  | { readonly kind: "acquired"; readonly owner: string; readonly process: string; readonly epoch: number; readonly version: number }
  | { readonly kind: "committed"; readonly owner: string; readonly process: string; readonly version: number; readonly expectedVersion: number; readonly epoch: number; readonly before: Parts; readonly after: Parts; readonly atMs: number }
  /** The owner of the present epoch was told that its version is not the stored one. */
  | { readonly kind: "own_conflict"; readonly owner: string; readonly process: string; readonly expectedVersion: number; readonly isRetry: boolean }
  | { readonly kind: "erased"; readonly owner: string }
  /** A signal lies in an inbox. */
  | { readonly kind: "posted"; readonly owner: string; readonly id: string }
  /** An answer says who is logged in. */
  | { readonly kind: "told"; readonly conversation: string; readonly user: string }
  /** The account's key in the store, once known. */
  | { readonly kind: "verified"; readonly account: string; readonly owner: string; readonly conversation: string; readonly isRight: boolean; readonly atMs: number }
  /** What the simulation saw itself: the letter and a sentence. */
  | { readonly kind: "breach"; readonly invariant: string; readonly what: string };

type Committed = Extract<SimEvent, { kind: "committed" }>;
type Say = (invariant: string, what: string) => void;

interface Seen {
  readonly epochs: Map<string, number>;
  readonly versions: Map<string, number>;
  /** `conversation\naccount` of each right secret. */
  readonly proved: Set<string>;
  /** Wrong secrets of an account, and when its first attempt was counted. */
  readonly wrong: Map<string, { count: number; readonly firstMs: number }>;
  readonly erased: Set<string>;
  readonly posted: Map<string, string[]>;
}

const FAULT_EVENTS: ReadonlySet<string> = new Set<HistoryEvent["kind"]>(["asked", "acknowledged", "refused", "unknown", "stored"]);

/** The broken invariants, each as its letter and a sentence; empty when all hold. */
export function breachesOf(history: readonly SimEvent[]): string[] {
  const isFault = (event: SimEvent): event is HistoryEvent => FAULT_EVENTS.has(event.kind);
  const found = violationsOf(history.filter(isFault));
  const say: Say = (invariant, what) => void found.push(`${invariant}: ${what}`);
  const seen: Seen = { epochs: new Map(), versions: new Map(), proved: new Set(), wrong: new Map(), erased: new Set(), posted: new Map() };
  for (const event of history) {
    if (event.kind === "breach") say(event.invariant, event.what);
    else if (event.kind === "acquired") acquired(event, seen, say);
    else if (event.kind === "committed") committed(event, seen, say);
    else if (event.kind === "erased") erased(event.owner, seen);
    else if (event.kind === "posted") seen.posted.set(event.owner, [...(seen.posted.get(event.owner) ?? []), event.id]);
    else if (event.kind === "told" && !seen.proved.has(`${event.conversation}\n${event.user}`)) say("F", `${event.conversation}: ${event.user} is said to be logged in, without a proof`);
    else if (event.kind === "verified") verified(event, seen, say);
    else if (event.kind === "own_conflict") say("C", `${event.owner}: ${event.process} owns it, and was refused version ${event.expectedVersion}${event.isRetry ? " of a write that is stored" : ""}`);
  }
  return [...new Set(found)];
}

function acquired({ owner, epoch, version }: Extract<SimEvent, { kind: "acquired" }>, seen: Seen, say: Say): void {
  const before = seen.epochs.get(owner) ?? 0;
  if (epoch <= before && !seen.erased.has(owner)) say("C", `${owner}: epoch ${epoch} after ${before}`);
  if (version < (seen.versions.get(owner) ?? 0)) say("C", `${owner}: version ${version} after ${seen.versions.get(owner)}`);
  seen.epochs.set(owner, epoch);
}

function committed(event: Committed, seen: Seen, say: Say): void {
  const { owner, process, version, expectedVersion, epoch, before, after } = event;
  const last = seen.versions.get(owner) ?? 0;
  if (version !== last + 1 || expectedVersion !== last) say("C", `${owner}: ${process} made version ${version} of ${expectedVersion}, after ${last}`);
  const present = seen.epochs.get(owner) ?? 0;
  if (epoch !== present) say("C", `${owner}: ${process} committed with epoch ${epoch}, the owner has ${present}`);
  if (seen.erased.has(owner)) say("I", `${owner}: ${process} committed after it was forgotten`);
  seen.versions.set(owner, version);
  if (owner.startsWith("account:") && !seen.wrong.has(owner)) seen.wrong.set(owner, { count: 0, firstMs: event.atMs });
  if (before === after) return;
  if (owner.startsWith("conversation:")) conversationCommitted(event, seen, say);
  if (owner.startsWith("customer:")) customerCommitted(event, say);
}

function conversationCommitted({ owner, before, after }: Committed, seen: Seen, say: Say): void {
  const id = owner.slice("conversation:".length);
  const [old, now] = [before.state, after.state];
  grown(owner, old?.changes ?? [], now?.changes ?? [], say);
  for (const { conversation, callId, n } of now?.changes ?? []) {
    if (conversation !== id) say("D", `${owner} has ${callId} of ${conversation}`);
    if (n < 0) say("A", `${owner}: ${callId} failed and is stored`);
  }
  if ((now?.starts ?? 0) > 1) say("B", `${owner} was started ${now!.starts} times`);
  if ((now?.ends ?? 0) > 1) say("B", `${owner} was ended ${now!.ends} times`);
  const posted = seen.posted.get(owner) ?? [];
  if ((now?.heard ?? []).some((signal, at) => signal !== posted[at])) say("B", `${owner} heard ${now!.heard.join(", ")} of the signals ${posted.join(", ")}`);
  const { session } = after;
  if (session?.status === "authenticated" && !seen.proved.has(`${id}\n${session.user?.id}`)) say("F", `${owner}: ${session.user?.id} is logged in without a proof`);
  const [from, to] = [before.flow?.step ?? "first", after.flow?.step ?? "first"];
  if (from !== to && !STEPS[from]?.includes(to)) say("G", `${owner} went from ${from} to ${to}`);
}

function customerCommitted({ owner, before, after }: Committed, say: Say): void {
  grown(owner, before.customer?.changes ?? [], after.customer?.changes ?? [], say);
  const ended = after.customer?.ended ?? [];
  if (new Set(ended).size !== ended.length) say("B", `${owner} heard of an end twice: ${ended.join(", ")}`);
}

/** What was there stays, and at most one change comes. */
function grown(owner: string, old: readonly { callId: string }[], now: readonly { callId: string }[], say: Say): void {
  if (old.some(({ callId }, at) => now[at]?.callId !== callId)) say("A", `${owner} lost a change`);
  if (now.length > old.length + 1) say("H", `${owner}: one commit made ${now.length - old.length} changes`);
  const ids = now.map(({ callId }) => callId);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length > 0) say("B", `${owner}: applied twice: ${twice.join(", ")}`);
}

/** A store that forgets begins anew with its versions; a mark has one more than there was. */
function erased(owner: string, seen: Seen): void {
  if (!owner.startsWith("account:")) seen.erased.add(owner);
  // How often it was tried is forgotten, too.
  seen.wrong.set(owner, { count: -Infinity, firstMs: 0 });
  seen.versions.set(owner, 0);
  seen.epochs.set(owner, 0);
}

/** F. However long a secret waits to be compared after its attempt was counted: so many windows began, so many attempts. */
function verified({ account, owner, conversation, isRight, atMs }: Extract<SimEvent, { kind: "verified" }>, seen: Seen, say: Say): void {
  if (isRight) return void seen.proved.add(`${conversation}\n${account}`);
  const wrong = seen.wrong.get(owner);
  if (!wrong) return say("F", `${account}: a secret was compared before an attempt was counted`);
  wrong.count++;
  const most = LOCKOUT.attempts * (Math.floor((atMs - wrong.firstMs) / LOCKOUT.windowMs) + 1);
  if (wrong.count > most) say("F", `${account}: ${wrong.count} wrong secrets were compared within ${Math.round(atMs - wrong.firstMs)} ms`);
}
