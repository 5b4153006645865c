import { expect, test } from "vitest";

import { hasBrowser, openPage } from "./browser.ts";
import { devForAll, enter, newCall, post, TEST_MS, view } from "./inspector.ts";

const { dev } = devForAll("stateful");

/** Rows beyond those in sight, on both sides together, and the two that are seen in part. */
const BEYOND = 2 * 3 + 2;
/** Elements of a row with two places that changed: each is made anew when its row is scrolled to. */
const MOST_ELEMENTS = 14;

test.runIf(hasBrowser)("of a long timeline few rows are drawn, of few elements each, so that a fast scroll has little to do", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  const id = await newCall(page, "stateful");
  for (let index = 0; index < 60; index++) await post(dev(), `/conversations/${id}/tool-calls`, { tool: "add_to_cart", arguments: { productId: `P${index}` } });
  const panel = await view(page, "Timeline");
  const list = panel.getByRole("listbox", { name: "Timeline, oldest first" });
  await list.getByRole("option").filter({ hasText: "P59" }).waitFor();
  await list.evaluate((box) => void (box.scrollTop = (box.scrollHeight - box.clientHeight) / 2));
  await list.getByRole("option").filter({ hasText: "P30" }).waitFor();
  const drawn = await list.evaluate((box) => {
    const rows = [...box.querySelectorAll("[role=option]")];
    return { rows: rows.length, inSight: Math.ceil(box.clientHeight / rows[0]!.clientHeight), elements: Math.max(...rows.map((row) => row.querySelectorAll("*").length)) };
  });
  expect(drawn.rows).toBeLessThanOrEqual(drawn.inSight + BEYOND);
  expect(drawn.rows).toBeGreaterThan(drawn.inSight);
  expect(drawn.elements).toBeLessThanOrEqual(MOST_ELEMENTS);
});
