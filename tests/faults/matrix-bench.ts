// What one store is tested on: its server, the way there, two dispatchers, and callers who do not care.
//
//   MB1. Calls go on while a fault strikes: of two processes, in conversations, for one customer, and against a lockout.
//   MB2. A fault strikes after a number of answers that its seed chose: never after a time.

import { seededRandom } from "../../src/testing/seeded-random.ts";
import { startPostgres, type PostgresServer } from "../servers/postgres.ts";
import { startCluster, type RedisCluster } from "../servers/redis-cluster.ts";
import { startRedis, until, type RedisServer } from "../servers/redis.ts";
import { TcpRelay } from "../servers/tcp-relay.ts";
import type { ProcessOptions } from "./agent-process.ts";
import type { DispatcherProcess } from "./dispatcher-process.ts";
import { inFile, onServer, type StoreName } from "./places.ts";
import { kindOf, Rig } from "./rig.ts";

/** Short enough that what is unknown for long is told soon, long enough for a server that is slow by 2 s. */
const OPTIONS: Partial<ProcessOptions> = { leaseMs: 1_500, storeTimeoutMs: 3_000, resolveTimeoutMs: 3_000, times: { heartbeatMs: 300 } };
/** No node of a cluster is slow: it answers, or it is away. */
const IMPATIENT: Partial<ProcessOptions> = { storeTimeoutMs: 1_500, resolveTimeoutMs: 1_500 };
/** How long the platform listens to silence: a process that is stopped is given up soon. */
const SILENCE_MS = 1_500;
const BANK = ["c0", "c1", "c2", "c3", "c4", "c5"];
const MEMBERS = ["m0", "m1"];
const CUSTOMER = "kim";
const CALLS_EACH = 6;
/** Secrets that may be tried. Source: P18. */
const ATTEMPTS = 5;

/** How the dispatchers of a store's bench get to it. */
interface Way {
  readonly server?: RedisServer | PostgresServer;
  readonly relay?: TcpRelay;
  readonly cluster?: RedisCluster;
}

async function wayTo(store: StoreName): Promise<Way> {
  if (store === "sqlite") return {};
  // What was acknowledged must survive the server's death.
  const durable = ["--appendonly", "yes", "--appendfsync", "always"];
  if (store === "redis-cluster") return { cluster: await startCluster({ withReplicas: true }, ...durable, "--cluster-require-full-coverage", "no") };
  const server = store === "redis" ? await startRedis(...durable) : await startPostgres();
  return { server, relay: await TcpRelay.listen(server.port) };
}

export class Bench {
  readonly store: StoreName;
  readonly rig: Rig;
  readonly way: Way;
  /** The dispatchers that serve. */
  pair: DispatcherProcess[] = [];
  /** Chance of the cell that runs. */
  random = seededRandom(0);
  #cells = 0;
  #answered = 0;
  #isQuiet = true;
  #heard: string[] = [];

  static async start(store: StoreName): Promise<Bench> {
    const way = await wayTo(store);
    const { server, relay, cluster } = way;
    const place = cluster ? () => onServer(cluster.url) : server && relay ? () => onServer(server.url, server.url.replace(`:${server.port}`, `:${relay.port}`)) : inFile;
    const bench = new Bench(store, await Rig.start({ silenceMs: SILENCE_MS }, place), way);
    bench.pair = await Promise.all([bench.serve(), bench.serve()]);
    for (const id of BANK) await bench.rig.open(id);
    for (const id of MEMBERS) await bench.rig.open(id, "member");
    return bench;
  }

  constructor(store: StoreName, rig: Rig, way: Way) {
    this.store = store;
    this.rig = rig;
    this.way = way;
  }

  serve(more: Partial<ProcessOptions> = {}): Promise<DispatcherProcess> {
    return this.rig.serve({ ...OPTIONS, ...(this.store === "redis-cluster" && IMPATIENT), ...more });
  }

  async stop(): Promise<void> {
    await this.rig.stop();
    await this.way.relay?.close();
    await Promise.all([this.way.server?.remove(), this.way.cluster?.remove()]);
  }

