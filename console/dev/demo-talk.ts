// A caller's line of the demo: ConversationRelay frames in, a small hotel out.

import type { WebSocket } from "ws";

import type { SaidLine } from "../src/lib/api.ts";
import type { DemoConversation, DemoUnit, DemoWorld } from "./demo-world.ts";

/** What was said, by conversation. */
export const transcripts = new Map<string, SaidLine[]>();

/** Speaks with a caller who rang. */
export function speak(world: DemoWorld, socket: WebSocket, query: URLSearchParams): void {
  let conversation: DemoConversation | undefined;
  let turn = 0;
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString("utf8")) as { type: string; voicePrompt?: string; digit?: string; customParameters?: Record<string, string> };
    if (frame.type === "setup") {
      const wish = { ...frame.customParameters, ...Object.fromEntries(query) };
      const id = wish.conversation ?? `call-${Date.now().toString(36)}`;
      const known = world.conversations.get(id);
      conversation = known ?? world.begin(wish.agent ?? "hotel", id, Date.now());
      if (!known) {
        world.tell({ type: "conversation", conversationId: id });
        setTimeout(() => say(world, socket, conversation!, ++turn, "Hello. You can start a booking, or ask where it is."), 120);
      }
    } else if (frame.type === "prompt" && conversation && frame.voicePrompt) answer(world, socket, conversation, ++turn, frame.voicePrompt);
    else if (frame.type === "dtmf" && conversation) answer(world, socket, conversation, ++turn, "•••");
  });
  socket.on("close", (code) => {
    if (!conversation || (code !== 1000 && code !== 1005)) return;
    conversation.row = { ...conversation.row, status: "ended", endReason: "hangup", process: null, updatedAtMs: Date.now() };
    world.tell({ type: "conversation", conversationId: conversation.row.conversationId });
  });
}

function answer(world: DemoWorld, socket: WebSocket, conversation: DemoConversation, turn: number, heard: string): void {
  const id = conversation.row.conversationId;
  world.tell({ type: "talk", conversationId: id, event: { type: "turn_began", turn } });
  note(world, id, { by: "caller", turn, text: heard.replaceAll(/\d{3,}/g, "•••"), at: new Date().toISOString() });
  setTimeout(() => {
    const { unit, said } = understood(conversation, heard);
    const callId = `call_${id}_${turn}`;
    if (unit?.outcome === "failed") world.tell({ type: "threw", message: "TypeError: Cannot read properties of undefined (reading 'amount')", places: ["agent.ts:41:18", "bank.ts:12:5"], reference: "E-7f3a" });
    if (unit) {
      world.tell({ type: "talk", conversationId: id, event: { type: "turn_called", turn, callId, tool: unit.name } });
      world.commit(conversation, { ...unit, callId });
    }
    say(world, socket, conversation, turn, said);
  }, 250);
}

function say(world: DemoWorld, socket: WebSocket, conversation: DemoConversation, turn: number, text: string): void {
  const words = text.split(/(?<= )/);
  const next = (index: number) => {
    socket.send(JSON.stringify({ type: "text", token: words[index], last: index === words.length - 1 }));
    if (index + 1 < words.length) {
      setTimeout(next, 25, index + 1);
      return;
    }
    note(world, conversation.row.conversationId, { by: "agent", turn, text, at: new Date().toISOString() });
    world.tell({ type: "talk", conversationId: conversation.row.conversationId, event: { type: "turn_ended", turn } });
  };
  next(0);
}

function note(world: DemoWorld, conversationId: string, line: SaidLine): void {
  transcripts.set(conversationId, [...(transcripts.get(conversationId) ?? []), line]);
  world.tell({ type: "talk", conversationId, event: { type: `${line.by}_said`, turn: line.turn, text: line.text } });
}

function understood(conversation: DemoConversation, heard: string): { unit?: DemoUnit; said: string } {
  if (conversation.row.agentId === "bank") return banked(heard);
  const { step } = conversation.state.booking as { step: string };
  if (/book a room/i.test(heard)) return { unit: { name: "start_booking", set: { booking: { step: "collectingDates" } }, result: { message: "When would you like to book?" } }, said: "When would you like to book?" };
  if (/confirm|yes/i.test(heard)) {
    if (step !== "readyToConfirm") return { unit: { name: "confirm_booking", outcome: "refused", code: "step_not_allowed", reason: `The step is ${step}, not readyToConfirm.`, remedy: "Give what the step needs first, or show the tool only at its step." }, said: "I still need the day of arrival, the day of departure and the number of guests." };
    return { unit: { name: "confirm_booking", notes: [{ kind: "effect", name: "book", outcome: "ran", ms: 41 }], set: { booking: { step: "completed", "data.bookingId": "B-2026-05-03-2" } } }, said: "Done. Your booking id is B-2026-05-03-2." };
  }
  if (/from|may|dates/i.test(heard)) return { unit: { name: "set_dates", arguments: { checkIn: "2026-05-03", checkOut: "2026-05-05" }, set: { booking: { step: "collectingGuests", "data.checkIn": "2026-05-03", "data.checkOut": "2026-05-05" } } }, said: "How many guests?" };
  if (/two|guest|\d/i.test(heard)) return { unit: { name: "set_guests", arguments: { guests: 2 }, set: { booking: { step: "readyToConfirm", "data.guests": 2 } } }, said: "Shall I confirm the booking?" };
  return { said: "You can start a booking, change its dates, or confirm it." };
}

function banked(heard: string): { unit: DemoUnit; said: string } {
  if (/pin/i.test(heard)) return { unit: { name: "login", arguments: { username: "Kim", pin: "•••" }, notes: [{ kind: "login", part: "session", outcome: "locked", by: "account", attempts: 5, limit: 5, untilMs: Date.now() + 700_000 }] }, said: "That did not work: invalid credentials." };
  if (/transfer/i.test(heard)) return { unit: { name: "transfer", outcome: "failed", code: "tool_execution_error", remedy: "The handler threw. Its reference is in the log of the agent's process." }, said: "Sorry, something went wrong." };
  return { unit: { name: "get_balance", outcome: "refused", code: "not_authenticated", reason: "Nobody is logged in.", remedy: "Log in first." }, said: "Please log in first." };
}
