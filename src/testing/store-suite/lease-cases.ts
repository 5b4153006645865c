// Leases and epochs: who serves a conversation, and how it changes hands. (P14, P15)

import assert from "node:assert/strict";
import type { Owner } from "../../state/store.ts";
import { processNamed, refused } from "./fixture.ts";
import type { Case } from "./fixture.ts";

const CALL: Owner = "conversation:call";
const P1 = processNamed("p1");
const P2 = processNamed("p2");

export const leaseCases: readonly Case[] = [
  {
    name: "acquire makes the conversation when there is none, and makes a new epoch each time",
    run: async (on) => {
      const first = await on.store.acquire(CALL, P1, { agentId: "shop" });
      assert.ok(first.kind === "acquired");
      assert.deepEqual([first.tookOver, first.loaded.epoch, first.loaded.version, first.loaded.process, first.loaded.facts.agentId], [false, 1, 0, "p1", "shop"]);
      assert.deepEqual(await on.store.load(CALL), first.loaded);
      const second = await on.store.acquire(CALL, P1, { agentId: "other" });
      assert.ok(second.kind === "acquired");
      assert.deepEqual([second.tookOver, second.loaded.epoch, second.loaded.facts.agentId], [false, 2, "shop"]);
      await refused(on.commit(CALL, 0, { epoch: 1 }), "fenced");
      await on.commit(CALL, 0, { epoch: 2 });
    },
  },
  {
    name: "acquire gives everything that was committed",
    run: async (on) => {
      const epoch = await on.acquired(CALL, P1);
      await on.answer(CALL, 0, "call-1", "answer", epoch);
      await on.store.post(CALL, { id: "m", text: "t" });
      const acquired = await on.store.acquire(CALL, P2);
      assert.ok(acquired.kind === "acquired" && acquired.tookOver);
      assert.deepEqual(acquired.loaded, await on.store.load(CALL));
      assert.deepEqual([acquired.loaded.version, acquired.loaded.calls.length, acquired.loaded.mail], [1, 1, 1]);
    },
  },
  {
    name: "a lease holds until its time, then another process takes over and fences",
    run: async (on) => {
      await on.store.renew(P1, 10_000);
      const until = on.clock.now() + 10_000;
      const epoch = await on.acquired(CALL, P1);
      assert.deepEqual(await on.store.acquire(CALL, P2), { kind: "held", process: "p1", untilMs: until });
      await on.commit(CALL, 0, { epoch, record: "still mine" });
      await on.clock.advance(9_999);
      assert.equal((await on.store.acquire(CALL, P2)).kind, "held");
      await on.clock.advance(1);
      const taken = await on.store.acquire(CALL, P2);
      assert.ok(taken.kind === "acquired" && taken.tookOver);
      await refused(on.commit(CALL, 1, { epoch, record: "stale" }), "fenced");
    },
  },
  {
    name: "a renewed lease holds longer; a process that never renewed has none",
    run: async (on) => {
      await on.acquired(CALL, P1);
      await on.store.renew(P1, 1_000);
      await on.clock.advance(900);
      await on.store.renew(P1, 1_000);
      await on.clock.advance(900);
      assert.equal((await on.store.acquire(CALL, P2)).kind, "held");
      await on.acquired("conversation:mute", P2);
      assert.equal((await on.store.acquire("conversation:mute", P1)).kind, "acquired");
    },
  },
  {
    name: "a process whose lease ran out goes on where nobody took over",
    run: async (on) => {
      await on.store.renew(P1, 1_000);
      const epoch = await on.acquired(CALL, P1);
      await on.clock.advance("1h");
      await on.commit(CALL, 0, { epoch, record: "stalled, but not replaced" });
    },
  },
  {
    name: "a released conversation is taken at once, and its epoch stays until then",
    run: async (on) => {
      await on.store.renew(P1, 10_000);
      const epoch = await on.acquired(CALL, P1);
      await on.store.release(CALL, "p2", epoch);
      await on.store.release(CALL, "p1", epoch + 1);
      assert.equal((await on.loaded(CALL)).process, "p1");
      await on.store.release(CALL, "p1", epoch);
      const released = await on.loaded(CALL);
      assert.deepEqual([released.process, released.epoch], [null, epoch]);
      const taken = await on.store.acquire(CALL, P2);
      assert.ok(taken.kind === "acquired" && !taken.tookOver && taken.loaded.epoch === epoch + 1);
      await on.store.release("conversation:unknown", "p1", 1);
    },
  },
  {
    name: "a process that retires gives up everything it has, and nothing of others",
    run: async (on) => {
      await on.store.renew(P1, 10_000);
      await on.store.renew(P2, 10_000);
      await on.acquired(CALL, P1);
      await on.acquired("conversation:second", P1);
      await on.acquired("conversation:other", P2);
      await on.store.retire("p1");
      assert.deepEqual([(await on.loaded(CALL)).process, (await on.loaded("conversation:second")).process], [null, null]);
      assert.equal((await on.loaded("conversation:other")).process, "p2");
      assert.equal((await on.store.acquire(CALL, P2)).kind, "acquired");
      assert.equal((await on.store.acquire("conversation:other", P1)).kind, "held");
      await on.store.retire("nobody");
    },
  },
  {
    name: "of processes that ask at once exactly one gets a free conversation",
    run: async (on) => {
      const processes = Array.from({ length: 8 }, (_, n) => processNamed(`p${n}`));
      for (const each of processes) await on.store.renew(each, 10_000);
      const outcomes = await Promise.all(processes.map((each) => on.store.acquire(CALL, each)));
      assert.equal(outcomes.filter((outcome) => outcome.kind === "acquired").length, 1);
      assert.equal((await on.loaded(CALL)).epoch, 1);
    },
  },
];
