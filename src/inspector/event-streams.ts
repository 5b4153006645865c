// Server-sent events: what the page hears while it is open.
//
//   ES1. An event is one frame: its id is the cursor after it, its data one line of JSON. A page that comes back with the
//        last id (Last-Event-ID) goes on there.
//   ES2. Who does not read is cut when so much waits for them; nobody else waits, and memory is bounded.
//   ES3. A comment now and then tells both sides that the other one is there.
//   ES4. So many may listen; one more is told so.

import type { Clock, Timer } from "../base/clock.ts";
import type { FeedReader } from "./feed-reader.ts";
import { refusals } from "./refusal.ts";

/** Bytes that wait for a reader before it is cut (ES2): more than the largest event. */
const MAX_WAITING = 4 * 1_048_576;
/** Between two comments, milliseconds. Source: shorter than the idle timeout of usual proxies, 30 s and more. */
const HEARTBEAT_MS = 15_000;
const MAX_LISTENERS = 64;

const ENCODER = new TextEncoder();

/** What is sent to one reader, in its pace. */
class Stream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #over: (stream: Stream) => void;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isOver = false;
  #leave: (() => void) | undefined;

  /** @param over is called once, when it ends. */
  constructor(over: (stream: Stream) => void) {
    this.#over = over;
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#flush(),
      cancel: () => void this.#finish(),
    });
  }

  /** ES2. */
  send(frame: string): void {
    if (this.#isOver) return;
    const bytes = ENCODER.encode(frame);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    this.#flush();
    if (this.#waitingBytes > MAX_WAITING) this.end();
  }

  /** What waits for the reader is thrown away. */
  end(): void {
    if (this.#finish()) this.#controller.close();
  }

  /** Runs when it ends, or now when it did. */
  onEnd(leave: () => void): void {
    if (this.#isOver) leave();
    else this.#leave = leave;
  }

  #flush(): void {
    while (this.#waiting.length > 0 && (this.#controller.desiredSize ?? 0) > 0) {
      const bytes = this.#waiting.shift()!;
      this.#waitingBytes -= bytes.byteLength;
      this.#controller.enqueue(bytes);
    }
  }

  /** Whether it was not over before. */
  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#waiting = [];
    this.#leave?.();
    this.#over(this);
    return true;
  }
}

export class EventStreams {
  readonly #feed: FeedReader;
  readonly #clock: Clock;
  readonly #streams = new Set<Stream>();
  #heartbeat: Timer | undefined;
  #isClosed = false;

  constructor(feed: FeedReader, clock: Clock) {
    this.#feed = feed;
    this.#clock = clock;
  }

  /** How many listen. */
  get size(): number {
    return this.#streams.size;
  }

  /** A stream that goes on after an event (ES1). @throws {InspectorRefusal} ES4. */
  open(lastId: string | undefined): Response {
    if (this.#isClosed || this.#streams.size >= MAX_LISTENERS) throw refusals.overloaded();
    const stream = new Stream((over) => this.#streams.delete(over));
    this.#streams.add(stream);
    this.#beat();
    const hear = (text: string, id: string | undefined): void => stream.send(`${id === undefined ? "" : `id: ${id}\n`}data: ${text}\n\n`);
    this.#feed.listen(hear, lastId, (cursor) => stream.send(`: listening\nid: ${cursor}\n\n`)).then(
      (stop) => stream.onEnd(stop),
      // The store does not answer: the page comes again.
      () => stream.end(),
    );
    return new Response(stream.body, { headers: { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no" } });
  }

  /** Ends all streams for good. */
  close(): void {
    this.#isClosed = true;
    this.#heartbeat?.cancel();
    for (const stream of this.#streams) stream.end();
  }

  /** ES3. */
  #beat(): void {
    this.#heartbeat ??= this.#clock.after(
      HEARTBEAT_MS,
      () => {
        this.#heartbeat = undefined;
        for (const stream of this.#streams) stream.send(": still here\n\n");
        if (this.#streams.size > 0) this.#beat();
      },
      { background: true },
    );
  }
}
