// Server-sent events in pieces.

import fc from "fast-check";
import { expect, test } from "vitest";

import { EventStreamParser } from "../../console/src/lib/event-stream.ts";

const read = (pieces: readonly string[]) => {
  const parser = new EventStreamParser();
  return { events: pieces.flatMap((piece) => parser.push(piece)), parser };
};
const data = (pieces: readonly string[]) => read(pieces).events.map((event) => event.data);

test("an event is what stands before an empty line", () => {
  expect(data(["data: one\n\ndata: two\n\n"])).toEqual(["one", "two"]);
  expect(data(["data: one\ndata: more\n\n"])).toEqual(["one\nmore"]);
  expect(data(["data: not yet through\n"])).toEqual([]);
});

test("events are the same wherever the network cuts them, with every kind of line end", () => {
  fc.assert(
    fc.property(fc.constantFrom("\n", "\r\n", "\r"), fc.array(fc.nat(200), { maxLength: 12 }), (end, cuts) => {
      const text = ["\uFEFF: hello", "", "id: 7", "event: note", "data: ä€😀", "data:", "", "data:{\"a\":1}", "", ""].join(end) + "data: last" + end + end;
      const places = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((place, index) => text.slice(places[index], place));
      // A last CR may still get its LF: what follows tells.
      expect(read([...pieces, ": end\n"]).events).toEqual([
        { type: "note", data: "ä€😀\n" },
        { type: "message", data: '{"a":1}' },
        { type: "message", data: "last" },
      ]);
    }),
  );
});

test("an id counts without an event, and stays", () => {
  const { events, parser } = read(["id: 41\n\n", "data: x\n\n"]);
  expect(events).toHaveLength(1);
  expect(parser.lastId).toBe("41");
  parser.push("id: bad\0id\n\n");
  expect(parser.lastId).toBe("41");
  parser.push("id\n\n");
  expect(parser.lastId).toBe("");
});

test("comments, unknown fields and a wrong retry say nothing", () => {
  const { events, parser } = read([": still here\n\nfoo: bar\nretry: soon\nretry: 1500\n\n"]);
  expect(events).toEqual([]);
  expect(parser.retryMs).toBe(1_500);
});

test("only one space after the colon belongs to the field", () => {
  expect(data(["data:  two\ndata:none\n\n"])).toEqual([" two\nnone"]);
});
