// Cache: what is expensive to get and may be a little old.                                             (P20)
//
// Owns the declaration, who a value belongs to, and the counts. How values are kept is `cache-entries.ts`, how they are
// loaded is `joint-load.ts`.
//
//   CA1. A value is served only in the scope in which it was loaded: to all, to one customer, to one conversation.
//   CA2. One load at a time for a key; what was set or deleted while it ran is not overwritten by it.
//   CA3. Falsy values, null and undefined are values; an error is never kept.
//   CA4. A value that may be stale is served at once, and one refresh is begun; a refresh that fails is counted, keeps the
//        old value and is nobody's error.
//   CA5. Of an erased customer nothing is kept that was kept for that customer; what the scope does not tell apart goes with its
//        time.                                                                                         (P22)
//   CA6. Nothing here is part of a unit of work: a tool that throws leaves what it loaded, set or deleted.

import { ConversimpleError } from "../base/errors.ts";
import { optionMistakeText, type OptionNames } from "../base/option-names.ts";
import { Part } from "../agent/part.ts";
import { COUNTS, DESCRIBE, TIDY, type CacheCounts, type PartDescription } from "../agent/part-description.ts";
import type { RecordedCacheValue } from "../agent/recorded.ts";
import { current, running, type Running } from "../agent/running.ts";
import { TOOL_TIMEOUT_MS } from "../agent/tool.ts";
import type { CacheNote } from "../state/notes.ts";
import type { Owner } from "../state/store.ts";
import { CacheEntries, CacheTime, entryOf, valueOf, type CacheEntry } from "./cache-entries.ts";
import { CustomerStatePart } from "./customer-state.ts";
import { JointLoad } from "./joint-load.ts";

/** Who shares the values of a cache: all conversations of the process, those of one customer, or one conversation. */
export type CacheScope = "process" | "customer" | "conversation";

/** What a loader is told beside the key. */
export interface LoadContext {
  /** Aborts when nobody waits for the value any more, or when the load took too long. Hand it to `fetch` and the like. */
  readonly signal: AbortSignal;
}

/** How a cache is declared. */
export interface CacheOptions<V, K extends string = string> {
  /** How long a value is fresh, whole milliseconds from when it was loaded. */
  readonly ttlMs: number;
  /** The most values kept; the one used least recently goes first. 1,000 unless given, in each conversation where that is the scope. */
  readonly max?: number;
  /** How much longer an old value is served while a new one is loaded, whole milliseconds; 0 unless given. */
  readonly staleMs?: number;
  /** "process" unless given. */
  readonly scope?: CacheScope;
  /** How long one load may take, milliseconds; 30,000 unless given. Source: as long as a tool, so that nobody could wait longer. */
  readonly loadTimeoutMs?: number;
  /**
   * Gets the value of a key. Runs outside of any conversation, so it cannot use what belongs to one: what it needs to know
   * is in the key. It gives plain data (P7); what it throws reaches everybody who waits, and is not kept.
   */
  readonly load: (key: K, context: LoadContext) => V | PromiseLike<V>;
}

/** A value with where it came from. */
export interface Cached<V> {
  readonly value: V;
  /** Whether it was there already; false when this call waited for it. */
  readonly cached: boolean;
  /** How long ago it was loaded or set, whole milliseconds. */
  readonly ageMs: number;
}

/** What a cache did since its process began. */
export interface CacheStats {
  /** Served from what was there, stale or fresh. */
  readonly hits: number;
  /** Had to wait for a load, one's own or another's. */
  readonly misses: number;
  /** Loads that failed, those of refreshes too. */
  readonly failures: number;
  /** Values that are kept; in the conversation that runs, where that is the scope. */
  readonly size: number;
}

/** Values that are loaded once and kept for a while. Everybody gets a copy of his own. */
export interface Cache<V, K extends string = string> {
  /**
   * The value of a key, loaded when it is not there.
   *
   * @throws what the loader threw; `tool_timeout` when the load took too long; `state_invalid` when it gave something else
   *   than plain data; `no_conversation`, `not_identified` or `not_authenticated` where the scope has no owner. When the
   *   call that asks is over, its reason; others go on waiting.
   */
  get(key: K): Promise<V>;
  /** The same, with its age and whether it was there. */
  fetch(key: K): Promise<Cached<V>>;
  /** The value if it is there and not too old to be served; loads nothing and counts nothing. */
  peek(key: K): V | undefined;
  /** Puts a copy of a value there. @throws {ConversimpleError} `state_invalid` naming the path of what is not plain data. */
  set(key: K, value: V): void;
  /** Forgets a value, also one that is being loaded; whether one was there. */
  delete(key: K): boolean;
  readonly stats: CacheStats;
}

/** The most values that a cache keeps unless it says otherwise. Source: P20. */
const MAX_ENTRIES = 1_000;
/** The longest key, characters: a model writes many of them. Source: longer than any id or URL that is one. */
const MAX_KEY_LENGTH = 2_048;
/** The longest time that a load can be given, milliseconds. Source: the longest that a tool can. */
const LOAD_TIMEOUT_LIMIT_MS = 3_600_000;

