// The inspector's page as a person has it: `conversimple dev` with the examples, and what one does on it.
//
//   BI1. What is looked for is what a person sees or hears: roles, names and texts. Nothing waits for time.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

import { Workplace, type Dev } from "../cli/program.ts";
import { hasBrowser } from "./browser.ts";

/** Tests of a page wait for processes, which share the machine with others. */
export const TEST_MS = 120_000;

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

/** One `conversimple dev` for all tests of a file. */
export interface SharedDev {
  readonly place: Workplace;
  readonly dev: () => Dev;
}

/** With some of the examples, as a user would have them. */
export function devForAll(...names: readonly string[]): SharedDev {
  return devWith(Object.fromEntries(names.map((name) => [name, readFileSync(`${EXAMPLES}${name}/agent.ts`, "utf8")])));
}

/** With agents of the file's own: their texts by name. */
export function devWith(agents: Readonly<Record<string, string>>): SharedDev {
  const place = new Workplace(afterAll);
  let dev: Dev | undefined;
  beforeAll(async () => {
    for (const [name, text] of Object.entries(agents)) place.write(`agents/${name}.agent.ts`, text);
    if (hasBrowser) dev = await place.dev(["agents"]);
  }, TEST_MS);
  return { place, dev: () => dev! };
}

/** Opens the address that `dev` printed. */
export async function enter(page: Page, dev: Dev): Promise<void> {
  await page.goto(dev.page);
  await isLive(page);
}

/** The page hears what happens. */
export async function isLive(page: Page): Promise<void> {
  await page.getByRole("status").filter({ hasText: /^Live$/ }).waitFor();
}

/** Begins a call on the page; resolves with its id when the agent has greeted. */
export async function newCall(page: Page, agent: string): Promise<string> {
  await page.getByRole("button", { name: "New call" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New call" });
  await dialog.getByRole("combobox", { name: "Agent", exact: true }).selectOption(agent);
  await dialog.getByRole("button", { name: "Call", exact: true }).click();
  await agentSays(page, /^Hello\./);
  return openConversation(page);
}

/** The id of the conversation that is open, as its address says it. */
export function openConversation(page: Page): string {
  return decodeURIComponent(/#\/c\/([^/?]+)/.exec(page.url())![1]!);
}

/** Says something, and waits for what the agent answers. */
export async function say(page: Page, text: string, answer: RegExp): Promise<void> {
  const answered = await agentLines(page, answer).count();
  const input = page.getByRole("textbox", { name: "Say something" });
  await input.fill(text);
  await input.press("Enter");
  await agentLines(page, answer).nth(answered).waitFor();
}

/** Waits until the agent has said something. */
export async function agentSays(page: Page, answer: RegExp): Promise<void> {
  await agentLines(page, answer).first().waitFor();
}

function agentLines(page: Page, text: RegExp): Locator {
  return page.getByRole("log", { name: "What was said" }).getByRole("paragraph").filter({ hasText: /^Agent: / }).filter({ hasText: new RegExp(text.source.replace(/^\^/, "^Agent: "), text.flags) });
}

/** Opens a view of the conversation, and gives what it shows. */
export async function view(page: Page, name: string): Promise<Locator> {
  await page.getByRole("tab", { name, exact: true }).click();
  const panel = page.getByRole("tabpanel", { name, exact: true });
  await panel.waitFor();
  return panel;
}

/** A value in a tree of state: its line, as it is read out. */
export function valueIn(panel: Locator, text: string | RegExp): Locator {
  return panel.getByRole("treeitem", { name: text });
}

/** The rows of the list of conversations that are drawn. */
export function rowsOf(page: Page): Locator {
  return page.getByRole("listbox", { name: "Conversations" }).getByRole("option");
}

/** A row of the timeline, by the text that is in it. */
export function entryIn(panel: Locator, text: string | RegExp): Locator {
  return panel.getByRole("option").filter({ hasText: text });
}

/** Asks the platform for something, as a program beside the page does. */
export async function post(dev: Dev, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${dev.url}/v1${path}`, { method: "POST", headers: { Authorization: `Bearer ${dev.key}`, "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
