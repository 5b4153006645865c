// The lines of this tab: one per conversation that somebody speaks in here, kept while another one is looked at.
//
//   CL1. Going to another conversation hangs nothing up. A reload finds its lines again.

import type { Api } from "../lib/api.ts";
import { Store } from "../lib/store.ts";
import { RelayCall, type LineParameters, type LineSocket, type SocketListener } from "./relay-call.ts";

const PLACE = "conversimple.lines";
/** By conversation. */
export const lines = new Store<ReadonlyMap<string, RelayCall>>(new Map());

/** The line of a conversation, which is made when there is none. It rings when something is said, or by `open`. */
export function lineOf(api: Api, parameters: LineParameters): RelayCall {
  const known = knownLine(parameters.conversation);
  if (known) return known;
  const line = new RelayCall(parameters, {
    connect: (listener) => connect(api.token, listener),
    chance: () => Math.random(),
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
  lines.update((all) => new Map(all).set(parameters.conversation, line));
  line.state.subscribe(() => {
    const { state } = line.state.get();
    if (state === "over" || state === "refused") remember(parameters.conversation, false);
    else remember(parameters.conversation, true);
  });
  return line;
}

/** The line that this tab has in a conversation. */
export function knownLine(conversationId: string): RelayCall | undefined {
  return lines.get().get(conversationId);
}

/** Whether this tab was on the line of a conversation before it was loaded again. */
export function wasOnLine(conversationId: string): boolean {
  return remembered().includes(conversationId);
}

/** The token goes by a subprotocol: an address would keep it in logs. */
function connect(token: string, listener: SocketListener): LineSocket {
  const address = new URL("/callers/websocket", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  address.hash = "";
  const bearer = btoa(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const socket = new WebSocket(address, ["phoenix", `base64url.bearer.phx.${bearer}`]);
  socket.addEventListener("open", listener.opened);
  socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => listener.heard(data));
  socket.addEventListener("close", ({ code }) => listener.closed(code));
  return { send: (text) => socket.send(text), close: (code) => socket.close(code) };
}

function remember(conversationId: string, isOn: boolean): void {
  const others = remembered().filter((each) => each !== conversationId);
  sessionStorage.setItem(PLACE, JSON.stringify(isOn ? [...others, conversationId].slice(-20) : others));
}

function remembered(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}
