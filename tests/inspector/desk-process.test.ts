import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

import { ConversimpleError } from "../../src/base/errors.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { answerOf } from "../../src/cli/dev/desk-answers.ts";
import type { DeskQuestion } from "../../src/cli/dev/desk-messages.ts";
import { Supervisor } from "../../src/cli/dev/supervisor.ts";
import { WorkerDesk } from "../../src/cli/dev/worker-desk.ts";
import type { AgentDesk } from "../../src/inspector/desks.ts";
import { LocalPlatform } from "../../src/platform/index.ts";

const apiKey = "cs_test_desk";
const FACE = fileURLToPath(new URL("../../src/index.ts", import.meta.url));

const agentSource = (greeting: string) => `import { ConversimpleAgent, tool } from ${JSON.stringify(FACE)};
export class OneAgent extends ConversimpleAgent {
  static override readonly agentId = "one";
  greet = tool("Greet", () => ({ said: ${JSON.stringify(greeting)} }));
  hang = tool("Hang", () => new Promise(() => {}));
}
`;

/** The two processes of `dev`, without its terminal. */
async function twoProcesses() {
  const folder = mkdtempSync(join(tmpdir(), "desk-"));
  const file = join(folder, "agent.ts");
  writeFileSync(file, agentSource("hello"));
  const platform = new LocalPlatform({ port: 0, apiKey });
  const { url } = await platform.start();
  const failures: string[] = [];
  const desk = new WorkerDesk();
  const supervisor = new Supervisor({
    settings: { paths: [file], store: `sqlite:${join(folder, "state.db")}` },
    environment: { ...process.env, CONVERSIMPLE_API_KEY: apiKey, CONVERSIMPLE_PLATFORM_URL: url },
    onReport: (report) => {
      if (report.type === "ready") desk.ready();
      if (report.type === "failed") failures.push(report.message);
    },
    onAnswer: (answer) => desk.hear(answer),
    onGone: () => desk.gone(),
    onCrash: () => {},
  });
  onTestFinished(async () => {
    await supervisor.stop();
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  desk.connect((question) => supervisor.ask(question));
  const ready = () => new Promise<void>((resolve) => void desk.onReady(resolve));
  const started = ready();
  supervisor.reload();
  await started;
  return { desk, supervisor, platform, ready, failures, save: (greeting: string) => writeFileSync(file, agentSource(greeting)) };
}

test("the platform's process asks that of the agents, and again after a reload", async () => {
  const { desk, platform, supervisor, ready, save } = await twoProcesses();
  const { conversationId } = await platform.createConversation({ agentId: "one" });
  await platform.callTool({ conversationId, tool: "greet", arguments: {} });
  expect(await desk.agents()).toMatchObject([{ agentId: "one", isServed: true, tools: [{ name: "greet" }, { name: "hang" }] }]);
  expect(await desk.offered(conversationId)).toEqual(["greet", "hang"]);
  expect(await desk.call(conversationId, "greet", undefined, "a")).toEqual({ kind: "result", callId: "a", result: { said: "hello" } });
  await expect(desk.edit(conversationId, { part: "state", patches: [["set", ["a"], 1]] }, "test")).rejects.toMatchObject({ code: "option_invalid", message: expect.stringContaining('no durable part "state"') as string });

  // A question that is open when a file is saved is settled at once, and one that comes meanwhile too.
  const hanging = desk.call(conversationId, "hang", {}, "b");
  save("good evening");
  const again = ready();
  supervisor.reload();
  await expect(hanging).rejects.toMatchObject({ code: "state_unavailable", message: expect.stringContaining("being reloaded") as string });
  await expect(desk.agents()).rejects.toMatchObject({ message: expect.stringContaining("being reloaded") as string });
  await again;
  await platform.callTool({ conversationId, tool: "greet", arguments: {} });
  expect(await desk.call(conversationId, "greet", {}, "c")).toMatchObject({ result: { said: "good evening" } });
});

test("a question that nobody answers is over after a time, and its late answer goes nowhere", async () => {
  const clock = new SimulatedClock();
  const asked: DeskQuestion[] = [];
  const desk = new WorkerDesk(clock);
  desk.connect((question) => asked.push(question) > 0);
  await expect(desk.agents()).rejects.toMatchObject({ code: "state_unavailable" });
  desk.ready();
  const answers = Promise.allSettled([desk.agents()]);
  await clock.advance("15s");
  expect(await answers).toMatchObject([{ reason: { code: "state_unavailable", message: expect.stringContaining("did not answer within 15 s") as string } }]);
  desk.hear({ type: "answer", id: asked[0]!.id, value: [] });
});

test("an error of ours keeps its code and words; of another one nothing is told", async () => {
  const told: unknown[] = [];
  const ask = (edit: () => Promise<never>) => answerOf({ edit } as unknown as AgentDesk, { type: "ask", id: 7, method: "edit", inputs: [] }, (thrown) => told.push(thrown));
  expect(await ask(() => Promise.reject(new ConversimpleError("version_conflict", "Look again.", { found: 3 })))).toEqual({ type: "answer", id: 7, error: { code: "version_conflict", message: "Look again.", fields: { found: 3 } } });
  expect(JSON.stringify(await ask(() => Promise.reject(new Error("the card 4929"))))).not.toContain("4929");
  expect(told).toHaveLength(1);
  expect(await answerOf(undefined, { type: "ask", id: 7, method: "edit", inputs: [] }, () => {})).toMatchObject({ error: { code: "state_unavailable" } });
  for (const odd of [{}, { type: "ask", id: 1, method: "constructor", inputs: [] }, { type: "ask", id: 1, method: "edit" }]) expect(await answerOf(undefined, odd, () => {})).toBeUndefined();
});
