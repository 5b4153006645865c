// Input that means something to somebody: ids with the syntax of paths, SQL, globs and protocols; big and odd values.
// (design: attack 5)

import assert from "node:assert/strict";
import type { Owner } from "../../state/store.ts";
import { processNamed, refused } from "./fixture.ts";
import type { Case } from "./fixture.ts";

/** All of them different; each must be its own row and touch no other. */
const HOSTILE_IDS: readonly string[] = [
  "../../x", "a}{b", "{}", "{a}b", "x\r\nDEL y", "';DROP TABLE owners;--", "\" OR 1=1", "%", "_", "*", "?", "[a-z]", "a:b", "a:b:c", ":", " ", " a", "a ",
  "A", "a", "é", "e\u0301", "😀", "👨‍👩‍👧", "a\0b", "a\0c", "a\0", "\u202e", "__proto__", "constructor", "null", "0", "00", "1e3", "ﬁ", "fi", "ß", "ss", "İ", "i",
  "\n", "\r", "\t", "\uffff", "x".repeat(256), `${"x".repeat(255)}y`, "漢".repeat(256),
];

const VALUES: readonly string[] = [
  "", "null", "{}", "\u0000", "a\u0000b", "\u2028\u2029", "😀".repeat(1_000), "'\"`\\", "\r\n", "0", "1e309", "\ufeffbom", "x".repeat(70_000),
];

export const hostileCases: readonly Case[] = [
  {
    name: "every id is a row of its own, whatever its characters mean elsewhere",
    run: async (on) => {
      const owners = HOSTILE_IDS.flatMap((id): Owner[] => [`conversation:${id}`, `customer:${id}`]);
      for (const owner of owners) await on.commit(owner, 0, { record: `of ${owner}`, entry: owner, answer: { callId: "call", digest: owner, text: owner } });
      for (const owner of owners) {
        const loaded = await on.loaded(owner);
        assert.deepEqual([loaded.owner, loaded.record, loaded.version, loaded.calls[0]!.digest], [owner, `of ${owner}`, 1, owner]);
        assert.equal(await on.store.answer(owner, "call"), owner);
        assert.deepEqual((await on.store.history(owner)).map((entry) => entry.text), [owner]);
      }
      const listed = (await on.store.list({ limit: 1_000 })).items.map((item) => item.owner);
      assert.deepEqual(new Set(listed), new Set(owners));
      for (const owner of owners) {
        assert.deepEqual(await on.store.forget(owner), { records: 1, entries: 1, messages: 0 });
        assert.equal((await on.store.list({ limit: 1_000 })).items.length, owners.length - 1 - owners.indexOf(owner));
      }
    },
  },
  {
    name: "half of a surrogate pair in an owner key is refused, so that two owners never become one",
    run: async (on) => {
      await refused(on.store.load("customer:\ud800"), "id_invalid");
      await refused(on.commit("customer:\udc00", 0), "id_invalid");
      await refused(on.store.forget("customer:a\ud83d"), "id_invalid");
    },
  },
  {
    name: "ids of calls, messages, writes, processes and customers may have any characters too",
    run: async (on) => {
      let version = 0;
      for (const id of HOSTILE_IDS) {
        const owner: Owner = `conversation:of ${id}`;
        const epoch = await on.acquired(owner, processNamed(id));
        await on.store.post(owner, { id, text: id });
        await on.store.commit(owner, { writeId: id, expectedVersion: 0, epoch, answer: { callId: id, digest: id, text: id }, facts: { customer: id } });
        assert.deepEqual(await on.store.pending(id), [owner]);
        assert.equal(await on.store.answer(owner, id), id);
        assert.deepEqual((await on.store.list({ customer: id })).items.map((item) => item.owner), [owner]);
        assert.deepEqual((await on.store.inbox(owner)).map((message) => message.id), [id]);
        await on.store.commit(owner, { writeId: `${id} again`, expectedVersion: 1, epoch, consume: [id] });
        assert.deepEqual(await on.store.inbox(owner), []);
        await on.commit("conversation:ledger", version++, { answer: { callId: id, digest: "d", text: `of ${id}` } });
      }
      for (const id of HOSTILE_IDS) assert.equal(await on.store.answer("conversation:ledger", id), `of ${id}`);
    },
  },
  {
    name: "texts come back as they were, character by character",
    run: async (on) => {
      await on.acquired("conversation:odd", processNamed("p"));
      for (const [n, value] of VALUES.entries()) {
        await on.commit("conversation:odd", n, { epoch: 1, record: value, entry: value, answer: { callId: `call-${n}`, digest: value, text: value }, facts: { endReason: value } });
        const loaded = await on.loaded("conversation:odd");
        assert.deepEqual([loaded.record, loaded.facts.endReason, loaded.calls[n]!.digest], [value, value, value]);
        assert.equal(await on.store.answer("conversation:odd", `call-${n}`), value);
        await on.store.post("conversation:odd", { id: `m${n}`, text: value });
      }
      assert.deepEqual((await on.store.history("conversation:odd")).map((entry) => entry.text), VALUES);
      assert.deepEqual((await on.store.feed("0")).items.map((item) => item.text), VALUES);
      assert.deepEqual((await on.store.inbox("conversation:odd")).map((message) => message.text), VALUES);
    },
  },
  {
    name: "a record of 1 MiB is stored and replaced, beside many small ones at the same time",
    run: async (on) => {
      const big = "é".repeat(512 * 1_024);
      const small = Array.from({ length: 20 }, (_, n) => on.commit(`customer:${n}`, 0, { record: "small" }));
      await Promise.all([on.commit("customer:big", 0, { record: big, entry: big }), ...small]);
      assert.equal((await on.loaded("customer:big")).record, big);
      assert.equal((await on.store.list({ limit: 50 })).items.find((item) => item.owner === "customer:big")!.recordBytes, 1_048_576);
      await on.commit("customer:big", 1, { record: "small again" });
      assert.equal((await on.loaded("customer:big")).record, "small again");
    },
  },
];
