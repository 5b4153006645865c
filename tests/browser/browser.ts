// A real Chromium for tests: the one of CONVERSIMPLE_TEST_CHROMIUM (a path), of the PATH, or of the system's packages.
//
//   BW1. One browser per test file, a fresh profile per page: no test sees what another one left.
//   BW2. A page that throws, logs an error that was not expected, or asks another machine for anything fails its test.
//   BW3. What cannot be had is said once, loudly, and skips; in CI it fails.

import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, expect, onTestFinished } from "vitest";
import { canStart } from "../servers/desk.ts";
import { programsOf } from "../servers/programs.ts";

/** As root Chromium needs no sandbox; the rest keeps it from looking for anything that is not the page. */
const ARGUMENTS = [
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const path = (): string => process.env["CONVERSIMPLE_TEST_CHROMIUM"] || programsOf("chromium")["chromium"]!;

/** Whether there is a browser (BW3). */
export const hasBrowser: boolean = await canStart(path, "chromium");

let browser: Promise<Browser> | undefined;
afterAll(async () => (await browser)?.close());

/** How a page is opened. */
export interface PageOptions extends BrowserContextOptions {
  /** Console errors that this test provokes on purpose, such as a refused request. */
  readonly expected?: RegExp;
}

/** A page with a profile of its own, closed with the test (BW1, BW2). */
export async function openPage(options: PageOptions = {}): Promise<Page> {
  const { page, faults } = await openWatchedPage(options);
  onTestFinished(() => expect(faults, "what went wrong on the page").toEqual([]));
  return page;
}

/** A page, and what goes wrong on it from now on. What it asks other machines for is not sent. */
export async function openWatchedPage({ expected, ...options }: PageOptions = {}): Promise<{ page: Page; faults: readonly string[] }> {
  browser ??= chromium.launch({ executablePath: path(), args: ARGUMENTS });
  const context = await (await browser).newContext({ viewport: { width: 1_280, height: 800 }, ...options });
  onTestFinished(() => context.close());
  // Less than a test may take: what was waited for is named then.
  context.setDefaultTimeout(15_000);
  const faults: string[] = [];
  await context.route((url) => !isLocal(url), async (route) => {
    faults.push(`asked ${new URL(route.request().url()).hostname}`);
    await route.abort();
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`threw: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !expected?.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  return { page, faults };
}

function isLocal({ protocol, hostname }: URL): boolean {
  return protocol === "data:" || protocol === "blob:" || hostname === "127.0.0.1" || hostname === "localhost";
}
