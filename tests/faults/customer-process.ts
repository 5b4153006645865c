// One call of a customer in a process of its own: `customer-process.ts <file> <conversation> <count>`. Adds so many items to
// the customer, one tool call after another, under the same call ids each time it is started. Says what was answered.

import { ConversimpleAgent, customerState, tool } from "../../src/index.ts";
import { AgentHost } from "../../src/host/agent-host.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { z } from "zod";

const SECRET = "the secret of two processes";

class ItemAgent extends ConversimpleAgent {
  static override readonly agentId = "items";
  readonly customer = customerState(z.object({ items: z.array(z.string()).default([]) }), { maxBytes: 1_000_000 });
  identify = tool("Identify", () => this.customer.identify("kim"));
  add = tool("Add", { item: z.string() }, async ({ item }) => ({ count: await this.customer.update(({ items }) => items.push(item)) }));
}

const [path, conversationId, count] = process.argv.slice(2) as [string, string, string];
const store = await openSqlite(path);
const host = await AgentHost.start({ agents: [new ItemAgent()], store, secret: SECRET });

async function call(callId: string, name: string, input: unknown): Promise<string> {
  const outcome = await host.invoke({ conversationId, callId, tool: name, arguments: input });
  if (outcome.kind === "result") return outcome.json;
  throw new Error(JSON.stringify(outcome));
}

const opened = await host.open(conversationId, { agentId: "items" });
if (opened.kind !== "serving") throw new Error(`The conversation is ${opened.kind}.`);
await call("identify", "identify", {});
for (let n = 0; n < Number(count); n++) console.log(`${n} ${await call(`item-${n}`, "add", { item: `${conversationId}-${n}` })}`);
await host.drain(0);
await store.close();
