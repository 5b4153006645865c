// How a text looks that the host cannot read as it is: encrypted, or refused by the store that was to decrypt it.
//
// Owns the clear head of an encrypted text, and the form in which a store hands on a text together with the reason why
// it must not be used. Knows no cipher: `stores/encryption` does.
//
//   enc1.2026.17............................<base64url>     format 1, key "2026", written by the commit of version 17
//
//   ET1. The head has a fixed length, so that the size of a text is known from the size of what is stored.
//   ET2. No record, journal entry, answer or message begins with "enc" and a digit, or with "!": records begin with
//        "{", the others with a checksum. So neither form is ever mistaken for content.
//   ET3. A refused text carries what is stored behind the reason: nothing is lost by reading it.

/** Format of the envelope that this release writes. */
export const ENVELOPE_FORMAT = 1;
/** Characters of the clear head: "enc1.", 16 of the key's id, ".", 16 of the version, and at least one ".". */
export const HEAD_LENGTH = 40;

const HEAD = /^enc(\d+)\.([A-Za-z0-9_-]{1,16})\.(0|[1-9]\d{0,15})\.+$/;

/** What is known of an encrypted text without its key. */
export interface EncryptedHead {
  readonly format: number;
  /** Id of the key. */
  readonly key: string;
  /** The version whose commit wrote it; 0 for a message, which no commit wrote. */
  readonly at: number;
}

/** The head's text, always {@link HEAD_LENGTH} characters (ET1). */
export function headText(key: string, at: number): string {
  return `enc${ENVELOPE_FORMAT}.${key}.${at}.`.padEnd(HEAD_LENGTH, ".");
}

/** The head of an encrypted text; undefined for any other text. */
export function encryptedHead(text: string): EncryptedHead | undefined {
  if (!text.startsWith("enc")) return undefined;
  const [, format = "", key = "", at = ""] = HEAD.exec(text.slice(0, HEAD_LENGTH)) ?? [];
  return format === "" ? undefined : { format: Number(format), key, at: Number(at) };
}

/** A stored text that must not be used, with the reason. */
export function refusedText(reason: string, stored: string): string {
  return `!${reason}\n${stored}`;
}

/** What is stored: of a refused text the text behind the reason (ET3), else the text itself. */
export function storedText(text: string): string {
  return text.startsWith("!") ? text.slice(text.indexOf("\n") + 1) : text;
}

/** Why a text cannot be read as it is; undefined when neither form is met. */
export function unreadable(text: string): string | undefined {
  if (text.startsWith("!")) return text.slice(1, text.indexOf("\n"));
  const head = encryptedHead(text);
  return head && `it is encrypted with the key "${head.key}"; open the store with its keys (CONVERSIMPLE_ENCRYPTION_KEYS)`;
}
