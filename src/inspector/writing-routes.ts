// The routes that change something or need the agents' code: they are handed to the desks.
//
//   WR1. Nothing is written here: the desks say no where no must be said, and journal what they do.
//   WR2. A desk that does not answer is not waited for for ever.

import { Hono } from "hono";

import { sleep, type Clock } from "../base/clock.ts";
import { codeOf } from "../base/errors.ts";
import { checkId } from "../base/ids.ts";
import type { Patch } from "../state/patch.ts";
import { within } from "./bounded.ts";
import type { CallResult, Edit } from "./api.ts";
import type { AgentDesk, TalkDesk } from "./desks.ts";
import { refusals } from "./refusal.ts";
import { remedyOf } from "./remedies.ts";
import { bodyOf, invalid, listField, objectField, optionalId, pathId, versionOf } from "./request-fields.ts";

/** How long a desk may take, milliseconds: a tool may use all of its own time. */
const DESK_MS = 120_000;
/** How long a new conversation may take until an agent serves it, milliseconds, and how often it is looked for. */
const SERVED_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 50;

export interface WritingContext {
  readonly clock: Clock;
  readonly desk: AgentDesk | undefined;
  readonly talk: TalkDesk | undefined;
  readonly canWrite: boolean;
  readonly canReplay: boolean;
  /** Who writes, for the journal. */
  readonly source: string;
}

export function writingRoutes(context: WritingContext): Hono {
  const api = new Hono();
  const { talk, source } = context;
  const ask = <T>(run: (desk: AgentDesk) => Promise<T>): Promise<T> => within(context.clock, DESK_MS, run(deskOf(context)));
  api.post("/conversations", async (c) => {
    const fields = await bodyOf(c.req.raw, ["agentId", "conversationId", "caller", "state", "customer"]);
    return c.json(await begun(context, fields), 201);
  });
  api.delete("/conversations/:id", async (c) => {
    mustWrite(context);
    const id = pathId(c.req.param("id"));
    await (talk ? within(context.clock, DESK_MS, talk.end(id, "ended on the page")) : ask((desk) => desk.end(id, "ended by the inspector")));
    return c.json({ conversationId: id, status: "ended" });
  });
  api.post("/conversations/:id/edit", async (c) => {
    mustWrite(context);
    const edit = editOf(await bodyOf(c.req.raw, ["part", "patches", "expectedVersion"]));
    return c.json(await ask((desk) => desk.edit(pathId(c.req.param("id")), edit, source)));
  });
  api.post("/conversations/:id/signal", async (c) => {
    mustWrite(context);
    const { name, payload } = await bodyOf(c.req.raw, ["name", "payload"]);
    return c.json(await ask((desk) => desk.signal(pathId(c.req.param("id")), checkId(name, "signal"), payload, source)));
  });
  api.post("/conversations/:id/tool-calls", async (c) => {
    mustWrite(context);
    const { tool, arguments: input = {}, callId } = await bodyOf(c.req.raw, ["tool", "arguments", "callId"]);
    const call = [pathId(c.req.param("id")), checkId(tool, "tool name"), objectField(input, "arguments"), optionalId(callId, "call id")] as const;
    const answer = await (talk ? within(context.clock, DESK_MS, talk.call(...call)) : ask((desk) => desk.call(...call)));
    return c.json(withRemedy(answer));
  });
  api.post("/conversations/:id/fork", async (c) => {
    mustWrite(context);
    const { version, conversationId } = await bodyOf(c.req.raw, ["version", "conversationId"]);
    const forked = await ask((desk) => desk.fork(pathId(c.req.param("id")), versionOf(version), optionalId(conversationId, "conversation id"), source));
    // So that it can be talked to where there is a platform.
    if (talk) await talk.create(forked.agentId, forked.conversationId, undefined);
    return c.json({ conversationId: forked.conversationId, version: forked.version }, 201);
  });
  api.post("/conversations/:id/replay", async (c) => {
    mustReplay(context);
    await bodyOf(c.req.raw, []);
    return c.json(await ask((desk) => desk.replay(pathId(c.req.param("id")))));
  });
  api.post("/conversations/:id/test", async (c) => {
    mustReplay(context);
    const { save = false } = await bodyOf(c.req.raw, ["save"]);
    if (typeof save !== "boolean") throw invalid("save must be true or false.");
    return c.json(await ask((desk) => desk.test(pathId(c.req.param("id")), save)));
  });
  api.post("/customers/edit", async (c) => {
    mustWrite(context);
    const { agentId, customerId, patches } = await bodyOf(c.req.raw, ["agentId", "customerId", "patches"]);
    const steps = patchesOf(patches);
    return c.json(await ask((desk) => desk.editCustomer(checkId(agentId, "agent id"), checkId(customerId, "customer id"), steps, source)));
  });
  return api;
}

