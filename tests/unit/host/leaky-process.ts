// Run by late-rejections.test.ts: one scenario in a process of its own.

import { stat } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { AgentHost } from "../../../src/host/agent-host.ts";
import { ConversimpleAgent, tool } from "../../../src/index.ts";
import { openMemory } from "../../../src/stores/memory.ts";

const scenario = process.argv[2]!;
const heard: string[] = [];
const hosted: unknown[] = [];
const other: string[] = [];

async function fails(delayMs: number): Promise<never> {
  await sleep(delayMs);
  throw new Error("late");
}

class LeakyAgent extends ConversimpleAgent {
  static override readonly agentId = "leaky";
  override onConversationStarted() {
    if (scenario === "hook") void fails(1);
  }
  override onError(error: unknown) {
    heard.push((error as Error).message);
  }
  tool = tool("Tool", () => void fails(1));
  parallel = tool("Parallel", {}, { parallel: true }, () => void fails(1));
  timer = tool("Timer", () => void setTimeout(() => void Promise.reject(new Error("late")), 1));
  throwingTimer = tool(
    "Throwing timer",
    () =>
      void setTimeout(() => {
        throw new Error("late");
      }, 1),
  );
  throwingCallback = tool("Throwing callback", () =>
    stat("/", () => {
      throw new Error("late");
    }),
  );
  afterTheUnit = tool("After the unit", () => void fails(20));
  count = tool("Count", () => ({ n: 1 }));
}

const host = await AgentHost.start({ agents: [new LeakyAgent()], store: openMemory(), onError: (error, id) => hosted.push([(error as Error).message, id]) });
await host.open("c1", { agentId: "leaky" });
const call = (name: string) => host.invoke({ conversationId: "c1", callId: name, tool: name, arguments: {} });

if (scenario === "other-listener") process.on("unhandledRejection", (reason) => other.push((reason as Error).message));
if (scenario === "foreign" || scenario === "other-listener") void Promise.reject(new Error("foreign"));
if (scenario === "foreign-timer") {
  setTimeout(() => {
    throw new Error("foreign");
  }, 1);
}
// eslint-disable-next-line prefer-promise-reject-errors -- the case
if (scenario === "foreign-value") void Promise.reject("foreign");
if (scenario === "drained") {
  const count = () => process.listenerCount("unhandledRejection");
  const during = count();
  await host.drain(1_000);
  console.log(JSON.stringify({ while: during, after: count() }));
} else {
  if (!["hook", "foreign", "foreign-value", "foreign-timer", "other-listener"].includes(scenario)) await call(scenario.replaceAll("-", "_"));
  const until = Date.now() + 5_000;
  while (heard.length === 0 && other.length === 0 && Date.now() < until) await sleep(5);
  const outcome = await call("count");
  const goesOn = outcome.kind === "result" ? (JSON.parse(outcome.json) as unknown) : outcome;
  await host.drain(1_000);
  console.log(JSON.stringify({ heard, hosted, goesOn, ...(other.length > 0 ? { other } : {}) }));
}
