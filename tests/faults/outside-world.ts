// The world outside of the agents: a payment service that counts, and gates at which tools wait for the test.
//
// Owns one HTTP server. What a tool does there is seen by the test, and goes on when the test says so: that is how the
// tests know "in mid-tool" without a clock.
//
//   W1. A charge with a key that is known moves no money and says how often it was asked.
//   W2. A gate is open until it is closed; who comes to a closed one waits until it is opened.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One key of the payment service: money moved once, however often somebody asked (W1). */
export interface Charge {
  attempts: number;
  readonly amount: number;
}

export class OutsideWorld {
  readonly url: string;
  readonly charges = new Map<string, Charge>();
  /** What agents heard in `onError`, as they tell it. */
  readonly reports: string[] = [];
  readonly #server: Server;
  readonly #closed = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #watchers = new Set<() => void>();

  static async listen(): Promise<OutsideWorld> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new OutsideWorld(server);
  }

  constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => void this.#serve(request, response));
  }

  /** Closes a gate; a charge passes the gate of its key before it is answered, after the money moved. */
  close(gate: string): void {
    this.#closed.add(gate);
  }

  open(gate: string): void {
    this.#closed.delete(gate);
    for (const pass of this.#waiting.get(gate) ?? []) pass();
    this.#waiting.delete(gate);
  }

  /** Lets the one that came first pass a gate that stays closed. */
  passOne(gate: string): void {
    this.#waiting.get(gate)?.shift()?.();
  }

  /** Resolves when so many wait at the gate. */
  async arrived(gate: string, count = 1): Promise<void> {
    await this.until(() => (this.#waiting.get(gate)?.length ?? 0) >= count);
  }

  /** Resolves when the condition holds; looked at whenever something happens here. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // The process that asked is gone.
    }
    const { gate, key, amount = 0, report } = JSON.parse(Buffer.concat(chunks).toString()) as { gate?: string; key?: string; amount?: number; report?: string };
    if (report !== undefined) this.reports.push(report);
    if (key !== undefined) this.#charge(key, amount);
    const attempts = key === undefined ? 0 : this.charges.get(key)!.attempts;
    if (gate !== undefined) await this.#pass(gate);
    this.#changed();
    response.end(JSON.stringify({ attempts }));
  }

  #charge(key: string, amount: number): void {
    const known = this.charges.get(key);
    if (known) known.attempts++;
    else this.charges.set(key, { attempts: 1, amount });
  }

  #pass(gate: string): Promise<void> {
    if (!this.#closed.has(gate)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(gate, [...(this.#waiting.get(gate) ?? []), resolve]);
      this.#changed();
    });
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
