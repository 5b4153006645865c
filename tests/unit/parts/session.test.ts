import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, session, tool, type ConversimpleError, type SessionOptions } from "../../../src/index.ts";
import { defineAgent } from "../../../src/agent/definition.ts";
import { testAgent } from "../../../src/testing/index.ts";
import { ShopAgent, shopWith } from "./shop.ts";

const REFUSED = { error: "not_authenticated", message: "Please log in first." };
const ENDED = { error: "not_authenticated", message: "Your session has ended. Please log in again." };
const kim = { account: "kim", pin: "1234" };
const start = () => testAgent(new ShopAgent(), { now: "2026-01-01T09:00Z" });

test("a tool that requires the session is refused before the login, and runs after it", async () => {
  await using call = await start();
  expect((await call.tool("add", { product: "a" })).result).toEqual(REFUSED);
  const login = await call.tool("login", kim);
  expect(login.result).toEqual({ success: true, name: "kim" });
  login.expectState({ session: { status: "authenticated", user: { id: "u-kim", name: "kim", roles: [] } } });
  expect((await call.tool("add", { product: "a" })).result).toBe(1);
});

test("login and a guarded tool that arrive together run in that order", async () => {
  await using call = await start();
  const [, added] = await Promise.all([call.tool("login", kim), call.tool("add", { product: "a" })]);
  expect(added.result).toBe(1);
});

test("a guarded tool is refused also when another tool calls it, and then nothing is changed", async () => {
  await using call = await start();
  const turn = await call.tool("add_twice");
  expect(turn.result).toEqual(REFUSED);
  turn.expectState({ state: { cart: [] } });
  await call.tool("login", kim);
  expect((await call.tool("add_twice")).result).toBe(2);
});

test("a parallel tool is refused, and sees the user when there is one", async () => {
  await using call = await start();
  expect((await call.tool("look")).result).toEqual(REFUSED);
  await call.tool("login", kim);
  expect((await call.tool("look")).result).toEqual({ cart: [], name: "kim" });
});

test("one caller's login is no other caller's", async () => {
  await using call = await start();
  await call.tool("login", kim);
  const other = await call.another();
  expect((await other.tool("who")).result).toEqual({ authenticated: false });
  expect((await other.tool("add", { product: "a" })).result).toEqual(REFUSED);
});

test("a wrong secret logs nobody in", async () => {
  await using call = await start();
  expect((await call.tool("login", { account: "kim", pin: "0000" })).result).toEqual({ success: false, error: "Invalid credentials" });
  call.expectState({ session: { status: "anonymous" } });
});

test("a wrong secret after a right one leaves who is logged in", async () => {
  await using call = await start();
  await call.tool("login", kim);
  await call.tool("login", { account: "kim", pin: "0000" });
  expect((await call.tool("who")).result).toMatchObject({ authenticated: true });
});

test.each(["throw", "refuse"])("a login whose tool says no afterwards (%s) logs nobody in", async (after) => {
  await using call = await start();
  await call.tool("login", { ...kim, after });
  expect((await call.tool("who")).result).toEqual({ authenticated: false });
});

test("a user who does not fit the schema is not logged in, and the error names the field, not the value", async () => {
  await using call = await start();
  const turn = await call.tool("login", { account: "kim", pin: "odd" });
  expect(turn.error).toMatchObject({ code: "state_invalid", message: expect.stringContaining("session.user.id") as string });
  expect(turn.error!.message).not.toContain("7");
  expect((await call.tool("who")).result).toEqual({ authenticated: false });
});

test("what is personal of a user is masked where the record is shown, and in errors", async () => {
  const schema = z.object({ id: z.string(), name: z.string().meta({ pii: true }), phones: z.record(z.string(), z.number()).meta({ pii: true }) });
  class Personal extends ConversimpleAgent {
    static override readonly agentId = "personal";
    readonly session = session({ user: schema });
    login = tool("Log in", { phones: z.looseObject({}) }, ({ phones }) => this.session.login("kim", () => ({ id: "1", name: "Kim", phones: phones as Record<string, number> })));
  }
  const agent = new Personal();
  await using call = await testAgent(agent);
  expect(defineAgent(agent).slices.map(({ masks }) => masks)).toEqual([["user/name", "user/phones"]]);
  const { error } = await call.tool("login", { phones: { "0170 1234567": "no number" } });
  expect(error).toMatchObject({ code: "state_invalid", message: expect.stringContaining("session.user.phones") as string });
  expect(error!.message).not.toContain("0170");
});

test("a user that is personal as a whole is masked as a whole", () => {
  class Personal extends ConversimpleAgent {
    static override readonly agentId = "personal";
    readonly session = session({ user: z.string().meta({ pii: true }) });
  }
  expect(defineAgent(new Personal()).slices.map(({ masks }) => masks)).toEqual([["user"]]);
});

