// The inbox: messages of outside writers, consumed by the commit that applies them. (P16)

import assert from "node:assert/strict";
import type { Owner } from "../../state/store.ts";
import { processNamed, refused } from "./fixture.ts";
import type { Case } from "./fixture.ts";

const CALL: Owner = "conversation:call";
const OTHER: Owner = "conversation:other";

export const inboxCases: readonly Case[] = [
  {
    name: "messages wait in the order in which they were posted",
    run: async (on) => {
      await on.acquired(CALL, processNamed("p1"));
      await on.store.post(CALL, { id: "b", text: "first" });
      await on.clock.advance("1s");
      await on.store.post(CALL, { id: "a", text: "second" });
      const now = on.clock.now();
      assert.deepEqual(await on.store.inbox(CALL), [{ id: "b", text: "first", atMs: now - 1_000 }, { id: "a", text: "second", atMs: now }]);
      assert.equal((await on.loaded(CALL)).mail, 2);
      assert.deepEqual(await on.store.inbox(OTHER), []);
    },
  },
  {
    name: "a message whose id waits already is not stored again, of another conversation it is",
    run: async (on) => {
      await on.acquired(CALL, processNamed("p1"));
      await on.acquired(OTHER, processNamed("p1"));
      await on.store.post(CALL, { id: "m", text: "first" });
      await on.store.post(CALL, { id: "m", text: "again" });
      await on.store.post(OTHER, { id: "m", text: "other" });
      assert.deepEqual((await on.store.inbox(CALL)).map((message) => message.text), ["first"]);
      assert.deepEqual((await on.store.inbox(OTHER)).map((message) => message.text), ["other"]);
    },
  },
  {
    name: "a commit consumes its messages, a commit that is refused consumes none",
    run: async (on) => {
      const epoch = await on.acquired(CALL, processNamed("p1"));
      for (const id of ["a", "b", "c"]) await on.store.post(CALL, { id, text: id });
      await refused(on.commit(CALL, 5, { epoch, consume: ["a"] }), "version_conflict");
      assert.equal((await on.store.inbox(CALL)).length, 3);
      await on.commit(CALL, 0, { epoch, consume: ["a", "c", "unknown"] });
      assert.deepEqual((await on.store.inbox(CALL)).map((message) => message.id), ["b"]);
      await on.store.post(CALL, { id: "a", text: "once more" });
      assert.deepEqual((await on.store.inbox(CALL)).map((message) => message.id), ["b", "a"]);
    },
  },
  {
    name: "at most 100 messages are given at once",
    run: async (on) => {
      await on.acquired(CALL, processNamed("p1"));
      await Promise.all(Array.from({ length: 101 }, (_, n) => on.store.post(CALL, { id: `m${n}`, text: "t" })));
      const first = await on.store.inbox(CALL);
      assert.equal(first.length, 100);
      const rest = await on.store.inbox(CALL, first.at(-1)!.id);
      assert.equal(new Set([...first, ...rest].map((message) => message.id)).size, 101);
      assert.equal((await on.loaded(CALL)).mail, 101);
    },
  },
  {
    name: "what waits behind a message is given from there, from the oldest when that one is gone",
    run: async (on) => {
      const epoch = await on.acquired(CALL, processNamed("p1"));
      await on.acquired(OTHER, processNamed("p1"));
      for (const id of ["a", "b", "c"]) await on.store.post(CALL, { id, text: id });
      await on.store.post(OTHER, { id: "b", text: "other" });
      const after = async (id: string) => (await on.store.inbox(CALL, id)).map((message) => message.id);
      assert.deepEqual(await after("a"), ["b", "c"]);
      assert.deepEqual(await after("c"), []);
      assert.deepEqual(await after("unknown"), ["a", "b", "c"]);
      await on.commit(CALL, 0, { epoch, consume: ["b"] });
      assert.deepEqual(await after("a"), ["c"]);
      assert.deepEqual(await after("b"), ["a", "c"]);
      assert.deepEqual(await on.store.inbox(OTHER, "b"), []);
    },
  },
  {
    name: "mail of a conversation that is over waits unseen, and is seen again when it lives again",
    run: async (on) => {
      const epoch = await on.acquired(CALL, processNamed("p1"));
      await on.store.post(CALL, { id: "m", text: "t" });
      await on.commit(CALL, 0, { epoch, facts: { status: "ended" } });
      assert.deepEqual(await on.store.pending("p1"), []);
      await on.commit(CALL, 1, { epoch, facts: { status: "live" } });
      assert.deepEqual(await on.store.pending("p1"), [CALL]);
      await on.commit(CALL, 2, { epoch, consume: ["m"] });
      assert.deepEqual(await on.store.pending("p1"), []);
    },
  },
  {
    name: "an unknown or ended conversation takes no messages",
    run: async (on) => {
      await refused(on.store.post(CALL, { id: "m", text: "t" }), "conversation_not_found");
      const epoch = await on.acquired(CALL, processNamed("p1"));
      await on.commit(CALL, 0, { epoch, facts: { status: "ended" } });
      await refused(on.store.post(CALL, { id: "m", text: "t" }), "conversation_ended");
      assert.equal((await on.loaded(CALL)).mail, 0);
    },
  },
  {
    name: "pending names the live conversations with mail of one process, or of nobody alive",
    run: async (on) => {
      const [p1, p2] = [processNamed("p1"), processNamed("p2")];
      await on.store.renew(p1, 10_000);
      await on.acquired(CALL, p1);
      await on.acquired(OTHER, p2);
      const epoch = await on.acquired("conversation:over", p1);
      await on.acquired("conversation:silent", p1);
      for (const owner of [CALL, OTHER, "conversation:over"] as const) {
        await on.store.post(owner, { id: "1", text: "t" });
        await on.store.post(owner, { id: "2", text: "t" });
      }
      await on.commit("conversation:over", 0, { epoch, facts: { status: "ended" } });
      assert.deepEqual(await on.store.pending("p1"), [CALL]);
      assert.deepEqual(await on.store.pending("p2"), [OTHER]);
      assert.deepEqual(await on.store.pending("p3"), []);
      assert.deepEqual(await on.store.pending(null), [OTHER]);
      await on.clock.advance(10_000);
      assert.deepEqual([...(await on.store.pending(null))].sort(), [CALL, OTHER]);
    },
  },
];
