import { expect, test } from "vitest";
import { codeOf } from "../../src/base/errors.ts";
import { encodeFrame, type Frame, MAX_FRAME_BYTES, parseFrame, RawJson } from "../../src/wire/frame.ts";

const frame: Frame = { joinRef: "1", ref: "2", topic: "customer:x", event: "tool_call_request", payload: { call_id: "c" } };

/** What platforms and clients have been seen to send. */
const FIXTURES: readonly [string, string, Frame][] = [
  ["the array form", '["1","2","customer:x","tool_call_request",{"call_id":"c"}]', frame],
  ["the object form", '{"topic":"customer:x","event":"tool_call_request","payload":{"call_id":"c"},"ref":"2","join_ref":"1"}', frame],
  ["the object form without join_ref", '{"topic":"t","event":"e","payload":{},"ref":null}', { joinRef: null, ref: null, topic: "t", event: "e", payload: {} }],
  ["refs that are numbers", '[1,2,"customer:x","tool_call_request",{"call_id":"c"}]', frame],
  ["a payload that is null", '[null,null,"t","e",null]', { joinRef: null, ref: null, topic: "t", event: "e", payload: {} }],
];

test.each(FIXTURES)("%s is read", (_name, text, expected) => {
  expect(parseFrame(text)).toMatchObject({ kind: "frame", frame: expected });
});

test.each(["array", "object"] as const)("what is written in the %s form is read back equal", (form) => {
  expect(parseFrame(encodeFrame(frame, form))).toEqual({ kind: "frame", form, frame });
});

test("a bare message of the documentation is read", () => {
  expect(parseFrame('{"type":"tool_call_request","call_id":"c","parameters":{}}')).toEqual({
    kind: "bare",
    message: { type: "tool_call_request", payload: { call_id: "c", parameters: {} } },
  });
});

test("a bare lifecycle message keeps its own field event", () => {
  expect(parseFrame('{"type":"conversation_lifecycle","event":"started","conversation_id":"v1"}')).toEqual({
    kind: "bare",
    message: { type: "conversation_lifecycle", payload: { event: "started", conversation_id: "v1" } },
  });
});

test("a payload that is text already is put in as it is", () => {
  const payload = new RawJson('{"result":1.0}');
  expect(encodeFrame({ ...frame, payload }, "array")).toBe('["1","2","customer:x","tool_call_request",{"result":1.0}]');
});

test.each(["", "garbage", "1", "null", '"text"', "[]", "[1,2,3]", "{}", '["1","2",3,"e",{}]', '["1","2","t",4,{}]', '[{},"2","t","e",{}]', '{"topic":"t"}', '{"event":"e"}', "[".repeat(5_000)])(
  "garbage is a typed error that does not repeat it: %s",
  (text) => {
    try {
      parseFrame(text);
      expect.unreachable();
    } catch (error) {
      expect(codeOf(error)).toBe("frame_invalid");
      if (text.length > 2) expect((error as Error).message).not.toContain(text);
    }
  },
);

test("a frame of the limit is read, one more byte is refused before it is parsed", () => {
  const shell = '[null,null,"t","e",""]';
  const filled = (bytes: number) => shell.replace('""', `"${"x".repeat(bytes - shell.length)}"`);
  expect(parseFrame(filled(MAX_FRAME_BYTES)).kind).toBe("frame");
  expect(() => parseFrame(filled(MAX_FRAME_BYTES + 1))).toThrow(expect.objectContaining({ code: "frame_too_large" }));
});

test("a __proto__ key in a frame changes no object", () => {
  parseFrame('{"type":"x","__proto__":{"authenticated":true}}');
  parseFrame('[null,null,"t","e",{"__proto__":{"authenticated":true}}]');
  expect(({} as Record<string, unknown>).authenticated).toBeUndefined();
});
