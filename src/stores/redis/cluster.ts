// The nodes of a cluster: who has a slot now, and one connection to each of them.
//
//   NC1. Who has a slot is asked anew whenever somebody has to connect, ten times a second at most. Several nodes are asked,
//        and of what they say the newest counts, by its epoch: one that was cut off, or stopped, still believes what was.
//   NC2. A connection is shared by the slots of its node. One that gave no answer in time is dropped for all of them; a
//        slot that moved away only leaves it.                                                               (CN1)
//   NC3. A node that is away keeps nobody waiting but those whose slots it has.

import { systemClock } from "../../base/clock.ts";
import type { Endpoint } from "./address.ts";
import { bounded, type Connect, type Connection } from "./connection.ts";
import { listOf, numberOf, textOf, type Reply } from "./replies.ts";

/** A connection to one node that takes any command. */
export interface NodeConnection extends Connection {
  send(command: string[]): Promise<unknown>;
}

/** Connects to one node, within so many milliseconds. */
export type Dial = (endpoint: Endpoint, lost: () => void, withinMs: number) => Promise<NodeConnection>;

export interface ClusterOptions {
  readonly dial: Dial;
  /** From where the others are found. */
  readonly endpoints: readonly Endpoint[];
  /** How long a node is waited for at first, milliseconds; half of it once there was a connection: by then, somebody else may have its slots. */
  readonly timeoutMs: number;
}

/** Nodes that are asked at a time: of a large cluster a part is enough. */
const MOST_ASKED = 8;
/** How long others are waited for when one has answered, milliseconds: those that are well answer in a few. */
const OTHERS_MS = 250;
/** How long what they said is believed, milliseconds: everybody who waits for a node that is gone tries again and again. */
const FRESH_MS = 100;

/** Who has what, as one node sees it. */
interface View {
  readonly nodes: readonly Endpoint[];
  readonly ranges: readonly Range[];
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly master: Endpoint;
  /** Grows with every change of hands. */
  readonly epoch: number;
}

interface Node {
  readonly ready: Promise<NodeConnection>;
  /** Who is told when it is lost. */
  readonly users: Set<() => void>;
}

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #nodes = new Map<string, Node>();
  #known: readonly Endpoint[] = [];
  #asked: Promise<readonly View[]> | undefined;
  /** When they had answered; infinite while they are asked. */
  #askedAtMs = 0;
  #turn = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** The way to whoever has this slot. */
  connectTo(slot: number): Connect {
    let withinMs = this.#options.timeoutMs;
    return async (lost) => {
      const found = (await this.#views()).flatMap(({ ranges }) => ranges).filter(({ from, to }) => from <= slot && slot <= to);
      if (found.length === 0) throw new Error("CLUSTERDOWN nobody has the slot");
      const { master } = found.reduce((newest, range) => (range.epoch > newest.epoch ? range : newest));
      const connection = await this.#join(master, lost, withinMs);
      withinMs = this.#options.timeoutMs / 2;
      return connection;
    };
  }

  #views(): Promise<readonly View[]> {
    if (this.#asked && systemClock.monotonic() - this.#askedAtMs < FRESH_MS) return this.#asked;
    this.#askedAtMs = Number.POSITIVE_INFINITY;
    this.#asked = this.#ask().finally(() => (this.#askedAtMs = systemClock.monotonic()));
    return this.#asked;
  }

  /** What the nodes say (NC1). @throws what the first of them threw when none answers. */
  async #ask(): Promise<readonly View[]> {
    const { endpoints, timeoutMs } = this.#options;
    const known = [...new Map([...this.#known, ...endpoints].map((endpoint) => [nameOf(endpoint), endpoint])).values()];
    const from = this.#turn++ % known.length;
    const views: View[] = [];
    const asked = [...known.slice(from), ...known.slice(0, from)].slice(0, MOST_ASKED).map(async (endpoint) => views.push(await this.#viewOf(endpoint)));
    try {
      await Promise.any(asked);
    } catch (thrown) {
      throw (thrown as AggregateError).errors[0];
    }
    await bounded(Promise.allSettled(asked), Math.min(OTHERS_MS, timeoutMs), () => {}).catch(() => {});
    this.#known = views.flatMap(({ nodes }) => nodes);
    return [...views];
  }

  async #viewOf(endpoint: Endpoint): Promise<View> {
    const { dial, timeoutMs } = this.#options;
    const node = await dial(endpoint, () => {}, timeoutMs);
    try {
      return viewOf(await bounded(Promise.all([node.send(["CLUSTER", "SLOTS"]), node.send(["CLUSTER", "NODES"])]), timeoutMs, () => {}), endpoint);
    } finally {
      node.destroy();
    }
  }

  /** NC2. */
  async #join(endpoint: Endpoint, lost: () => void, withinMs: number): Promise<Connection> {
    const name = nameOf(endpoint);
    const node = this.#nodes.get(name) ?? this.#begin(name, endpoint, withinMs);
    node.users.add(lost);
    const connection = await node.ready;
    /** Whether nobody uses it any more. */
    const isLast = () => node.users.delete(lost) && node.users.size === 0 && this.#nodes.delete(name);
    return {
      evalSha: (sha, keys, args) => connection.evalSha(sha, keys, args),
      eval: (source, keys, args) => connection.eval(source, keys, args),
      close: async () => (isLast() ? connection.close() : undefined),
      destroy: () => this.#end(name, node),
    };
  }

  #begin(name: string, endpoint: Endpoint, withinMs: number): Node {
    const users = new Set<() => void>();
    const node: Node = { users, ready: this.#options.dial(endpoint, () => this.#end(name, node), withinMs) };
    this.#nodes.set(name, node);
    node.ready.catch(() => this.#end(name, node));
    return node;
  }

  #end(name: string, node: Node): void {
    if (this.#nodes.get(name) === node) this.#nodes.delete(name);
    const users = [...node.users];
    node.users.clear();
    node.ready.then((connection) => connection.destroy(), () => {});
    for (const lost of users) lost();
  }
}

function nameOf({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}

/** From the answers to `CLUSTER SLOTS` and `CLUSTER NODES`. */
function viewOf([slots, nodes]: readonly [Reply, Reply], asked: Endpoint): View {
  const epochs = new Map(textOf(nodes).split("\n").map((line) => line.split(" ")).map(([id = "", , , , , , epoch]) => [id, Number(epoch)]));
  const known: Endpoint[] = [];
  const ranges = listOf(slots).flatMap((range): Range[] => {
    const [from, to, ...served] = listOf(range);
    const [master] = served.map((node) => endpointOf(node, asked));
    known.push(...served.map((node) => endpointOf(node, asked)).filter((endpoint) => endpoint !== undefined));
    const id = textOf(listOf(served[0])[2]);
    return master ? [{ from: numberOf(from), to: numberOf(to), master, epoch: epochs.get(id) ?? 0 }] : [];
  });
  return { nodes: known, ranges };
}

/** A node that does not know its own name is where it was asked; one whose name nobody knows is nowhere. */
function endpointOf(node: Reply, asked: Endpoint): Endpoint | undefined {
  const [host, port] = listOf(node);
  if (host === "?") return undefined;
  return { host: host === null || host === "" ? asked.host : textOf(host), port: numberOf(port) };
}
