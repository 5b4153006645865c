// What each part puts away at the end of a call, whatever becomes of the others.                          (P10, P18)

import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent, customerState, session, tool } from "../../../src/index.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { openRecord } from "../../../src/state/record.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { testAgent } from "../../../src/testing/index.ts";

class BankAgent extends ConversimpleAgent {
  static override readonly agentId: string = "bank";
  readonly customer = customerState(z.object({ n: z.number().default(0) }));
  readonly session = session({ user: z.object({ id: z.string() }) });
  login = tool("Log in", async () => {
    await this.session.login("kim", () => ({ id: "kim" }));
    await this.customer.identify("C-1");
  });
}


test("a customer's record that cannot be read keeps nobody logged in after the end", async () => {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  await using call = await testAgent(() => new BankAgent(), { store, clock, conversationId: "c1" });
  await call.tool("login");
  const known = (await store.list({ kind: "customer" })).items[0]!;
  await store.commit(known.owner, { writeId: "w", expectedVersion: known.version, epoch: 0, record: "damaged" });
  await call.hangUp();
  const ended = (await store.load(conversationOwner("c1")))!;
  expect(ended.facts.status).toBe("ended");
  expect(openRecord(ended.owner, ended.version, ended.record!).get("session")!.data).toEqual({ status: "anonymous" });
});
