// `npm run screenshots`: pictures of the inspector's main views for the README and the guide, in the light and in the dark.
//
//   SH1. What is seen is made here: the examples of this repository, calls with names of their own, the same words each time. Only times
//        of day and durations are of the run.
//   SH2. A picture is at most MAX_BYTES. Pictures are no part of the package.

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Locator, type Page } from "playwright-core";

import { programsOf } from "../tests/servers/programs.ts";

const MAX_BYTES = 200 * 1024;
const SIZE = { width: 1_280, height: 800 };

const root = fileURLToPath(new URL("..", import.meta.url));
const pictures = join(root, "docs/inspector");
const folder = mkdtempSync(join(tmpdir(), "conversimple-screenshots-"));

cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
mkdirSync(join(folder, "node_modules"));
symlinkSync(root, join(folder, "node_modules/conversimple"));
symlinkSync(join(root, "node_modules/zod"), join(folder, "node_modules/zod"));

const dev = spawn(process.execPath, [join(root, "dist/cli/main.js"), "dev", "examples/stateful", "examples/session", "examples/workflow", "examples/cache", "examples/customer", "--port", "0"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
const ended = new Promise((resolve) => dev.on("close", resolve));
const browser = await chromium.launch({ executablePath: process.env["CONVERSIMPLE_TEST_CHROMIUM"] || programsOf("chromium")["chromium"]!, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
try {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: "light" });
  await page.goto(await printed());
  await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
  mkdirSync(pictures, { recursive: true });
  await take(page);
} finally {
  await browser.close();
  dev.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}

/** All pictures, in the order in which their calls are made. */
async function take(page: Page): Promise<void> {
  await call(page, "stateful", "stateful-shopping");
  for (const text of ["add two of P1 to my cart", "I'd like a P3"]) await say(page, text);
  await view(page, "State");
  await picture(page, "state");

  await call(page, "session", "session-wrong-pin");
  for (const digits of ["0000", "1111", "2222", "3333", "4444"]) await say(page, `my name is Kim and my PIN is ${digits}`);
  await say(page, "my name is Kim and my PIN is one two three four");
  await page.getByRole("log").getByRole("button", { name: /locked out/ }).click();
  await page.getByText("It unlocks by itself").waitFor();
  await picture(page, "lockout");

  await call(page, "workflow", "workflow-booking");
  for (const text of ["I'd like to book a room", "from the 3rd to the 5th of February", "two"]) await say(page, text);
  await view(page, "Workflow");
  await page.getByRole("img", { name: /it is at readyToConfirm/ }).waitFor();
  await picture(page, "workflow");
  await say(page, "yes");
  await view(page, "Timeline");
  await picture(page, "timeline");
  await page.getByRole("button", { name: "More to do with this conversation" }).click();
  await page.getByRole("menuitem", { name: /^Save as a test/ }).click();
  await page.getByLabel("The test file").waitFor();
  await picture(page, "saved-test");
}

async function call(page: Page, agent: string, name: string): Promise<void> {
  await page.getByRole("button", { name: "New call" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New call" });
  await dialog.getByRole("combobox", { name: "Agent", exact: true }).selectOption(agent);
  await dialog.getByText("Prepare the call").click();
  await dialog.getByRole("textbox", { name: "Conversation id" }).fill(name);
  await dialog.getByRole("button", { name: "Call", exact: true }).click();
  await page.getByRole("heading", { name }).waitFor();
  await said(page).first().waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  const before = await said(page).count();
  const input = page.getByRole("textbox", { name: "Say something" });
  await input.fill(text);
  await input.press("Enter");
  await said(page).nth(before).waitFor();
}

function said(page: Page): Locator {
  return page.getByRole("log", { name: "What was said" }).getByRole("paragraph").filter({ hasText: /^Agent: / });
}

async function view(page: Page, name: string): Promise<void> {
  await page.getByRole("tab", { name, exact: true }).click();
  await page.getByRole("tabpanel", { name, exact: true }).waitFor();
}

async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const path = join(pictures, `${name}-${colorScheme}.png`);
    await page.screenshot({ path, animations: "disabled", caret: "hide" });
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new Error(`${path} has ${size} bytes, the limit is ${MAX_BYTES}.`);
    console.log(`${name}-${colorScheme}.png  ${Math.ceil(size / 1024)} KiB`);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** The address that is printed; by then the agents are there. */
async function printed(): Promise<string> {
  let text = "";
  for await (const chunk of dev.stdout.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    if (text.includes("Next: ")) break;
  }
  dev.stdout.resume();
  return /http:\/\/\S+/.exec(text)![0];
}
