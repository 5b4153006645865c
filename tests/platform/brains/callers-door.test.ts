// The callers' door: ConversationRelay's frames, who may ring, and how a call ends.

import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { AuthService, SessionAgent } from "../../../examples/session/agent.ts";
import { WorkflowAgent } from "../../../examples/workflow/agent.ts";
import type { PlatformEvent } from "../../../src/platform/index.ts";
import { KEY } from "../clients.ts";
import { RelayCaller } from "./relay-caller.ts";
import { talking } from "./talking.ts";

const folder = mkdtempSync(join(tmpdir(), "conversimple-door-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = "twilio-token-of-this-test";
const turnsIn = (events: readonly PlatformEvent[]) => events.flatMap((event) => (event.type === "turn_began" ? [event.turn] : []));
const sign = (url: string, token = TOKEN) => createHmac("sha1", token).update(url).digest("base64");

test("a caller books a room over the line, and the conversation ends when they hang up", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const line = await new RelayCaller(hotel.url).setup();
  expect(await line.utterance(1)).toBe("Hello. You can start a booking or say where the booking is. For example, say: I'd like to book a room.");
  line.prompt("I'd like to book a room from the 3rd to the 5th of May for two people");
  expect(await line.utterance(2)).toBe("Shall I confirm the booking?");
  line.prompt("yes");
  expect(await line.utterance(3)).toContain("B-2026-05-03-2");
  expect(line.heard.filter(({ type }) => type !== "text")).toEqual([]);
  const id = hotel.local.conversations().conversations.find(({ conversationId }) => conversationId !== "c1")!.conversationId;
  expect(hotel.local.conversation(id).caller).toEqual({ sessionId: "VX1", callSid: "CA1", from: "+15550100", to: "+15550101" });
  line.socket.close(1000);
  await expect.poll(() => hotel.local.conversation(id)).toMatchObject({ status: "ended", reason: "hangup" });
});

test("a PIN is pressed on the keys", async () => {
  const auth = new AuthService();
  await auth.register("Kim", "4711");
  await using desk = await talking(new SessionAgent(auth));
  const line = await new RelayCaller(desk.url, { auth_token: KEY }).setup({ agent: "session" });
  await line.utterance(1);
  line.prompt("log me in, my name is Kim");
  expect(await line.utterance(2)).toBe("Please tell me the caller's PIN.");
  for (const digit of "4711#") line.send({ type: "dtmf", digit });
  expect(await line.utterance(3)).toBe("Done. User Kim.");
});

test("goodbye ends the line by `end`, and so does an end from elsewhere", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const first = await new RelayCaller(hotel.url, { agent: "workflow", auth_token: KEY, conversation: "v1" }).setup();
  await first.utterance(1);
  first.prompt("goodbye");
  const end = await first.hears("end");
  expect(JSON.parse(end["handoffData"] as string)).toEqual({ conversationId: "v1", reason: "ended" });
  expect(await first.closed).toBe(1000);
  expect(hotel.local.conversation("v1")).toMatchObject({ status: "ended", reason: "caller_said_goodbye" });
  const second = await new RelayCaller(hotel.url, { agent: "workflow", auth_token: KEY, conversation: "v2" }).setup();
  await second.utterance(1);
  await hotel.local.endConversation("v2");
  await second.hears("end");
  expect(await second.closed).toBe(1000);
});

test("a caller who was lost comes back to the same conversation", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const query = { agent: "workflow", auth_token: KEY, conversation: "v1" };
  const lost = await new RelayCaller(hotel.url, query).setup();
  await lost.utterance(1);
  lost.prompt("I'd like to book a room");
  await lost.utterance(2);
  lost.socket.terminate();
  await lost.closed;
  const back = await new RelayCaller(hotel.url, query).setup();
  back.prompt("from May 3rd to May 5th");
  expect(await back.utterance(1)).toBe("How many guests?");
  expect(hotel.local.conversation("v1").status).toBe("active");
});

test("the first line of a conversation that was prepared is greeted, a second one and one after a restart are not", async () => {
  const dataPath = join(folder, "platform.db");
  const query = { agent: "workflow", auth_token: KEY, conversation: "prepared" };
  {
    await using hotel = await talking(new WorkflowAgent(), { dataPath });
    await hotel.begin("prepared");
    const first = await new RelayCaller(hotel.url, query).setup();
    expect(await first.utterance(1)).toMatch(/^Hello\. You can start a booking/);
    const second = await new RelayCaller(hotel.url, query).setup();
    second.prompt("I'd like to book a room");
    expect(await second.utterance(1)).toBe("When would you like to book?");
    expect(turnsIn(hotel.events)).toEqual([1, 2]);
  }
  await using again = await talking(new WorkflowAgent(), { dataPath });
  const back = await new RelayCaller(again.url, query).setup();
  back.prompt("help");
  await back.utterance(1);
  // No greeting that the words of the caller cut off.
  expect(turnsIn(again.events)).toEqual([1]);
});

