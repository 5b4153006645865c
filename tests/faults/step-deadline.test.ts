// A step's deadline and a process that is killed: nobody runs at the old step. (P15, P17)

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { LocalPlatform } from "../../src/platform/index.ts";

const KEY = "cs_test_5e77a0b1c2d3e4f5";

async function offers() {
  const folder = mkdtempSync(join(tmpdir(), "offers-"));
  const platform = new LocalPlatform({ port: 0, apiKey: KEY });
  const { url } = await platform.start();
  const children = new Set<ReturnType<typeof spawn>>();
  const serve = async (offerMs: number) => {
    const env = { ...process.env, OFFER_MS: String(offerMs), OFFER_STORE: `sqlite:${join(folder, "state.db")}`, OFFER_URL: url, OFFER_KEY: KEY, CONVERSIMPLE_LOG_LEVEL: "silent" };
    const child = spawn(process.execPath, [fileURLToPath(new URL("offer-process.ts", import.meta.url))], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    children.add(child);
    await once(child, "message");
    return child;
  };
  onTestFinished(async () => {
    for (const child of children) if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
    await platform.stop();
    rmSync(folder, { recursive: true });
  });
  const { conversationId } = await platform.createConversation({ agentId: "offer" });
  const call = async (tool: string) => {
    const answer = await platform.callTool({ conversationId, tool });
    return answer.kind === "result" ? (JSON.parse(answer.json) as Record<string, unknown>) : answer;
  };
  return { serve, call, tools: () => platform.conversation(conversationId).tools.map(({ name }) => name) };
}

test("a deadline that passed while the process was dead comes before the first call at the next one", async () => {
  const { serve, call } = await offers();
  const first = await serve(3_600_000);
  expect(await call("make")).toEqual({ pid: first.pid });
  first.kill("SIGKILL");
  await once(first, "exit");
  // The moment at which the step was entered is stored: for the next process, whose offers hold for a millisecond, it is past.
  const waiting = call("take");
  const second = await serve(1);
  expect(await waiting).toMatchObject({ error: "step_not_allowed", step: "expired" });
  expect(await call("look")).toEqual({ step: "expired", pid: second.pid });
});

test("a real timer brings it, without anybody calling", async () => {
  const { serve, call, tools } = await offers();
  await serve(50);
  await call("make");
  await expect.poll(tools).toEqual(["look"]);
  expect(await call("look")).toMatchObject({ step: "expired" });
});