test("an agent has one session: a second one is refused when it is defined", () => {
  class Two extends ConversimpleAgent {
    static override readonly agentId = "two";
    readonly session = session({ user: z.object({ id: z.string() }) });
    readonly staff = session({ user: z.object({ id: z.string() }) });
  }
  expect(() => defineAgent(new Two())).toThrow(expect.objectContaining({ code: "definition_invalid", message: expect.stringMatching(/^session: "session" and "staff" are two sessions of one agent\./) as string }));
});

test("a user whose schema changes what it gave is not logged in", async () => {
  class Growing extends ConversimpleAgent {
    static override readonly agentId = "growing";
    readonly session = session({ user: z.string().transform((id) => `${id}!`) });
    login = tool("Log in", () => this.session.login("kim", () => "kim"));
  }
  await using call = await testAgent(new Growing());
  expect((await call.tool("login")).error).toMatchObject({ code: "state_invalid", message: expect.stringContaining("session.user") as string });
});

test("only a login changes who the caller is", async () => {
  await using call = await start();
  await call.tool("login", kim);
  expect((await call.tool("elevate")).result).toEqual([]);
  call.expectState({ session: { user: { roles: [] } } });
});

test("every login makes a new session id, and the old one is nowhere any more", async () => {
  await using call = await start();
  await call.tool("login", kim);
  const first = (await call.tool<{ id: string; startedAt: string }>("who")).result;
  await call.advance("1m");
  await call.tool("login", kim);
  const second = (await call.tool<{ id: string; startedAt: string }>("who")).result;
  expect(second.id).not.toBe(first.id);
  expect(second.startedAt).toBe("2026-01-01T09:01:00.000Z");
  expect(JSON.stringify(call.state)).not.toContain(first.id);
  await call.advance("5m");
  expect((await call.tool("who")).result).toMatchObject({ id: second.id, startedAt: "2026-01-01T09:01:00.000Z" });
});

test("another account is refused while somebody is logged in, and its secret is not looked at", async () => {
  await using call = await start();
  await call.tool("login", kim);
  expect((await call.tool("login", { account: "lee", pin: "1234" })).result).toEqual({ error: "already_logged_in", message: "Somebody else is logged in. Please log out first." });
  expect(call.agent.looks.list).toEqual(["kim"]);
  await call.tool("logout");
  expect((await call.tool("login", { account: "lee", pin: "1234" })).result).toMatchObject({ name: "lee" });
});

test("of two accounts that log in at once, in one tool, none is logged in", async () => {
  await using call = await start();
  expect((await call.tool("login_both")).result).toMatchObject({ error: "already_logged_in" });
  expect((await call.tool("who")).result).toEqual({ authenticated: false });
});

test("the account's key is known from the login to the logout, also when the time of the session is over", async () => {
  await using call = await start();
  expect((await call.tool("key")).result).toEqual({});
  await call.tool("login", kim);
  const { result } = await call.tool<{ key: string }>("key");
  expect(result.key).toMatch(/^account:/);
  await call.advance("15m");
  expect((await call.tool("key")).result).toEqual(result);
  await call.tool("login", { account: "KIM ", pin: "1234" });
  expect((await call.tool("key")).result).toEqual(result);
  await call.tool("logout");
  expect((await call.tool("key")).result).toEqual({});
});

test("what needs a fresh proof is refused some time after the login, until the caller logs in again", async () => {
  await using call = await start();
  expect((await call.tool("pay")).result).toEqual(REFUSED);
  await call.tool("login", kim);
  expect((await call.tool("pay")).result).toBe("paid");
  await call.advance("1m");
  expect((await call.tool("add", { product: "a" })).result).toBe(1);
  expect((await call.tool("pay")).result).toEqual({ error: "reauthentication_required", message: "Please confirm your identity again." });
  await call.tool("login", kim);
  expect((await call.tool("pay")).result).toBe("paid");
});

test("a logout leaves nothing of the user", async () => {
  await using call = await start();
  await call.tool("login", kim);
  const turn = await call.tool("logout");
  expect(turn.state.session).toEqual({ status: "anonymous" });
  expect((await call.tool("add", { product: "a" })).result).toEqual(REFUSED);
  expect((await call.tool("logout")).result).toEqual({ success: true });
});

test("the end of the conversation leaves nothing of the user, also when it ends while they are logged in", async () => {
  await using call = await start();
  await call.tool("login", kim);
  await call.hangUp();
  expect(call.state.session).toEqual({ status: "anonymous" });
});

test("a process that dies keeps its callers logged in", async () => {
  await using call = await testAgent(() => new ShopAgent());
  await call.tool("login", kim);
  await call.crash();
  await call.restart();
  expect((await call.tool("add", { product: "a" })).result).toBe(1);
});

