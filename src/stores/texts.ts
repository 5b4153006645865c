// Texts as databases take them and give them back.
//
//   TX1. PostgreSQL's text knows no NUL, and what Node 22 reads from SQLite ends before one. So U+0000 is stored as U+0001 "0",
//        and U+0001 as U+0001 "1": two texts never become one, and every other text is stored as it is.

/** A text as it is stored; UTF-8 has no lone surrogates. */
export function stored(text: string): string {
  return escaped(text.toWellFormed());
}

/** The same, for a driver that makes UTF-8 of it by itself. */
export function escaped(text: string): string {
  // Two looks for a character are many times faster than one regular expression.
  if (!text.includes("\0") && !text.includes("\u0001")) return text;
  return text.replaceAll("\u0001", "\u00011").replaceAll("\0", "\u00010");
}

/** A stored text as it was. */
export function read(text: string): string {
  if (!text.includes("\u0001")) return text;
  return text.replaceAll(/\u0001([01])/g, (_, mark: string) => (mark === "0" ? "\0" : "\u0001"));
}

/** The same for what may be missing. */
export function storedOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : stored(text);
}

/** The same for what may be missing. */
export function readOrNull(text: string | null): string | null {
  return text === null ? null : read(text);
}
