// A store in its plainest form, to compare a real one with: what the port says, without files, order of locks or speed.
//
// Not the memory store, which is itself tested with it. Knows no lists and no feed.

import type { Change, Owner } from "../../state/store.ts";
import { LEDGER_MAX_AGE_MS, LEDGER_MAX_CALLS } from "../../state/store.ts";

interface ModelTurn {
  readonly version: number;
  readonly atMs: number;
  readonly entry: string | null;
  readonly call: { readonly callId: string; readonly text: string } | null;
}

interface ModelOwner {
  record: string | null;
  version: number;
  epoch: number;
  process: string | null;
  writeId: string | null;
  status: string;
  expiresAtMs: number | null;
  turns: ModelTurn[];
  inbox: string[];
}

/** What an observer of a store can tell of one owner. */
export interface Observed {
  readonly record: string | null;
  readonly version: number;
  readonly epoch: number;
  readonly process: string | null;
  readonly status: string;
  readonly history: readonly (readonly [version: number, text: string | null])[];
  readonly answers: Readonly<Record<string, string>>;
  readonly inbox: readonly string[];
}

export class Model {
  readonly #owners = new Map<Owner, ModelOwner>();
  readonly #leases = new Map<string, number>();

  /** The version, or the code of the refusal. */
  commit(owner: Owner, change: Change, nowMs: number): number | string {
    let row = this.#present(owner, nowMs);
    if (!row) {
      if (change.expectedVersion > 0 || change.epoch > 0) return "state_lost";
      row = this.#fresh(owner);
    }
    if (row.writeId === change.writeId) return row.version;
    if (row.status === "forgotten" || row.epoch !== change.epoch) return "fenced";
    if (row.version !== change.expectedVersion) return "version_conflict";
    row.version += 1;
    row.writeId = change.writeId;
    row.record = change.record ?? row.record;
    row.status = change.facts?.status ?? row.status;
    if (change.facts?.expiresAtMs !== undefined) row.expiresAtMs = change.facts.expiresAtMs;
    row.inbox = row.inbox.filter((id) => !change.consume?.includes(id));
    row.turns.push({ version: row.version, atMs: nowMs, entry: change.entry ?? null, call: change.answer ?? null });
    row.turns = row.turns.filter((turn) => turn.version >= (change.trimBelow ?? 0));
    return row.version;
  }

  /** The epoch, or "held". */
  acquire(owner: Owner, process: string, nowMs: number): number | "held" {
    const row = this.#present(owner, nowMs) ?? this.#fresh(owner);
    if (row.status === "forgotten") return row.epoch;
    if (row.process !== null && row.process !== process && (this.#leases.get(row.process) ?? 0) > nowMs) return "held";
    row.process = process;
    return ++row.epoch;
  }

  renew(process: string, untilMs: number): void {
    this.#leases.set(process, untilMs);
  }

  release(owner: Owner, process: string, epoch: number, nowMs: number): void {
    const row = this.#present(owner, nowMs);
    if (row?.process === process && row.epoch === epoch) row.process = null;
  }

  retire(process: string): void {
    this.#leases.delete(process);
    for (const row of this.#owners.values()) if (row.process === process) row.process = null;
  }

  /** True, or the code of the refusal. */
  post(owner: Owner, id: string, nowMs: number): true | string {
    const row = this.#present(owner, nowMs);
    if (!row) return "conversation_not_found";
    if (row.status !== "live") return "conversation_ended";
    if (!row.inbox.includes(id)) row.inbox.push(id);
    return true;
  }

  forget(owner: Owner, tombstone: boolean): number {
    const row = this.#owners.get(owner);
    if (tombstone && row?.status === "forgotten") return 0;
    this.#owners.delete(owner);
    if (tombstone) Object.assign(this.#fresh(owner), { status: "forgotten", version: (row?.version ?? 0) + 1, epoch: (row?.epoch ?? 0) + 1 });
    return row?.turns.length ?? 0;
  }

  sweep(nowMs: number): number {
    const gone = [...this.#owners.keys()].filter((owner) => !this.#present(owner, nowMs));
    for (const owner of gone) this.#owners.delete(owner);
    return gone.length;
  }

  observe(owner: Owner, nowMs: number): Observed | undefined {
    const row = this.#present(owner, nowMs);
    if (!row) return undefined;
    const { record, version, epoch, process, status, inbox } = row;
    const calls = row.turns.filter((turn) => turn.call).slice(-LEDGER_MAX_CALLS).filter((turn) => turn.atMs > nowMs - LEDGER_MAX_AGE_MS);
    const answers = Object.fromEntries(calls.map((turn) => [turn.call!.callId, turn.call!.text]));
    return { record, version, epoch, process, status, inbox: [...inbox], answers, history: row.turns.map((turn) => [turn.version, turn.entry]) };
  }

  #present(owner: Owner, nowMs: number): ModelOwner | undefined {
    const row = this.#owners.get(owner);
    return row && (row.expiresAtMs === null || row.expiresAtMs > nowMs) ? row : undefined;
  }

  #fresh(owner: Owner): ModelOwner {
    const row: ModelOwner = { record: null, version: 0, epoch: 0, process: null, writeId: null, status: "live", expiresAtMs: null, turns: [], inbox: [] };
    this.#owners.set(owner, row);
    return row;
  }
}
