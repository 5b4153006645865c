// The example agents in whole dialogues, held through a real host that records: what replays and saved tests are tried on.

import { CachedAgent } from "../../examples/cache/agent.ts";
import { CustomerAgent } from "../../examples/customer/agent.ts";
import { AuthService, SessionAgent } from "../../examples/session/agent.ts";
import { StatefulAgent } from "../../examples/stateful/agent.ts";
import { HELD_MS, WorkflowAgent } from "../../examples/workflow/agent.ts";
import type { ConversimpleAgent } from "../../src/agent/agent.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { AgentHost } from "../../src/host/agent-host.ts";
import type { HostOptions } from "../../src/host/host-options.ts";
import { HostDesk } from "../../src/inspector/host-desk.ts";
import type { AgentSource } from "../../src/inspector/saved-test/saved-test.ts";
import { openMemory } from "../../src/stores/memory.ts";

/** A conversation in progress. */
export class Dialogue {
  readonly id: string;
  readonly host: AgentHost;
  readonly clock: SimulatedClock;
  readonly desk: HostDesk;
  #calls = 0;

  constructor(id: string, host: AgentHost, clock: SimulatedClock, desk: HostDesk) {
    this.id = id;
    this.host = host;
    this.clock = clock;
    this.desk = desk;
  }

  async tool(tool: string, input: unknown = {}, callId = `${this.id}-${++this.#calls}`): Promise<unknown> {
    await this.clock.advance(1_111);
    const outcome = await this.host.invoke({ conversationId: this.id, callId, tool, arguments: input });
    return outcome.kind === "result" ? (JSON.parse(outcome.json) as unknown) : outcome;
  }

  async end(reason = "hangup"): Promise<void> {
    await this.clock.advance(500);
    await this.host.close(this.id, reason);
  }

  /** What waits on the simulated clock, such as an edit that looks whether it is applied. */
  during<T>(work: Promise<T>): Promise<T> {
    return this.clock.until(work, "1m");
  }
}

export interface Recording {
  readonly host: AgentHost;
  readonly clock: SimulatedClock;
  readonly desk: HostDesk;
  ring(id: string): Promise<Dialogue>;
}

/** A host that records, with one agent. */
export async function recording(agent: ConversimpleAgent, options: Partial<HostOptions> & { readonly source?: AgentSource; readonly folder?: string } = {}): Promise<Recording> {
  const { source, folder, ...more } = options;
  const clock = new SimulatedClock("2026-03-01T10:00:00.123Z");
  const host = await AgentHost.start({ agents: [agent], store: openMemory({ clock }), clock, secret: "the secret of this host", record: true, abandonedAfterMs: 30 * 86_400_000, retentionMs: "forever", ...more });
  const [agentId = ""] = host.agentIds;
  const desk = new HostDesk({ host, sources: new Map(source ? [[agentId, source]] : []), ...(folder === undefined ? {} : { folder }) });
  return {
    host,
    clock,
    desk,
    async ring(id) {
      await clock.advance(700);
      await host.open(id, { agentId, caller: { number: "555-1" } });
      return new Dialogue(id, host, clock, desk);
    },
  };
}

