// Names of options, checked where no compiler looks: Node runs TypeScript with its types stripped, unchecked.
//
//   ON1. A name that means nothing is a mistake, never ignored: `require` in the place of `requires` would leave a tool
//        open to everybody, `idleTimeout` in the place of `idleTimeoutMs` a session.

/** All names of some options; the compiler sees to it that none is missing. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** An option that cannot be, and why: together they are a sentence. */
interface OptionMistake {
  readonly option: string;
  readonly reason: string;
}

/**
 * The first name of some options that means nothing.
 *
 * @param within the option that holds these ones, as `lockout`.
 */
export function optionMistake(given: unknown, known: Readonly<Record<string, true>>, within = ""): OptionMistake | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return { option: within === "" ? "the options" : within, reason: "must be an object" };
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name))?.slice(0, 64);
  if (unknown === undefined) return undefined;
  return { option: within === "" ? unknown : `${within}.${unknown}`, reason: `is none of its options: ${Object.keys(known).join(", ")}` };
}

/** The same as one text, without its end. */
export function optionMistakeText(...asked: Parameters<typeof optionMistake>): string | undefined {
  const mistake = optionMistake(...asked);
  return mistake && `${mistake.option} ${mistake.reason}`;
}
