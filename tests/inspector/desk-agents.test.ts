import { expect, test } from "vitest";
import { z } from "zod";

import { CachedAgent } from "../../examples/cache/agent.ts";
import { CustomerAgent } from "../../examples/customer/agent.ts";
import { SessionAgent } from "../../examples/session/agent.ts";
import { WorkflowAgent } from "../../examples/workflow/agent.ts";
import { defineAgent } from "../../src/agent/definition.ts";
import { ConversimpleAgent, DurablePart, ephemeral, tool, type Guard } from "../../src/index.ts";
import { agentView, cacheViews } from "../../src/inspector/agent-view.ts";
import { testAgent } from "../../src/testing/index.ts";

const viewOf = (agent: ConversimpleAgent) => agentView(defineAgent(agent), true, "agents/one.ts");
const toolOf = (agent: ConversimpleAgent, name: string) => viewOf(agent).tools.find((each) => each.name === name)!;

test("a workflow is described step by step, with its deadlines and what is stored of it", () => {
  const { parts, file, isServed } = viewOf(new WorkflowAgent());
  expect([file, isServed]).toEqual(["agents/one.ts", true]);
  const [booking] = parts;
  expect(booking).toMatchObject({ name: "booking", kind: "workflow", schemaVersion: 1, masks: [] });
  expect(booking!.workflow!.initial).toBe("idle");
  expect(booking!.workflow!.steps[3]).toEqual({ name: "readyToConfirm", prompt: "Shall I confirm the booking?", needs: [], to: ["completed", "collectingDates"], isFinal: false, deadlineMs: 600_000, deadlineTo: "expired" });
  expect(booking!.workflow!.steps[5]).toMatchObject({ name: "completed", isFinal: true });
  expect(booking!.schema).toMatchObject({ properties: { data: { properties: { guests: { type: "integer", maximum: 8 } } } } });
});

test("guards are told in words, in their order", () => {
  const agent = new SessionAgent();
  expect(toolOf(agent, "add_to_cart").guards).toEqual(["session"]);
  expect(toolOf(agent, "place_order").guards).toEqual(["session within 120000 ms"]);
  expect(toolOf(new WorkflowAgent(), "start_booking").guards).toEqual(["booking at idle, expired"]);
});

test("a session says its limits and whom it remembers, a tool its secrets", () => {
  const agent = new SessionAgent();
  const session = viewOf(agent).parts.find(({ name }) => name === "session")!;
  expect(session).toMatchObject({ kind: "session", schema: { properties: { id: { type: "string" } } }, session: { idleTimeoutMs: 300_000, lockout: { attempts: 5, perConversation: 10, windowMs: 900_000 } } });
  expect(toolOf(agent, "login")).toMatchObject({ secrets: ["pin"], masks: ["pin"], isParallel: false, isOnce: false, timeoutMs: 30_000, examples: ["my name is Kim and my PIN is one two three four"] });
  expect(toolOf(agent, "get_profile").isParallel).toBe(true);
});

test("a customer is described by the profile, with what is masked of it", () => {
  const customer = viewOf(new CustomerAgent()).parts.find(({ name }) => name === "customer")!;
  expect(customer).toMatchObject({ kind: "customer", masks: ["address"], schema: { properties: { address: { pii: true } } } });
});

test("a cache says how long it keeps what, and what it did", async () => {
  await using call = await testAgent(new CachedAgent());
  await call.tool("get_product", { productId: "P123" });
  await call.tool("get_product", { productId: "P123" });
  const definition = defineAgent(call.agent);
  expect(cacheViews(defineAgent(new SessionAgent()))).toEqual([]);
  expect(agentView(definition, true).parts[0]).toEqual({ name: "products", kind: "cache", cache: { ttlMs: 300_000, staleMs: 60_000, max: 1_000, scope: "process" } });
  expect(cacheViews(definition)[0]).toEqual({ agentId: "cache", part: "products", hits: 1, misses: 1, failures: 0, size: 1 });
});

test("parts and guards of one's own are described as far as that is known", () => {
  class Consent extends DurablePart<{ given: boolean }> implements Guard {
    readonly kind = "consent";
    // Names of one's own, which an inspector does not take for its.
    readonly counts = 3;
    readonly edited = true;
    describe() {
      return "a consent";
    }
    constructor() {
      super(z.object({ given: z.boolean().default(false) }));
    }
    refusal() {
      return undefined;
    }
  }
  class OwnAgent extends ConversimpleAgent {
    static override readonly agentId = "own";
    readonly consent = new Consent();
    readonly socket = ephemeral(() => 1);
    one = tool("One", {}, { requires: [this.consent, () => true, { refusal: () => undefined }] }, () => 1);
  }
  const { parts, tools } = viewOf(new OwnAgent());
  expect(parts).toMatchObject([{ name: "consent", kind: "other", maxBytes: 65_536, schema: { properties: { given: { type: "boolean" } } } }, { name: "socket", kind: "ephemeral" }]);
  expect(cacheViews(defineAgent(new OwnAgent()))).toEqual([]);
  expect(tools[0]!.guards).toEqual(["consent", "a predicate", "a guard"]);
});
