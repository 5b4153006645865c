import { expect, test } from "vitest";

import { argumentsOf } from "../../src/cli/call/tool-signature.ts";
import { complete, readLine, wordsOf } from "../../src/cli/call/typed-line.ts";

const schema = {
  type: "object",
  required: ["productId"],
  properties: {
    quantity: { type: "integer", minimum: 1 },
    productId: { type: "string", description: "its number" },
    price: { type: "number" },
    gift: { type: "boolean" },
    size: { enum: ["small", "large", 3, null] },
    tags: { type: "array", items: { type: "string" } },
    counts: { type: "array", items: { type: "integer" } },
    address: { type: "object" },
    note: { anyOf: [{ type: "string" }, { type: "null" }] },
    kind: { const: "cart" },
    either: { type: ["integer", "string"] },
    open: {},
  },
};
const tools = new Map([["add_to_cart", argumentsOf(schema)], ["get_total", argumentsOf({ type: "object" })]]);
const read = (line: string) => readLine(line, tools);

test.each([
  ["productId=P1", { productId: "P1" }],
  ["productId=007 quantity=2", { productId: "007", quantity: 2 }],
  ['productId="two words" price=-1.5e2', { productId: "two words", price: -150 }],
  ["productId='it is' gift=true", { productId: "it is", gift: true }],
  ['productId="say \\"hi\\""', { productId: 'say "hi"' }],
  ["productId=a=b", { productId: "a=b" }],
  ["productId=P1 size=small", { productId: "P1", size: "small" }],
  ["productId=P1 size=3", { productId: "P1", size: 3 }],
  ["productId=P1 size=null", { productId: "P1", size: null }],
  ["productId=P1 tags=a,b counts=1,2", { productId: "P1", tags: ["a", "b"], counts: [1, 2] }],
  ['productId=P1 tags=["a, b", "c"]', { productId: "P1", tags: ["a, b", "c"] }],
  ['productId=P1 address={"street": "Hill 1", "no": [1, 2]}', { productId: "P1", address: { street: "Hill 1", no: [1, 2] } }],
  ["productId=P1 note=null kind=cart", { productId: "P1", note: null, kind: "cart" }],
  ["productId=P1 note=later either=5 open=[1]", { productId: "P1", note: "later", either: 5, open: [1] }],
  ["productId=P1 either=five open=text", { productId: "P1", either: "five", open: "text" }],
  ["productId= ", { productId: "" }],
  ['{"productId":"P1","extra":1}', { productId: "P1", extra: 1 }],
])("reads %s", (line, given) => {
  expect(read(`add_to_cart ${line}`)).toMatchObject({ kind: "call", tool: "add_to_cart", arguments: given, missing: [] });
});

test.each([
  ["ad_to_cart productId=P1", "There is no tool ad_to_cart. Did you mean add_to_cart? See /tools."],
  ["add_to_cart productID=1", "add_to_cart has no argument productID. Did you mean productId? It takes productId, quantity, price, gift, size, tags, counts, address, note, kind, either, open."],
  ["get_total x=1", "get_total has no argument x. It takes none."],
  ["add_to_cart quantity=two", "quantity must be a whole number"],
  ["add_to_cart price=", "price must be a number"],
  ["add_to_cart gift=maybe", "gift must be true | false"],
  ["add_to_cart size=huge", 'size must be "small" | "large" | 3 | null'],
  ["add_to_cart counts=1,x", "counts must be a list of a whole number"],
  ["add_to_cart address=[1]", "address must be a JSON object"],
  ["add_to_cart P1", "Write arguments as name=value: add_to_cart productId=...."],
  ['add_to_cart productId="P1', 'A quote " is not closed.'],
  ["add_to_cart tags=[1", "A bracket is not closed."],
  ["/sate", "There is no command /sate. Did you mean /state? See /help."],
])("tells what is wrong with %s", (line, message) => {
  expect(read(line)).toEqual({ kind: "mistake", message });
});

test.each(["two", "yes, please", "add two of P1 to my cart", "login please", "what's in it?", "a=b is what I mean"])("%s is said to the agent", (line) => {
  expect(read(line)).toEqual({ kind: "said", text: line });
});

test("`say` makes sure that a line is said", () => {
  expect(read("say get_total")).toEqual({ kind: "said", text: "get_total" });
});

test("required arguments that are left out are named, required ones come first", () => {
  const typed = read("add_to_cart quantity=2");
  expect(typed.kind === "call" && typed.missing.map(({ name, wants, description }) => [name, wants, description])).toEqual([["productId", "text", "its number"]]);
  expect(tools.get("add_to_cart")![0]!.name).toBe("productId");
});

test("an empty line and a remark are nothing, a command is one", () => {
  expect(read("   ")).toEqual({ kind: "nothing" });
  expect(read("# later")).toEqual({ kind: "nothing" });
  expect(read(" /state ")).toEqual({ kind: "command", name: "/state", rest: "" });
});

test("names that reach into prototypes are arguments like others, and unknown", () => {
  expect(read("add_to_cart __proto__=1")).toMatchObject({ kind: "mistake" });
  expect(read("constructor x=1")).toMatchObject({ kind: "mistake" });
});

test("TAB offers tools and commands, then argument names that are not used yet, then values", () => {
  expect(complete("ad", tools)).toEqual([["add_to_cart "], "ad"]);
  expect(complete("/s", tools)).toEqual([["/state"], "/s"]);
  expect(complete("add_to_cart pr", tools)).toEqual([["productId=", "price="].filter((name) => name.startsWith("pr")), "pr"]);
  expect(complete("add_to_cart productId=1 pr", tools)).toEqual([["price="], "pr"]);
  expect(complete("add_to_cart gift=", tools)).toEqual([["gift=true ", "gift=false "], "gift="]);
  expect(complete("add_to_cart size=l", tools)).toEqual([["size=large "], "size=l"]);
  expect(complete("nothing x", tools)).toEqual([[], "x"]);
});

test("words are split at blanks outside of quotes and brackets", () => {
  expect(wordsOf(`a=1  b="x y" c='{"d": 1}' e=[1, "2 3"]`)).toEqual(["a=1", "b=x y", 'c={"d": 1}', 'e=[1, "2 3"]']);
  expect(wordsOf("it's")).toEqual(["it's"]);
});
