// The agents' side of the inspector, in the process that runs them.
//
// Owns the way from what a page asks to the host: what may be changed is said by the host and the parts, not here.
//
//   HD1. Nobody writes a conversation but its owner: a change goes through the inbox, also here.        (P16)
//   HD2. What is given back is masked, as everything that a page is told.                               (P21)

import { sep, relative } from "node:path";

import { DESCRIBE } from "../agent/part-description.ts";
import { decode } from "../base/codec.ts";
import { ConversimpleError, textOf } from "../base/errors.ts";
import { checkId } from "../base/ids.ts";
import { Mask } from "../base/mask.ts";
import type { AgentHost } from "../host/agent-host.ts";
import { fork, type Forked } from "../host/fork.ts";
import type { CustomerStatePart } from "../parts/customer-state.ts";
import type { Patch } from "../state/patch.ts";
import { conversationOwner } from "../state/store.ts";
import { agentView, cacheViews } from "./agent-view.ts";
import type { AgentView, CacheView, CallResult, Edit, Replay, SavedTest } from "./api.ts";
import type { AgentDesk } from "./desks.ts";
import { replayCall } from "./host-desk-replay.ts";
import { savedTest, type AgentSource } from "./saved-test/saved-test.ts";

/** How a desk is told about its agents. */
export interface HostDeskOptions {
  readonly host: AgentHost;
  /** What exports the agents, by agent id; where that is known. */
  readonly sources?: ReadonlyMap<string, AgentSource>;
  /** What paths are shown relative to; the working directory unless given. */
  readonly folder?: string;
  /** Whether real people call: in a fork nobody is logged in then (host/fork.ts, FK4). */
  readonly isProduction?: boolean;
}

export class HostDesk implements AgentDesk {
  readonly #host: AgentHost;
  readonly #sources: ReadonlyMap<string, AgentSource>;
  readonly #folder: string;
  readonly #isProduction: boolean;

  constructor({ host, sources = new Map(), folder = process.cwd(), isProduction = false }: HostDeskOptions) {
    this.#isProduction = isProduction;
    this.#host = host;
    this.#sources = sources;
    this.#folder = folder;
  }

  async agents(): Promise<readonly AgentView[]> {
    return [...this.#host.definitions.values()].map((definition) => {
      const file = this.#sources.get(definition.agentId)?.file;
      return agentView(definition, true, file === undefined ? undefined : relative(this.#folder, file).replaceAll(sep, "/"));
    });
  }

  async caches(): Promise<readonly CacheView[]> {
    return [...this.#host.definitions.values()].flatMap(cacheViews);
  }

  async offered(conversationId: string): Promise<readonly string[]> {
    const { quarantine } = this.#host.conversations.get(conversationId) ?? {};
    if (quarantine) throw quarantine;
    return this.#host.tools(conversationId).map(({ name }) => name);
  }

  async edit(conversationId: string, { part, patches, expectedVersion }: Edit, source: string): Promise<{ version: number }> {
    const mail = { kind: "edit", part, patches: revived(patches), source, ...(expectedVersion === undefined ? {} : { expectedVersion }) } as const;
    return { version: await this.#host.post(conversationId, mail) };
  }

  async signal(conversationId: string, name: string, payload: unknown, source: string): Promise<{ version: number }> {
    return { version: await this.#host.post(conversationId, { kind: "signal", name: checkId(name, "name of the signal"), payload, source }) };
  }

  async editCustomer(agentId: string, customerId: string, patches: readonly Patch[], source: string): Promise<{ key: string; version: number }> {
    const definition = this.#host.definitions.get(agentId);
    if (!definition) throw new ConversimpleError("option_invalid", `There is no agent "${agentId.slice(0, 64)}" in this process.`, { agents: this.#host.agentIds });
    const part = [...definition.parts.values()].find((each) => each[DESCRIBE]().kind === "customer") as CustomerStatePart | undefined;
    if (!part) throw new ConversimpleError("option_invalid", `The agent "${agentId}" remembers nothing of customers: it declares no customerState.`, { agentId });
    return part.edit(this.#host.joint, customerId, revived(patches), { source, nowMs: this.#host.clock.now() });
  }

  async call(conversationId: string, tool: string, input: unknown, callId: string = `inspector-${crypto.randomUUID().slice(0, 8)}`): Promise<CallResult> {
    const live = this.#host.conversations.get(conversationId);
    const outcome = await this.#host.invoke({ conversationId, callId, tool, arguments: input ?? {} });
    if (outcome.kind === "gone") throw notHere(conversationId);
    if (outcome.kind === "error") return { kind: "error", callId, error: { type: outcome.code, message: outcome.message } };
    // Whose masks are not known is shown to nobody (HD2).
    const masks = live?.agent.tools.get(tool)?.resultMasks ?? [""];
    return { kind: "result", callId, result: Mask.of(masks).shown(JSON.parse(outcome.json)) };
  }

  async end(conversationId: string, reason: string): Promise<void> {
    const owner = conversationOwner(checkId(conversationId, "conversation id"));
    if (!(await this.#host.store.load(owner))) throw new ConversimpleError("conversation_not_found", "There is no such conversation.", { conversation: conversationId });
    await this.#host.close(conversationId, reason);
    const { facts } = (await this.#host.store.load(owner)) ?? {};
    if (facts?.status === "live") throw notHere(conversationId);
  }

  async fork(conversationId: string, version: number, newId: string | undefined, source: string): Promise<Forked> {
    const { store, clock, definitions: agents } = this.#host;
    return fork({ store, clock, agents }, { conversationId, version, newId, source, isNobodys: this.#isProduction });
  }

  async replay(conversationId: string): Promise<Replay> {
    return replayCall(this.#host, checkId(conversationId, "conversation id"));
  }

  async test(conversationId: string, isSaved: boolean): Promise<SavedTest> {
    const { facts } = (await this.#host.store.load(conversationOwner(checkId(conversationId, "conversation id")))) ?? {};
    const source = this.#sources.get(facts?.agentId ?? "");
    return savedTest({ host: this.#host, conversationId, source, folder: this.#folder, isSaved });
  }
}

/** What a page wrote, with its tags as values. @throws {ConversimpleError} `state_invalid`. */
function revived(patches: readonly Patch[]): readonly Patch[] {
  try {
    return decode(JSON.stringify(patches)) as readonly Patch[];
  } catch (thrown) {
    throw new ConversimpleError("state_invalid", `The change cannot be read: ${thrown instanceof SyntaxError ? textOf(thrown) : "it is no JSON"}.`);
  }
}

function notHere(conversation: string): ConversimpleError {
  return new ConversimpleError("conversation_not_found", "No process here serves the conversation; another one may. Try again when it is given up, or ask there.", { conversation });
}