/** The dialogue of each example, by its name: everything that its check does, in one call. */
export const EXAMPLES: Readonly<Record<string, { readonly agent: () => ConversimpleAgent | Promise<ConversimpleAgent>; readonly hold: (made: Recording) => Promise<Dialogue> }>> = {
  stateful: {
    agent: () => new StatefulAgent(),
    async hold({ ring }) {
      const call = await ring("stateful-1");
      await call.tool("add_to_cart", { productId: "P1", quantity: 2 }, "first");
      await call.tool("add_to_cart", { productId: "P1", quantity: 2 }, "first");
      await Promise.all([call.tool("add_to_cart", { productId: "P2" }), call.tool("add_to_cart", { productId: "P3" })]);
      await call.tool("add_to_cart", { productId: "P9" });
      await call.tool("add_to_cart", { productId: "P1", quantity: -1 });
      await call.tool("set_preference", { name: "delivery", value: "morning" });
      await call.tool("remember_customer", { customerId: "C-7" });
      await call.tool("get_cart_total");
      await call.during(call.desk.edit(call.id, { part: "state", patches: [["set", ["preferences", "gift"], "yes"]] }, "inspector"));
      await call.tool("remove_from_cart", { productId: "P2" });
      await call.tool("get_summary");
      await call.end();
      return call;
    },
  },
  session: {
    async agent() {
      const auth = new AuthService();
      await auth.register("Kim", "1234");
      return new SessionAgent(auth);
    },
    async hold({ ring, clock }) {
      const call = await ring("session-1");
      await call.tool("add_to_cart", { productId: "P1" });
      await call.tool("login", { username: "Kim", pin: "0000" });
      await call.tool("login", { username: "Kim", pin: "1234" });
      await call.tool("add_to_cart", { productId: "P1" });
      await call.tool("get_profile");
      await clock.advance("3m");
      await call.tool("place_order");
      await call.tool("login", { username: "Kim", pin: "1234" });
      await call.tool("place_order");
      await clock.advance("5m");
      await call.tool("add_to_cart", { productId: "P2" });
      for (let attempt = 0; attempt < 6; attempt++) await call.tool("login", { username: "Kim", pin: "9999" });
      await call.tool("login", { username: "Kim", pin: "1234" });
      await call.tool("logout");
      await call.end();
      return call;
    },
  },
  workflow: {
    agent: () => new WorkflowAgent({ book: ({ checkIn, guests }) => Promise.resolve(`REAL-${checkIn}-${guests}`) }),
    async hold({ ring, clock }) {
      const call = await ring("workflow-1");
      await call.tool("start_booking");
      await call.tool("set_dates", { checkIn: "2026-02-04", checkOut: "2026-02-01" });
      await call.tool("confirm_booking");
      await call.tool("set_dates", { checkIn: "2026-02-01", checkOut: "2026-02-04" });
      await call.tool("set_guests", { guests: 2 });
      await clock.advance(HELD_MS + 1_000);
      await call.tool("get_booking");
      await call.tool("start_booking");
      await call.tool("set_dates", { checkIn: "2026-03-01", checkOut: "2026-03-02" });
      await call.tool("confirm_booking");
      await call.tool("get_booking");
      await call.end();
      return call;
    },
  },
  cache: {
    agent: () => new CachedAgent(),
    async hold({ ring, clock }) {
      const other = await ring("cache-0");
      await other.tool("get_product", { productId: "P123" });
      const call = await ring("cache-1");
      await call.tool("get_product", { productId: "P123" });
      await call.tool("compare_prices", { productIds: ["P456", "P123", "P999"] });
      await call.tool("get_offer", { productId: "P123" });
      await clock.advance("5m30s");
      await call.tool("get_product", { productId: "P123" });
      await call.tool("set_price", { productId: "P123", price: 19 });
      await call.tool("get_product", { productId: "P123" });
      await call.end();
      return call;
    },
  },
  customer: {
    agent: () => new CustomerAgent(),
    async hold({ ring }) {
      const kim = { name: "Kim", pin: "1234" };
      const before = await ring("customer-0");
      await before.tool("login", kim);
      await before.tool("add_to_cart", { productId: "P0" });
      await before.end();
      const call = await ring("customer-1");
      const beside = await ring("customer-2");
      await call.tool("get_customer_context");
      await call.tool("login", kim);
      await beside.tool("login", kim);
      await call.tool("set_address", { address: "1 Main Street" });
      await call.tool("add_to_cart", { productId: "P1" });
      await beside.tool("add_to_cart", { productId: "P2" });
      await beside.tool("place_order");
      await call.tool("place_order");
      await call.tool("get_customer_context");
      await call.tool("logout");
      await call.tool("login", { name: "Lee", pin: "9876" });
      await call.tool("login", kim);
      await call.end();
      return call;
    },
  },
};
