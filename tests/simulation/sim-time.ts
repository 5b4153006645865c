// The time of a whole world: it goes on by itself, from timer to timer, as fast as the machine can.
//
// As SimulatedClock, but for nothing real: whatever is awaited in a world ends in a timer of it or in another promise. So a
// step is a timer and all that follows from it, and thousands of steps need few turns of the event loop.
//
//   ST1. Timers fire in the order of their time, then of their start; between two of them all promises settle.

import type { Clock, Timer } from "../../src/base/clock.ts";

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** When every world begins: 2026-01-01T00:00Z. */
const BEGIN_MS = 1_767_225_600_000;

/** No world takes so many. Source: the longest of 10,000 seeds took some 6,000. */
const MOST_STEPS = 100_000;

/** Steps of one turn of the event loop: Node settles all promises between two of them. */
const STEPS_PER_TURN = 128;

export class SimTime implements Clock {
  #nowMs = 0;
  #order = 0;
  /** A heap: the next one first. */
  readonly #heap: Pending[] = [];

  now(): number {
    return BEGIN_MS + this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry: Pending = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run, isCancelled: false };
    this.#add(entry);
    return { cancel: () => void (entry.isCancelled = true) };
  }

  /** Goes on until the promise settles. @throws {Error} when nothing is left to happen, or not before `withinMs`. */
  until<T>(promise: Promise<T>, withinMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let isOver = false;
      let steps = 0;
      const settle = (done: () => void) => {
        isOver = true;
        done();
      };
      const settled = () => settle(() => resolve(promise));
      promise.then(settled, settled);
      const step = () => {
        if (isOver) return;
        if (++steps > MOST_STEPS) return settle(() => reject(new Error(`It did not happen within ${MOST_STEPS} timers.`)));
        const next = this.#take();
        if (!next || next.atMs > withinMs) return settle(() => reject(new Error(next ? `It did not happen within ${withinMs} ms.` : "Nothing is left to happen, and it did not happen.")));
        this.#nowMs = next.atMs;
        next.run();
      };
      const turn = () => {
        for (let count = 0; count < STEPS_PER_TURN; count++) setImmediate(step);
        setImmediate(() => isOver || turn());
      };
      turn();
    });
  }

  #add(entry: Pending): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    for (let above = (at - 1) >> 1; at > 0 && isBefore(entry, heap[above]!); above = (at - 1) >> 1) {
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = entry;
  }

  /** The next one that was not cancelled. */
  #take(): Pending | undefined {
    for (;;) {
      const [first] = this.#heap;
      if (!first) return undefined;
      this.#removeFirst();
      if (!first.isCancelled) return first;
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (isBefore(last, heap[below]!)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(one: Pending, other: Pending): boolean {
  return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs;
}
