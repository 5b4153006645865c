import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";

import { ConversimpleError } from "../../../src/base/errors.ts";
import { environmentEncryption, KeyRing } from "../../../src/stores/encryption/key-ring.ts";
import { openStore } from "../../../src/stores/open.ts";
import { Xaes } from "../../../src/stores/encryption/xaes.ts";

const KEY = randomBytes(32);

function refusal(run: () => unknown): ConversimpleError {
  try {
    run();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ConversimpleError);
    return thrown as ConversimpleError;
  }
  throw new Error("It was not refused.");
}

test("a key is bytes, base64, base64url or hex: all the same key", () => {
  const nonce = Buffer.alloc(24, 7);
  const sealed = new Xaes(KEY).seal("text", "data", nonce);
  for (const key of [KEY, Uint8Array.from(KEY), KEY.toString("base64"), KEY.toString("base64url"), KEY.toString("hex"), KEY.toString("hex").toUpperCase(), ` ${KEY.toString("base64")}\n`]) {
    expect(new KeyRing([{ id: "a", key }]).cipher("a")!.seal("text", "data", nonce)).toEqual(sealed);
  }
});

test("the known answers of XAES-256-GCM", () => {
  const nonce = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWX");
  const sealed = (byte: number, additional: string) => new Xaes(Buffer.alloc(32, byte)).seal("XAES-256-GCM", additional, nonce).subarray(24).toString("hex");
  expect(sealed(1, "")).toBe("ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
  expect(sealed(3, "c2sp.org/XAES-256-GCM")).toBe("986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
});

test("no nonce comes twice, also beyond the block in which random bytes are asked for", () => {
  const cipher = new Xaes(KEY);
  const nonces = Array.from({ length: 1_000 }, () => cipher.seal("", "").subarray(0, 24).toString("hex"));
  expect(new Set(nonces).size).toBe(1_000);
});

const typed = KEY.toString("base64");
test.each<[string, unknown, RegExp]>([
  ["no key", [], /at least one/],
  ["nothing", undefined, /at least one/],
  ["a key of 31 bytes", [{ id: "a", key: KEY.subarray(1) }], /key 1 has 31 bytes/],
  ["a key of 33 bytes", [{ id: "a", key: Buffer.concat([KEY, KEY.subarray(0, 1)]) }], /key 1 has 33 bytes/],
  ["base64 with a character that is none", [{ id: "a", key: `${typed.slice(0, -2)}!=` }], /neither base64 nor hex/],
  ["base64 that lost its end", [{ id: "a", key: typed.slice(0, 40) }], /has 30 bytes/],
  ["an empty key", [{ id: "a", key: "" }], /neither base64 nor hex/],
  ["a number for a key", [{ id: "a", key: 12 }], /neither bytes nor text/],
  ["an id that is none", [{ id: "a:b", key: KEY }], /no usable id/],
  ["a long id", [{ id: "a".repeat(17), key: KEY }], /no usable id/],
  ["id and key the wrong way round", [{ id: typed, key: "2026" }], /no usable id/],
  ["two keys with one id", [{ id: "a", key: KEY }, { id: "a", key: randomBytes(32) }], /key 2 has the id of another/],
  ["one key with two ids", [{ id: "a", key: KEY }, { id: "b", key: typed }], /key 2 is the same as another/],
  ["a key that is no random one", [{ id: "a", key: Buffer.alloc(32, 1) }], /no random key/],
])("%s is refused, and no message repeats a key", (_, keys, message) => {
  const error = refusal(() => new KeyRing(keys as never));
  expect(error.code).toBe("store_misconfigured");
  expect(error.message).toMatch(message);
  const said = inspect(error, { depth: 9 });
  for (const secret of [typed, typed.slice(0, 40), KEY.toString("hex")]) expect(said).not.toContain(secret);
});

test("the environment names keys, the first one encrypts", () => {
  const second = randomBytes(32).toString("hex");
  expect(environmentEncryption({})).toBeUndefined();
  expect(environmentEncryption({ CONVERSIMPLE_ENCRYPTION_KEYS: ` 2026:${typed} , 2025:${second}` })).toEqual({ keys: [{ id: "2026", key: typed }, { id: "2025", key: second }], allowPlain: false });
  expect(environmentEncryption({ CONVERSIMPLE_ENCRYPTION_KEYS: `a:${typed}`, CONVERSIMPLE_ENCRYPTION_PLAIN: "allow" })?.allowPlain).toBe(true);
});

test.each([
  [{ CONVERSIMPLE_ENCRYPTION_KEYS: typed }, /Entry 1 of CONVERSIMPLE_ENCRYPTION_KEYS/],
  [{ CONVERSIMPLE_ENCRYPTION_KEYS: `a:${typed},` }, /Entry 2/],
  [{ CONVERSIMPLE_ENCRYPTION_KEYS: `a:${typed}:b` }, /Entry 1/],
  [{ CONVERSIMPLE_ENCRYPTION_KEYS: `a:${typed}`, CONVERSIMPLE_ENCRYPTION_PLAIN: "yes" }, /CONVERSIMPLE_ENCRYPTION_PLAIN is "allow"/],
  [{ CONVERSIMPLE_ENCRYPTION_PLAIN: "allow" }, /CONVERSIMPLE_ENCRYPTION_KEYS is not/],
])("an environment that makes no sense is refused without repeating it (%#)", (environment, message) => {
  const error = refusal(() => environmentEncryption(environment));
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain(typed.slice(0, 20));
});

test("keys are not in an inspected store", async () => {
  const store = await openStore("memory:", { encryption: { keys: [{ id: "a", key: typed }] } });
  await store.commit("customer:x", { writeId: "w", expectedVersion: 0, epoch: 0, record: "text" });
  const shown = inspect(store, { depth: 20, showHidden: true });
  for (const secret of [typed, KEY.toString("hex"), KEY.toString("hex").slice(0, 16), inspect(KEY).slice(8, 60)]) expect(shown).not.toContain(secret);
  await store.close();
});
