// The dispatcher: host meets wire. What runs in production, and inside `conversimple dev`.
//
// Owns the assembly of store, host, link and health server, and the order in which they start and stop.
//
//   DI1. Options are checked before anything is opened; a start that fails leaves nothing open.
//   DI2. `stop` takes no new work, lets what runs finish, releases the conversations, then leaves.       (P15)
//   DI3. The first SIGTERM or SIGINT is a `stop`; the second one ends the process at once.
//   DI4. What a dispatcher consists of is loaded when one starts: a test of an agent does not pay for the wire.

import type { ConversimpleAgent } from "../../agent/agent.ts";
import { systemClock, type Clock } from "../../base/clock.ts";
import { ConversimpleError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { optionMistakeText, type OptionNames } from "../../base/option-names.ts";
import type { AgentHost } from "../../host/agent-host.ts";
import type { HostHealth } from "../../host/host.ts";
import type { HostOptions } from "../../host/host-options.ts";
import type { Store } from "../../state/store.ts";
import type { EncryptionOptions } from "../../stores/encryption/key-ring.ts";
import type { ConnectionEnd, ConnectionTimes } from "../../wire/connection.ts";
import type { FrameForm } from "../../wire/frame.ts";
import type { InspectorServer } from "../../inspector/server.ts";
import type { HealthServer } from "./health-server.ts";
import type { DispatcherInspector } from "./inspection.ts";
import type { PlatformLink } from "./platform-link.ts";

/** How long running calls get at the end, milliseconds. Source: P15. */
const GRACE_MS = 30_000;

/** What a dispatcher can be told; what the host can be told, too. */
export interface DispatcherOptions extends Omit<HostOptions, "agents" | "store" | "secret" | "logger" | "hash" | "rehearsal"> {
  /** The agents, one instance each. */
  readonly agents: readonly ConversimpleAgent[];
  /** The platform's key; `CONVERSIMPLE_API_KEY` unless given. */
  readonly apiKey?: string;
  /** Where the platform is; `CONVERSIMPLE_PLATFORM_URL`, else the hosted one, unless given. */
  readonly platformUrl?: string;
  /** An address (`sqlite:<path>`, `redis://...`, `postgres://...`, `memory:`) or an open store, which stays open; `CONVERSIMPLE_STORE`, else `sqlite:.conversimple/state.db`, unless given. */
  readonly store?: string | Store;
  /**
   * Keys the hashes under which customers and accounts are stored; at least 16 bytes, the same for all processes and for
   * ever. `CONVERSIMPLE_SECRET`, else (SQLite) a file beside the database, unless given; required with a shared store. (P18, P22)
   */
  readonly secret?: string | Uint8Array;
  /** Encryption at rest; what `CONVERSIMPLE_ENCRYPTION_KEYS` says unless given. An open store is encrypted only when it is given. */
  readonly encryption?: EncryptionOptions;
  /** One connection per conversation (every platform) or one for all (a platform that sends ids with its calls). */
  readonly connections?: "per-conversation" | "shared";
  /** The form of our frames; `array` (Phoenix V2) unless given. */
  readonly frameForm?: FrameForm;
  /**
   * Whether tools are registered again when the offered set changes; true unless given. False for a platform that takes
   * them once: it is given all, and those that a step does not allow are refused when they are called.
   */
  readonly registerOnChange?: boolean;
  /** Heartbeats and patience on the wire, for networks that drop silent connections sooner than most. */
  readonly times?: ConnectionTimes;
  /** Answers `GET /health` and `GET /metrics` on this port; 0 takes a free one. None unless given. */
  readonly health?: { readonly port: number; readonly hostname?: string };
  /** A page that looks inside, on a port of its own: it reads, masked, unless it is allowed more. None unless given. */
  readonly inspector?: DispatcherInspector;
  /** How long running calls get when it stops, milliseconds; 30,000 unless given. */
  readonly graceMs?: number;
  /** Whether SIGTERM and SIGINT stop it and end the process (DI3); true unless given. */
  readonly signals?: boolean;
  readonly logger?: Logger;
}

const OPTIONS: OptionNames<DispatcherOptions> = {
  ...{ agents: true, apiKey: true, platformUrl: true, store: true, secret: true, encryption: true, connections: true, frameForm: true, registerOnChange: true, times: true },
  ...{ health: true, inspector: true, graceMs: true, signals: true, logger: true, onError: true, clock: true, random: true, record: true },
  ...{ retentionMs: true, abandonedAfterMs: true, leaseMs: true, mailEveryMs: true, sweepEveryMs: true, resolveTimeoutMs: true },
};

interface Running {
  readonly store: Store;
  readonly ownsStore: boolean;
  readonly host: AgentHost;
  readonly link: PlatformLink;
  readonly health: HealthServer | undefined;
  readonly inspector: InspectorServer | undefined;
  readonly logger: Logger;
}

/** Serves agents over a connection to the platform: one process of a deployment. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #clock: Clock;
  #running: Running | undefined;
  /** Under way, or done: a `stop` in the middle of it waits for it and undoes it. */
  #assembling: Promise<Running> | undefined;
  #stopping: Promise<void> | undefined;
  #signal: ((signal: NodeJS.Signals) => void) | undefined;

  /** Checks nothing yet: `start` does. */
  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The host that it drives, for programs that look inside; undefined before `start`. */
  get host(): AgentHost | undefined {
    return this.#running?.host;
  }

  /** The port of the health server, when there is one. */
  get healthPort(): number | undefined {
    return this.#running?.health?.port;
  }

  /** Where the inspector's page is, when there is one; with the token behind the # when it was made here. */
  get inspectorUrl(): string | undefined {
    return this.#running?.inspector?.url;
  }

  /** What `GET /health` says; undefined before `start`. */
  health(): HostHealth | undefined {
    return this.#running?.host.health();
  }

  /** Resolves when the link to the platform is over for good: stopped, or refused. */
  get ended(): Promise<ConnectionEnd> {
    const running = this.#running;
    return running ? running.link.ended : Promise.reject(new ConversimpleError("option_invalid", "The dispatcher was not started."));
  }

  /**
   * Opens the store, joins the platform and serves; resolves after the first join.
   *
   * @throws {ConversimpleError} `option_invalid`, `definition_invalid`, `store_misconfigured`, `state_unavailable`,
   *   `connection_refused` (the key). Nothing stays open (DI1).
   */
  async start(): Promise<this> {
    if (this.#assembling || this.#stopping) throw new ConversimpleError("option_invalid", "A dispatcher is started once. Make a new one.");
    this.#assembling = this.#assemble();
    try {
      this.#running = await this.#assembling;
    } catch (thrown) {
      this.#assembling = undefined;
      throw thrown;
    }
    const { link, logger } = this.#running;
    if (this.#options.signals !== false && !this.#stopping) this.#listen(logger);
    try {
      await link.start();
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
    return this;
  }

  /** DI2. Again is without effect; resolves when everything is closed. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #assemble(): Promise<Running> {
    const mistake = optionMistakeText(this.#options, OPTIONS);
    if (mistake !== undefined) throw new ConversimpleError("option_invalid", `Dispatcher: ${mistake}.`);
    const { DEFAULT_PLATFORM_URL, PlatformAddress } = await import("../../wire/address.ts");
    const { apiKey = process.env.CONVERSIMPLE_API_KEY ?? "", platformUrl = process.env.CONVERSIMPLE_PLATFORM_URL ?? DEFAULT_PLATFORM_URL } = this.#options;
    const address = new PlatformAddress(platformUrl, apiKey);
    const logger = this.#options.logger ?? (await (await import("./logger.ts")).pinoLogger());
    const { agents, store: given, secret, encryption, connections, frameForm, registerOnChange, times, health, inspector, apiKey: _key, platformUrl: _url, graceMs: _grace, signals: _signals, ...hostOptions } = this.#options;
    const inspection = inspector && (await import("./inspection.ts"));
    const inspected = inspection?.checkedInspector(inspector!);
    const [{ openStore, withEncryption }, { secretFor }, { wsConnect }, { AgentHost: Host }, { PlatformLink: Link }] = await Promise.all([
      import("../../stores/open.ts"),
      import("../../stores/secret.ts"),
      import("../../wire/ws-socket.ts"),
      import("../../host/agent-host.ts"),
      import("./platform-link.ts"),
    ]);
    const connect = await wsConnect(address, frameForm ?? "array");
    const store = typeof given === "object" ? withEncryption(given, encryption) : await openStore(given, { clock: this.#clock, encryption, logger });
    const ownsStore = typeof given !== "object";
    let host: AgentHost | undefined;
    let page: InspectorServer | undefined;
    try {
      const keyed = await secretFor(store, secret);
      host = await Host.start({ ...hostOptions, agents, store, secret: keyed, logger, clock: this.#clock });
      const link = new Link({
        host,
        connect,
        clock: this.#clock,
        log: logger,
        ...(connections ? { connections } : {}),
        ...(frameForm ? { form: frameForm } : {}),
        ...(registerOnChange === undefined ? {} : { registerOnChange }),
        ...(times ? { times } : {}),
      });
      page = inspected && (await inspection!.openInspection(inspected, { host, store, secret: keyed, clock: this.#clock, logger }));
      const server = health ? await (await import("./health-server.ts")).openHealthServer({ host, link, ...health }) : undefined;
      return { store, ownsStore, host, link, health: server, inspector: page, logger };
    } catch (thrown) {
      await page?.close();
      await host?.drain(0);
      if (ownsStore) await store.close();
      throw thrown;
    }
  }

  async #stop(): Promise<void> {
    const running = await this.#assembling?.catch(() => undefined);
    if (!running) return;
    running.link.pause();
    await running.host.drain(this.#options.graceMs ?? GRACE_MS);
    await running.link.stop();
    await running.health?.close();
    await running.inspector?.close();
    if (running.ownsStore) await running.store.close();
    if (this.#signal) for (const name of SIGNALS) process.off(name, this.#signal);
  }

  #listen(logger: Logger): void {
    // A program that asked for signals to be handled wants its process to end: a timer of its own must not keep it.
    // oxlint-disable-next-line unicorn/no-process-exit -- see above
    const exit = (code: number): never => process.exit(code);
    this.#signal = (signal) => {
      if (this.#stopping) exit(1);
      logger.info({ signal }, "stopping: running calls finish, then the process ends");
      this.stop().then(
        () => exit(0),
        () => exit(1),
      );
    };
    for (const name of SIGNALS) process.on(name, this.#signal);
  }
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
