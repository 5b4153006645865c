// A TCP proxy between dispatcher and platform that knows where a frame ends.
//
// Owns the way of the bytes: it passes whole units (the upgrade's request and its answer, then WebSocket frames), counts
// them over all connections, and at a chosen boundary cuts, half-closes, swallows or holds back. It can also say
// something to the dispatcher that the platform never said.
//
//   X1. A unit is passed whole or not at all.
//   X2. One disturbance per plan; what comes after it passes, on new connections too.

import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export type Direction = "up" | "down";

/** What happens instead of passing unit number `at`, counted from 0. */
export interface Disturbance {
  readonly at: number;
  /**
   * `cut`: both ends are reset. `half-close`: the unit's receiver hears the end of the stream. `black-hole`: nothing
   * passes any more and nobody is told. `delay`: this direction waits for `delayMs`, then passes everything.
   */
  readonly how: "cut" | "half-close" | "black-hole" | "delay";
  readonly delayMs?: number;
}

interface Tunnel {
  readonly agent: Socket;
  readonly platform: Socket;
  /** Texts that went through, to know whose tunnel it is. */
  readonly texts: string[];
  isSwallowing: boolean;
  held: Record<Direction, Buffer[] | undefined>;
}

export class Proxy {
  readonly url: string;
  /** Units that were passed since the last plan. */
  count = 0;
  hasStruck = false;
  /** Every text that a dispatcher sent, and every one that it was told, in order. */
  readonly said: string[] = [];
  readonly told: string[] = [];
  readonly #server: Server;
  readonly #tunnels = new Set<Tunnel>();
  readonly #watchers = new Set<() => void>();
  #plan: Disturbance | undefined;

  static async listen(platformUrl: string): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Proxy(server, Number(new URL(platformUrl).port));
  }

  constructor(server: Server, platformPort: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (agent) => this.#connect(agent, createConnection({ port: platformPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true })));
  }

  /** Counts from 0 again and disturbs once; without an argument only counts. */
  plan(disturbance?: Disturbance): void {
    this.count = 0;
    this.hasStruck = false;
    this.#plan = disturbance;
  }

  /** Resets every connection there is. */
  cutAll(): void {
    for (const tunnel of this.#tunnels) cut(tunnel);
  }

  /** Says something to the dispatcher on the open connection that carried this text last: a text, or bytes as a binary frame. */
  inject(carried: string, what: string | Buffer): void {
    const tunnel = [...this.#tunnels].findLast(({ texts }) => texts.some((text) => text.includes(carried)));
    if (!tunnel) throw new Error(`No connection carried ${carried}.`);
    tunnel.agent.write(frameOf(what));
  }

  /** The last text to the dispatcher that holds both. */
  lastTold(event: string, carried: string): string {
    for (const { texts } of [...this.#tunnels].toReversed()) {
      const found = texts.findLast((text) => text.includes(`"${event}"`) && text.includes(carried));
      if (found !== undefined) return found;
    }
    throw new Error(`No ${event} with ${carried} passed.`);
  }

  /** Resolves with the first text of a dispatcher after `from` that matches. */
  hears(match: (text: string) => boolean, from = 0): Promise<string> {
    return this.#until(() => this.said.slice(from).find(match));
  }

  /** Resolves when the dispatcher was told that its last answer to this call has arrived. */
  async confirmed(callId: string): Promise<void> {
    const answer = this.said.findLast((text) => text.includes('"tool_call_') && text.includes(`"${callId}"`))!;
    const [, ref, topic] = JSON.parse(answer) as [unknown, string, string];
    await this.#until(() => this.told.find((text) => text.includes('"phx_reply"') && text.includes(`"${ref}","${topic}"`)));
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cutAll();
    await closed;
  }

  #until(find: () => string | undefined): Promise<string> {
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

  #connect(agent: Socket, platform: Socket): void {
    const tunnel: Tunnel = { agent, platform, texts: [], isSwallowing: false, held: { up: undefined, down: undefined } };
    this.#tunnels.add(tunnel);
    this.#carry(tunnel, "up", agent, platform);
    this.#carry(tunnel, "down", platform, agent);
  }

  #carry(tunnel: Tunnel, direction: Direction, from: Socket, to: Socket): void {
    let rest = Buffer.alloc(0);
    let isUpgraded = false;
    from.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let length = unitLength(rest, isUpgraded); length > 0; length = unitLength(rest, isUpgraded)) {
        const unit = rest.subarray(0, length);
        rest = rest.subarray(length);
        this.#pass(tunnel, direction, unit, isUpgraded);
        isUpgraded = true;
      }
    });
    from.on("error", () => {});
    from.on("end", () => tunnel.isSwallowing || to.end());
    from.on("close", () => {
      this.#tunnels.delete(tunnel);
      if (!tunnel.isSwallowing) to.destroy();
    });
  }

  #pass(tunnel: Tunnel, direction: Direction, unit: Buffer, isFrame: boolean): void {
    if (tunnel.isSwallowing) return;
    const text = isFrame ? textOf(unit) : "";
    if (this.#plan && !this.hasStruck && this.count === this.#plan.at) {
      this.hasStruck = true;
      this.#strike(tunnel, direction, this.#plan);
      if (this.#plan.how !== "delay") return;
    }
    this.count++;
    tunnel.texts.push(text);
    const held = tunnel.held[direction];
    if (held) held.push(unit);
    else (direction === "up" ? tunnel.platform : tunnel.agent).write(unit);
    (direction === "up" ? this.said : this.told).push(text);
    for (const look of [...this.#watchers]) look();
  }

  #strike(tunnel: Tunnel, direction: Direction, { how, delayMs = 1 }: Disturbance): void {
    const receiver = direction === "up" ? tunnel.platform : tunnel.agent;
    if (how === "cut") cut(tunnel);
    else if (how === "half-close") receiver.end();
    else if (how === "black-hole") tunnel.isSwallowing = true;
    else {
      tunnel.held[direction] = [];
      setTimeout(() => {
        for (const unit of tunnel.held[direction]!) receiver.write(unit);
        tunnel.held[direction] = undefined;
      }, delayMs);
    }
  }
}

