// Where a text is not JSON: the parser's own message repeats what was typed, which may be a PIN.            (P21)

/** ` at character 17`, or nothing when the parser does not say. */
export function placeOfMistake(thrown: unknown): string {
  const [, position] = /position (\d+)/.exec((thrown as Error).message) ?? [];
  return position === undefined ? "" : ` at character ${Number(position) + 1}`;
}
