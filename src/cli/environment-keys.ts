// Keys and passwords of the environment: in no text that is shown, whoever wrote it and whoever they are for.      (P21)

import { redacted } from "../base/redaction.ts";

const KEYS = Object.entries(process.env).flatMap(([name, value]) => (/key|secret|token|passw|_pwd?$|credential/i.test(name) && value !== undefined ? keysIn(value) : []));

/** A key ring is a list of keys with their ids; each is one. */
function keysIn(value: string): string[] {
  return [value, ...value.split(",").map((each) => each.trim().replace(/^[\w-]{1,16}:/, ""))];
}

/** A text without keys, and without what is known of the error that it is about. */
export function withoutKeys(text: string, thrown?: unknown): string {
  return redacted(text, thrown, KEYS);
}
