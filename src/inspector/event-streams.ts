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

interface Stream {
  send(frame: string): void;
  end(): void;
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

  /** A stream that goes on after an event (ES1). @throws {InspectorRefusal} ES4. */
  open(lastId: string | undefined): Response {
    if (this.#isClosed || this.#streams.size >= MAX_LISTENERS) throw refusals.overloaded();
    let stream: Stream | undefined;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream = this.#begin(controller, lastId);
        },
        cancel: () => stream?.end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING }),
    );
    return new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no" } });
  }

  /** Ends all streams for good. */
  close(): void {
    this.#isClosed = true;
    this.#heartbeat?.cancel();
    for (const stream of this.#streams) stream.end();
  }

  #begin(controller: ReadableStreamDefaultController<Uint8Array>, lastId: string | undefined): Stream {
    let isOver = false;
    let leave: (() => void) | undefined;
    const encoder = new TextEncoder();
    const finish = (last: () => void): void => {
      if (isOver) return;
      isOver = true;
      this.#streams.delete(stream);
      leave?.();
      try {
        last();
      } catch {
        // Cancelled from the other side: it is closed already.
      }
    };
    const stream: Stream = {
      send: (frame) => {
        if (isOver) return;
        const bytes = encoder.encode(frame);
        if ((controller.desiredSize ?? 0) < bytes.byteLength) return finish(() => controller.error(new Error("The reader of these events does not read.")));
        controller.enqueue(bytes);
      },
      end: () => finish(() => controller.close()),
    };
    this.#streams.add(stream);
    this.#beat();
    const hear = (text: string, id: string | undefined): void => stream.send(`${id === undefined ? "" : `id: ${id}\n`}data: ${text}\n\n`);
    this.#feed.listen(hear, lastId, (cursor) => stream.send(`: listening\nid: ${cursor}\n\n`)).then(
      (stop) => {
        leave = stop;
        if (isOver) stop();
      },
      // The store does not answer: the page comes again.
      () => stream.end(),
    );
    return stream;
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