test("who speaks at once into a conversation that was prepared is answered, not greeted", async () => {
  await using hotel = await talking(new WorkflowAgent());
  await hotel.begin("prepared");
  const line = await new RelayCaller(hotel.url, { agent: "workflow", auth_token: KEY, conversation: "prepared" }).setup();
  line.prompt("I'd like to book a room");
  expect(await line.utterance(1)).toBe("When would you like to book?");
});

test("without a signing token the key is needed, and foreign pages and hosts are refused", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const rings = (query: Record<string, string>, headers = {}) => new RelayCaller(hotel.url, query, headers).opened;
  expect(await rings({ agent: "workflow" })).toBe(false);
  expect(await rings({ agent: "workflow", auth_token: "cs_test_wrong" })).toBe(false);
  expect(await rings({ agent: "workflow", auth_token: KEY }, { origin: "https://evil.example" })).toBe(false);
  expect(await rings({ agent: "workflow", auth_token: KEY }, { host: `evil.example:${hotel.port}` })).toBe(false);
  expect(await rings({ agent: "workflow" }, { "x-twilio-signature": sign("") })).toBe(false);
  expect(await rings({ agent: "workflow" }, { authorization: `Bearer ${KEY}` })).toBe(true);
});

test("with a signing token the signature of the address is checked", async () => {
  await using hotel = await talking(new WorkflowAgent(), { callerToken: TOKEN });
  const address = `ws://127.0.0.1:${hotel.port}/callers/websocket?agent=workflow`;
  const rings = (signature: string | undefined, query: Record<string, string> = { agent: "workflow" }) => new RelayCaller(hotel.url, query, signature === undefined ? {} : { "x-twilio-signature": signature }).opened;
  expect(await rings(sign(address))).toBe(true);
  expect(await rings(sign(address.replace("ws:", "https:")))).toBe(true);
  expect(await rings(undefined)).toBe(false);
  expect(await rings("")).toBe(false);
  expect(await rings(sign(address, "another-token"))).toBe(false);
  expect(await rings(sign(address.replace("workflow", "session")))).toBe(false);
  // A wrong signature is wrong also with the key; whoever has the key and signs nothing may ring.
  expect(await rings("x", { agent: "workflow", auth_token: KEY })).toBe(false);
  expect(await rings(undefined, { agent: "workflow", auth_token: KEY })).toBe(true);
});

test("behind a proxy the public address is what was signed", async () => {
  await using hotel = await talking(new WorkflowAgent(), { callerToken: TOKEN, publicUrl: "https://hotel.example" });
  const rings = (url: string) => new RelayCaller(hotel.url, { agent: "workflow" }, { "x-twilio-signature": sign(url) }).opened;
  expect(await rings("wss://hotel.example/callers/websocket?agent=workflow")).toBe(true);
  expect(await rings(`ws://127.0.0.1:${hotel.port}/callers/websocket?agent=workflow`)).toBe(false);
});

test("what is no frame is answered by an error and changes nothing", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const line = new RelayCaller(hotel.url);
  await line.opened;
  line.prompt("too early");
  expect(await line.hears("error", 1)).toMatchObject({ description: "A frame was not used: setup must come first." });
  await line.setup();
  await line.utterance(1);
  const bad = ["no json", "[]", { type: "setup" }, { type: "prompt" }, { type: "dtmf", digit: "12" }, { type: "hack" }, { type: "prompt", voicePrompt: "x".repeat(5_000) }];
  for (const frame of bad) line.send(frame);
  await line.hears("error", 1 + bad.length);
  line.prompt("I'd like to book a room");
  expect(await line.utterance(2)).toBe("When would you like to book?");
  expect(JSON.stringify(line.heard)).not.toContain("hack");
});

test.each([
  ["names no agent", { auth_token: KEY }],
  ["names a conversation of another agent", { auth_token: KEY, agent: "session", conversation: "c1" }],
  ["names a brain that there is not", { auth_token: KEY, agent: "workflow", brain: "toString" }],
])("a line that %s is told so, and closed", async (_, query) => {
  await using hotel = await talking(new WorkflowAgent());
  const line = await new RelayCaller(hotel.url, query).setup();
  await line.hears("error");
  await line.hears("end");
  expect(await line.closed).toBe(1008);
});