test("a release whose user schema refuses the stored user asks for a new login, and keeps the call's state", async () => {
  class Before extends ConversimpleAgent {
    static override readonly agentId = "shop";
    readonly state = conversationState(z.object({ notes: z.number().default(0) }));
    readonly session = session({ user: z.object({ id: z.string() }) });
    login = tool("Log in", async () => (this.state.notes = (await this.session.login("kim", () => ({ id: "u-kim" }))) ? 1 : 0));
  }
  class After extends ConversimpleAgent {
    static override readonly agentId = "shop";
    readonly state = conversationState(z.object({ notes: z.number().default(0) }));
    readonly session = session({ user: z.object({ id: z.string(), branch: z.number() }) });
    notes = tool("Notes", {}, () => this.state.notes);
    guarded = tool("Guarded", {}, { requires: this.session }, () => 1);
  }
  let release: () => ConversimpleAgent = () => new Before();
  await using call = await testAgent(() => release());
  await call.tool("login");
  release = () => new After();
  await call.restart();
  expect((await call.tool("guarded")).result).toEqual(ENDED);
  expect((await call.tool("notes")).result).toBe(1);
});

test("a parallel tool can neither log in nor out, and no secret is looked at", async () => {
  await using call = await start();
  expect((await call.tool("parallel_login")).error?.code).toBe("read_only");
  expect(call.agent.looks.list).toEqual([]);
  await call.tool("login", kim);
  await call.tool("parallel_logout");
  expect((await call.tool("who")).result).toEqual({ authenticated: false });
});

test("a login that is delivered again gives the same answer, and its secret is looked at once", async () => {
  await using call = await start();
  const wrong = await call.tool("login", { account: "kim", pin: "0000" });
  const again = await call.redeliver(wrong);
  expect(again.repeated).toBe(true);
  expect(again.result).toEqual(wrong.result);
  const right = await call.tool("login", kim);
  expect((await call.redeliver(right)).result).toEqual(right.result);
  expect(call.agent.looks.list).toEqual(["kim", "kim"]);
});

test("a login that takes longer than its tool may logs nobody in", async () => {
  await using call = await start();
  const gate = Promise.withResolvers<void>();
  call.agent.outside.verify = () => gate.promise;
  const late = call.tool("login", kim);
  await call.advance("31s");
  expect((await late).error?.code).toBe("tool_timeout");
  gate.resolve();
  await call.advance("1s");
  expect((await call.tool("who")).result).toEqual({ authenticated: false });
});

test("a part that is read while its agent is made has no name yet, and the error says what to do instead", () => {
  class Eager extends ShopAgent {
    readonly early = this.session.user;
  }
  expect(() => new Eager()).toThrow(
    expect.objectContaining({ code: "no_conversation", message: '"user" of a session was used before any conversation ran, for example in a field\'s initialiser or in the constructor. Use it in a tool or a hook; a service that needs it takes a function: () => this.<field>.user.' }),
  );
});

test("the session outside of a conversation is an error, not nobody", () => {
  const agent = new ShopAgent();
  expect(() => agent.session.authenticated).toThrow(expect.objectContaining({ code: "no_conversation" }));
});

test("its own words are said to who is not logged in", async () => {
  await using call = await testAgent(new (shopWith({ refusal: "I need your PIN for that." }))());
  expect((await call.tool("add", { product: "a" })).result).toEqual({ error: "not_authenticated", message: "I need your PIN for that." });
});

test.each<[string, Record<string, unknown>]>([
  ["user", {}],
  ["user", { user: { id: "text" } }],
  ["user.pin", { user: z.object({ id: z.string(), pin: z.string().meta({ secret: true }) }) }],
  ["idleTimeoutMs", { idleTimeoutMs: 0 }],
  ["idleTimeoutMs", { idleTimeoutMs: "5m" }],
  ["absoluteTimeoutMs", { absoluteTimeoutMs: Infinity }],
  ["idleTimeout", { idleTimeout: 5 }],
  ["refusal", { refusal: " " }],
  ["lockout.attempts", { lockout: { attempts: 0 } }],
  ["lockout.attempts", { lockout: { attempts: 101 } }],
  ["lockout.windowMs", { lockout: { windowMs: 0.5 } }],
  ["lockout.perConversation", { lockout: { perConversation: -1 } }],
  ["lockout.window", { lockout: { window: 5 } }],
])("%s is refused when the agent is defined: %o", (option, options) => {
  const define = () => session({ ...("user" in options || option === "user" ? {} : { user: z.string() }), ...options } as SessionOptions<z.ZodString>);
  expect(define).toThrow(expect.objectContaining<Partial<ConversimpleError>>({ code: "definition_invalid", fields: { option } }));
});

test("a step-up that is never fresh is refused when the agent is defined", () => {
  expect(() => session({ user: z.string() }).within(0)).toThrow(expect.objectContaining({ code: "definition_invalid" }));
});
