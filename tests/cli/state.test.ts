import { existsSync } from "node:fs";
import { expect, test } from "vitest";

import { cartAgent, Workplace } from "./program.ts";

async function withCarts(): Promise<Workplace> {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  await place.dev();
  await place.run(["call", "--conversation", "cart-one"], { input: "add_to_cart productId=P1 quantity=2\nadd_to_cart productId=P2\nrefuse\nexplode\n" });
  await place.run(["call", "--conversation", "cart-two"], { input: "/end\n" });
  return place;
}

const lines = (text: string) => text.trimEnd().split("\n");

test("lists conversations, newest first, by status and agent, and as JSON", async () => {
  const place = await withCarts();
  const all = await place.run(["state", "list"]);
  expect(lines(all.out).map((line) => line.split(/\s+/).slice(0, 3))).toEqual([["CONVERSATION", "AGENT", "STATUS"], ["cart-two", "shop", "ended"], ["cart-one", "shop", "live"]]);
  const live = await place.run(["state", "list", "--status", "live", "--json"]);
  expect(lines(live.out).map((line) => JSON.parse(line) as unknown)).toMatchObject([{ conversationId: "cart-one", agentId: "shop", status: "live", version: 5 }]);
  expect((await place.run(["state", "list", "--agent", "nobody"])).out).toMatch(/^No conversations in sqlite:/);
  expect((await place.run(["state", "list", "--limit", "1"])).out).toMatch(/cart-two[^]*and more: --limit/);
});

test("shows state readably and losslessly, now and at an earlier version, by the beginning of an id", async () => {
  const place = await withCarts();
  const shown = await place.run(["state", "show", "cart-o"]);
  expect(shown).toMatchObject({ code: 0, err: "" });
  expect(shown.out).toMatch(/agent +shop\n/);
  expect(shown.out).toMatch(/version +5\n/);
  expect(shown.out).toMatch(/quantity: 2, addedAt: \d{4}-\d\d-\d\dT/);
  expect(shown.out).toContain("'P2' => 1n");

  const json = JSON.parse((await place.run(["state", "show", "cart-one", "--json"])).out) as { parts: { state: Record<string, unknown> } };
  expect(json).toMatchObject({ conversationId: "cart-one", version: 5, parts: { state: { cart: [{ addedAt: { $date: expect.any(Number) as number } }, { productId: "P2" }], notes: { $map: [["P1", { $bigint: "2" }], ["P2", { $bigint: "1" }]] } } } });

  const before = JSON.parse((await place.run(["state", "show", "cart-one", "--at", "2", "--json"])).out) as unknown;
  expect(before).toMatchObject({ version: 2, parts: { state: { cart: [{ productId: "P1" }] } } });
});

test("tells what happened, commit by commit, with what changed and without values", async () => {
  const place = await withCarts();
  const { out } = await place.run(["state", "history", "cart-one"]);
  expect(lines(out).map((line) => line.replace(/ +/g, " ").split(" ").filter((_, index) => index !== 1 && index !== 2 && index !== 6 && index !== 7).join(" "))).toEqual([
    "VERSION NAME OUTCOME RAN",
    "1 hook onConversationStarted ok state, ephemeral".replace(", ephemeral", ""),
    "2 tool add_to_cart ok state.cart[0], state.notes",
    "3 tool add_to_cart ok state.cart[1], state.notes",
    "4 tool refuse tool_error tool_error",
    "5 tool explode failed tool_execution_error",
  ]);
  const json = lines((await place.run(["state", "history", "cart-one", "--json"])).out).map((line) => JSON.parse(line) as unknown);
  expect(json[1]).toMatchObject({ conversationId: "cart-one", version: 2, unit: "tool", name: "add_to_cart", outcome: "ok", ms: [expect.any(Number), expect.any(Number), expect.any(Number)], changed: ["state.cart[0]", "state.notes"] });
  expect(out).not.toContain("P1");
});

test("watches commits of other processes as they happen, with what they changed", async () => {
  const place = await withCarts();
  const watch = place.start(["state", "watch", "cart-one"]);
  await watch.says(/watching cart-one/);
  await place.run(["call", "--conversation", "cart-three"], { input: "add_to_cart productId=other\n" });
  await place.run(["call", "--conversation", "cart-one"], { input: "add_to_cart productId=P3\n" });
  await watch.says(/cart-one {2}v6 {2}add_to_cart {2}ok[^\n]*\n {4}\+ state\.cart\[2\] {2}\{ productId: 'P3'/);
  expect(watch.out).not.toContain("cart-three");
  expect(await watch.kill("SIGINT")).toMatchObject({ code: 0, err: "" });
});

test("a watch whose reader leaves ends without a word", async () => {
  const place = await withCarts();
  const watch = place.start(["state", "watch", "--json"]);
  watch.process.stdout!.destroy();
  // What was written before it looked is no news to it.
  do await place.run(["call", "--conversation", "cart-one"], { input: "add_to_cart productId=P3\n" });
  while (watch.process.exitCode === null);
  expect(await watch.ended).toMatchObject({ code: 0, err: "" });
});

test("a store that is not there is an error and is not made", async () => {
  const place = new Workplace();
  for (const words of [["list"], ["show", "x"], ["history", "x"], ["watch"]]) {
    expect(await place.run(["state", ...words])).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^conversimple: There is no store at sqlite:\.conversimple\/state\.db\.\n/) as string });
  }
  expect(await place.run(["state", "list", "--store", "sqlite:other.db"])).toMatchObject({ code: 1 });
  expect(existsSync(`${place.path}/.conversimple`)).toBe(false);
  expect(existsSync(`${place.path}/other.db`)).toBe(false);
  expect((await place.run(["state", "list", "--store", "memory:"])).err).toContain("inside the process");
  expect((await place.run(["state", "list", "--store", "mysql://x"])).err).toContain("not known");
});

test("an id that fits none or several is told", async () => {
  const place = await withCarts();
  expect(await place.run(["state", "show", "card"])).toMatchObject({ code: 1, err: expect.stringContaining("There is no conversation card") as string });
  const several = await place.run(["state", "show", "cart-"]);
  expect(several.code).toBe(1);
  expect(several.err).toMatch(/Several conversations begin with cart-: cart-two, cart-one\./);
  expect(await place.run(["state", "show", "cart-one", "--at", "99"])).toMatchObject({ code: 1, err: expect.stringContaining("at version 5") as string });
});

test("drops a state that cannot be read, and no other unless it is forced", async () => {
  const place = await withCarts();
  const refused = await place.run(["state", "reset", "cart-one"]);
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/can be read; nothing was dropped[^]*--force/) as string });
  expect((await place.run(["state", "show", "cart-one"])).code).toBe(0);
  expect((await place.run(["state", "reset", "cart-one", "--force"])).err).toMatch(/Nobody is here to confirm it: Drop the state of cart-one\. Nothing was done\.\n[^]*--yes/);
  expect((await place.run(["state", "show", "cart-one"])).code).toBe(0);
  const dropped = await place.run(["state", "reset", "cart-one", "--force", "--yes"]);
  expect(dropped).toMatchObject({ code: 0, out: expect.stringMatching(/^The state of cart-one was dropped, with 5 journal entries\./) as string });
  expect((await place.run(["state", "show", "cart-one"])).err).toMatch(/There is no conversation cart-one/);
});
