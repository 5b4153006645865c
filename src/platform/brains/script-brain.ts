// The brain that plays a script: whatever the caller says, the next step follows. For demonstrations and tests.
//
//   SB1. A turn plays one step with `say`, and the ones without that follow it. In a script without any `say`, a turn is a step.
//   SB2. What the caller says is not compared: a demonstration must not stop at a word.

import type { Brain, BrainMaker, Turn } from "./brain.ts";
import { spoken } from "./rules/spoken-result.ts";
import type { Script, Step } from "./script.ts";
import { hideSpelled } from "./spelled-secrets.ts";

/** The brain that plays a script; each conversation from its beginning. */
export function scriptBrain(script: Script): BrainMaker {
  return () => new ScriptBrain(script);
}

class ScriptBrain implements Brain {
  readonly #script: Script;
  readonly #isSpoken: boolean;
  #next = 0;

  constructor(script: Script) {
    this.#script = script;
    this.#isSpoken = script.calls.some(({ say }) => say !== undefined);
  }

  async take(turn: Turn): Promise<void> {
    for (const outcome of turn.news) turn.say(spoken(outcome));
    if (turn.heard.kind === "news") return;
    // What stands before the first thing that is said is the greeting.
    if (turn.heard.kind === "start") return this.#isSpoken ? this.#playOn(turn) : undefined;
    hideSpelled(turn);
    const step = this.#script.calls[this.#next];
    if (!step) return turn.say("The script is over.");
    this.#next += 1;
    await play(step, turn);
    if (this.#isSpoken) await this.#playOn(turn);
    if (this.#next >= this.#script.calls.length && this.#script.end) turn.hangUp("script_over");
  }

  /** The steps up to the next thing that the caller says (SB1). */
  async #playOn(turn: Turn): Promise<void> {
    for (let step = this.#script.calls[this.#next]; step && step.say === undefined; step = this.#script.calls[this.#next]) {
      this.#next += 1;
      await play(step, turn);
    }
  }
}

async function play(step: Step, turn: Turn): Promise<void> {
  const { tool, answer, play: source, sendDigits: digits, language } = step;
  if (language !== undefined) turn.gesture({ kind: "language", language });
  const outcome = tool === undefined ? undefined : await turn.call(tool, step.arguments);
  const said = answer ?? (outcome && spoken(outcome));
  if (said !== undefined) turn.say(said);
  if (source !== undefined) turn.gesture({ kind: "play", source });
  if (digits !== undefined) turn.gesture({ kind: "digits", digits });
}
