// What the demo knows: 10,000 conversations, one of them with a journal of 5,000 entries, and what happens in them.

import type { ConversationRow, ConversationView, InspectorEvent, NoteView, PartView, PartsView, TimelineEntry } from "../../src/inspector/api.ts";
import type { Patch } from "../../src/state/patch.ts";
import { AGENTS } from "./demo-agents.ts";

/** A conversation of the demo. */
export interface DemoConversation {
  row: ConversationRow;
  entries: TimelineEntry[];
  /** Values by part. */
  state: Record<string, unknown>;
}

/** What a demo unit did. */
export interface DemoUnit {
  readonly name: string;
  readonly unit?: TimelineEntry["unit"];
  readonly callId?: string;
  readonly arguments?: unknown;
  readonly result?: unknown;
  readonly outcome?: TimelineEntry["outcome"];
  readonly code?: string;
  readonly reason?: string;
  readonly remedy?: string;
  readonly runMs?: number;
  readonly source?: string;
  readonly notes?: readonly NoteView[];
  /** Fields that are set, by part and field. */
  readonly set?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly atMs?: number;
}

export class DemoWorld {
  readonly conversations = new Map<string, DemoConversation>();
  readonly #listeners = new Set<(event: InspectorEvent) => void>();

  constructor(count: number, longest: number) {
    const now = Date.now();
    for (let index = 0; index < count; index++) this.#age(index, now);
    this.#long(longest, now);
    this.#bank(now);
    this.#odd(now);
  }

  on(listener: (event: InspectorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(event: InspectorEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  begin(agentId: string, id: string, atMs: number, status: ConversationRow["status"] = "live"): DemoConversation {
    const row: ConversationRow = {
      conversationId: id, agentId, status, endReason: status === "ended" ? "hangup" : null, customer: null, createdAtMs: atMs, updatedAtMs: atMs,
      expiresAtMs: atMs + 86_400_000, version: 0, process: status === "live" ? "p-7f3a" : null,
    };
    const conversation = { row, entries: [], state: initialOf(agentId) };
    this.conversations.set(id, conversation);
    return conversation;
  }

  /** Commits a unit and tells of it. */
  commit(conversation: DemoConversation, unit: DemoUnit): TimelineEntry {
    const { set = {}, runMs = 3, atMs = Date.now(), ...rest } = unit;
    const changes: Record<string, Patch[]> = {};
    for (const [part, fields] of Object.entries(set)) {
      changes[part] = Object.entries(fields).map(([field, value]): Patch => ["set", field.split("."), value]);
      conversation.state[part] = Object.entries(fields).reduce((value, [field, item]) => setIn(value, field.split("."), item), conversation.state[part]);
    }
    const version = conversation.row.version + 1;
    const entry: TimelineEntry = {
      unit: "tool", outcome: "ok", ...rest, version, atMs,
      queueMs: (version * 7) % 5 === 0 ? 310 : 0.2, guardMs: 0.4, runMs, commitMs: 1.8 + ((version * 13) % 7), replyMs: 2.1,
      ...((version * 7) % 5 === 0 ? { waitedFor: "get_booking" } : {}),
      changes, notes: unit.notes ?? [],
    };
    conversation.entries.push(entry);
    conversation.row = { ...conversation.row, version, updatedAtMs: atMs };
    this.tell({ type: "commit", row: conversation.row, entry });
    return entry;
  }

  view(conversation: DemoConversation): ConversationView {
    const { row, state } = conversation;
    const session = state.session as { user?: unknown; startedAtMs?: number } | undefined;
    return {
      ...row, ...this.parts(conversation, row.version), mail: 0,
      offeredTools: row.status === "live" ? offeredOf(row.agentId ?? "", state) : [],
      sessions: session ? [{ part: "session", status: session.user ? "authenticated" : "anonymous", ...(session.user ? { user: session.user } : {}), conversation: { attempts: 5, limit: 10, windowMs: 900_000, lockedUntilMs: null }, account: { attempts: 5, limit: 5, windowMs: 900_000, lockedUntilMs: row.updatedAtMs + 840_000 } }] : [],
      ...(row.conversationId === "broken" ? { quarantine: { code: "state_corrupt", message: "The stored state does not have the checksum that it was stored with.", remedy: "Bring back a copy of the store, or end the conversation: `conversimple state end broken`." } } : {}),
    };
  }

  parts(conversation: DemoConversation, version: number): PartsView {
    const info = AGENTS.find(({ agentId }) => agentId === conversation.row.agentId)?.parts ?? [];
    const state = version === conversation.row.version ? conversation.state : replayed(conversation, version);
    const parts = Object.entries(state).map(([name, value]): PartView => {
      const part = info.find((each) => each.name === name);
      return { name, kind: part?.kind ?? "other", schemaVersion: part?.schemaVersion ?? 1, value, masks: part?.masks ?? [], bytes: JSON.stringify(value).length, maxBytes: part?.maxBytes ?? null };
    });
    return { version, parts, isRevealed: false };
  }

  #age(index: number, now: number): void {
    const agentId = ["hotel", "bank", "shop"][index % 3]!;
    const atMs = now - 60_000 - index * 47_000;
    const conversation = this.begin(agentId, `call-${(index * 7919 + 100_003).toString(36)}-${index}`, atMs, index % 17 === 0 && index < 400 ? "live" : "ended");
    const customer = index % 4 === 0 ? `c${((index * 2654435761) >>> 0).toString(16).padStart(8, "0")}` : null;
    conversation.row = { ...conversation.row, customer, endReason: conversation.row.status === "live" ? null : ["hangup", "completed", "caller_lost", "idle"][index % 4]! };
    for (let unit = 0; unit < index % 5; unit++) this.commit(conversation, { name: "get_booking", callId: `call_${unit}`, result: { step: "idle" }, atMs: atMs + unit * 4_000, set: { state: { lastUnit: unit } } });
  }

  #long(longest: number, now: number): void {
    const conversation = this.begin("hotel", "a-long-call", now - longest * 1_000);
    for (let index = 0; index < longest; index++) {
      const isRefused = index % 29 === 28;
      this.commit(conversation, {
        name: isRefused ? "confirm_booking" : index % 2 ? "set_guests" : "set_dates", callId: `call_${index}`, atMs: now - (longest - index) * 1_000, runMs: (index * 37) % 90,
        arguments: index % 2 ? { guests: (index % 8) + 1 } : { checkIn: "2026-05-03", checkOut: "2026-05-05" },
        ...(isRefused ? { outcome: "refused", code: "step_not_allowed", reason: "The step is collectingGuests, not readyToConfirm." } : { set: { state: { [`note${index % 40}`]: `note ${index}` }, booking: { "data.guests": (index % 8) + 1 } } }),
      });
    }
  }

  #bank(now: number): void {
    const conversation = this.begin("bank", "kim-is-locked-out", now - 200_000);
    this.commit(conversation, { name: "onConversationStarted", unit: "hook", atMs: now - 199_000 });
    for (let attempt = 1; attempt <= 6; attempt++) {
      const isLocked = attempt === 6;
      this.commit(conversation, {
        name: "login", callId: `call_l${attempt}`, atMs: now - 190_000 + attempt * 9_000, runMs: isLocked ? 1 : 48, arguments: { username: "Kim", pin: "•••" }, result: { success: false, error: "Invalid credentials" },
        notes: [{ kind: "login", part: "session", outcome: isLocked ? "locked" : "wrong", by: "account", attempts: Math.min(attempt, 5), limit: 5, untilMs: now + 700_000 }],
      });
    }
    this.commit(conversation, { name: "get_balance", callId: "call_b", atMs: now - 120_000, outcome: "refused", code: "not_authenticated", reason: "Nobody is logged in.", remedy: "Log in first. The agent may say: \"Please log in first.\"" });
    this.commit(conversation, { name: "transfer", callId: "call_t", atMs: now - 110_000, outcome: "failed", code: "tool_execution_error", remedy: "The handler threw. Its reference is in the log of the agent's process.", runMs: 1_240 });
  }

