// A change as the commit script takes it (lua-commits.ts): what changes beside the hash, and the hash's fields.

import type { Change } from "../../state/store.ts";

/** Call, mask, number of the mask's arguments, those, then fields and values. */
export function changeArgs({ expectedVersion, record, entry, answer, facts, consume, trimBelow }: Change): string[] {
  const version = String(expectedVersion + 1);
  const fields: string[] = [];
  if (record !== undefined) fields.push("d", record);
  if (entry !== undefined) fields.push(`e${version}`, entry);
  if (answer) fields.push(`c:${answer.callId}`, version, `a${version}`, answer.text);
  const call = answer ? JSON.stringify([answer.callId.toWellFormed(), answer.digest.toWellFormed()]) : "";

  let mask = "";
  const more: string[] = [];
  const put = (letter: string, ...texts: readonly string[]) => {
    mask += letter;
    more.push(...texts);
  };
  const fact = (letter: string, value: string | number | null | undefined) => {
    if (value === undefined) return;
    if (value === null) put(letter.toUpperCase());
    else put(letter, String(value));
  };
  if (facts) {
    fact("s", facts.status);
    fact("g", facts.agentId);
    fact("c", facts.customer);
    fact("n", facts.endReason);
    // Times are whole milliseconds here; what is given may be the sum of a clock's fractions.
    fact("x", facts.expiresAtMs && Math.ceil(facts.expiresAtMs));
  }
  if (consume?.length) put("m", String(consume.length), ...consume);
  if (trimBelow !== undefined) put("l", String(trimBelow));
  return [call, mask, String(more.length), ...more, ...fields];
}

/** Whether the change touches an index, so that its script needs all keys (RC3). */
export function touchesIndexes({ expectedVersion, epoch, facts, consume }: Change): boolean {
  return (expectedVersion === 0 && epoch === 0) || facts !== undefined || Boolean(consume?.length);
}
