import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyedHash } from "../../../src/base/keyed-hash.ts";

test("it is HMAC-SHA-256 for every key and every text", () => {
  const key = fc.uint8Array({ minLength: 16, maxLength: 200 });
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.constantFrom("", "\ud800", "🛒".repeat(5_000)));
  fc.assert(
    fc.property(key, text, text, (secret, purpose, about) => {
      const expected = createHmac("sha256", secret).update(`${purpose}\n${about}`).digest("base64url");
      const hash = new KeyedHash(secret);
      expect(hash.of(purpose, about)).toBe(expected);
      expect(hash.of(purpose, about)).toBe(expected);
    }),
  );
});

test.each([63, 64, 65])("a key of %i bytes is padded or hashed as RFC 2104 says", (length) => {
  const secret = "k".repeat(length);
  expect(new KeyedHash(secret).of("call", "text")).toBe(createHmac("sha256", secret).update("call\ntext").digest("base64url"));
});
