// Attacks 7 and 8 of the design, and a byte scan of the files.

import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";

import { codeOf } from "../../src/base/errors.ts";
import { unreadable } from "../../src/state/encrypted-text.ts";
import { encodePart, openBody, openRecord, sealRecord } from "../../src/state/record.ts";
import type { Slice } from "../../src/state/slice.ts";
import type { Change, Owner, Store } from "../../src/state/store.ts";
import type { EncryptionKey } from "../../src/stores/encryption/key-ring.ts";
import { rewrap } from "../../src/stores/encryption/rewrap.ts";
import { encryptedStore } from "../../src/stores/encryption/store.ts";
import { openMemory } from "../../src/stores/memory.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { temporaryFiles } from "./folder.ts";

const newFile = temporaryFiles("encryption");
const A: Owner = "customer:a";
const B: Owner = "customer:b";
const CALL: Owner = "conversation:call";
const P = { id: "p", pid: 1, host: "elsewhere", startedAtMs: 0 };
const SLICE: Slice = { name: "state", schemaVersion: 1, maxBytes: 65_536, initial: () => ({}), restore: (stored) => stored, check: (value) => value };

const key = (id: string): EncryptionKey => ({ id, key: randomBytes(32) });
const [OLD, NEW] = [key("2025"), key("2026")];

let writes = 0;
function commit(store: Store, owner: Owner, version: number, change: Partial<Change> = {}) {
  return store.commit(owner, { writeId: `w${++writes}`, expectedVersion: version, epoch: 0, ...change });
}

/** What may be read of an owner, and what is stored of it. */
async function record(store: Store, owner: Owner): Promise<string> {
  return (await store.load(owner))!.record!;
}

/** Puts a text in the place of the record, as somebody with the database in his hands. */
async function put(inner: Store, owner: Owner, text: string, more: Partial<Change> = {}): Promise<void> {
  const { version, epoch } = (await inner.load(owner))!;
  await commit(inner, owner, version, { epoch, record: text, ...more });
}

/** The reason for which a text is refused; what was read otherwise. */
function reasonOf(text: string | null | undefined): string {
  return unreadable(text!) ?? `read: ${text}`;
}

test("nothing that is stored holds content, and all of it comes back", async () => {
  const inner = openMemory();
  const store = encryptedStore(inner, { keys: [NEW] });
  await store.acquire(CALL, P);
  await commit(store, CALL, 0, { epoch: 1, record: "canary record", entry: "canary entry", answer: { callId: "c1", digest: "d", text: "canary answer" } });
  await store.post(CALL, { id: "m", text: "canary message" });
  const stored = [await inner.load(CALL), await inner.history(CALL), await inner.answer(CALL, "c1"), await inner.inbox(CALL), await inner.feed("0")];
  expect(JSON.stringify(stored)).not.toContain("canary");
  expect([await record(store, CALL), (await store.history(CALL))[0]!.text, await store.answer(CALL, "c1"), (await store.inbox(CALL))[0]!.text, (await store.feed("0")).items[0]!.text]).toEqual(
    ["canary record", "canary entry", "canary answer", "canary message", "canary entry"],
  );
});

test("a record that is put under another owner is refused", async () => {
  const inner = openMemory();
  const store = encryptedStore(inner, { keys: [NEW] });
  await commit(store, A, 0, { record: "of a" });
  await commit(store, B, 0, { record: "of b" });
  await commit(store, B, 1);
  await put(inner, A, await record(inner, B));
  expect(reasonOf(await record(store, A))).toMatch(/belongs to another owner/);
  expect(reasonOf(await record(store, B))).toBe("read: of b");
});

test("an older record of the same owner is refused, also where commits without a record came since", async () => {
  const inner = openMemory();
  const store = encryptedStore(inner, { keys: [NEW] });
  await commit(store, A, 0, { record: "one" });
  const first = await record(inner, A);
  await commit(store, A, 1, { record: "two" });
  await commit(store, A, 2, { entry: "nothing changed" });
  expect(reasonOf(await record(store, A))).toBe("read: two");
  await put(inner, A, first);
  expect(reasonOf(await record(store, A))).toMatch(/was written as version 1 and stands under version 4/);
});

