// What a handler asks for and does not wait for.                                                        (P3)

import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent, conversationState, customerState, session, tool } from "../../../src/index.ts";
import { testAgent } from "../../../src/testing/index.ts";

test.each([
  ["loginLater", "this.session.login(...)"],
  ["identifyLater", "this.customer.identify(...)"],
  ["updateLater", "this.customer.update(...)"],
  ["tellLater", "this.updateState(...)"],
  ["countLater", "this.update(...)"],
] as const)("%s: what a handler does not wait for is not answered for: nothing of its unit is committed", async (name, how) => {
  class Hasty extends ConversimpleAgent {
    static override readonly agentId = "hasty";
    readonly state = conversationState(z.object({ n: z.number().default(0) }));
    readonly session = session({ user: z.object({ id: z.string() }) });
    readonly customer = customerState(z.object({ n: z.number().default(0) }));
    login = tool("Log in", () => this.session.login("kim", () => ({ id: "C-1" })));
    identify = tool("Identify", () => this.customer.identify("C-1"));
    loginLater = tool("Log in later", () => this.#afterwards(this.session.login("kim", () => ({ id: "C-1" }))));
    identifyLater = tool("Identify later", () => this.#afterwards(this.customer.identify("C-2")));
    updateLater = tool("Update later", () => this.#afterwards(this.customer.update((profile) => void profile.n++)));
    tellLater = tool("Tell later", () => this.#afterwards(this.updateState("other", { n: 1 })));
    countLater = tool("Count later", {}, { parallel: true }, () => void this.update(() => void this.state.n++).catch(() => {}));
    #afterwards(promise: Promise<unknown>) {
      promise.catch(() => {});
      this.state.n = 9;
    }
  }
  await using call = await testAgent(new Hasty());
  await call.another({ conversationId: "other" });
  if (name !== "loginLater") await call.tool("login");
  if (name === "updateLater") await call.tool("identify");
  expect((await call.tool(name)).error).toMatchObject({ code: "unit_ended", message: expect.stringContaining(`Write await ${how}`) as string });
  // A small update is a unit of its own: it may be there already.
  if (name !== "countLater") expect(call.state).toMatchObject({ state: { n: 0 } });
});
