// An inspector over a real port, and what a page does with it.

import { onTestFinished } from "vitest";

import { systemClock } from "../../src/base/clock.ts";
import type { InspectorEvent } from "../../src/inspector/api.ts";
import { openInspectorServer, type InspectorServer, type InspectorServerOptions } from "../../src/inspector/server.ts";
import type { Store } from "../../src/state/store.ts";

export const TOKEN = "ci_token-of-the-tests";

/** An answer, read. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: T;
}

/** A frame of the event stream. */
export interface Frame {
  readonly id: string | undefined;
  readonly event: InspectorEvent | undefined;
}

export class Page {
  readonly server: InspectorServer;
  readonly origin: string;
  /** What the inspector reported. */
  readonly faults: readonly unknown[];

  private constructor(server: InspectorServer, faults: readonly unknown[]) {
    this.server = server;
    this.origin = `http://127.0.0.1:${server.port}`;
    this.faults = faults;
  }

  /** An inspector of a store; it ends with the test. */
  static async of(store: Store | undefined, options: Partial<InspectorServerOptions> = {}): Promise<Page> {
    const faults: unknown[] = [];
    const server = await openInspectorServer({
      store, address: store?.address ?? "memory:", token: TOKEN, port: 0, mode: "dev", version: "1.2.3", clock: systemClock, canWrite: true, canReveal: true, onFault: (error) => faults.push(error), ...options,
    });
    onTestFinished(() => server.close());
    return new Page(server, faults);
  }

  async get<T = Record<string, unknown>>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<T>> {
    return answerOf(await fetch(`${this.origin}/inspector/api${path}`, { headers: { Authorization: `Bearer ${TOKEN}`, ...headers } }));
  }

  async post<T = Record<string, unknown>>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer<T>> {
    return answerOf(await fetch(`${this.origin}/inspector/api${path}`, { method: "POST", headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) }));
  }

  /** Listens, from after an event; resolves when nothing is missed any more. */
  async listen(lastId?: string): Promise<Listener> {
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const response = await fetch(`${this.origin}/inspector/api/events`, { headers: { Authorization: `Bearer ${TOKEN}`, ...(lastId === undefined ? {} : { "Last-Event-ID": lastId }) }, signal: abort.signal });
    if (response.status !== 200) throw new Error(`the events answered ${response.status}: ${await response.text()}`);
    const listener = new Listener(response, abort);
    await listener.next((frame) => frame.id !== undefined);
    return listener;
  }
}

/** A page that listens. */
export class Listener {
  readonly frames: Frame[] = [];
  /** Comments of the stream. */
  readonly comments: string[] = [];
  /** Resolves when the stream is over, whoever ended it. */
  readonly over: Promise<void>;
  readonly #abort: AbortController;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(response: Response, abort: AbortController) {
    this.#abort = abort;
    this.over = this.#read(response).catch(() => {}).finally(() => this.#wake());
  }

  /** The id to go on after. */
  get lastId(): string | undefined {
    return this.frames.findLast(({ id }) => id !== undefined)?.id;
  }

  leave(): void {
    this.#abort.abort();
  }

  /** The next frame that is as asked for; those before it are passed over. */
  async next(isWanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      while (this.#taken < this.frames.length) {
        const frame = this.frames[this.#taken++]!;
        if (isWanted(frame)) return frame;
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The next event of a type. */
  async event<T extends InspectorEvent["type"]>(type: T): Promise<Extract<InspectorEvent, { type: T }>> {
    const { event } = await this.next((frame) => frame.event?.type === type);
    return event as Extract<InspectorEvent, { type: T }>;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of response.body as AsyncIterable<Uint8Array>) {
      text += decoder.decode(bytes, { stream: true });
      const frames = text.split("\n\n");
      text = frames.pop()!;
      for (const frame of frames) this.#take(frame.split("\n"));
      this.#wake();
    }
  }

  #take(lines: readonly string[]): void {
    this.comments.push(...lines.filter((line) => line.startsWith(":")));
    const field = (name: string): string | undefined => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const data = field("data");
    if (data !== undefined || field("id") !== undefined) this.frames.push({ id: field("id"), event: data === undefined ? undefined : (JSON.parse(data) as InspectorEvent) });
  }
}

async function answerOf<T>(response: Response): Promise<Answer<T>> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: (text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : undefined) as T };
}
