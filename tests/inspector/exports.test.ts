import { expect, onTestFinished, test } from "vitest";

import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { openStore } from "../../src/stores/open.ts";
import { testAgent } from "../../src/testing/test-agent.ts";
import { Page, TOKEN } from "./page.ts";
import { Shop } from "./shop.ts";

test("exports that nobody reads are bounded, and there is a place again when one goes away", { timeout: 60_000 }, async () => {
  const clock = new SimulatedClock();
  const store = await openStore("memory:", { clock });
  onTestFinished(() => store.close());
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  for (let index = 0; index < 16; index++) await call.tool("fill", { kibibytes: index % 2 ? 900 : 890 });
  const page = await Page.of(store);
  const aborts = Array.from({ length: 8 }, () => new AbortController());
  onTestFinished(() => aborts.forEach((abort) => abort.abort()));
  const open = (signal?: AbortSignal) => fetch(`${page.origin}/inspector/api/conversations/c1/export`, { headers: { Authorization: `Bearer ${TOKEN}` }, ...(signal ? { signal } : {}) });
  expect((await Promise.all(aborts.map(({ signal }) => open(signal)))).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  expect((await open()).status).toBe(503);
  // Nothing else waits for them.
  expect((await page.get("/conversations/c1")).status).toBe(200);
  aborts[0]!.abort();
  await expect.poll(async () => {
    const response = await open();
    const text = await response.text();
    return [response.status, text.endsWith("]}\n")];
  }, { timeout: 20_000 }).toEqual([200, true]);
  // Those of what is not there leave their places.
  for (let index = 0; index < 10; index++) expect((await page.get("/conversations/nobody/export")).status).toBe(404);
});