function withRemedy(answer: CallResult): CallResult {
  if (answer.kind === "result") return answer;
  const remedy = answer.remedy ?? remedyOf(answer.error.type);
  return { ...answer, ...(remedy === undefined ? {} : { remedy }) };
}

/** A call that begins on the page: its customer first, then the call, then its state, before anything is said. */
async function begun(context: WritingContext, fields: Readonly<Partial<Record<"agentId" | "conversationId" | "caller" | "state" | "customer", unknown>>>): Promise<{ conversationId: string }> {
  mustWrite(context);
  const { talk, clock, source } = context;
  if (!talk) throw refusals.noTalk();
  const agentId = checkId(fields.agentId, "agent id");
  const caller = fields.caller === undefined ? undefined : objectField(fields.caller, "caller");
  const state = fields.state === undefined ? {} : objectField(fields.state, "state");
  if (fields.customer !== undefined) {
    const { customerId, fields: prepared } = objectField(fields.customer, "customer");
    await within(clock, DESK_MS, deskOf(context).editCustomer(agentId, checkId(customerId, "customer id"), sets(objectField(prepared, "customer.fields")), source));
  }
  const { conversationId } = await within(clock, DESK_MS, talk.create(agentId, optionalId(fields.conversationId, "conversation id"), caller));
  const patches = sets(state);
  if (patches.length > 0) await whenServed(context, (desk) => desk.edit(conversationId, { part: "state", patches }, source));
  return { conversationId };
}

/** The agents hear of a new conversation over the wire: until one serves it there is none in the store. */
async function whenServed<T>(context: WritingContext, run: (desk: AgentDesk) => Promise<T>): Promise<T> {
  const { clock } = context;
  for (const untilMs = clock.monotonic() + SERVED_WITHIN_MS; ; await sleep(clock, LOOK_EVERY_MS)) {
    try {
      return await within(clock, DESK_MS, run(deskOf(context)));
    } catch (thrown) {
      if (codeOf(thrown) !== "conversation_not_found" || clock.monotonic() >= untilMs) throw thrown;
    }
  }
}

function sets(fields: Readonly<Record<string, unknown>>): readonly Patch[] {
  return Object.entries(fields).map(([name, value]) => ["set", [name], value]);
}

function editOf({ part, patches, expectedVersion }: Readonly<Partial<Record<keyof Edit, unknown>>>): Edit {
  return { part: checkId(part, "part"), patches: patchesOf(patches), ...(expectedVersion === undefined ? {} : { expectedVersion: versionOf(expectedVersion) }) };
}

/** Their form; whether the schema takes what they lead to, the desk finds out. */
function patchesOf(value: unknown): readonly Patch[] {
  const patches = listField(value, "patches");
  if (patches.length === 0) throw invalid("patches is empty.");
  return patches.map((patch) => {
    if (!isPatch(patch)) throw invalid('A patch is ["set", path, value], ["cut", path] or ["splice", path, index, removed, added].');
    return patch;
  });
}

function isPatch(patch: unknown): patch is Patch {
  if (!Array.isArray(patch) || !isPath(patch[1])) return false;
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  if (patch[0] === "set") return patch.length === 3;
  if (patch[0] === "cut") return patch.length === 2;
  return patch[0] === "splice" && patch.length === 5 && isCount(patch[2]) && isCount(patch[3]) && Array.isArray(patch[4]);
}

function isPath(path: unknown): boolean {
  return Array.isArray(path) && path.length <= 64 && path.every((key) => (typeof key === "string" && key !== "__proto__" && key.length <= 1_024) || (Number.isSafeInteger(key) && (key as number) >= 0));
}

function deskOf({ desk }: WritingContext): AgentDesk {
  if (!desk) throw refusals.noDesk();
  return desk;
}

function mustWrite({ canWrite }: WritingContext): void {
  if (!canWrite) throw refusals.readOnly();
}

function mustReplay({ canReplay }: WritingContext): void {
  if (!canReplay) throw refusals.noReplay();
}
