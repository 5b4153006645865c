// A link on a paper platform, with a host of its own: what the tests of the link share. Made anew before each test.

import { beforeEach } from "vitest";
import { PlatformLink, type PlatformLinkOptions } from "../../src/adapters/conversimple/platform-link.ts";
import type { Logger, LogFields } from "../../src/base/log.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import type { Frame } from "../../src/wire/frame.ts";
import { PaperPlatform, type PaperSocket } from "../wire/paper-socket.ts";
import { MemoryHost } from "./memory-host.ts";

export let clock: SimulatedClock;
export let paper: PaperPlatform;
export let host: MemoryHost;
export let lines: string[];

beforeEach(() => {
  clock = new SimulatedClock();
  paper = new PaperPlatform();
  host = new MemoryHost();
  lines = [];
});

const write = (fields: LogFields, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
export const log: Logger = { debug: write, info: write, warn: write, error: write };
export const settled = () => clock.advance(0);

/** A link whose control line has joined. */
export async function linked(options: Partial<PlatformLinkOptions> = {}): Promise<{ link: PlatformLink; control: PaperSocket }> {
  const link = new PlatformLink({ host, connect: paper.connect, clock, log, random: () => 0.5, ...options });
  const started = link.start();
  const control = paper.accept();
  await started;
  return { link, control };
}

export const ready = (socket: PaperSocket, id = "v1", agent = "shop") =>
  socket.frame({ event: "conversation_ready", payload: { conversation_id: id, agent_id: agent, customer_id: "acme" } });
export const lifecycle = (socket: PaperSocket, event: string, id = "v1", more: object = {}) =>
  socket.frame({ event: "conversation_lifecycle", payload: { event, conversation_id: id, ...more } });
export const call = (socket: PaperSocket, callId: string, more: object = { conversation_id: "v1" }) =>
  socket.frame({ event: "tool_call_request", payload: { call_id: callId, tool_name: "add", arguments: { n: 1 }, ...more } });
export const responses = (socket: PaperSocket) => socket.all("tool_call_response").map((frame) => frame.payload);
export const errors = (socket: PaperSocket) => socket.all("tool_call_error").map((frame) => frame.payload);
export const registered = (socket: PaperSocket) => socket.all("register_conversation_tools").map((frame: Frame) => frame.payload);
export const TOOLS = [{ name: "add", description: "Adds", parameters: { type: "object" } }];

/** A conversation with a line of its own that has joined. */
export async function served(options: Partial<PlatformLinkOptions> = {}) {
  const { link, control } = await linked(options);
  ready(control);
  await settled();
  const own = paper.accept();
  await settled();
  return { link, control, own };
}
