// Mail: what the messages in a conversation's inbox say.                                               (P16)
//
// Owns their forms, and the one id of an end. Knows nothing of how they are applied.
//
//   ML1. What is not one of these forms is refused, never half understood: an older or a newer release may have posted it.

import { encode } from "../base/codec.ts";
import { ConversimpleError } from "../base/errors.ts";
import { wholeInbox } from "../state/inbox.ts";
import { openText, sealText } from "../state/record.ts";
import type { Message, Owner, Store, WaitingMessage } from "../state/store.ts";
import type { HandEdit } from "./hand-edits.ts";

/** What an outside writer puts into an inbox, as it is encoded in the message's text. */
export type Mail =
  | { readonly kind: "update"; readonly changes: Readonly<Record<string, unknown>>; readonly source: string }
  | { readonly kind: "signal"; readonly name: string; readonly payload: unknown; readonly source: string }
  /** Somebody changes a part by hand, at a version if one is given. */
  | HandEdit
  /** Somebody looked at what is masked: changes nothing, and is journalled with the reason. (P21) */
  | { readonly kind: "reveal"; readonly reason: string; readonly source: string }
  /** Its state goes on in a fork, and nobody knows yet whose it is. (P22) */
  | { readonly kind: "fork"; readonly fork: Owner; readonly source: string };

/** An end that was reported to a process which does not have the conversation: whoever has it, or takes it over, ends it. (P12) */
export interface EndMail {
  readonly kind: "end";
  readonly reason: string;
  readonly source: string;
}

/** The id of every end: a conversation has one, however many processes hear of it. */
export const END_MESSAGE = "end-of-conversation";

/** What a message is remembered under in the ledger, once it was applied or refused; its effects, too. No call id begins so. */
export function appliedAs(messageId: string): string {
  return `\nmessage:${messageId}`;
}

/** What the ledger keeps of a message: it was applied, or its unit failed and whoever sent it may send it again. */
export const MESSAGE_APPLIED = encode(undefined);
export const MESSAGE_REFUSED = encode("refused");

/** The message that ends a conversation. */
export function endMessage(reason: string): Message {
  const mail: EndMail = { kind: "end", reason: reason.slice(0, 256), source: "platform" };
  return { id: END_MESSAGE, text: sealText(mail) };
}

/** What a message says. @throws {ConversimpleError} when it is none that an outside writer posts (ML1), or is damaged. */
export function readMail(owner: Owner, { text }: WaitingMessage): Mail | EndMail {
  const value = openText(owner, text);
  const mail = value as Partial<Record<"kind" | "name" | "changes" | "source" | "reason" | "part" | "fork", unknown>> | null;
  if ((mail?.kind === "edit" && typeof mail.part === "string") || (mail?.kind === "fork" && typeof mail.fork === "string")) return value as Mail;
  const isUpdate = mail?.kind === "update" && typeof mail.changes === "object" && mail.changes !== null;
  const hasReason = (mail?.kind === "reveal" || mail?.kind === "end") && typeof mail.reason === "string";
  if (isUpdate || hasReason || (mail?.kind === "signal" && typeof mail.name === "string")) return value as Mail;
  throw new ConversimpleError("state_quarantined", "A message in the inbox is none that this release knows.");
}

/** The end that waits in an inbox, when one that can be read does; other messages are left alone. */
export async function waitingEnd(store: Store, owner: Owner): Promise<{ readonly mail: EndMail; readonly message: WaitingMessage } | undefined> {
  const message = (await wholeInbox(store, owner)).find(({ id }) => id === END_MESSAGE);
  if (!message) return undefined;
  try {
    const mail = readMail(owner, message);
    return mail.kind === "end" ? { mail, message } : undefined;
  } catch {
    return undefined;
  }
}