function cut({ agent, platform }: Tunnel): void {
  agent.resetAndDestroy();
  platform.resetAndDestroy();
}

/** Bytes of the first whole unit; 0 while it is not whole. */
function unitLength(bytes: Buffer, isUpgraded: boolean): number {
  if (!isUpgraded) {
    const end = bytes.indexOf("\r\n\r\n");
    return end < 0 ? 0 : end + 4;
  }
  if (bytes.length < 2) return 0;
  const { start, length } = payloadOf(bytes);
  return bytes.length < start || bytes.length < start + length ? 0 : start + length;
}

/** Where a frame's payload begins and how long it is; RFC 6455, 5.2. */
function payloadOf(frame: Buffer): { start: number; length: number; isMasked: boolean } {
  const isMasked = (frame[1]! & 0x80) !== 0;
  const short = frame[1]! & 0x7f;
  const size = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + size + (isMasked ? 4 : 0);
  if (frame.length < start) return { start, length: 0, isMasked };
  return { start, length: size === 2 ? frame.readUInt16BE(2) : size === 8 ? Number(frame.readBigUInt64BE(2)) : short, isMasked };
}

/** The text of a text frame, "" of any other. */
function textOf(frame: Buffer): string {
  if ((frame[0]! & 0x0f) !== 1) return "";
  const { start, isMasked } = payloadOf(frame);
  const payload = Buffer.from(frame.subarray(start));
  if (isMasked) for (let at = 0; at < payload.length; at++) payload[at]! ^= frame[start - 4 + (at & 3)]!;
  return payload.toString();
}

/** An unmasked frame, as servers send them. */
function frameOf(what: string | Buffer): Buffer {
  const payload = Buffer.from(what as string);
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  head[0] = typeof what === "string" ? 0x81 : 0x82;
  if (head.length === 2) head[1] = payload.length;
  else if (head.length === 4) {
    head[1] = 126;
    head.writeUInt16BE(payload.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
}
