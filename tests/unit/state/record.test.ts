import { expect, test } from "vitest";

import { encode, MAX_DEPTH } from "../../../src/base/codec.ts";
import { StateQuarantinedError, StateTooLargeError } from "../../../src/base/errors.ts";
import { RecordDocument } from "../../../src/state/document.ts";
import { encodePart, openRecord, openText, RECORD_MAX_BYTES, sealRecord, sealText } from "../../../src/state/record.ts";
import { nested } from "../storable.ts";
import { anySlice, OWNER } from "./slices.ts";

const slice = anySlice("state", () => ({ cart: [], note: "é😀", at: new Date(5), count: 7n }));
const kilobyte = (): string => {
  const value = { ...(slice.initial() as object), lines: Array.from({ length: 20 }, (_, index) => ({ id: `P${index}`, quantity: index, at: new Date(index) })) };
  return sealRecord(OWNER, 17, [["state", encodePart(slice, value)]]);
};

test("every flipped byte of a record is found", () => {
  const bytes = Buffer.from(kilobyte());
  expect(bytes.length).toBeGreaterThan(1_000);
  const missed: string[] = [];
  for (let index = 0; index < bytes.length; index++) {
    for (const flip of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]) {
      const damaged = Buffer.from(bytes);
      damaged[index]! ^= flip;
      try {
        openRecord(OWNER, 17, damaged.toString("utf8"));
        missed.push(`byte ${index} ^ ${flip}`);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(StateQuarantinedError);
      }
    }
  }
  expect(missed).toEqual([]);
});

test("every record that is cut short is found, and so is anything behind it", () => {
  const text = kilobyte();
  for (let length = 0; length < text.length; length++) expect(() => openRecord(OWNER, 17, text.slice(0, length))).toThrow(StateQuarantinedError);
  for (const more of [" ", "}", "x", "\u0000"]) expect(() => openRecord(OWNER, 17, text + more)).toThrow(StateQuarantinedError);
});

test("the text of another owner, of another version and of a newer release is refused", () => {
  const text = kilobyte();
  expect(openRecord(OWNER, 17, text).get("state")).toBeDefined();
  expect(openRecord(OWNER, 18, text).get("state")).toBeDefined();
  expect(() => openRecord("conversation:c2", 17, text)).toThrow(StateQuarantinedError);
  expect(() => openRecord("customer:c1", 17, text)).toThrow(StateQuarantinedError);
  expect(() => openRecord(OWNER, 16, text)).toThrow(StateQuarantinedError);
  expect(() => openRecord(OWNER, 99, text.replace('"at":17', '"at":18'))).toThrow(StateQuarantinedError);
  expect(() => openRecord(OWNER, 17, text.replace('"format":1', '"format":2'))).toThrow(/newer release/);
  expect(() => openRecord(OWNER, 17, text.replace('"format":1', '"format":0'))).toThrow(StateQuarantinedError);
});

test("a flipped byte of a journal entry or of a message is found", () => {
  const bytes = Buffer.from(sealText({ kind: "update", changes: { note: "é😀", list: [1, 2, 3] } }));
  for (let index = 0; index < bytes.length; index++) {
    const damaged = Buffer.from(bytes);
    damaged[index]! ^= 0x04;
    expect(() => openText(OWNER, damaged.toString("utf8"))).toThrow(StateQuarantinedError);
  }
});

test("what an error says about a record is no value of it", () => {
  const text = kilobyte();
  try {
    openRecord(OWNER, 17, text.replace("P7", "P8"));
    expect.unreachable();
  } catch (thrown) {
    expect((thrown as Error).message).not.toMatch(/P8|quantity/);
  }
});

test.each([
  ["plain letters", "x"],
  ["two bytes each", "é"],
  ["four bytes each", "😀"],
  ["escaped ones", "\u0000"],
])("a part of exactly maxBytes is stored, one byte more is refused: %s", (_, letter) => {
  const value = { text: letter.repeat(500), pad: "" };
  const bytes = Buffer.byteLength(encode(value));
  expect(encodePart({ ...slice, maxBytes: bytes }, value)).toContain("pad");
  const thrown = caught(() => encodePart({ ...slice, maxBytes: bytes }, { ...value, pad: "y" }));
  expect(thrown).toBeInstanceOf(StateTooLargeError);
  expect((thrown as StateTooLargeError).fields).toMatchObject({ part: "state", bytes: bytes + 1, limit: bytes });
});

