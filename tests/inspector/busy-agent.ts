// An agent that does everything that a recording has to know of, and counts what it does outside.

import { z } from "zod";

import { cache, ConversimpleAgent, conversationState, session, tool, ToolError, workflow } from "../../src/index.ts";

export const PIN = "canary-pin-83610";
export const PHONE = "canary-phone-555";

export class BusyAgent extends ConversimpleAgent {
  static override readonly agentId = "busy";
  /** What was done outside. */
  readonly done: string[] = [];
  readonly seen: { errors: unknown[]; greeting: string; price: number; gate?: Promise<void>; begun?: () => void } = { errors: [], greeting: "Hello", price: 3 };
  readonly state = conversationState(z.object({ log: z.array(z.string()).default([]), phone: z.string().default("").meta({ pii: true }), count: z.number().default(0), caller: z.string().default(""), at: z.date().nullable().default(null) }));
  readonly session = session({ user: z.object({ id: z.string() }) });
  readonly prices = cache({ ttlMs: 60_000, load: (key: string) => (this.done.push(`load ${key.slice(0, 2)}`), key === "none" ? Promise.reject(new Error("none")) : Promise.resolve({ key, price: this.seen.price, since: new Date(0) })) });
  readonly form = workflow({ data: {}, initial: "open", steps: { open: { deadlineMs: 5_000, onDeadline: "late", to: ["late"] }, late: { to: ["open"] } } });

  override async onConversationStarted(): Promise<void> {
    this.state.log.push("started");
    this.state.caller = await this.effect("who", () => (this.done.push("who"), "somebody"));
  }
  override onConversationResumed(): void {
    this.state.log.push("resumed");
  }
  override async onSignal(name: string, payload: unknown): Promise<void> {
    const { amount } = payload as { amount: number };
    this.state.log.push(`${name} ${await this.effect("book", () => (this.done.push(`book ${amount}`), amount * 2))}`);
  }
  override onError(error: unknown): void {
    this.seen.errors.push(error);
  }

  login = tool("Log in", { pin: z.string().regex(/^canary|^\d{6}$/).meta({ secret: true }) }, async ({ pin }) => ({ ok: (await this.session.login("kim", () => (this.done.push("verify"), pin === PIN ? { id: "U-1" } : undefined))) !== undefined }));
  greet = tool("Greet", () => {
    this.state.log.push(this.seen.greeting);
    this.state.at = this.now();
    return { said: this.seen.greeting, at: this.now() };
  });
  phone = tool("Note the phone", { phone: z.string().meta({ pii: true }) }, ({ phone }) => {
    this.state.phone = phone;
    return {};
  });
  callBack = tool("Call back, if the number is one of ours", { phone: z.string().meta({ pii: true }) }, ({ phone }) => {
    if (!phone.endsWith("-555")) throw new ToolError("That is no number of ours.");
    this.state.phone = phone;
    return {};
  });
  price = tool("Price", { keys: z.array(z.string()) }, { parallel: true }, async ({ keys }) => {
    const prices = await Promise.all(keys.map((key) => this.prices.get(key)));
    await this.update(() => void (this.state.count += prices.length));
    await this.update(() => void this.state.log.push("asked"));
    return prices;
  });
  secretPrice = tool("Price by a secret", { pin: z.string().meta({ secret: true }) }, async ({ pin }) => ({ is: (await this.prices.get(pin)).price }));
  pay = tool("Pay", { fails: z.boolean() }, async ({ fails }) => {
    const paid = await this.effect("pay", () => (this.done.push("pay"), { id: "P-1", at: new Date(5) }));
    if (fails) throw new ToolError(`Paid ${paid.id}, but no.`);
    return paid;
  });
  tell = tool("Change another conversation", { id: z.string() }, async ({ id }) => {
    await this.updateState(id, { count: 99 });
    return {};
  });
  wait = tool("Wait for something outside", async () => {
    this.seen.begun?.();
    await this.seen.gate;
    this.state.at = this.now();
    return {};
  });
  boom = tool("Fail", () => {
    throw new Error("boom");
  });
}
