// Seeded faults between a connection and a platform on paper: whatever is dropped, delayed, repeated or reordered,
// no answer is lost, none is changed, and none is sent twice in one join.

import fc from "fast-check";
import { expect, test } from "vitest";
import { silentLogger } from "../../src/base/log.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { Connection } from "../../src/wire/connection.ts";
import { encodeFrame, type Frame, RawJson } from "../../src/wire/frame.ts";
import { newWireStats } from "../../src/wire/wire-stats.ts";
import { PaperPlatform, type PaperSocket } from "./paper-socket.ts";

type Step = { kind: "answer" } | { kind: "drop" } | { kind: "error" } | { kind: "deliver"; index: number; repeat: boolean } | { kind: "wait"; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ kind: "answer" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "drop" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "error" }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("deliver" as const), index: fc.nat(5), repeat: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(200) }) },
);

/** The platform's side: replies wait in the air until the script lets one land, out of order or twice. */
class Air {
  readonly landing: { socket: PaperSocket; text: string }[] = [];
  readonly seen = new Map<string, Set<string>>();
  readonly doubles: string[] = [];
  #inThisJoin = new Set<string>();

  watch(socket: PaperSocket): void {
    socket.onSent = (frame) => {
      if (frame.event === "phx_join") this.#inThisJoin = new Set();
      if (frame.event === "e") this.#accepted(frame);
      this.landing.push({ socket, text: replyTo(frame) });
    };
  }

  land(index: number, repeat: boolean): void {
    const chosen = this.landing[index % Math.max(1, this.landing.length)];
    if (!chosen) return;
    if (!repeat) this.landing.splice(this.landing.indexOf(chosen), 1);
    chosen.socket.say(chosen.text);
  }

  #accepted(frame: Frame): void {
    const { key } = frame.payload as { key: string };
    if (this.#inThisJoin.has(key)) this.doubles.push(key);
    this.#inThisJoin.add(key);
    this.seen.set(key, (this.seen.get(key) ?? new Set()).add(JSON.stringify(frame.payload)));
  }
}

const replyTo = (frame: Frame): string =>
  encodeFrame({ joinRef: frame.joinRef, ref: frame.ref, topic: frame.topic, event: "phx_reply", payload: { status: "ok", response: {} } }, "array");

test("no sequence of drops, delays, repeats and reorderings loses, changes or doubles an answer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = new SimulatedClock();
      const air = new Air();
      const paper = new PaperPlatform();
      const connect: typeof paper.connect = (events) => {
        const socket = paper.connect(events) as PaperSocket;
        air.watch(socket);
        queueMicrotask(() => socket.open());
        return socket;
      };
      const connection = new Connection({ connect, topic: "t", clock, stats: newWireStats(), log: silentLogger, random: () => 0.5, onMessage() {}, onJoined() {}, onEnd() {} });
      connection.start();
      const keys: string[] = [];
      for (const next of [...steps, { kind: "wait", ms: 200 } as const]) {
        await Promise.resolve();
        if (next.kind === "answer") {
          keys.push(`k${keys.length}`);
          expect(connection.deliver(keys.at(-1)!, "e", new RawJson(`{"key":"${keys.at(-1)}"}`))).toBe("accepted");
        } else if (next.kind === "drop") paper.last.drop();
        else if (next.kind === "error") paper.last.frame({ event: "phx_error" });
        else if (next.kind === "deliver") air.land(next.index, next.repeat);
        else await clock.advance(next.ms);
      }
      // The weather clears: everything in the air lands until nothing is unconfirmed.
      for (let round = 0; connection.unconfirmed > 0 && round < 200; round++) {
        while (air.landing.length > 0) air.land(0, false);
        await clock.advance(100);
      }
      expect(connection.unconfirmed).toBe(0);
      expect([...air.seen.keys()].sort()).toEqual([...keys].sort());
      for (const payloads of air.seen.values()) expect(payloads.size).toBe(1);
      expect(air.doubles).toEqual([]);
    }),
    { numRuns: 150, seed: 4711 },
  );
});
