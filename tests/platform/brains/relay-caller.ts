// A caller's line as Twilio opens one: says setup, prompt and dtmf, and remembers what it hears.

import { WebSocket } from "ws";
import { KEY } from "../clients.ts";

export type Frame = Record<string, any>;

export class RelayCaller {
  readonly socket: WebSocket;
  readonly heard: Frame[] = [];
  readonly opened: Promise<boolean>;
  readonly closed: Promise<number>;
  readonly #watchers = new Set<() => void>();

  /** @param autoPong whether it answers pings, as every WebSocket does that is still there. */
  constructor(url: string, query: Record<string, string> = { agent: "workflow", auth_token: KEY }, headers: Record<string, string> = {}, autoPong = true) {
    this.socket = new WebSocket(`${url.replace(/^http/, "ws")}/callers/websocket?${new URLSearchParams(query).toString()}`, { headers, autoPong });
    this.socket.on("message", (data) => {
      this.heard.push(JSON.parse(String(data)) as Frame);
      for (const watcher of [...this.#watchers]) watcher();
    });
    this.opened = new Promise((resolve) => {
      this.socket.once("open", () => resolve(true));
      this.socket.once("error", () => resolve(false));
    });
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
  }

  async setup(customParameters: Record<string, string> = {}): Promise<this> {
    if (!(await this.opened)) throw new Error("the line was refused");
    return this.send({ type: "setup", sessionId: "VX1", callSid: "CA1", from: "+15550100", to: "+15550101", customParameters });
  }

  send(frame: unknown): this {
    this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    return this;
  }

  prompt(voicePrompt: string): this {
    return this.send({ type: "prompt", voicePrompt, lang: "en-US", last: true });
  }

  /** The n-th utterance, the first is 1: all tokens up to the last one. */
  utterance(count: number): Promise<string> {
    return this.#until(() => this.utterances[count - 1]);
  }

  get utterances(): string[] {
    const found: string[] = [];
    let open = "";
    for (const { type, token, last } of this.heard) {
      if (type !== "text") continue;
      open += token as string;
      if (last) found.push(open);
      if (last) open = "";
    }
    return found;
  }

  hears(type: string, count = 1): Promise<Frame> {
    return this.#until(() => this.heard.filter((frame) => frame["type"] === type)[count - 1]);
  }

  #until<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        this.#watchers.delete(look);
        resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }
}