  #odd(now: number): void {
    const conversation = this.begin("hotel", "odd <img src=x onerror=alert(1)> values that are very long in every way that a name can be long", now - 30_000);
    this.commit(conversation, {
      name: "remember", callId: "call_odd",
      set: { state: { html: "<img src=x onerror=alert(1)>", when: { $date: now }, set: { $set: ["a", "b"] }, map: { $map: [["k", 1], [{ $date: 0 }, "v"]] }, big: { $bigint: "123456789012345678901234567890" }, bytes: { $bytes: "AAECAw==" }, nothing: { $undefined: true }, minusZero: { $number: "-0" }, dollar: { $object: { $date: "not a date" } }, long: "lorem ipsum dolor sit amet ".repeat(400), guest: { name: "Kim", email: "•••" } } },
    });
    const broken = this.begin("shop", "broken", now - 20_000);
    broken.row = { ...broken.row, process: null };
  }
}

function initialOf(agentId: string): Record<string, unknown> {
  if (agentId === "hotel") return { booking: { step: "idle", data: {} }, state: { notes: [], breakfast: false } };
  if (agentId === "bank") return { session: { attempts: 0 }, state: { iban: "•••" } };
  return { state: { cart: [] } };
}

/** What the demo's workflow offers. */
function offeredOf(agentId: string, state: Record<string, unknown>): string[] {
  if (agentId === "bank") return (state.session as { user?: unknown }).user ? ["get_balance", "transfer", "logout"] : ["login"];
  if (agentId === "shop") return ["add_to_cart", "get_cart_total"];
  const { step } = state.booking as { step: string };
  const byStep: Record<string, string[]> = { idle: ["start_booking"], expired: ["start_booking"], collectingDates: ["set_dates"], collectingGuests: ["set_guests"], readyToConfirm: ["confirm_booking", "change_dates"], completed: [] };
  return [...(byStep[step] ?? []), "get_booking"];
}

function replayed(conversation: DemoConversation, version: number): Record<string, unknown> {
  const state = initialOf(conversation.row.agentId ?? "");
  for (const entry of conversation.entries) {
    if (entry.version > version) break;
    for (const [part, patches] of Object.entries(entry.changes ?? {})) for (const patch of patches) if (patch[0] === "set") state[part] = setIn(state[part], patch[1].map(String), patch[2]);
  }
  return state;
}

function setIn(value: unknown, [key, ...rest]: readonly string[], item: unknown): unknown {
  if (key === undefined) return item;
  const fields = (value ?? {}) as Record<string, unknown>;
  return { ...fields, [key]: setIn(fields[key], rest, item) };
}
