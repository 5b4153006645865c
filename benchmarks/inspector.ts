// What is seen, and when: from the answer of a tool call to the change on the inspector's page, in a real browser.
//
// The page, the platform, the agents and the caller are processes of their own; the page's clock and ours are the machine's.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { programsOf } from "../tests/servers/programs.ts";
import { quantile, round, type Row } from "./row.ts";

const CALLS = 200;
/** Longer than the page waits between two questions, so that calls come at any moment of its round, milliseconds. */
const PAUSE_MS = 400;
/** Seen later than this, a change does not belong to what was just done any more, milliseconds. */
const GOAL_MS = 200;

const AGENT = `import { ConversimpleAgent, conversationState, tool } from "conversimple";
import { z } from "zod";
export class CountAgent extends ConversimpleAgent {
  static override readonly agentId = "count";
  readonly state = conversationState(z.object({ count: z.number().default(0) }));
  add = tool("Add one", () => ({ count: ++this.state.count }));
}
`;

/** Runs on the page: `drawn(count)` resolves with when that count was drawn first. */
const WATCH = `{
  const times = {}, waiting = {};
  globalThis.drawn = (count) => times[count] ?? new Promise((resolve) => (waiting[count] = resolve));
  new MutationObserver(() => {
    const count = /count:(\\d+)/.exec(document.querySelector('[role="tree"]')?.textContent ?? "")?.[1];
    if (count === undefined || times[count] !== undefined) return;
    times[count] = Date.now();
    waiting[count]?.(times[count]);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}`;

/** @param folder an empty one. */
export async function inspectorBenchmark(folder: string): Promise<Row> {
  const dev = start(folder);
  const browser = await chromium.launch({ executablePath: process.env["CONVERSIMPLE_TEST_CHROMIUM"] || programsOf("chromium")["chromium"]!, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
  try {
    const address = await printed(dev);
    const url = new URL(address).origin;
    const { apiKey } = JSON.parse(readFileSync(join(folder, ".conversimple/dev.json"), "utf8")) as { apiKey: string };
    const post = (path: string, body: object) => fetch(`${url}/v1/conversations${path}`, { method: "POST", headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" }, body: JSON.stringify(body) }).then((response) => response.text());
    await post("", { agentId: "count", conversationId: "c1" });
    await post("/c1/tool-calls", { tool: "add" });
    const page = await browser.newPage();
    await page.goto(address.replace("#", "#/c/c1/state?"));
    await page.getByRole("treeitem", { name: "count: 1" }).waitFor();
    await page.evaluate(WATCH);
    const times: number[] = [];
    for (let count = 2; count < CALLS + 2; count++) {
      await post("/c1/tool-calls", { tool: "add" });
      const answeredAt = Date.now();
      times.push((await page.evaluate<number>(`drawn(${count})`)) - answeredAt);
      await sleep(Math.random() * PAUSE_MS);
    }
    return { name: "inspector", store: "sqlite", conversations: 1, opsPerSecond: 0, p50Ms: round(quantile(times, 0.5)), p99Ms: round(quantile(times, 0.99)), ratioToRaw: null, also: { [`% within ${GOAL_MS} ms`]: round((100 * times.filter((ms) => ms <= GOAL_MS).length) / times.length) } };
  } finally {
    await browser.close();
    dev.kill("SIGTERM");
  }
}

function start(folder: string): ChildProcess {
  const root = join(import.meta.dirname, "..");
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules/conversimple"));
  symlinkSync(join(root, "node_modules/zod"), join(folder, "node_modules/zod"));
  writeFileSync(join(folder, "agent.ts"), AGENT);
  return spawn(process.execPath, [join(root, "dist/cli/main.js"), "dev", ".", "--port", "0"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
}

/** The address that it prints; the agents are there when it has said what to do next. */
async function printed(dev: ChildProcess): Promise<string> {
  let said = "";
  for await (const text of dev.stdout!.setEncoding("utf8") as AsyncIterable<string>) {
    said += text;
    if (said.includes("Next: ")) break;
  }
  dev.stdout!.resume();
  return /http:\/\/\S+/.exec(said)![0];
}
