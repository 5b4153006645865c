import { expect, test } from "vitest";
import { Dispatcher } from "../../src/adapters/conversimple/dispatcher.ts";
import { ConversimpleAgent } from "../../src/agent/agent.ts";
import { silentLogger } from "../../src/base/log.ts";
import { openMemory } from "../../src/stores/memory.ts";
import { interceptedStore } from "../../src/testing/intercepted-store.ts";

class EchoAgent extends ConversimpleAgent {
  static override readonly agentId = "echo";
}

test("a stop while it starts is a stop: nothing goes on behind it", async () => {
  const methods: string[] = [];
  const store = interceptedStore(openMemory(), ({ method }, run) => (methods.push(method), run()));
  // Nobody listens there: it would try for ever.
  const dispatcher = new Dispatcher({ agents: [new EchoAgent()], apiKey: "cs_test_1", platformUrl: "ws://127.0.0.1:1/sdk/websocket", store, signals: false, logger: silentLogger });
  const [started] = await Promise.allSettled([dispatcher.start(), dispatcher.stop()]);
  expect(started).toMatchObject({ status: "rejected", reason: { code: "connection_closed" } });
  expect(methods.filter((method) => method === "renew" || method === "retire")).toEqual(["renew", "retire"]);
  expect(dispatcher.health()?.status).toBe("draining");
});

test("a stop before it starts is one, too", async () => {
  const dispatcher = new Dispatcher({ agents: [new EchoAgent()], apiKey: "cs_test_1", store: openMemory(), signals: false });
  await dispatcher.stop();
  await expect(dispatcher.start()).rejects.toMatchObject({ code: "option_invalid" });
});
