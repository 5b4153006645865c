// Somebody noticed that a field is personal, and marked it: what was stored before is masked as well.         (P21)

import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { defineAgent } from "../../src/agent/definition.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { ConversimpleAgent, conversationState, customerState, session, tool } from "../../src/index.ts";
import { agentView } from "../../src/inspector/agent-view.ts";
import type { AgentDesk } from "../../src/inspector/desks.ts";
import type { ConversationView } from "../../src/inspector/api.ts";
import { openStore } from "../../src/stores/open.ts";
import { testAgent } from "../../src/testing/test-agent.ts";
import { Page } from "./page.ts";

const CANARY = "canary-person-7714";

/** The same agent, before and after. */
function hotel(isMarked: boolean) {
  const text = isMarked ? z.string().meta({ pii: true }) : z.string();
  class Hotel extends ConversimpleAgent {
    static override readonly agentId = "hotel";
    readonly state = conversationState(z.object({ guest: text.default(""), rooms: z.array(z.object({ for: text })).default([]) }));
    readonly session = session({ user: z.object({ id: z.string(), name: text }) });
    readonly guest = customerState(z.object({ wish: text.default("") }));
    login = tool("Log in", async () => ({ ok: (await this.session.login("kim", () => ({ id: "U-1", name: CANARY }))) !== undefined }));
    book = tool("Book", { guest: text }, { result: z.object({ guest: text }) }, async ({ guest }) => {
      await this.guest.identify("K-1");
      await this.guest.update((profile) => void (profile.wish = guest));
      this.state.guest = guest;
      this.state.rooms.push({ for: guest });
      return { guest };
    });
  }
  return new Hotel();
}

test("a mark that came later masks what was stored before it, wherever it is shown", async () => {
  const clock = new SimulatedClock();
  const store = await openStore("memory:", { clock });
  onTestFinished(() => store.close());
  await using call = await testAgent(() => hotel(false), { store, clock, conversationId: "c1" });
  await call.tool("login");
  await call.tool("book", { guest: CANARY });
  const view = agentView(defineAgent(hotel(true)), true);
  const desk = { agents: () => Promise.resolve([view]), caches: () => Promise.resolve([]), offered: () => Promise.resolve([]) } as unknown as AgentDesk;
  const page = await Page.of(store, { desk });
  const listener = await page.listen();
  await call.tool("book", { guest: `${CANARY}-2` });
  await listener.event("commit");

  const shown = await page.get<ConversationView>("/conversations/c1");
  const { customer } = shown.body;
  const all = [shown, ...(await Promise.all(["/conversations/c1/at/3", "/conversations/c1/timeline", "/conversations/c1/export", `/customers/${customer}`].map((path) => page.get(path))))];
  expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(shown.body.parts.find(({ name }) => name === "state")).toMatchObject({ value: { guest: "•••", rooms: [{ for: "•••" }, { for: "•••" }] }, masks: ["guest", "rooms/*/for"] });
  expect(all.map(({ text }) => text.includes(CANARY))).toEqual([false, false, false, false, false]);
  expect(JSON.stringify(listener.frames)).not.toContain(CANARY);
  // Nothing is masked but that.
  expect(shown.text).toContain("U-1");
});
