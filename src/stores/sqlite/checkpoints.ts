// When the WAL is copied back into the database file.
//
// A checkpoint inside of COMMIT (`wal_autocheckpoint`) keeps the whole group waiting for it, so it is done between
// groups, after the replies left.
//
//   Y1. The WAL does not grow without bound: past CHECKPOINT_PAGES it is copied back, past RESTART_PAGES also against
//       the readers of other processes.
//   Y2. The file of the WAL is kept and written over: that makes a sync cheaper than a file that grows.
//   Y3. After something was erased, the WAL that still holds it is cut off as soon as nobody is waiting, at the latest when
//       the store is closed.                                                                        (P22)

import { systemClock } from "../../base/clock.ts";
import type { DatabaseSync } from "node:sqlite";
import type { FaultPlan } from "./faults.ts";

/**
 * 64 MB of WAL. Measured with 64 conversations: a checkpoint takes 3 to 5 ms, so at 4,000 pages more than one group in
 * a hundred met one, at 16,000 one in three hundred.
 */
const CHECKPOINT_PAGES = 16_000;
const RESTART_PAGES = 64_000;
const PAGE_BYTES = 4_096;

/** How long a checkpoint waits for other processes, milliseconds: less than a caller would notice. */
const LOCK_WAIT_MS = 20;

/** How often the WAL is tried to be cut off before the file is closed. Source: a second of checkpoints of others. */
const CLOSING_TRIES = 50;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Quiet time after which what is left is copied back, milliseconds. */
const IDLE_MS = 250;

type Mode = "PASSIVE" | "RESTART" | "TRUNCATE";

export class Checkpoints {
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #faults: FaultPlan;
  /** Pages in the WAL that are not copied yet: an estimate between checkpoints, exact after one. */
  #pages = 0;
  #mustTruncate = false;
  #isScheduled = false;
  #lastGroupMs = 0;

  constructor(database: DatabaseSync, busyTimeoutMs: number, faults: FaultPlan) {
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#faults = faults;
  }

  /** Call it after the replies of a group left. */
  afterGroup(writes: number, bytes: number, hasErased: boolean): void {
    this.#pages += writes + Math.ceil(bytes / PAGE_BYTES) + 2;
    this.#mustTruncate ||= hasErased;
    this.#lastGroupMs = systemClock.monotonic();
    if (this.#pages >= RESTART_PAGES) this.#run("RESTART");
    else if (this.#pages >= CHECKPOINT_PAGES) this.#run("PASSIVE");
    this.#schedule();
  }

  /** Call it before the file is closed: another process may keep it open (Y3). */
  beforeClose(): void {
    for (let tries = 0; this.#mustTruncate && tries < CLOSING_TRIES; tries++) {
      // SQLite waits for readers and writers, but not for somebody else's checkpoint: that is over in a moment.
      if (tries > 0) Atomics.wait(PAUSE, 0, 0, LOCK_WAIT_MS);
      this.#run("TRUNCATE", tries === 0 ? this.#busyTimeoutMs : LOCK_WAIT_MS);
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    systemClock.after(IDLE_MS, () => this.#whenIdle(), { background: true });
  }

  #whenIdle(): void {
    this.#isScheduled = false;
    if (!this.#database.isOpen || (this.#pages === 0 && !this.#mustTruncate)) return;
    if (systemClock.monotonic() - this.#lastGroupMs < IDLE_MS) return this.#schedule();
    this.#run(this.#mustTruncate ? "TRUNCATE" : "PASSIVE");
    if (this.#mustTruncate) this.#schedule();
  }

  /** A checkpoint that fails loses nothing: the WAL has it all, and the next one tries again. */
  #run(mode: Mode, waitMs = LOCK_WAIT_MS): void {
    try {
      this.#faults.at("checkpoint");
      this.#database.exec(`PRAGMA busy_timeout=${waitMs}`);
      const { busy, log, checkpointed } = this.#database.prepare(`PRAGMA wal_checkpoint(${mode})`).get()!;
      this.#pages = Number(log) - Number(checkpointed);
      if (mode === "TRUNCATE" && busy === 0) this.#mustTruncate = false;
    } catch {
      this.#pages = Math.floor(CHECKPOINT_PAGES / 2);
    } finally {
      this.#database.exec(`PRAGMA busy_timeout=${this.#busyTimeoutMs}`);
    }
  }
}
