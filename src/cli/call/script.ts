// The file of a scripted call, read and checked before anything is called.

import { readFileSync } from "node:fs";

import { ConversimpleError } from "../../base/errors.ts";
import { checkedScript, type Script } from "../../platform/brains/script.ts";
import { misuse } from "../failure.ts";
import { placeOfMistake } from "./json-mistake.ts";

/** @throws {Failure} The file cannot be read, is not JSON, or is no script. */
export function readScript(file: string): Script {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    throw wrong(file, (thrown as NodeJS.ErrnoException).code === "ENOENT" ? "it does not exist" : "it cannot be read");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw wrong(file, `it is not JSON${placeOfMistake(thrown)}`);
  }
  try {
    return checkedScript(value);
  } catch (thrown) {
    if (!(thrown instanceof ConversimpleError)) throw thrown;
    throw wrong(file, thrown.message);
  }
}

function wrong(file: string, what: string): Error {
  return misuse(`The script ${file} cannot be played: ${what}.`, 'A script is { "agent": "shop", "calls": [{ "tool": "add_to_cart", "arguments": {}, "expect": {}, "expectState": {} }], "end": true }');
}
