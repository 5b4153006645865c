import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { cartAgent, Workplace, type Ended } from "./program.ts";

const secret = () => randomBytes(32).toString("base64");
const [OLD, NEW] = [`2025:${secret()}`, `2026:${secret()}`];
const keys = (text: string) => ({ environment: { CONVERSIMPLE_ENCRYPTION_KEYS: text } });

/** A cart of agents that ran with these keys (none: in clear), and have stopped. */
async function cart(place: Workplace, environment: Readonly<Record<string, string>>, product = "canary-P1"): Promise<Ended> {
  place.write("agent.ts", cartAgent());
  const dev = place.start(["dev", ".", "--port", "0"], environment);
  await dev.says(/In a second terminal/);
  await place.run(["call", "--conversation", "cart-one"], { input: `add_to_cart productId=${product}\n` });
  return dev.kill("SIGTERM");
}

/** Files of the store with a text in them. */
function filesWith(place: Workplace, text: string): string[] {
  const folder = join(place.path, ".conversimple");
  return readdirSync(folder).filter((name) => name.startsWith("state.db") && readFileSync(join(folder, name)).includes(text));
}

test("with keys in the environment nothing of a call is in the store's files; without them it is said what is missing", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  const dev = await cart(place, keys(NEW).environment);
  expect(filesWith(place, "canary-P1")).toEqual([]);
  expect((await place.run(["state", "show", "cart-one"], keys(NEW))).out).toContain("canary-P1");
  const without = await place.run(["state", "show", "cart-one"]);
  expect(without).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/is encrypted with the key "2026"; open the store with its keys \(CONVERSIMPLE_ENCRYPTION_KEYS\)/) as string });
  const other = await place.run(["state", "quarantine", "list"], keys(OLD));
  expect(other.out).toMatch(/key "2026", which is not in the key ring/);
  // A command that was not given the key takes nothing for damaged.
  for (const words of [["reset", "cart-one"], ["quarantine", "drop", "cart-one", "--yes"], ["quarantine", "restore", "cart-one"]]) {
    for (const given of [undefined, keys(OLD)]) {
      expect(await place.run(["state", ...words], given)).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/encrypted with the key "2026", which is not here\. Nothing was changed/) as string });
    }
  }
  expect((await place.run(["state", "show", "cart-one"], keys(NEW))).out).toContain("canary-P1");
  for (const words of [["state", "show", "cart-one"], ["state", "list"], ["state", "rewrap"]]) {
    const wrong = await place.run(words, keys(`2026:${NEW.slice(6, 30)}`));
    expect(wrong).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/Encryption key 1 has 18 bytes/) as string });
    expect(wrong.err).not.toContain(NEW.slice(6, 20));
  }
  expect(dev.out + dev.err).not.toContain(NEW.slice(5, 20));
});

test("a store is moved to encryption, and from one key to the next", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  await cart(place, {});
  expect((await place.run(["state", "show", "cart-one"], keys(OLD))).err).toMatch(/it is not encrypted[^]*conversimple state rewrap --allow-plain/);
  expect(await place.run(["state", "rewrap"])).toMatchObject({ code: 1, err: expect.stringMatching(/CONVERSIMPLE_ENCRYPTION_KEYS is not set/) as string });
  const refused = await place.run(["state", "rewrap"], keys(OLD));
  expect(refused.out).toMatch(/^0 records encrypted anew with the key "2025"\.\n1 record is not encrypted and was left as it is\.\n[^\n]*: conversimple state rewrap --allow-plain\n/);
  expect(refused.out).not.toContain("quarantine");

  const moved = await place.run(["state", "rewrap", "--allow-plain"], keys(OLD));
  expect(moved).toMatchObject({ code: 0, err: "" });
  expect(moved.out).toMatch(/^1 record encrypted anew with the key "2025"\.\n\nStill needs another key:\nKEY +RECORDS +JOURNAL ENTRIES +ANSWERS +MESSAGES\n\(not encrypted\) +0 +2 +1 +0\n$/);
  expect((await place.run(["state", "show", "cart-one"], keys(OLD))).out).toContain("canary-P1");

  const next = await place.run(["state", "rewrap", "--json"], keys(`${NEW},${OLD}`));
  expect(JSON.parse(next.out)).toMatchObject({ key: "2026", rewrapped: 1, served: 0, refused: 0, isComplete: true, others: { "": { entries: 2 }, "2025": { records: 0, entries: 1 } } });
  expect((await place.run(["state", "show", "cart-one"], keys(NEW))).out).toContain("canary-P1");
  expect((await place.run(["state", "history", "cart-one"], keys(NEW))).out).toMatch(/it is not encrypted[^]*key "2025", which is not in the key ring[^]*rewrap/);
});

test("an encrypted record that was damaged is restored from the journal, and its backup is encrypted", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  await cart(place, keys(NEW).environment);
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(join(place.path, ".conversimple/state.db"));
  const { record } = database.prepare("SELECT record FROM owners WHERE owner = 'conversation:cart-one'").get() as { record: string };
  database.prepare("UPDATE owners SET record = ? WHERE owner = 'conversation:cart-one'").run(`${record.slice(0, 100)}AAAA${record.slice(104)}`);
  database.close();
  expect((await place.run(["state", "quarantine", "list"], keys(NEW))).out).toMatch(/its encrypted text was changed/);
  expect((await place.run(["state", "quarantine", "restore", "cart-one"], keys(NEW))).out).toMatch(/cart-one has version 2 again, as version 3/);
  expect(place.read("quarantined-cart-one-v2.txt")).toMatch(/^enc1\.2026\.2\./);
  expect((await place.run(["state", "show", "cart-one"], keys(NEW))).out).toContain("canary-P1");
  expect(filesWith(place, "canary-P1")).toEqual([]);

  // What was stored once can be given back, for its own conversation and with its key only.
  place.write("stored.txt", record);
  const back = ["state", "quarantine", "restore", "cart-one", "--force", "--no-backup", "--yes", "--file", "stored.txt"];
  expect((await place.run(back, keys(`${OLD},${NEW}`))).out).toMatch(/the record of stored\.txt again, as version 4/);
  expect(await place.run(back, keys(OLD))).toMatchObject({ code: 1, err: expect.stringMatching(/key "2026", which is not in the key ring/) as string });
});
