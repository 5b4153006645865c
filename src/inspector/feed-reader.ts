// Commits as they happen, read from the store's feed once, however many listen.
//
//   FR1. Nobody listens: nothing is asked.
//   FR2. Listeners hear commits in the order in which they were made, each once; who was away for a moment goes on where it
//        was (the cursor), who missed too much hears `reset` instead.
//   FR3. A store that does not answer is asked again, less often; nothing is skipped for it.
//   FR4. More commits than anybody can look at are not read one by one: everybody hears `reset`.
//   FR5. What was erased is not kept: who comes back does not hear it again, and who listens, or comes back, hears that it is
//        gone, whether something was heard of it before or not. (P22)
//   FR6. A commit that cannot be shown stops no other: it is heard of as a change of its conversation.

import { atOnce } from "../base/at-once.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { codeOf } from "../base/errors.ts";
import { idOf, type FeedItem, type Loaded, type Owner, type Store } from "../state/store.ts";
import type { AgentBook } from "./agent-book.ts";
import type { InspectorEvent } from "./api.ts";
import { ErasureWatch } from "./erasure-watch.ts";
import { rowOf } from "./rows.ts";
import { EntryReader } from "./timeline.ts";

/** How often the store is asked while somebody listens and nobody says that there is something, milliseconds. */
const ASK_EVERY_MS = 100;
/** The same while it does not answer. */
const AGAIN_MS = 1_000;
const PAGE = 200;
/** Commits of one look; more are not read (FR4). */
const MOST = 1_000;
/** Events, and characters of them, that are kept for who was away. */
const KEPT = { events: 1_000, characters: 8 * 1_048_576 } as const;
const AT_ONCE = 16;
/** How often is looked for what was erased, while somebody listens, milliseconds (FR5). */
const ERASED_EVERY_MS = 30_000;

/** Hears events. `id` is the cursor to go on after it; undefined for what is not in the store. */
export type HearEvent = (text: string, id: string | undefined) => void;

interface Kept {
  readonly id: string;
  readonly text: string;
  /** The conversation that it shows something of. */
  readonly owner: Owner | undefined;
}

export class FeedReader {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #book: AgentBook;
  readonly #onFault: (error: unknown) => void;
  readonly #listeners = new Set<HearEvent>();
  readonly #erasures: ErasureWatch;
  #entries: EntryReader;
  /** Why the agents cannot run, as long as they cannot: whoever comes hears it. */
  #broken: string | undefined;
  #kept: Kept[] = [];
  #keptCharacters = 0;
  /** The cursor before the first event that is kept. */
  #base: string | undefined;
  /** Where the store was read to; undefined while nobody listens. */
  #cursor: string | undefined;
  #beginning: Promise<void> | undefined;
  #isLooking = false;
  #isPoked = false;
  #timer: Timer | undefined;
  /** When was looked for what was erased, by the monotonic clock. */
  #searchedAtMs = Number.NEGATIVE_INFINITY;
  /** What of that who listened then was told, newest last. */
  #gone: string[] = [];

