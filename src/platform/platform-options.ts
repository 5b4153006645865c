// What the local platform can be told, its defaults, and their check.

import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";
import { optionMistake, type OptionNames } from "../base/option-names.ts";
import type { AgentDesk } from "../inspector/desks.ts";
import type { Store } from "../state/store.ts";
import type { BrainMaker } from "./brains/brain.ts";
import { rulesBrain } from "./brains/rules/rules-brain.ts";

/** What the platform logs to; pino's loggers fit. Lines carry ids and codes, never values or keys. */
export interface PlatformLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What the local platform can be told. */
export interface LocalPlatformOptions {
  /** Port to listen on; 4000 unless given, 0 takes a free one. */
  readonly port?: number;
  /** Address to listen on; 127.0.0.1 unless given. Anything else lets other machines in. */
  readonly host?: string;
  /** The one key of agents and callers; the key of `.conversimple/dev.json` unless given. */
  readonly apiKey?: string;
  /** The data file; without it everything is kept in memory. */
  readonly dataPath?: string;
  readonly clock?: Clock;
  readonly logger?: PlatformLogger;
  /** A connection that said nothing for so long is closed; 60,000 ms unless given. */
  readonly silenceMs?: number;
  /** Unsent bytes at which a connection that does not read is closed; 16 MiB unless given. */
  readonly maxBufferedBytes?: number;
  /** Whether tool calls name their conversation; true unless given. The hosted platform may send none. */
  readonly sendConversationId?: boolean;
  /** Further names in Host and Origin, "name" or "name:port". */
  readonly allowHosts?: readonly string[];
  /** Brains by name, beside `rules`. A message or a caller's line can name one. */
  readonly brains?: Readonly<Record<string, BrainMaker>>;
  /** The brain of those who name none; `rules` unless given. */
  readonly brain?: string;
  /** The token by which a caller's line is signed (`X-Twilio-Signature`); without it a line needs the API key. */
  readonly callerToken?: string;
  /** The address of this platform as whoever signs knows it (`wss://...`); that of the Host header unless given. */
  readonly publicUrl?: string;
  /** The inspector, with its page at `/`; none unless given. */
  readonly inspector?: PlatformInspector;
}

/** What a platform's inspector works with. */
export interface PlatformInspector {
  /** Opens the inspector, and the doors of callers and scripts; at least 16 characters. */
  readonly token: string;
  /** The store of the agents; undefined when it is inside of their process. */
  readonly store: Store | undefined;
  /** The store's address without secrets. */
  readonly address: string;
  /** The version of the package, to be shown. */
  readonly version: string;
  /** What needs the agents' code; reading works without. */
  readonly desk?: AgentDesk;
  /** Keys the hashes of customers and accounts. */
  readonly secret?: () => Promise<string | Uint8Array | undefined>;
  /** The command that calls an agent in another terminal; the page names none unless given. */
  readonly callCommand?: string;
}

type Optional = "apiKey" | "dataPath" | "logger" | "inspector";
/** Options that have no default. */
type Absent = "callerToken" | "publicUrl";

export type CheckedOptions = Required<Omit<LocalPlatformOptions, Optional | Absent>> & Pick<LocalPlatformOptions, Optional> & { readonly [K in Absent]: LocalPlatformOptions[K] | undefined };

const OPTIONS: OptionNames<LocalPlatformOptions> = {
  port: true, host: true, apiKey: true, dataPath: true, clock: true, logger: true, silenceMs: true, maxBufferedBytes: true, sendConversationId: true,
  allowHosts: true, brains: true, brain: true, callerToken: true, publicUrl: true, inspector: true,
};

/** @throws {ConversimpleError} `option_invalid`. */
export function checkedOptions(options: LocalPlatformOptions): CheckedOptions {
  const mistake = optionMistake(options, OPTIONS);
  if (mistake) throw new ConversimpleError("option_invalid", `The platform's option ${mistake.option} ${mistake.reason}.`, { option: mistake.option });
  const checked = {
    port: 4_000, host: "127.0.0.1", clock: systemClock, silenceMs: 60_000, maxBufferedBytes: 16 * 1_048_576,
    sendConversationId: true, allowHosts: [], brain: "rules", callerToken: undefined, publicUrl: undefined, ...options, brains: { rules: rulesBrain(), ...options.brains },
  };
  if (!Object.hasOwn(checked.brains, checked.brain)) throw invalid("brain", `one of: ${Object.keys(checked.brains).join(", ")}`);
  if (!Number.isInteger(checked.port) || checked.port < 0 || checked.port > 65_535) throw invalid("port", "a whole number from 0 to 65535");
  if (!(checked.silenceMs > 0)) throw invalid("silenceMs", "above 0 milliseconds");
  if (!(checked.maxBufferedBytes > 0)) throw invalid("maxBufferedBytes", "above 0 bytes");
  if (checked.callerToken !== undefined && checked.callerToken.length < 8) throw invalid("callerToken", "at least 8 characters");
  if (checked.publicUrl !== undefined && !/^(?:wss?|https?):\/\//.test(checked.publicUrl)) throw invalid("publicUrl", "an address that begins with wss:// or https://");
  if (checked.inspector && checked.inspector.token.length < 16) throw invalid("inspector.token", "at least 16 characters");
  if (checked.apiKey !== undefined && checked.apiKey.length < 8) throw invalid("apiKey", "at least 8 characters");
  return checked;
}

function invalid(option: string, expected: string): ConversimpleError {
  return new ConversimpleError("option_invalid", `The platform's option ${option} must be ${expected}.`, { option });
}
