import { existsSync, rmSync } from "node:fs";
import { expect, test } from "vitest";

import { Workplace } from "./program.ts";

const AGENT = `import { ConversimpleAgent, conversationState, customerState, tool } from "conversimple";
import { z } from "zod";

export class ShopAgent extends ConversimpleAgent {
  static override readonly agentId = "shop";
  readonly state = conversationState(z.object({ cart: z.array(z.string()).default([]) }));
  readonly customer = customerState(z.object({ orders: z.array(z.string()).default([]), since: z.date().optional() }));
  order = tool("Order", { who: z.string(), item: z.string() }, async ({ who, item }) => {
    await this.customer.identify(who);
    this.state.cart.push(item);
    return this.customer.update((known) => { known.since ??= this.now(); return known.orders.push(item); });
  });
}
`;

async function withOrders(): Promise<Workplace> {
  const place = new Workplace();
  place.write("agent.ts", AGENT);
  await place.dev();
  await place.run(["call", "--conversation", "first"], { input: "order who=kim item=canary-1\n/end\n" });
  await place.run(["call", "--conversation", "second"], { input: "order who=kim item=canary-2\n" });
  await place.run(["call", "--conversation", "other"], { input: "order who=lee item=P9\n" });
  return place;
}

test("a customer is exported by their id or their key, then erased with a receipt; a call of theirs that goes on ends", async () => {
  const place = await withOrders();
  const exported = await place.run(["state", "export", "kim"]);
  expect(exported).toMatchObject({ code: 0, err: "" });
  const data = JSON.parse(exported.out) as { customer: string };
  expect(data).toMatchObject({
    record: { parts: { customer: { data: { orders: ["canary-1", "canary-2"], since: { $date: expect.any(Number) as number } } } } },
    conversations: [{ id: "second", status: "live" }, { id: "first", status: "ended" }],
  });
  const byKey = await place.run(["state", "export", "--key", data.customer]);
  expect(JSON.parse(byKey.out)).toMatchObject({ customer: data.customer, record: { parts: { customer: { data: { orders: ["canary-1", "canary-2"] } } } } });

  const unasked = await place.run(["state", "forget", "kim"]);
  expect(unasked).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/Nothing was done\.\nWithout a question: --yes/) as string });
  const receipt = JSON.parse((await place.run(["state", "forget", "kim", "--yes", "--json"])).out) as object;
  expect(receipt).toMatchObject({ customer: data.customer, conversations: 2, records: 3, messages: 0 });
  expect(JSON.parse((await place.run(["state", "export", "kim"])).out)).toMatchObject({ record: null, conversations: [] });
  expect((await place.run(["state", "forget", "kim", "--yes"])).out).toMatch(/^Nothing was stored of customer:/);

  await place.run(["call", "--conversation", "second"], { input: "order who=kim item=canary-3\n" });
  expect((await place.run(["state", "export", "kim"])).out).not.toContain("canary");
  expect(JSON.parse((await place.run(["state", "export", "lee"])).out)).toMatchObject({ record: { parts: { customer: { data: { orders: ["P9"] } } } } });
  const said = await place.run(["state", "forget", "lee", "--yes"]);
  expect(said.out).toMatch(/^Erased customer:[\w-]{43} at \d{4}-[^\n]*\n1 conversation, 0 accounts, 2 records, \d+ journal entries, 0 messages; looked 2 times\n$/);
});

test("without the store's secret nobody is searched for, and none is made", async () => {
  const place = new Workplace();
  place.write("agent.ts", AGENT);
  const dev = await place.dev();
  await dev.program.kill("SIGINT");
  const secret = `${place.path}/.conversimple/state.db.secret`;
  expect(existsSync(secret)).toBe(true);
  rmSync(secret);
  for (const command of ["export", "forget"]) {
    expect(await place.run(["state", command, "kim", ...(command === "forget" ? ["--yes"] : [])])).toMatchObject({ code: 1, err: expect.stringContaining("There is no secret for this store") as string });
  }
  expect(existsSync(secret)).toBe(false);
  expect(await place.run(["state", "export", "kim", "--key"])).toMatchObject({ code: 2, err: expect.stringContaining("no key of a customer") as string });
});
