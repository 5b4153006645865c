// An agent with everything that an inspector shows: state, a session, a customer, results that are personal.

import { z } from "zod";

import { ConversimpleAgent } from "../../src/agent/agent.ts";
import { tool } from "../../src/agent/tool.ts";
import { conversationState } from "../../src/parts/conversation-state.ts";
import { customerState } from "../../src/parts/customer-state.ts";
import { session } from "../../src/parts/session.ts";
import { workflow } from "../../src/parts/workflow.ts";

const pii = z.string().meta({ pii: true });

export const CARD = "canarycard4929175310067811";
export const PIN = "canarypin83610";

export class Shop extends ConversimpleAgent {
  static override readonly agentId: string = "shop";
  readonly state = conversationState(
    z.object({ cart: z.array(z.object({ productId: z.string(), quantity: z.number() })).default([]), card: pii.nullable().default(null), note: z.string().default(""), value: z.number().default(0), addedAt: z.date().nullable().default(null) }),
    { maxBytes: 1_000_000 },
  );
  readonly session = session({ user: z.object({ id: z.string(), name: pii }), lockout: { attempts: 3, perConversation: 10 } });
  readonly profile = customerState(z.object({ visits: z.number().default(0), phone: pii.default("") }));
  readonly form = workflow({ data: {}, initial: "asking", steps: { asking: { prompt: "What?", to: ["done"] }, done: { final: true } } });

  add = tool("Add a product", { productId: z.string(), quantity: z.number().default(1) }, ({ productId, quantity }) => {
    this.state.cart.push({ productId, quantity });
    this.state.addedAt = this.now();
    return { size: this.state.cart.length };
  });
  fill = tool("Write a long note with markup", { kibibytes: z.number() }, ({ kibibytes }) => {
    this.state.note = `<img src=x onerror="alert(1)">${"x".repeat(kibibytes * 1_024)}`;
    return {};
  });
  touch = tool("Set a number", { value: z.number() }, ({ value }) => {
    this.state.value = value;
    return {};
  });
  saveCard = tool("Save a card", { number: pii }, ({ number }) => {
    this.state.card = number;
    return { saved: true };
  });
  tellCard = tool("Tell the card", {}, { result: z.object({ number: pii, brand: z.string() }) }, () => ({ number: this.state.card ?? "", brand: "visa" }));
  login = tool("Log in", { username: z.string(), pin: z.string().meta({ secret: true }) }, async ({ username, pin }) => ({ success: (await this.session.login(username, () => (pin === PIN ? { id: "u1", name: "Canaryname" } : undefined))) !== undefined }));
  identify = tool("Say who calls", { id: z.string() }, async ({ id }) => {
    await this.profile.identify(id);
    await this.profile.update((profile) => {
      profile.visits++;
      profile.phone = CARD;
    });
    return {};
  });
  order = tool("Order", {}, { requires: this.session }, () => ({ ordered: true }));
  explode = tool("Throw", () => {
    throw new TypeError("a fuse blew");
  });
}
