// What axe finds on a page: WCAG 2.2 A and AA.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Violations, a line each: rule, impact, where. Empty when there are none. @param runOnly tags, or the rules to look for. */
export async function violationsOn(page: Page, runOnly: readonly string[] = TAGS): Promise<string[]> {
  // Evaluated over the debugging protocol, which the page's own policy does not bind.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults, readonly string[]>((only) => (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({ runOnly: only }), runOnly);
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, failureSummary = "" }) => `${id} (${impact}): ${target.join(" ")} - ${failureSummary.split("\n")[1]?.trim() ?? ""}`));
}

/** Looks at a page in many states, and keeps what is not accessible in the light or in the dark, and what does not fit. */
export class Eye {
  readonly page: Page;
  readonly found: string[] = [];

  constructor(page: Page) {
    this.page = page;
  }

  async look(where: string): Promise<void> {
    for (const [colorScheme, rules] of [["light", TAGS], ["dark", ["color-contrast"]]] as const) {
      await this.page.emulateMedia({ colorScheme });
      // What fades has its colours when it is there.
      await this.page.evaluate("Promise.all(document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().iterations === 1).map(({ finished }) => finished.catch(() => null)))");
      this.found.push(...(await violationsOn(this.page, rules)).map((violation) => `${where}, ${colorScheme}: ${violation}`));
    }
    const isTooWide = await this.page.evaluate<boolean>("document.documentElement.scrollWidth > document.documentElement.clientWidth");
    if (isTooWide) this.found.push(`${where}: wider than the page`);
  }
}