/**
 * Declares a cache.
 *
 * @throws {ConversimpleError} `definition_invalid`, naming the option.
 */
export function cache<V, K extends string = string>(options: CacheOptions<V, K>): Cache<V, K> {
  return new CachePart<V, K>(options);
}

const OPTIONS: OptionNames<CacheOptions<unknown>> = { ttlMs: true, max: true, staleMs: true, scope: true, loadTimeoutMs: true, load: true };

/** The values of one scope's owner, and what is being loaded for them. */
interface Shelf {
  readonly entries: CacheEntries;
  readonly loads: Map<string, JointLoad<CacheEntry>>;
}

/** Where the value of a key is kept. */
interface Place<K> {
  readonly shelf: Shelf;
  /** The key's name on the shelf. */
  readonly name: string;
  readonly key: K;
}

class CachePart<V, K extends string> extends Part implements Cache<V, K> {
  readonly kind = "cache";
  readonly #options: Required<CacheOptions<V, K>>;
  readonly #time = new CacheTime();
  /** All values, unless each conversation has its own. */
  readonly #shelf: Shelf;
  #customer: CustomerStatePart | undefined;
  #hits = 0;
  #misses = 0;
  #failures = 0;

  constructor(options: CacheOptions<V, K>) {
    super();
    const mistake = optionMistakeText(options, OPTIONS);
    if (mistake !== undefined) throw definition(mistake);
    this.#options = { max: MAX_ENTRIES, staleMs: 0, scope: "process", loadTimeoutMs: TOOL_TIMEOUT_MS, ...options };
    checkOptions(this.#options);
    this.#shelf = this.#newShelf();
  }

  /** The conversation was identified, but not for whoever is on the phone after a logout: the customer state knows. */
  override joined(parts: ReadonlyMap<string, Part>): void {
    this.#customer = [...parts.values()].find((part) => part instanceof CustomerStatePart);
    if (this.#options.scope === "customer") this.#customerState();
  }

  async get(key: K): Promise<V> {
    return valueOf((await this.#fetch(key)).entry) as V;
  }

  async fetch(key: K): Promise<Cached<V>> {
    const { entry, cached } = await this.#fetch(key);
    return { value: valueOf(entry) as V, cached, ageMs: Math.round(this.#age(entry)) };
  }

  peek(key: K): V | undefined {
    if (current()?.rehearsed?.isStrict) return undefined;
    const { shelf, name } = this.#place(key);
    const entry = shelf.entries.peek(name);
    return entry && (valueOf(entry) as V);
  }

  set(key: K, value: V): void {
    if (current()?.rehearsed?.isStrict) return;
    const { shelf, name } = this.#place(key);
    const entry = entryOf(value, this.#label, this.#time);
    shelf.loads.delete(name);
    shelf.entries.put(name, entry);
  }

  delete(key: K): boolean {
    if (current()?.rehearsed?.isStrict) return false;
    const { shelf, name } = this.#place(key);
    shelf.loads.delete(name);
    return shelf.entries.delete(name);
  }

  get stats(): CacheStats {
    const shelf = this.#options.scope === "conversation" ? this.#shelfOf(current()) : this.#shelf;
    return { hits: this.#hits, misses: this.#misses, failures: this.#failures, size: shelf?.entries.size ?? 0 };
  }

  override [DESCRIBE](): PartDescription {
    const { ttlMs, staleMs, max, scope } = this.#options;
    return { kind: "cache", cache: { ttlMs, staleMs, max, scope } };
  }

  override [COUNTS](): CacheCounts {
    return this.stats;
  }

  /** CA5. What is being loaded for them is not kept either; who waits for it gets it. */
  override [TIDY](erased: ReadonlySet<Owner>): void {
    const { entries, loads } = this.#shelf;
    const isOver = (name: string): boolean => this.#options.scope === "customer" && erased.has(name.slice(0, name.indexOf("\n")) as Owner);
    entries.drop(isOver);
    for (const name of [...loads.keys()]) if (isOver(name)) loads.delete(name);
  }

  async #fetch(key: K): Promise<{ readonly entry: CacheEntry; readonly cached: boolean }> {
    const here = current();
    const recorded = here?.rehearsed?.cacheValue(this.name);
    if (recorded) return rehearsed(recorded, this.#time, here!);
    const place = this.#place(key);
    const entry = place.shelf.entries.get(place.name);
    const record = here?.recordCache?.(this.name);
    if (entry) {
      this.#hits++;
      record?.({ text: entry.text, cached: true, ageMs: this.#age(entry) });
      const isStale = this.#age(entry) > this.#options.ttlMs;
      here?.note({ kind: "cache", part: this.name, outcome: isStale ? "stale" : "hit" });
      if (isStale) this.#load(place, true);
      return { entry, cached: true };
    }
    this.#misses++;
    const signal = here?.call?.signal;
    signal?.throwIfAborted();
    try {
      const loaded = await this.#joined(here, this.#load(place, false), signal);
      record?.({ text: loaded.text, cached: false, ageMs: this.#age(loaded) });
      return { entry: loaded, cached: false };
    } catch (thrown) {
      record?.({ cached: false, ageMs: 0 });
      throw thrown;
    }
  }

  /** Waits for a load, and notes how it went. */
  async #joined(here: Running | undefined, load: JointLoad<CacheEntry>, signal: AbortSignal | undefined): Promise<CacheEntry> {
    const note: { -readonly [K in keyof CacheNote]: CacheNote[K] } = { kind: "cache", part: this.name, outcome: "pending" };
    const fromMs = this.#time.now();
    here?.note(note);
    try {
      const entry = await load.join(signal);
      note.outcome = "loaded";
      return entry;
    } catch (thrown) {
      note.outcome = "failed";
      throw thrown;
    } finally {
      note.ms = Math.round(this.#time.now() - fromMs);
    }
  }

  /** The load that is under way, else one that begins now (CA2). */
  #load({ shelf, name, key }: Place<K>, isRefresh: boolean): JointLoad<CacheEntry> {
    const underWay = shelf.loads.get(name);
    if (underWay) return underWay;
    const load: JointLoad<CacheEntry> = new JointLoad({
      clock: this.#time.clock,
      timeoutMs: this.#options.loadTimeoutMs,
      name: this.#label,
      isRefresh,
      run: async (signal) => entryOf(await this.#options.load(key, { signal }), this.#label, this.#time),
      onEnd: (end) => {
        if (end.kind === "failed") this.#failures++;
        if (shelf.loads.get(name) !== load) return;
        shelf.loads.delete(name);
        if (end.kind === "loaded") shelf.entries.put(name, end.value);
      },
    });
    shelf.loads.set(name, load);
    return load;
  }

  /** How it is called in messages; one that is no agent's field has no name. */
  get #label(): string {
    return this.name === "" ? "cache" : this.name;
  }

  #age(entry: CacheEntry): number {
    return this.#time.now() - entry.atMs;
  }

  /** @throws {ConversimpleError} `no_conversation`, `not_identified`, `not_authenticated` (CA1); `option_invalid` for what is no key. */
  #place(key: K): Place<K> {
    if (typeof key !== "string" || key.length > MAX_KEY_LENGTH) throw new ConversimpleError("option_invalid", `A key of the cache "${this.#label}" must be a text of at most ${MAX_KEY_LENGTH} characters.`, { cache: this.#label });
    const here = this.#options.scope === "process" ? current() : running(`this.${this.#label}`);
    if (here) this.#time.use(here.clock);
    if (this.#options.scope === "conversation") return { shelf: this.#shelfOf(here)!, name: key, key };
    if (this.#options.scope === "process") return { shelf: this.#shelf, name: key, key };
    // An owner key has no newline.
    return { shelf: this.#shelf, name: `${this.#customerState().ownerKey}\n${key}`, key };
  }

  #customerState(): CustomerStatePart {
    if (this.#customer) return this.#customer;
    throw definition('scope "customer" needs a customer state in the same agent: declare a field with customerState(schema)');
  }

  #shelfOf(here: Running | undefined): Shelf | undefined {
    if (!here) return undefined;
    if (!here.memory.has(this)) here.memory.set(this, this.#newShelf());
    return here.memory.get(this) as Shelf;
  }

  #newShelf(): Shelf {
    const { max, ttlMs, staleMs } = this.#options;
    return { entries: new CacheEntries(max, ttlMs + staleMs, this.#time), loads: new Map() };
  }
}

/** What a recording has in the place of the value; the cache itself is not touched. */
function rehearsed({ part, value, cached = false, ageMs = 0, failed }: RecordedCacheValue, time: CacheTime, here: Running): { readonly entry: CacheEntry; readonly cached: boolean } {
  here.note({ kind: "cache", part, outcome: failed ? "failed" : cached ? "hit" : "loaded" });
  if (failed) throw new Error(`The load of the cache "${part}" failed when this call was recorded.`);
  const entry = entryOf(value, part, time);
  return { entry: { ...entry, atMs: entry.atMs - ageMs }, cached };
}

function checkOptions({ ttlMs, max, staleMs, scope, loadTimeoutMs, load }: Required<CacheOptions<unknown, never>>): void {
  check(isWhole(ttlMs, 1), "ttlMs must be a whole number of milliseconds, at least 1");
  check(isWhole(max, 1), "max must be a whole number, at least 1");
  check(isWhole(staleMs, 0), "staleMs must be a whole number of milliseconds, at least 0");
  check(["process", "customer", "conversation"].includes(scope), 'scope must be "process", "customer" or "conversation"');
  check(isWhole(loadTimeoutMs, 1) && loadTimeoutMs <= LOAD_TIMEOUT_LIMIT_MS, `loadTimeoutMs must be a whole number of milliseconds from 1 to ${LOAD_TIMEOUT_LIMIT_MS}`);
  check(typeof load === "function", "load must be a function that gets the value of a key");
}

/** Two of them can be added up. */
function isWhole(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least && value <= Number.MAX_SAFE_INTEGER / 2;
}

function check(isSo: boolean, rule: string): void {
  if (!isSo) throw definition(rule);
}

function definition(reason: string): ConversimpleError {
  return new ConversimpleError("definition_invalid", `cache: ${reason}.`);
}
