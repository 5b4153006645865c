import { expect, test } from "vitest";
import { toolCallError, toolCallResponse, registration } from "../../src/wire/agent-events.ts";
import { type PlatformMessage, readMessage } from "../../src/wire/messages.ts";

const CALL = { kind: "tool_call", callId: "c1", tool: "add", arguments: { n: 1 }, conversationId: "v1", timeoutMs: 2_500 };

const SPELLINGS: readonly [string, string, unknown, Partial<PlatformMessage>][] = [
  ["a tool call of the SDK", "tool_call_request", { call_id: "c1", tool_name: "add", arguments: { n: 1 }, conversation_id: "v1", timeout_seconds: 2.5 }, CALL as PlatformMessage],
  ["a tool call of the documentation", "tool_call_request", { call_id: "c1", tool_name: "add", parameters: { n: 1 }, conversation_id: "v1", timeout_seconds: 2.5 }, CALL as PlatformMessage],
  ["a tool call without arguments and conversation", "tool_call_request", { call_id: "c1", tool_name: "add" }, { kind: "tool_call", callId: "c1", tool: "add", arguments: {}, conversationId: undefined, timeoutMs: undefined }],
  ["a limit that is no number", "tool_call_request", { call_id: "c1", tool_name: "add", timeout_seconds: "5" }, { kind: "tool_call", timeoutMs: undefined }],
  ["an announcement", "conversation_ready", { conversation_id: "v1", agent_id: "shop", customer_id: "acme" }, { kind: "conversation_ready", conversationId: "v1", agentId: "shop", account: "acme", caller: undefined }],
  ["an announcement with a caller", "conversation_ready", { conversation_id: "v1", agent_id: "shop", caller: { phone: "1" } }, { kind: "conversation_ready", caller: { phone: "1" } }],
  ["a start of the SDK", "conversation_lifecycle", { event: "conversation_started", conversation_id: "v1" }, { kind: "conversation_started", conversationId: "v1", agentId: undefined }],
  ["a start of the documentation", "conversation_lifecycle", { event: "started", conversation_id: "v1" }, { kind: "conversation_started", conversationId: "v1" }],
  ["an end of the SDK", "conversation_lifecycle", { event: "conversation_ended", conversation_id: "v1", reason: "hangup" }, { kind: "conversation_ended", conversationId: "v1", reason: "hangup" }],
  ["an end of the documentation", "conversation_lifecycle", { event: "ended", conversation_id: "v1" }, { kind: "conversation_ended", conversationId: "v1", reason: "ended" }],
  ["an end whose reason is a text", "conversation_lifecycle", { event: "ended", conversation_id: "v1", reason: "PIN 1234 was wrong" }, { kind: "conversation_ended", reason: "ended" }],
  ["another lifecycle event", "conversation_lifecycle", { event: "paused", conversation_id: "v1" }, { kind: "notice" }],
  ["a configuration", "config_update", { voice: "a" }, { kind: "config_update", config: { voice: "a" } }],
  ["a notice of a hook", "hook_event", { event_type: "x" }, { kind: "notice", event: "hook_event" }],
  ["a notice of figures", "analytics_update", {}, { kind: "notice", event: "analytics_update" }],
  ["a warning", "connection_warning", { message: "slow" }, { kind: "notice", event: "connection_warning" }],
  ["a notice of an error", "error_notification", { error_type: "x", error_message: "y" }, { kind: "notice", event: "error_notification" }],
  ["an event of another version", "toString", {}, { kind: "unknown", event: "toString" }],
];

test.each(SPELLINGS)("%s is read", (_name, event, payload, expected) => {
  expect(readMessage(event, payload)).toMatchObject(expected);
});

const HOSTILE: readonly unknown[] = [null, 1, "x", [], {}, { conversation_id: 5, agent_id: "a" }, { conversation_id: "a\nb", agent_id: "a" }, { conversation_id: "\u0000", agent_id: "a" }, { conversation_id: "x".repeat(10_000), agent_id: "a" }, { conversation_id: "\ud800", agent_id: "a" }, { conversation_id: "v", agent_id: {} }];

test.each(HOSTILE)("an announcement that cannot be used is a value, not an exception: %j", (payload) => {
  expect(readMessage("conversation_ready", payload).kind).toBe("malformed");
});

test.each([{ call_id: "c1" }, { call_id: "c1", tool_name: 5 }, { call_id: "c1", tool_name: "" }, { call_id: "c1", tool_name: "t".repeat(300) }, { call_id: "c1", tool_name: "t", conversation_id: "a\nb" }])(
  "a tool call that cannot be used keeps its call id, so that it can be answered: %j",
  (payload) => {
    expect(readMessage("tool_call_request", payload)).toMatchObject({ kind: "malformed", callId: "c1" });
  },
);

test("a tool call without a usable call id is not answered", () => {
  expect(readMessage("tool_call_request", { call_id: "x".repeat(257), tool_name: "t" })).not.toHaveProperty("callId");
});

test.each(["../../x", "a}{b", "{}", "';DROP TABLE--", "%", "*", "😀", "é"])("an odd id stays as it is: %s", (id) => {
  expect(readMessage("tool_call_request", { call_id: id, tool_name: "t", conversation_id: id })).toMatchObject({ callId: id, conversationId: id });
});

test("a response takes the host's text as it is", () => {
  expect(toolCallResponse('c"1', '{"n":1.0}').text).toBe('{"call_id":"c\\"1","result":{"n":1.0}}');
});

test("an error carries type, message and the time as the platform writes it", () => {
  expect(JSON.parse(toolCallError("c1", { type: "tool_not_found", message: "No." }, 0).text)).toEqual({
    call_id: "c1",
    error: { type: "tool_not_found", message: "No.", timestamp: "1970-01-01T00:00:00.000Z" },
  });
});

test("a registration says what the platform knows of a tool and nothing else", () => {
  const tool = { name: "add", description: "Adds", parameters: { type: "object" }, examples: ["add one"] };
  expect(JSON.parse(registration("v1", [tool]).text)).toEqual({ conversation_id: "v1", tools: [{ name: "add", description: "Adds", parameters: { type: "object" }, examples: ["add one"] }] });
  const plain = { name: "add", description: "Adds", parameters: { type: "object" } };
  expect(JSON.parse(registration("v1", [plain]).text)).toEqual({ conversation_id: "v1", tools: [plain] });
});
