// Pushes that must arrive: answers of tool calls.
//
// Owns what was not confirmed yet and in which order. Knows no socket and no frame.
//
//   O1. What was added is sent in order, and after every join again, with the same payload, until it is confirmed.
//   O2. Confirmed: the platform replied, or the connection stayed up for `confirmAfterMs` after the push (a platform
//       need not reply to pushes).
//   O3. A key is in here at most once, and sent at most once per join; unless another payload takes its place.
//   O4. Bounded in number and bytes. When full, the oldest that was sent already gives way; what was never sent does
//       not, then the new one is refused.
//   O5. One timer for all of them.

import type { Clock, Timer } from "../base/clock.ts";
import type { RawJson } from "./frame.ts";
import type { WireStats } from "./wire-stats.ts";

export interface OutboxOptions {
  readonly clock: Clock;
  readonly stats: WireStats;
  readonly confirmAfterMs: number;
  readonly maxPushes: number;
  /** UTF-16 code units of payload text, which is close to bytes for JSON. */
  readonly maxBytes: number;
  /** The platform replied to a push, so long after it was added. */
  readonly onReplied?: ((key: string, ms: number) => void) | undefined;
}

/** Sends a push and returns its ref. */
export type SendPush = (event: string, payload: RawJson) => string;

interface Kept {
  readonly key: string;
  readonly event: string;
  readonly payload: RawJson;
  /** The ref of this join; null until it was sent in it. */
  ref: string | null;
  readonly addedAtMs: number;
  sentAtMs: number;
  wasSent: boolean;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #byRef = new Map<string, Kept>();
  #bytes = 0;
  #send: SendPush | undefined;
  #timer: Timer | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Keeps a push, and sends it when there is a join (O1, O3, O4).
   *
   * @param replaces whether it takes the place of another payload under this key, which is not confirmed yet.
   */
  add(key: string, event: string, payload: RawJson, replaces = false): "accepted" | "duplicate" | "full" {
    const before = this.#kept.get(key);
    if (before && (!replaces || (before.event === event && before.payload.text === payload.text))) return "duplicate";
    if (before) this.#remove(before);
    if (!this.#makeRoom(payload.text.length)) {
      this.#options.stats.pushesLost++;
      return "full";
    }
    const kept: Kept = { key, event, payload, ref: null, addedAtMs: this.#options.clock.monotonic(), sentAtMs: 0, wasSent: false };
    this.#kept.set(key, kept);
    this.#bytes += payload.text.length;
    if (this.#send) this.#transmit(kept, this.#send);
    return "accepted";
  }

  /** A join succeeded: everything is sent, in order. */
  joined(send: SendPush): void {
    this.#send = send;
    for (const kept of this.#kept.values()) this.#transmit(kept, send);
  }

  /** The join is over; nothing more is confirmed by it. */
  lost(): void {
    this.#send = undefined;
    this.#byRef.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const kept of this.#kept.values()) kept.ref = null;
  }

  /** Confirms the push with this ref; false when it is none of ours. An error is an answer too: no third try helps. */
  replied(ref: string, status: string): boolean {
    const kept = this.#byRef.get(ref);
    if (!kept) return false;
    if (status !== "ok") this.#options.stats.pushesRefused++;
    this.#remove(kept);
    this.#options.onReplied?.(kept.key, this.#options.clock.monotonic() - kept.addedAtMs);
    return true;
  }

  /** Resolves when nothing is left. */
  whenEmpty(): Promise<void> {
    if (this.#kept.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #transmit(kept: Kept, send: SendPush): void {
    if (kept.wasSent) this.#options.stats.resent++;
    kept.ref = send(kept.event, kept.payload);
    kept.sentAtMs = this.#options.clock.monotonic();
    kept.wasSent = true;
    this.#byRef.set(kept.ref, kept);
    this.#timer ??= this.#options.clock.after(this.#options.confirmAfterMs, () => this.#confirmOld(), { background: true });
  }

  /** The order of `#kept` is the order of sending, so the old ones are in front. */
  #confirmOld(): void {
    this.#timer = undefined;
    const { clock, confirmAfterMs } = this.#options;
    const now = clock.monotonic();
    for (const kept of this.#kept.values()) {
      const leftMs = kept.sentAtMs + confirmAfterMs - now;
      if (leftMs > 0) {
        this.#timer = clock.after(leftMs, () => this.#confirmOld(), { background: true });
        return;
      }
      this.#remove(kept);
    }
  }

  #makeRoom(bytes: number): boolean {
    const { maxPushes, maxBytes } = this.#options;
    while (this.#kept.size >= maxPushes || this.#bytes + bytes > maxBytes) {
      const oldest = this.#kept.values().next().value;
      if (!oldest?.wasSent) return false;
      this.#options.stats.pushesLost++;
      this.#remove(oldest);
    }
    return true;
  }

  #remove(kept: Kept): void {
    this.#kept.delete(kept.key);
    this.#bytes -= kept.payload.text.length;
    if (kept.ref !== null) this.#byRef.delete(kept.ref);
    if (this.#kept.size > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
