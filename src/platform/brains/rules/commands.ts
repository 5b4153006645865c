// What is said to whoever listens, not to the agent: never mind, start over, help, goodbye.
//
//   CM1. Only a sentence that is nothing else is a command: "cancel my order" is for a tool.

/** What a command asks for. */
export type SpokenCommand = "cancel" | "restart" | "help" | "hello" | "bye";

const COMMANDS: readonly (readonly [SpokenCommand, RegExp])[] = [
  ["cancel", /^(?:(?:no|oh|ok|okay|please|sorry|actually)[\s,]+)*(?:cancel(?: (?:that|it|this))?|never ?mind|forget (?:it|that|about it)|stop(?: (?:that|it))?|leave it)(?:[\s,]+(?:please|thanks|thank you))?$/],
  ["restart", /^(?:(?:no|please|let'?s|ok|okay|sorry|can we)[\s,]+)*(?:start (?:over|again)|begin again|from the (?:beginning|start))(?:[\s,]+please)?$/],
  ["help", /^(?:help(?: me)?|what can (?:you|i) (?:do|say|ask)(?: here| now)?|what is possible|what are my options)(?:[\s,]+please)?$/],
  ["hello", /^(?:hello|hi|hey|good (?:morning|afternoon|evening|day))(?:[\s,]+(?:there|hello|hi))?$/],
  ["bye", /^(?:(?:ok|okay|thanks|thank you|no)[\s,]+)*(?:good ?bye|bye(?:[ -]bye)?|hang up|that'?s all|that is all)(?:[\s,]+(?:thanks|thank you|bye))?$/],
];

/** The command that a sentence is, if it is one (CM1). */
export function commandIn(text: string): SpokenCommand | undefined {
  const said = text.trim().toLowerCase().replaceAll("’", "'").replace(/[.!?]+$/, "");
  return COMMANDS.find(([, pattern]) => pattern.test(said))?.[0];
}