  /** One of several, by the seed. */
  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }

  /** Resolves when whoever asks in this conversation hears this code. */
  async hears(conversation: string, code: string): Promise<void> {
    while (kindOf(await this.rig.call(conversation, "add", { n: 1 })) !== code);
  }

  /** Resolves when a caller of this cell heard this code. */
  async heard(code: string): Promise<void> {
    await until(async () => this.#heard.includes(code));
  }

  /** Resolves when so many more answers came, or there is nobody left who asks. */
  async answers(count: number): Promise<void> {
    const enough = this.#answered + count;
    await until(async () => this.#answered >= enough || this.#isQuiet);
  }

  /** Resolves when somebody else has what this one had, or nobody can have it: the file is locked. */
  async isTakenFrom(victim: DispatcherProcess): Promise<void> {
    const owners = () => Promise.all(BANK.map((id) => this.rig.owner(id)));
    const before = await owners();
    await until(async () => (this.store === "sqlite" && this.rig.isLocked()) || (await owners()).some((owner, at) => before[at] === victim && owner !== undefined && owner !== victim));
  }

  /** Who serves something now. */
  async owners(): Promise<DispatcherProcess[]> {
    return (await Promise.all(BANK.map((id) => this.rig.owner(id)))).filter((owner) => owner !== undefined);
  }

  /** A conversation of the bench that changes numbers. */
  get conversations(): readonly string[] {
    return BANK;
  }

  /**
   * Runs the callers with a fault among them, then waits until every conversation answers again.
   *
   * @returns what was wrong: violations of the history, codes that nobody should hear, secrets that were looked at too often.
   */
  async survive(seed: number, strike: (bench: Bench) => Promise<void>, codes: readonly string[]): Promise<string[]> {
    this.random = seededRandom(seed);
    this.#cells += 1;
    this.#answered = 0;
    this.#heard = [];
    const account = `locked-${this.#cells}`;
    for (const id of MEMBERS) await this.#logIn(id);
    const guessers = await Promise.all([0, 1].map((n) => this.rig.open(`${account}-${n}`, "member")));
    this.#isQuiet = false;
    const calls = [
      ...BANK.map((id) => this.#repeat(() => this.rig.call(id, "add", { n: 1 }))),
      ...MEMBERS.map((id) => this.#repeat(() => this.rig.visit(id, CUSTOMER))),
      ...guessers.map((id) => this.#repeat(() => this.rig.ask(id, "login", { account, pin: "0000" }))),
    ];
    const all = Promise.all(calls).finally(() => (this.#isQuiet = true));
    await this.answers(2 + Math.floor(this.random() * 12));
    await strike(this);
    await all;
    await Promise.all(BANK.map((id) => this.#answersAgain(() => this.rig.call(id, "add", { n: 1 }))));
    for (const id of MEMBERS) await this.#logIn(id);
    await Promise.all(MEMBERS.map((id) => this.#answersAgain(() => this.rig.visit(id, CUSTOMER))));
    const wrong = [...new Set(this.#heard)].filter((code) => !codes.includes(code)).map((code) => `a caller heard ${code}`);
    const looks = this.rig.world.charges.get(`verify ${account}`)?.attempts ?? 0;
    if (looks > ATTEMPTS) wrong.push(`${looks} secrets were looked at`);
    return [...wrong, ...(await this.rig.judge())];
  }

  async #repeat(call: () => ReturnType<Rig["ask"]>): Promise<void> {
    for (let n = 0; n < CALLS_EACH; n++) {
      this.#heard.push(kindOf(await call()));
      this.#answered += 1;
    }
  }

  #logIn(id: string): Promise<void> {
    return this.#answersAgain(() => this.rig.ask(id, "login", { account: CUSTOMER, pin: "1234" }));
  }

  async #answersAgain(call: () => ReturnType<Rig["ask"]>): Promise<void> {
    await until(async () => kindOf(await call()) === "result");
  }
}
