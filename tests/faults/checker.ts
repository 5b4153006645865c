// Judges a recorded history: what callers were told against what the store had.
//
// Owns the four invariants of the fault tests. Knows no agent, no platform and no store: whoever records a history says
// what was asked, what was heard and what was seen, in the order in which it happened.
//
//   A. Acknowledged <= stored <= acknowledged + in flight; what was refused is not stored.
//   B. Each call id's change is applied at most once, and gets the same answer whenever it is asked.
//   C. Versions never go back; what was stored is never reordered or dropped; a later call counts higher.
//   D. No conversation has another one's changes or answers.
//
// Where it was said that the store lost something, A and C begin anew: what was lost in silence stays a violation.

/** A change as the store has it: which call made it, and in which conversation that call ran. */
export interface StoredChange {
  readonly callId: string;
  readonly conversation: string;
}

export type HistoryEvent =
  /** The call was sent, for the first time or again. */
  | { readonly kind: "asked"; readonly conversation: string; readonly callId: string }
  /** Its answer was heard. `count`: how many changes the conversation had with it; `from`: who said so. */
  | { readonly kind: "acknowledged"; readonly conversation: string; readonly callId: string; readonly answer: string; readonly from: string; readonly count: number }
  /** It was refused for certain: nothing of it may be stored. */
  | { readonly kind: "refused"; readonly conversation: string; readonly callId: string }
  /** Nothing certain was heard: no answer in time, or one that leaves it open. */
  | { readonly kind: "unknown"; readonly conversation: string; readonly callId: string }
  /** Somebody was told that the store lost something of the conversation. */
  | { readonly kind: "lost"; readonly conversation: string }
  /** What the store had at this moment. */
  | { readonly kind: "stored"; readonly conversation: string; readonly version: number; readonly changes: readonly StoredChange[] };

type Acknowledged = Extract<HistoryEvent, { kind: "acknowledged" }>;
type Stored = Extract<HistoryEvent, { kind: "stored" }>;

/** What is known of one conversation while its history is read. */
interface Known {
  readonly asked: Set<string>;
  readonly refused: Set<string>;
  readonly answers: Map<string, string>;
  /** The highest count that had been acknowledged when the call was asked for the first time. */
  readonly countBefore: Map<string, number>;
  highestCount: number;
  seen: Stored | undefined;
}

/** The broken invariants, each as its letter and a sentence; empty when all hold. */
export function violationsOf(history: readonly HistoryEvent[]): string[] {
  const conversations = new Map<string, Known>();
  const found: string[] = [];
  for (const event of history) {
    let known = conversations.get(event.conversation);
    if (!known) {
      known = { asked: new Set(), refused: new Set(), answers: new Map(), countBefore: new Map(), highestCount: 0, seen: undefined };
      conversations.set(event.conversation, known);
    }
    const say = (invariant: "A" | "B" | "C" | "D", what: string) => found.push(`${invariant}: ${event.conversation}: ${what}`);
    if (event.kind === "asked") asked(event.callId, known);
    else if (event.kind === "refused") known.refused.add(event.callId);
    else if (event.kind === "acknowledged") acknowledged(event, known, say);
    else if (event.kind === "lost") lost(known);
    else if (event.kind === "stored") stored(event, known, say);
  }
  return found;
}

type Say = (invariant: "A" | "B" | "C" | "D", what: string) => void;

function asked(callId: string, known: Known): void {
  known.asked.add(callId);
  // Asked again after a refusal: it may happen now.
  known.refused.delete(callId);
  if (!known.countBefore.has(callId)) known.countBefore.set(callId, known.highestCount);
}

function acknowledged({ callId, conversation, answer, from, count }: Acknowledged, known: Known, say: Say): void {
  if (from !== conversation) say("D", `the answer of ${callId} is of ${from}`);
  if (!known.asked.has(callId)) say("D", `${callId} was acknowledged, and nobody asked for it`);
  const before = known.answers.get(callId);
  if (before === undefined) {
    if (count <= known.countBefore.get(callId)!) say("C", `${callId} made change ${count}, but ${known.countBefore.get(callId)} were acknowledged before it was asked`);
    known.highestCount = Math.max(known.highestCount, count);
  } else if (before !== answer) say("B", `${callId} was answered with ${before}, then with ${answer}`);
  known.answers.set(callId, answer);
}

function lost(known: Known): void {
  known.answers.clear();
  for (const callId of known.asked) known.countBefore.set(callId, 0);
  known.highestCount = 0;
  known.seen = undefined;
}

function stored(event: Stored, known: Known, say: Say): void {
  const ids = event.changes.map((change) => change.callId);
  const once = new Set(ids);
  if (once.size !== ids.length) say("B", `changes were applied twice: ${ids.filter((id, at) => ids.indexOf(id) !== at).join(", ")}`);
  for (const callId of known.answers.keys()) if (!once.has(callId)) say("A", `${callId} was acknowledged and is not stored`);
  for (const { callId, conversation } of event.changes) {
    if (conversation !== event.conversation) say("D", `a change of ${conversation} (${callId}) is stored`);
    if (!known.asked.has(callId)) say("A", `${callId} is stored, and nobody asked for it`);
    if (known.refused.has(callId)) say("A", `${callId} was refused and is stored`);
  }
  if (known.seen && event.version < known.seen.version) say("C", `version ${event.version} after ${known.seen.version}`);
  if (known.seen?.changes.some((change, at) => change.callId !== ids[at])) say("C", "what was stored before is not a beginning of what is stored now");
  known.seen = event;
}
