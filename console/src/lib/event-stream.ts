// Server-sent events as they come over a fetch: text in pieces in, events out.
//
//   ES1. A piece may end anywhere, between the CR and the LF of a line too; what is not complete waits.
//   ES2. An event without data is none, but its id counts: it is where the stream goes on after a gap.

/** One event. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
}

export class EventStreamParser {
  /** The id to go on from; undefined before there was one. */
  lastId: string | undefined;
  /** How long the server wants to be left alone after a loss, milliseconds. */
  retryMs: number | undefined;
  #rest = "";
  #isFirst = true;
  #type = "";
  #data: string[] = [];

  /** The events that a piece of text completes. */
  push(piece: string): StreamEvent[] {
    let text = this.#rest + piece;
    if (this.#isFirst && text !== "") {
      text = text.replace(/^\uFEFF/, "");
      this.#isFirst = false;
    }
    const events: StreamEvent[] = [];
    let from = 0;
    for (;;) {
      const end = lineEnd(text, from);
      if (!end) break;
      const event = this.#line(text.slice(from, end.at));
      if (event) events.push(event);
      from = end.next;
    }
    this.#rest = text.slice(from);
    return events;
  }

  #line(line: string): StreamEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.lastId = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }

  #dispatch(): StreamEvent | undefined {
    const event = this.#data.length === 0 ? undefined : { type: this.#type || "message", data: this.#data.join("\n") };
    this.#type = "";
    this.#data = [];
    return event;
  }
}

/** The end of the line that begins at `from`; undefined while it is not there, or a CR may still get its LF (ES1). */
function lineEnd(text: string, from: number): { at: number; next: number } | undefined {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10) return { at, next: at + 1 };
    if (code !== 13) continue;
    if (at + 1 === text.length) return undefined;
    return { at, next: text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 };
  }
  return undefined;
}
