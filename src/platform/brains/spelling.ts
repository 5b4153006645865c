// Digits and letters that are said one by one: "one two three four", "P one two three", "4 3 double 2".
//
//   SP1. What is found says where it stood, so that the very words can be hidden.                (P21)

/** Something that was spelled. */
export interface Spelled {
  /** Digits and capital letters, without blanks. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const DIGITS: Readonly<Record<string, string>> = { zero: "0", oh: "0", o: "0", nought: "0", one: "1", two: "2", three: "3", four: "4", five: "5", six: "6", seven: "7", eight: "8", nine: "9" };
const TIMES: Readonly<Record<string, number>> = { double: 2, triple: 3 };

/**
 * What of a text is spelled, from left to right. A run has a digit and more than one sign, or is one word with a digit.
 *
 * @param isLoose a single word for a digit counts too.
 */
export function spelledIn(text: string, isLoose = false): Spelled[] {
  const found: Spelled[] = [];
  let run: { value: string; start: number; end: number; words: number } | undefined;
  let times = 1;
  const close = () => {
    if (run && /\d/.test(run.value) && (run.words > 1 || isLoose || /\d/.test(text.slice(run.start, run.end)))) found.push({ value: run.value, start: run.start, end: run.end });
    run = undefined;
    times = 1;
  };
  for (const { 0: word, index: start } of text.matchAll(/(?<!['’])[\p{L}\p{N}]+/gu)) {
    const small = word.toLowerCase();
    if (run && !/^(?:[\s-]+|,\s+)$/.test(text.slice(run.end, start))) close();
    const factor = TIMES[small];
    if (factor !== undefined) {
      times = factor;
      run ??= { value: "", start, end: start + word.length, words: 0 };
      run.end = start + word.length;
      continue;
    }
    if (isCode(word)) {
      close();
      found.push({ value: word, start, end: start + word.length });
      continue;
    }
    const signs = signsOf(word, small);
    if (signs === undefined) {
      close();
      continue;
    }
    run ??= { value: "", start, end: start, words: 0 };
    // "a" and "I" are letters only where something is being spelled.
    if (run.value === "" && /^[ai]$/.test(small)) {
      run = undefined;
      continue;
    }
    run.value += signs.repeat(times);
    run.end = start + word.length;
    run.words += 1;
    times = 1;
  }
  close();
  return found;
}

function signsOf(word: string, small: string): string | undefined {
  if (Object.hasOwn(DIGITS, small)) return DIGITS[small];
  if (/^\d+$/.test(word)) return word;
  return /^[a-z]$/.test(small) ? small.toUpperCase() : undefined;
}

/** `P1`, but not `3rd` and not `3pm`. */
function isCode(word: string): boolean {
  return /\d/.test(word) && /\p{L}/u.test(word) && !/^\d+(?:st|nd|rd|th|am|pm)$/i.test(word);
}