test("a commit without a record does not make a text good that was put there", async () => {
  const inner = openMemory();
  const store = encryptedStore(inner, { keys: [NEW] });
  await commit(store, A, 0, { record: "one" });
  const first = await record(inner, A);
  await commit(store, A, 1, { record: "two" });
  await put(inner, A, first);
  const { version } = (await store.load(A))!;
  await commit(store, A, version, { entry: "by a process that did not look" });
  expect(reasonOf(await record(store, A))).toMatch(/stands under version/);
});

test("an entry, an answer or a message is refused in any place but its own", async () => {
  const inner = openMemory();
  const store = encryptedStore(inner, { keys: [NEW] });
  await inner.acquire(CALL, P);
  const answer = (callId: string, text: string) => ({ callId, digest: "d", text });
  await commit(store, CALL, 0, { epoch: 1, record: "r1", entry: "e1", answer: answer("c1", "a1") });
  await commit(store, CALL, 1, { epoch: 1, entry: "e2", answer: answer("c2", "a2") });
  await store.post(CALL, { id: "m1", text: "t1" });
  const [e1, e2] = (await inner.history(CALL)).map(({ text }) => text!);
  const [a1, r1] = [(await inner.answer(CALL, "c1"))!, await record(inner, CALL)];
  const [m1] = (await inner.inbox(CALL)).map(({ text }) => text);

  // The same texts in other places: entries of other versions, answers of other calls, one kind for another.
  const places: [string, Partial<Change>][] = [
    ["entry of another version", { entry: e1!, answer: answer("c3", a1) }],
    ["record for an entry", { entry: r1, answer: answer("c4", e2!) }],
    ["message for an entry", { entry: m1!, answer: answer("c5", m1!) }],
  ];
  for (const [n, [, change]] of places.entries()) await commit(inner, CALL, 2 + n, { epoch: 1, ...change });
  await inner.post(CALL, { id: "m2", text: m1! });
  await inner.post(CALL, { id: "m3", text: e1! });

  const read = [...(await store.history(CALL)).map(({ text }) => text), ...(await Promise.all(["c1", "c2", "c3", "c4", "c5"].map((id) => store.answer(CALL, id)))), ...(await store.inbox(CALL)).map(({ text }) => text)];
  expect(read.map(reasonOf).map((reason) => (reason.startsWith("read: ") ? reason.slice(6) : "refused"))).toEqual([
    "e1", "e2", "refused", "refused", "refused", "a1", "a2", "refused", "refused", "refused", "t1", "refused", "refused",
  ]);
  expect(() => openBody(CALL, read[2]!)).toThrow(/written as version 1|belongs to another/);
});

test("a record is no entry and an entry no record, also of the same commit", async () => {
  const inner = openMemory();
  const store = encryptedStore(inner, { keys: [NEW] });
  await commit(store, A, 0, { record: "the record", entry: "the entry" });
  const [stored, entry] = [await record(inner, A), (await inner.history(A))[0]!.text!];
  await inner.forget(A);
  await commit(inner, A, 0, { record: entry, entry: stored });
  expect([await record(store, A), (await store.history(A))[0]!.text].map(reasonOf)).toEqual(Array(2).fill(expect.stringMatching(/belongs to another owner, version or place/)));
});

test("the last character has one form only, whatever the length of the text", async () => {
  const inner = openMemory();
  const store = encryptedStore(inner, { keys: [NEW] });
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. +/";
  for (const text of ["", "a", "ab", "abc"]) {
    await inner.forget(A);
    await commit(store, A, 0, { record: text });
    const good = await record(inner, A);
    const read: string[] = [];
    for (const last of alphabet) {
      await inner.forget(A);
      await commit(inner, A, 0, { record: good.slice(0, -1) + last });
      if (unreadable(await record(store, A)) === undefined) read.push(last);
    }
    expect(read).toEqual([good.at(-1)]);
  }
});

