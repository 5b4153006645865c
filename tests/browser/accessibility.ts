// What axe finds on a page: WCAG 2.2 A and AA.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Violations, a line each: rule, impact, where. Empty when there are none. */
export async function violationsOn(page: Page): Promise<string[]> {
  // Evaluated over the debugging protocol, which the page's own policy does not bind.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults, string[]>((tags) => (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({ runOnly: tags }), TAGS);
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, failureSummary = "" }) => `${id} (${impact}): ${target.join(" ")} - ${failureSummary.split("\n")[1]?.trim() ?? ""}`));
}