test("a refused size names the five largest fields, not their values", () => {
  const value = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`field${index}`, "z".repeat(index * 100)]));
  const thrown = caught(() => encodePart({ ...slice, maxBytes: 1_000 }, value)) as StateTooLargeError;
  expect(thrown.fields.largest).toEqual(["field8 (802)", "field7 (702)", "field6 (602)", "field5 (502)", "field4 (402)"]);
  expect(thrown.message).not.toContain("zzz");
});

test("a refused size does not tell how long something personal is", () => {
  const refused = (name: string) => caught(() => encodePart({ ...slice, masks: ["contact/name"], maxBytes: 1_000 }, { contact: { name, kind: "home" }, note: "z".repeat(1_000) })) as StateTooLargeError;
  expect(refused("Kim").message).toBe(refused("Kim Canaryname of Longstreet 5").message);
  expect(refused("Kim").fields.largest).toEqual(["note (1002)", "contact (34)"]);
  const whole = caught(() => encodePart({ ...slice, masks: [""], maxBytes: 2_000 }, "z".repeat(2_100))) as StateTooLargeError;
  expect(whole.fields).toMatchObject({ bytes: 2_059, limit: 2_000, largest: [] });
  expect((caught(() => encodePart({ ...slice, masks: [""], maxBytes: 2_000 }, "z".repeat(2_000))) as StateTooLargeError).fields.bytes).toBe(2_059);
});

test("a record of 1 MiB is the largest, all parts together", () => {
  const part = (bytes: number) => JSON.stringify("x".repeat(bytes));
  const frame = Buffer.byteLength('{"a":,"b":}') + 4;
  const half = RECORD_MAX_BYTES / 2;
  expect(() => sealRecord(OWNER, 1, [["a", part(half)], ["b", part(half - frame)]])).not.toThrow();
  expect(() => sealRecord(OWNER, 1, [["a", part(half)], ["b", part(half - frame + 1)]])).toThrow(StateTooLargeError);
});

test("a part that the code no longer declares is kept as it is", () => {
  const old = anySlice("old", () => ({ kept: new Map([["a", 1n]]) }));
  const before = RecordDocument.begin(OWNER, [slice, old]);
  const without = RecordDocument.open(OWNER, 1, before.textWith(1, new Map()), [slice]);
  const again = RecordDocument.open(OWNER, 2, without.textWith(2, new Map()), [slice, { ...old, initial: () => "begun anew" }]);
  expect(again.value(old)).toEqual({ kept: new Map([["a", 1n]]) });
});

test("a part that is new in the code begins with its initial value", () => {
  const before = RecordDocument.begin(OWNER, [slice]);
  const added = anySlice("added", () => ({ fresh: true }));
  expect(RecordDocument.open(OWNER, 1, before.textWith(1, new Map()), [slice, added]).value(added)).toEqual({ fresh: true });
});

test.each<[string, Partial<typeof slice>]>([
  ["whose upgrade throws", { restore: () => { throw new TypeError("cannot read"); } }],
  ["of a newer schema version", { schemaVersion: 0 }],
  ["larger than the limit is now", { maxBytes: 10 }],
  ["whose upgrade gives what cannot be stored", { restore: () => ({ run: () => 1 }) }],
])("a record with a part %s is quarantined as a whole", (_, now) => {
  const other = anySlice("other", () => ({}));
  const text = RecordDocument.begin(OWNER, [slice, other]).textWith(3, new Map());
  expect(() => RecordDocument.open(OWNER, 3, text, [{ ...slice, ...now }, other])).toThrow(StateQuarantinedError);
});

test("64 levels come back from a record, also with a Date at the bottom", () => {
  const deep = anySlice("deep", () => nested(MAX_DEPTH));
  const document = RecordDocument.begin(OWNER, [deep]);
  expect(RecordDocument.open(OWNER, 1, document.textWith(1, new Map()), [deep]).value(deep)).toEqual(nested(MAX_DEPTH));
});

test("a value that was let go of is decoded again, equal", () => {
  const document = RecordDocument.begin(OWNER, [slice]);
  const before = document.value(slice);
  document.cool();
  expect(document.value(slice)).not.toBe(before);
  expect(document.value(slice)).toEqual(before);
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("nothing was thrown");
}

test("the error of a record that cannot be used names the command that shows it, with its id as it is typed", () => {
  const command = (owner: string) => new StateQuarantinedError(owner, "its checksum is wrong").message.split(": ").at(-1);
  expect(command("conversation:call-417")).toBe("conversimple state quarantine show call-417 --agents <path>");
  expect(command("customer:1a2b")).toBe("conversimple state quarantine show customer:1a2b --agents <path>");
  expect(command("conversation:it's $HOME")).toBe("conversimple state quarantine show 'it'\\''s $HOME' --agents <path>");
});