test("every bit of a stored text counts", { timeout: 60_000 }, async () => {
  const inner = openMemory();
  const store = encryptedStore(inner, { keys: [NEW, OLD] });
  await commit(store, A, 0, { record: sealRecord(A, 1, [["state", encodePart(SLICE, { cart: ["é", "b"] })]]) });
  const good = Buffer.from(await record(inner, A));
  expect(good.length).toBeGreaterThan(150);
  const unnoticed: unknown[] = [];
  for (let bit = 0; bit < good.length * 8; bit++) {
    const flipped = Buffer.from(good);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    // Under a fresh owner of the same name each time, so that the version is not what gives it away.
    await inner.forget(A);
    await commit(inner, A, 0, { record: flipped.toString("latin1") });
    const text = await record(store, A);
    try {
      openRecord(A, 1, text);
      unnoticed.push({ bit, near: good.toString("latin1", Math.max(0, (bit >> 3) - 5), (bit >> 3) + 5) });
    } catch (thrown) {
      if (codeOf(thrown) !== "state_quarantined") unnoticed.push({ bit, thrown });
    }
  }
  expect(unnoticed).toEqual([]);
  await inner.forget(A);
  await commit(inner, A, 0, { record: good.toString("latin1") });
  expect(openRecord(A, 1, await record(store, A)).size).toBe(1);
});

test("text in clear is refused, unless it is allowed while a store is moved; a commit then encrypts it", async () => {
  const inner = openMemory();
  await inner.acquire(CALL, P);
  await commit(inner, CALL, 0, { epoch: 1, record: "plain", entry: "plain entry", answer: { callId: "c", digest: "d", text: "plain answer" } });
  await inner.post(CALL, { id: "m", text: "plain message" });
  const all = async (store: Store) => [await record(store, CALL), (await store.history(CALL))[0]!.text, await store.answer(CALL, "c"), (await store.inbox(CALL))[0]!.text];
  const strict = encryptedStore(inner, { keys: [NEW] });
  expect((await all(strict)).map(reasonOf)).toEqual(Array(4).fill(expect.stringMatching(/^it is not encrypted.*conversimple state rewrap/)));
  const lenient = encryptedStore(inner, { keys: [NEW], allowPlain: true });
  expect(await all(lenient)).toEqual(["plain", "plain entry", "plain answer", "plain message"]);
  await commit(lenient, CALL, 1, { epoch: 1, entry: "no change" });
  expect(await record(strict, CALL)).toBe("plain");
});

test("without the keys it is said that they are missing, not that something is damaged", async () => {
  const inner = openMemory();
  const store = encryptedStore(inner, { keys: [NEW] });
  await commit(store, A, 0, { record: "secret", entry: "secret" });
  const stored = (await inner.load(A))!;
  expect(() => openRecord(A, stored.version, stored.record!)).toThrow(/it is encrypted with the key "2026"; open the store with its keys \(CONVERSIMPLE_ENCRYPTION_KEYS\)/);
  expect(() => openBody(A, stored.record!)).toThrow(/is encrypted/);
  const other = encryptedStore(inner, { keys: [key("2027")] });
  expect(reasonOf(await record(other, A))).toMatch(/key "2026", which is not in the key ring/);
});

test("two keys with one id are not mistaken for each other", async () => {
  const inner = openMemory();
  await commit(encryptedStore(inner, { keys: [NEW] }), A, 0, { record: "text" });
  expect(reasonOf(await record(encryptedStore(inner, { keys: [key("2026")] }), A))).toMatch(/was changed/);
});

test("an owner that was dropped and begun anew elsewhere never gets the record of the one before", async () => {
  const inner = openMemory();
  const here = encryptedStore(inner, { keys: [NEW] });
  const there = encryptedStore(inner, { keys: [NEW] });
  await commit(here, A, 0, { record: "before" });
  await there.forget(A);
  await commit(there, A, 0, { record: "after" });
  const { version } = (await here.load(A))!;
  await commit(here, A, version, { entry: "no change" });
  expect(await record(there, A)).toBe("after");
});

