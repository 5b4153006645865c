// A change as the commit script takes it: a mask of letters, and a text for each that needs one (lua-commits.ts).

import type { Change } from "../../state/store.ts";

/** The mask and what follows it. */
export function changeArgs({ record, entry, answer, facts, consume, trimBelow }: Change): { mask: string; args: string[] } {
  let mask = "";
  const args: string[] = [];
  const put = (letter: string, ...texts: readonly string[]) => {
    mask += letter;
    args.push(...texts);
  };
  const fact = (letter: string, value: string | number | null | undefined) => {
    if (value === undefined) return;
    if (value === null) put(letter.toUpperCase());
    else put(letter, String(value));
  };
  if (record !== undefined) put("r", record);
  if (entry !== undefined) put("t", entry);
  if (answer) put("k", JSON.stringify([answer.callId.toWellFormed(), answer.digest.toWellFormed()]), answer.callId, answer.text);
  fact("s", facts?.status);
  fact("g", facts?.agentId);
  fact("c", facts?.customer);
  fact("n", facts?.endReason);
  fact("x", facts?.expiresAtMs);
  if (consume?.length) put("m", String(consume.length), ...consume);
  if (trimBelow !== undefined) put("l", String(trimBelow));
  return { mask, args };
}

/** Whether the change touches an index, so that its script needs all keys (RC2). */
export function touchesIndexes({ expectedVersion, epoch, facts, consume }: Change): boolean {
  return (expectedVersion === 0 && epoch === 0) || facts !== undefined || Boolean(consume?.length);
}
