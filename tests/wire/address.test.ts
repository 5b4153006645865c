import { inspect } from "node:util";
import { expect, test } from "vitest";
import { PlatformAddress } from "../../src/wire/address.ts";

const KEY = "cs_test_canary4711";

test.each(["wss://api.conversimple.com/sdk/websocket", "https://api.conversimple.com", "ws://localhost:4000/sdk/websocket", "ws://127.0.0.1:4000", "ws://127.9.9.9", "http://[::1]:4000"])("%s is an address", (url) => {
  const address = new PlatformAddress(url, KEY);
  const secret = new URL(address.secretUrl("array"));
  expect(secret.pathname).toBe("/sdk/websocket");
  expect(secret.searchParams.get("auth_token")).toBe(KEY);
  expect(secret.searchParams.get("vsn")).toBe("2.0.0");
  expect(new URL(address.secretUrl("object")).searchParams.has("vsn")).toBe(false);
});

test.each(["ws://api.conversimple.com", "ws://127.evil.example", "ws://127.0.0.1.evil.example", "ws://localhost.evil.example", "http://10.0.0.1", "ws://0.0.0.0:4000", "wss://user:pass@host", "ftp://localhost", "not a url", ""])(
  "%s is refused without being repeated",
  (url) => {
    try {
      new PlatformAddress(url, KEY);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "option_invalid" });
      expect(inspect(error)).not.toContain(KEY);
      expect((error as Error).message).not.toContain("evil");
    }
  },
);

test.each(["", "two words", "a\r\nb", "x".repeat(513)])("a key that is none is refused: %j", (key) => {
  expect(() => new PlatformAddress("wss://a", key)).toThrow(expect.objectContaining({ code: "option_invalid" }));
});

test("the key is not in the text, JSON or inspection of an address", () => {
  const address = new PlatformAddress("wss://api.conversimple.com?auth_token=cs_test_canary4711", KEY);
  for (const shown of [String(address), JSON.stringify(address), inspect(address, { depth: 9, showHidden: true })]) expect(shown).not.toContain(KEY);
});
