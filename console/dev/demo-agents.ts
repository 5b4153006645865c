// The agents of the demo: a hotel with a workflow, a bank with a session, a shop with customers and a cache.

import type { AgentView, ToolInfo } from "../../src/inspector/api.ts";

const NO_PARAMETERS = { type: "object", properties: {}, additionalProperties: false };

function tool(name: string, description: string, more: Partial<ToolInfo> = {}): ToolInfo {
  return { name, description, parameters: NO_PARAMETERS, examples: [], secrets: [], masks: [], resultMasks: [], guards: [], isParallel: false, isOnce: false, timeoutMs: 30_000, ...more };
}

const HOTEL: AgentView = {
  agentId: "hotel",
  isServed: true,
  file: "examples/hotel/agent.ts",
  parts: [
    {
      name: "booking", kind: "workflow", schemaVersion: 1, maxBytes: 262_144,
      workflow: {
        initial: "idle",
        steps: [
          { name: "idle", needs: [], to: ["collectingDates"], isFinal: false },
          { name: "collectingDates", prompt: "When would you like to book?", needs: ["checkIn", "checkOut"], to: ["collectingGuests"], isFinal: false },
          { name: "collectingGuests", prompt: "How many guests?", needs: ["guests"], to: ["readyToConfirm"], isFinal: false },
          { name: "readyToConfirm", prompt: "Shall I confirm the booking?", needs: [], to: ["completed", "collectingDates"], isFinal: false, deadlineMs: 600_000, deadlineTo: "expired" },
          { name: "expired", prompt: "I could not hold the room any longer. Shall we look again?", needs: [], to: ["collectingDates"], isFinal: false },
          { name: "completed", needs: [], to: [], isFinal: true },
        ],
      },
    },
    {
      name: "state", kind: "state", schemaVersion: 2, maxBytes: 262_144, masks: ["guest/email"],
      schema: {
        type: "object",
        properties: {
          guest: { type: "object", properties: { name: { type: "string" }, email: { type: "string", pii: true } } },
          notes: { type: "array", items: { type: "string" } },
          breakfast: { type: "boolean" },
          budget: { type: "integer", minimum: 0 },
        },
      },
    },
  ],
  tools: [
    tool("start_booking", "Start a booking", { examples: ["I'd like to book a room"], guards: ["booking at idle or expired"] }),
    tool("set_dates", "Set the dates of the booking", {
      guards: ["booking at collectingDates"], examples: ["from the 3rd to the 5th of May"],
      parameters: { type: "object", required: ["checkIn", "checkOut"], properties: { checkIn: { type: "string", format: "date", description: "the day of arrival" }, checkOut: { type: "string", format: "date", description: "the day of departure" } } },
    }),
    tool("set_guests", "Set the number of guests", { guards: ["booking at collectingGuests"], parameters: { type: "object", required: ["guests"], properties: { guests: { type: "integer", minimum: 1, maximum: 8, description: "the number of guests" } } } }),
    tool("change_dates", "Change the dates of the booking", { guards: ["booking at readyToConfirm"], examples: ["no, let's come a day later"] }),
    tool("confirm_booking", "Confirm the booking", { guards: ["booking at readyToConfirm"], isOnce: true }),
    tool("get_booking", "Say where the booking is", { isParallel: true }),
  ],
};

const BANK: AgentView = {
  agentId: "bank",
  isServed: true,
  file: "examples/bank/agent.ts",
  parts: [
    { name: "session", kind: "session", schemaVersion: 1, schema: { type: "object", properties: { id: { type: "string" }, username: { type: "string" } } }, session: { idleTimeoutMs: 300_000, absoluteTimeoutMs: 3_600_000, lockout: { attempts: 5, perConversation: 10, windowMs: 900_000 } } },
    { name: "state", kind: "state", schemaVersion: 1, maxBytes: 262_144, masks: ["iban"] },
  ],
  tools: [
    tool("login", "Log the caller in", {
      examples: ["my name is Kim and my PIN is one two three four"], secrets: ["pin"],
      parameters: { type: "object", required: ["username", "pin"], properties: { username: { type: "string", description: "the caller's name" }, pin: { type: "string", description: "the caller's PIN", secret: true } } },
    }),
    tool("get_balance", "Say the balance", { guards: ["session"], examples: ["what is my balance"] }),
    tool("transfer", "Transfer money", {
      guards: ["session within 120000 ms"], masks: ["iban"], timeoutMs: 10_000,
      parameters: { type: "object", required: ["iban", "amount"], properties: { iban: { type: "string", pii: true }, amount: { type: "number", minimum: 0.01 }, currency: { type: "string", enum: ["EUR", "USD", "GBP"], default: "EUR" } } },
    }),
    tool("logout", "Log the caller out", { examples: ["log me out"] }),
  ],
};

const SHOP: AgentView = {
  agentId: "shop",
  isServed: false,
  parts: [
    { name: "state", kind: "state", schemaVersion: 3, maxBytes: 262_144 },
    { name: "customer", kind: "customer", schemaVersion: 1, maxBytes: 262_144, masks: ["email"] },
    { name: "products", kind: "cache", cache: { ttlMs: 300_000, staleMs: 60_000, max: 500, scope: "process" } },
  ],
  tools: [
    tool("add_to_cart", "Add item to cart", { examples: ["put two coffee mugs into the cart"], parameters: { type: "object", required: ["productId"], properties: { productId: { type: "string" }, quantity: { type: "integer", minimum: 1, default: 1 } } } }),
    tool("get_cart_total", "Get cart total", { isParallel: true, examples: ["what does it cost"] }),
  ],
};

export const AGENTS: readonly AgentView[] = [HOTEL, BANK, SHOP];