test("the files of the database hold no content, not even in what was deleted", async () => {
  const path = newFile();
  const canary = "canary-4929175310067811";
  const store = encryptedStore(await openSqlite(path), { keys: [NEW] });
  const files = () => readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path))).map((name) => readFileSync(join(dirname(path), name)));
  await store.acquire(CALL, P);
  for (let n = 0; n < 20; n++) {
    await store.post(CALL, { id: `m${n}`, text: canary });
    await commit(store, CALL, n, { epoch: 1, record: `${canary} ${"x".repeat(n * 500)}`, entry: `${canary} entry`, answer: { callId: `c${n}`, digest: "d", text: canary }, consume: [`m${n}`] });
  }
  expect(files().length).toBeGreaterThanOrEqual(2);
  for (const forms of [canary, Buffer.from(canary).toString("base64url"), Buffer.from(canary).toString("hex")]) {
    expect(files().some((bytes) => bytes.includes(forms))).toBe(false);
  }
  expect(await record(store, CALL)).toContain(canary);
  await store.close();
  expect(files().some((bytes) => bytes.includes(canary))).toBe(false);
  // The scan finds what there is to be found.
  expect(files().some((bytes) => bytes.includes("conversation:call"))).toBe(true);
});

test("keys are changed under load: everything is readable all the time; with the old key gone only what was not rewrapped fails, loudly", async () => {
  const path = newFile();
  const owners = Array.from({ length: 12 }, (_, n): Owner => `customer:${n}`);
  const [before, after] = await Promise.all([openSqlite(path), openSqlite(path)]);
  const old = encryptedStore(before, { keys: [OLD] });
  for (const owner of owners) await commit(old, owner, 0, { record: "0", entry: "e" });

  // First every process learns the new key, then the first of them writes with it.
  const knowing = encryptedStore(before, { keys: [OLD, NEW] });
  const writing = encryptedStore(after, { keys: [NEW, OLD] });
  const over = new AbortController();
  const busy = owners.slice(0, 6).map(async (owner, n) => {
    let done = 0;
    while (!over.signal.aborted || done < 5) {
      const store = (n + done) % 2 === 0 ? knowing : writing;
      const { version, record: text } = (await store.load(owner))!;
      expect(text).toMatch(/^\d+$/);
      const won = await commit(store, owner, version, { record: String(Number(text) + 1), entry: "e" }).then(() => true, (thrown: unknown) => codeOf(thrown) !== "version_conflict" && Promise.reject(thrown as Error));
      if (won) done += 1;
    }
    return done;
  });
  const report = await rewrap(writing);
  over.abort();
  const done = await Promise.all(busy);
  expect(report.key).toBe("2026");
  expect(report.rewrapped + report.served).toBeGreaterThanOrEqual(6);
  expect(report.others.get("2025")!.entries).toBeGreaterThan(6);
  for (const [n, owner] of owners.entries()) expect(await record(writing, owner)).toBe(String(done[n] ?? 0));

  // The processes that still wrote with the old key are gone: what they wrote last is rewrapped, but for one row.
  await commit(knowing, owners[11]!, (await knowing.load(owners[11]!))!.version, { record: "left behind" });
  const left = owners[11]!;
  const leftText = await record(before, left);
  const last = await rewrap(writing);
  expect(last.others.get("2025")!.records).toBe(0);
  await before.commit(left, { writeId: "x", expectedVersion: (await before.load(left))!.version, epoch: 0, record: leftText });

  const strict = encryptedStore(after, { keys: [NEW] });
  for (const [n, owner] of owners.slice(0, 11).entries()) expect(await record(strict, owner)).toBe(String(done[n] ?? 0));
  expect(reasonOf(await record(strict, left))).toMatch(/key "2025", which is not in the key ring/);
  expect(reasonOf((await strict.history(owners[8]!))[0]!.text)).toMatch(/key "2025"/);
  expect((await strict.history(owners[8]!)).at(-1)!.text).toContain("rewrap");
  await Promise.all([before.close(), after.close()]);
});

