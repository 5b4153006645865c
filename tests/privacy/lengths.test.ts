// What is masked shows that something is there, never how long it is: sizes do not tell it either.      (P21)

import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { tool } from "../../src/agent/tool.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { conversationOwner, type Store } from "../../src/state/store.ts";
import { openStore } from "../../src/stores/open.ts";
import { testAgent } from "../../src/testing/test-agent.ts";
import { Workplace } from "../cli/program.ts";
import { Page } from "../inspector/page.ts";
import { PIN, Shop } from "../inspector/shop.ts";

class Desk extends Shop {
  /** Its key and its answer are kept in a part that nobody may read. */
  tellPhone = tool("Tell the phone", { phone: z.string().meta({ pii: true }) }, { once: ({ phone }) => phone }, async ({ phone }) => {
    await this.profile.update((profile) => {
      profile.phone = phone;
    });
    return { phone };
  });
}

const SHORT = { card: "4", phone: "5" };
const LONG = { card: "4929 1753 1006 7811", phone: "+49 170 5550199, in the evening" };

/** The same call in a store of its own, but for what is personal in it. */
async function played(store: Store, clock: SimulatedClock, { card, phone }: typeof SHORT): Promise<void> {
  await using call = await testAgent(() => new Desk(), { store, clock, conversationId: "c1", retentionMs: "forever" });
  await call.tool("add", { productId: "P1", quantity: 2 });
  await call.tool("saveCard", { number: card });
  await call.tool("add", { productId: "P2" });
  await call.tool("tellCard", {});
  await call.tool("login", { username: "kim", pin: PIN });
  await call.tool("identify", { id: "C-1" });
  expect((await call.tool("tellPhone", { phone })).result).toEqual({ phone });
  await call.tool("add", { productId: "P3" });
  await call.hangUp();
}

async function storeAt(address: string, clock: SimulatedClock): Promise<Store> {
  const store = await openStore(address, { clock });
  onTestFinished(() => store.close());
  return store;
}

/** Everything that an inspector says of the call, while it goes on and when it is over. */
async function inspected(personal: typeof SHORT): Promise<string> {
  const clock = new SimulatedClock("2026-01-01T00:00Z");
  const store = await storeAt("memory:", clock);
  const page = await Page.of(store);
  const listener = await page.listen();
  await played(store, clock, personal);
  await listener.next(({ event }) => event?.type === "commit" && event.row.status === "ended");
  const { version, facts } = (await store.load(conversationOwner("c1")))!;
  const customer = facts.customer!;
  const past = Array.from({ length: version }, (_, index) => `/conversations/c1/at/${index + 1}`);
  // How far the call was when an event was made is chance: its row is not compared.
  const said = listener.frames.map(({ event }) => JSON.stringify(event?.type === "commit" ? event.entry : event));
  for (const path of ["/conversations", "/conversations/c1", ...past, "/conversations/c1/timeline", "/conversations/c1/export", `/customers/${customer}`]) {
    const { status, text } = await page.get(path);
    said.push(`${path} ${status} ${text}`);
  }
  return withoutChance(said.join("\n"));
}

test("two calls that differ only in how long something personal is look the same to an inspector", async () => {
  const short = await inspected(SHORT);
  expect(short).toContain('"card":"•••"');
  expect((await inspected(LONG)).split("\n")).toEqual(short.split("\n"));
});

test("they look the same on a terminal, and to who asks how large the store is", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  const [short, long] = await Promise.all([terminalOf(place, "short", SHORT), terminalOf(place, "long", LONG)]);
  expect(short).toContain("card: '•••'");
  expect(long.split("\n")).toEqual(short.split("\n"));
});

async function terminalOf(place: Workplace, name: string, personal: typeof SHORT): Promise<string> {
  const clock = new SimulatedClock("2026-01-01T00:00Z");
  await played(await storeAt(`sqlite:${place.path}/${name}.db`, clock), clock, personal);
  const said: string[] = [];
  for (const words of [["show", "c1"], ["show", "c1", "--at", "7"], ["show", "c1", "--json"], ["list"], ["list", "--json"], ["history", "c1"], ["doctor"], ["doctor", "--json"], ["quarantine", "show", "c1"], ["quarantine", "show", "c1", "--json"]]) {
    const { code, out, err } = await place.run(["state", ...words, "--store", `sqlite:${name}.db`]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    said.push(`${words.join(" ")}\n${out}`);
  }
  return withoutChance(said.join("\n").replaceAll(`${name}.db`, "state.db"));
}

/** Another one for each store, process or moment: keyed hashes, ids, the time of an export, how long ago something was. */
function withoutChance(text: string): string {
  return text.replaceAll(/"exportedAt":"[^"]*"|\d+ days ago/g, "").replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "id").replaceAll(/[\w-]{43}|[\w-]{25}\.\.\./g, "key");
}