  constructor(store: Store, clock: Clock, book: AgentBook, onFault: (error: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#book = book;
    this.#onFault = onFault;
    this.#entries = new EntryReader(store);
    this.#erasures = new ErasureWatch(store);
  }

  /**
   * Hears events from now on, or from the one after `lastId` (FR2); returns how to stop. Resolves when nothing can be missed
   * any more.
   *
   * @param begin is told first where it begins.
   * @throws {StoreUnavailableError} The store did not say where its feed is.
   */
  async listen(hear: HearEvent, lastId: string | undefined, begin: (cursor: string) => void): Promise<() => void> {
    if (lastId !== undefined && this.#cursor !== undefined) await this.#dropErased();
    if (this.#cursor === undefined) await (this.#beginning ??= this.#begin(lastId).finally(() => (this.#beginning = undefined)));
    const cursor = this.#cursor!;
    const missed = lastId === undefined ? [] : this.#since(lastId);
    begin(missed ? (lastId ?? cursor) : cursor);
    if (missed) {
      for (const { text, id } of missed) hear(text, id);
      const told = new Set(missed.map(({ text }) => text));
      if (lastId !== undefined) for (const text of this.#gone) if (!told.has(text)) hear(text, undefined);
    } else hear(textOf({ type: "reset" }), cursor);
    if (this.#broken !== undefined) hear(this.#broken, undefined);
    this.#listeners.add(hear);
    this.poke();
    return () => this.#leave(hear);
  }

  /** There may be something: look now. */
  poke(): void {
    if (this.#cursor === undefined) return;
    this.#isPoked = true;
    this.#timer?.cancel();
    if (this.#isLooking) return;
    this.#isLooking = true;
    void this.#look().finally(() => {
      this.#isLooking = false;
      if (this.#isPoked) this.poke();
    });
  }

  /** Something that is not in the store; who is away misses it, but for what goes on. */
  tell(event: InspectorEvent): void {
    if (event.type === "agents") this.#broken = event.failure && textOf(event);
    if (this.#listeners.size > 0) this.#say(textOf(event), undefined);
  }

  async #begin(lastId: string | undefined): Promise<void> {
    const { cursor } = await this.#store.feed(null);
    const isGoingOn = lastId !== undefined && (lastId === cursor || (await this.#hasAfter(lastId)));
    await this.#erasures.begin(isGoingOn);
    this.#searchedAtMs = isGoingOn ? Number.NEGATIVE_INFINITY : this.#clock.monotonic();
    this.#startOver(isGoingOn ? lastId : cursor);
  }

  /** Whether something came after a place: one that is none, or that is yet to come, is of another store. */
  async #hasAfter(id: string): Promise<boolean> {
    try {
      return (await this.#store.feed(id, 1)).items.length > 0;
    } catch (thrown) {
      if (codeOf(thrown) === "option_invalid") return false;
      throw thrown;
    }
  }

  #startOver(cursor: string): void {
    this.#entries = new EntryReader(this.#store);
    this.#kept = [];
    this.#keptCharacters = 0;
    this.#base = cursor;
    this.#cursor = cursor;
  }

  /** What came after an event; undefined when that is not known any more. */
  #since(id: string): readonly Kept[] | undefined {
    if (id === this.#base) return this.#kept;
    const index = this.#kept.findLastIndex((event) => event.id === id);
    return index === -1 ? undefined : this.#kept.slice(index + 1);
  }

  #leave(hear: HearEvent): void {
    if (!this.#listeners.delete(hear) || this.#listeners.size > 0) return;
    this.#timer?.cancel();
    this.#isPoked = false;
    this.#cursor = undefined;
    this.#kept = [];
    this.#gone = [];
    this.#entries = new EntryReader(this.#store);
  }

  /** FR5. @throws {StoreUnavailableError} */
  async #dropErased(): Promise<void> {
    const erased = await this.#erasures.look(() => new Set([...this.#kept.flatMap(({ owner }) => owner ?? []), ...this.#entries.owners]));
    if (this.#cursor === undefined) return;
    if (erased.length > MOST) return this.#begunAnew();
    for (const { owner, event } of erased) {
      const text = textOf(event);
      this.#entries.lose(owner);
      this.#kept = this.#kept.map((each) => (each.owner === owner ? { id: each.id, text, owner: undefined } : each));
      this.#gone.push(text);
      this.#say(text, undefined);
    }
    this.#keptCharacters = this.#kept.reduce((sum, { text }) => sum + text.length, 0);
    this.#gone = this.#gone.slice(-KEPT.events);
  }

  async #look(): Promise<void> {
    let again = ASK_EVERY_MS;
    try {
      for (let seen = 0; this.#cursor !== undefined; ) {
        this.#isPoked = false;
        const asked = this.#cursor;
        const page = await this.#store.feed(asked, PAGE);
        seen += page.items.length;
        // Everybody left, or it began anew, meanwhile.
        if (this.#cursor !== asked) break;
        if (seen >= MOST) {
          await this.#begunAnew();
          break;
        }
        await this.#tellAll(page.items, asked);
        if (this.#cursor !== asked) break;
        this.#cursor = page.cursor;
        if (page.items.length < PAGE) break;
      }
      if (this.#cursor !== undefined && this.#clock.monotonic() - this.#searchedAtMs >= ERASED_EVERY_MS) {
        await this.#dropErased();
        this.#searchedAtMs = this.#clock.monotonic();
      }
    } catch (thrown) {
      again = AGAIN_MS;
      this.#isPoked = false;
      if (codeOf(thrown) !== "state_unavailable") this.#onFault(thrown);
    }
    if (this.#cursor !== undefined && !this.#isPoked) this.#timer = this.#clock.after(again, () => this.poke(), { background: true });
  }

  /** FR4. */
  async #begunAnew(): Promise<void> {
    const { cursor } = await this.#store.feed(null);
    if (this.#cursor === undefined) return;
    this.#startOver(cursor);
    this.#say(textOf({ type: "reset" }), cursor);
  }

  async #tellAll(items: readonly FeedItem[], asked: string): Promise<void> {
    const owners = [...new Set(items.map(({ owner }) => owner))].filter((owner) => owner.startsWith("conversation:"));
    const rows = new Map<Owner, Loaded | undefined>();
    await atOnce(AT_ONCE, owners, async (owner) => void rows.set(owner, await this.#store.load(owner)));
    for (const item of items) {
      const event = await this.#eventOf(item, rows).catch((thrown: unknown) => this.#insteadOf(item, thrown));
      if (this.#cursor !== asked) return;
      if (event) this.#keep(textOf(event), item.cursor, event.type === "commit" ? item.owner : undefined);
    }
  }

  /** FR6. */
  #insteadOf({ owner }: FeedItem, thrown: unknown): InspectorEvent {
    if (codeOf(thrown) === "state_unavailable") throw thrown;
    this.#onFault(thrown);
    return { type: "conversation", conversationId: idOf(owner) };
  }

  async #eventOf(item: FeedItem, rows: ReadonlyMap<Owner, Loaded | undefined>): Promise<InspectorEvent | undefined> {
    const { owner, version } = item;
    if (owner.startsWith("customer:")) return { type: "customer", key: owner, version };
    if (!owner.startsWith("conversation:")) return undefined;
    const loaded = rows.get(owner);
    if (!loaded) return { type: "conversation", conversationId: idOf(owner) };
    if (!this.#entries.isAt(owner, version - 1)) await this.#entries.begin(owner, version - 1, loaded);
    const masks = await this.#book.masks(loaded.facts.agentId);
    const { view, before } = this.#entries.read(owner, item, masks);
    // By its place in the journal: an answer by its call id would be looked for among all calls.
    const [stored] = item.callId === null ? [] : await this.#store.history(owner, { afterVersion: version - 1, limit: 1, answers: true });
    const result = stored?.version === version ? this.#entries.result(owner, stored, masks) : undefined;
    const entry = { ...view, ...(result === undefined ? {} : { result }) };
    return { type: "commit", row: rowOf(loaded), entry, ...(before.commitMs === null && before.replyMs === null ? {} : { before: { version: version - 1, ...before } }) };
  }

  #keep(text: string, id: string, owner: Owner | undefined): void {
    this.#kept.push({ text, id, owner });
    this.#keptCharacters += text.length;
    while (this.#kept.length > KEPT.events || this.#keptCharacters > KEPT.characters) {
      const oldest = this.#kept.shift()!;
      this.#keptCharacters -= oldest.text.length;
      this.#base = oldest.id;
    }
    this.#say(text, id);
  }

  #say(text: string, id: string | undefined): void {
    for (const hear of this.#listeners) hear(text, id);
  }
}

function textOf(event: InspectorEvent): string {
  return JSON.stringify(event);
}