test("a rewrap leaves alone what a process serves, and what it cannot open; the owner's next commit does the work", async () => {
  const inner = openMemory();
  const old = encryptedStore(inner, { keys: [OLD] });
  const store = encryptedStore(inner, { keys: [NEW, OLD] });
  await inner.renew(P, 60_000);
  await old.acquire(CALL, P);
  await commit(old, CALL, 0, { epoch: 1, record: "served", entry: "e", answer: { callId: "c", digest: "d", text: "t" } });
  await commit(old, CALL, 1, { epoch: 1, entry: "e" });
  await store.post(CALL, { id: "m", text: "new message" });
  await old.post(CALL, { id: "m2", text: "old message" });
  for (const [id, facts] of [["ended", { status: "ended" }], ["orphan", {}]] as const) {
    await commit(old, `conversation:${id}`, 0, { record: id, entry: "e" });
    await commit(old, `conversation:${id}`, 1, { entry: "e", facts });
  }
  await commit(old, A, 0, { record: "damaged" });
  await put(inner, A, `${(await record(inner, A)).slice(0, -4)}AAAA`);
  await commit(inner, B, 0, { record: "plain" });

  const seen: number[] = [];
  const report = await rewrap(store, { onProgress: (owners) => seen.push(owners) });
  expect(report).toMatchObject({ key: "2026", rewrapped: 2, served: 1, refused: 2 });
  expect(report.others.get("2025")).toEqual({ records: 2, entries: 6, answers: 1, messages: 1 });
  expect(report.others.get("")).toEqual({ records: 1, entries: 0, answers: 0, messages: 0 });
  expect(seen).toEqual([5]);
  expect((await store.load(CALL))!.version).toBe(2);
  await commit(store, CALL, 2, { epoch: 1, entry: "the owner goes on" });
  expect(await rewrap(store)).toMatchObject({ rewrapped: 0, served: 0 });
  expect(await rewrap(encryptedStore(inner, { keys: [NEW, OLD], allowPlain: true }))).toMatchObject({ rewrapped: 1, refused: 1 });
  const strict = encryptedStore(inner, { keys: [NEW] });
  for (const [owner, text] of [[CALL, "served"], ["conversation:ended", "ended"], ["conversation:orphan", "orphan"], [B, "plain"]] as const) expect(await record(strict, owner)).toBe(text);
  expect((await strict.load("conversation:ended"))!.facts.status).toBe("ended");
});

test("a conversation whose start was interrupted is left to its next owner, so that its start is not lost", async () => {
  const inner = openMemory();
  const old = encryptedStore(inner, { keys: [OLD] });
  await old.acquire(CALL, P);
  await commit(old, CALL, 0, { epoch: 1, record: "r", answer: { callId: "\nhook:onConversationStarted\nx", digest: "d", text: "t" } });
  await old.release(CALL, P.id, 1);
  expect(await rewrap(encryptedStore(inner, { keys: [NEW, OLD] }))).toMatchObject({ rewrapped: 0, served: 1 });
  expect((await inner.load(CALL))!.version).toBe(1);
});

test("what is acquired by a process while a rewrap looks at it is not written under that process", async () => {
  const inner = openMemory();
  const old = encryptedStore(inner, { keys: [OLD] });
  await commit(old, CALL, 0, { record: "r", entry: "e" });
  const meanwhile = new Proxy(inner, {
    get(target, name) {
      if (name === "load") {
        return async (owner: Owner) => {
          await target.renew(P, 60_000);
          if ((await target.load(owner))!.process === null) await target.acquire(owner, P);
          return target.load(owner);
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value as (...inputs: unknown[]) => unknown).bind(target) : value;
    },
  });
  expect(await rewrap(encryptedStore(meanwhile, { keys: [NEW, OLD] }))).toMatchObject({ rewrapped: 0, served: 1 });
  expect((await inner.load(CALL))!.version).toBe(1);
});

test("a store without keys has nothing to rewrap with", async () => {
  await expect(rewrap(openMemory())).rejects.toMatchObject({ code: "store_misconfigured" });
});
