// The brain that needs no model: it picks a tool by words, fills its parameters, asks for what is missing, and says what
// came of it. The same words in the same situation always do the same.
//
//   RB1. It calls only tools that are offered at that moment, with arguments that their JSON Schema accepts.
//   RB2. It repeats nothing of what a caller said; secrets are hidden before anything is said.            (P21)
//   RB3. When it is not sure it asks; when it understood nothing it says what is possible now.

import type { Brain, BrainFacts, BrainMaker, Turn } from "../brain.ts";
import { fits } from "../argument-check.ts";
import { hideSpelled } from "../spelled-secrets.ts";
import { yesOrNo } from "./choices.ts";
import { commandIn } from "./commands.ts";
import { affirmed, meanings, meansTool, valuesFor } from "./meaning.ts";
import { PendingCall } from "./pending-call.ts";
import { choice, confirmation, possibilities, problem, question } from "./sentences.ts";
import type { Slot } from "./slots.ts";
import { hasFailed, spoken } from "./spoken-result.ts";
import { NEAR, speakables, STRONG, WEAK, type Speakable } from "./tool-match.ts";
import { Utterance } from "./utterance.ts";

/** Calls that one sentence can lead to: "book a room from the 3rd to the 5th for two" is three. */
const MAX_CALLS = 4;
/** Useless answers to one question; after them it is dropped. */
const MAX_MISSES = 3;
/** Another tool takes the place of the pending one only when it is this clear. */
const CLEARLY = 0.8;

const OPENINGS = { cancel: "All right. ", restart: "All right. ", hello: "Hello. ", help: "" } as const;

/** The brain that works offline, by rules. */
export function rulesBrain(): BrainMaker {
  return (facts) => new RulesBrain(facts);
}

class RulesBrain implements Brain {
  readonly #now: () => Date;
  #pending: PendingCall | undefined;
  /** The last call when it failed: its values, but for the hidden ones, hold for the next try. */
  #failed: PendingCall | undefined;
  /** What a tool asked, when its answer was a question. */
  #question: string | undefined;

  constructor({ now }: BrainFacts) {
    this.#now = now;
  }

  async take(turn: Turn): Promise<void> {
    for (const outcome of turn.news) turn.say(spoken(outcome));
    const { kind, text, keys } = turn.heard;
    const all = speakables(turn.tools());
    if (kind === "start") return turn.say(`Hello. ${possibilities(all)}`);
    if (kind === "news") return;
    hideSpelled(turn);
    const utterance = await Utterance.of([text, keys].filter((each) => each !== "").join(" "), this.#now(), this.#pending?.lastDay);
    if (this.#obeys(utterance.text, all, turn)) return;
    if (this.#pending) return this.#goOn(this.#pending, utterance, all, turn);
    return this.#begin(utterance, all, turn);
  }

  /** Words that are for the brain itself. */
  #obeys(text: string, all: readonly Speakable[], turn: Turn): boolean {
    const command = commandIn(text);
    if (command === undefined || (command === "cancel" && !this.#pending && meansTool(text, all))) return false;
    if (command === "cancel" || command === "restart") this.#forget();
    if (command === "bye") {
      turn.say("Goodbye.");
      turn.hangUp("caller_said_goodbye");
    } else turn.say(`${OPENINGS[command]}${possibilities(all)}`);
    return true;
  }

  /** Nothing is pending: what is wanted? */
  async #begin(utterance: Utterance, all: readonly Speakable[], turn: Turn): Promise<void> {
    const asked = this.#question;
    const answer = asked === undefined ? undefined : yesOrNo(utterance.text);
    const meant = answer === "yes" ? affirmed(asked!, all) : undefined;
    if (meant) return this.#start(meant, [utterance], turn);
    const [best, next] = meanings(utterance, all, asked);
    if (best?.score === 1) return this.#start(best.speakable, [utterance], turn);
    if (answer === "no") {
      this.#question = undefined;
      return turn.say(`All right. ${possibilities(all)}`);
    }
    if (!best || best.score < WEAK) return turn.say(`Sorry, I did not understand that. ${possibilities(all)}`);
    if (next && next.score >= WEAK && best.score - next.score < NEAR) return turn.say(choice([best.speakable, next.speakable]));
    if (best.score >= STRONG) return this.#start(best.speakable, [utterance], turn);
    const pending = new PendingCall(best.speakable.tool.name, [utterance]);
    pending.isDoubtful = true;
    this.#pending = pending;
    turn.hide(...pending.learn(best.speakable, utterance).hidden);
    return turn.say(confirmation(best.speakable));
  }

  /** Something is pending: an answer, or something else? */
  async #goOn(pending: PendingCall, utterance: Utterance, all: readonly Speakable[], turn: Turn): Promise<void> {
    const speakable = all.find(({ tool }) => tool.name === pending.tool);
    const [best] = meanings(utterance, all, undefined);
    const isOther = best !== undefined && best.speakable !== speakable && best.score >= CLEARLY;
    if (!speakable || isOther) {
      this.#pending = undefined;
      return this.#begin(utterance, all, turn);
    }
    if (pending.isDoubtful) return this.#decide(pending, speakable, utterance, all, turn);
    const { count, problems, hidden } = pending.learn(speakable, utterance);
    turn.hide(...hidden);
    if (count > 0 || problems.length > 0) return this.#demand(pending, speakable, problems, turn);
    if (best && best.speakable !== speakable && best.score >= STRONG) {
      this.#pending = undefined;
      return this.#begin(utterance, all, turn);
    }
    pending.misses += 1;
    const missing = pending.missing(speakable);
    if (pending.misses < MAX_MISSES && missing) return turn.say(`Sorry, I did not understand that. ${question(missing)}`);
    this.#pending = undefined;
    return turn.say(`Let's leave that. ${possibilities(all)}`);
  }

  /** "Do you want to ...?" was asked. */
  async #decide(pending: PendingCall, speakable: Speakable, utterance: Utterance, all: readonly Speakable[], turn: Turn): Promise<void> {
    const answer = yesOrNo(utterance.text);
    if (answer === "yes") {
      pending.isDoubtful = false;
      return this.#demand(pending, speakable, [], turn);
    }
    const said = answer === "no" ? undefined : pending.learn(speakable, utterance.copy());
    if (said && said.count > 0) {
      pending.isDoubtful = false;
      turn.hide(...said.hidden);
      return this.#demand(pending, speakable, said.problems, turn);
    }
    this.#pending = undefined;
    if (answer === "no") return turn.say(`All right. ${possibilities(all)}`);
    return this.#begin(utterance, all, turn);
  }

  /** Takes what the sentences give, the newest first, then goes on. @param calls how many this turn has made with this one. */
  async #start(speakable: Speakable, heard: readonly Utterance[], turn: Turn, calls = 1): Promise<void> {
    const pending = new PendingCall(speakable.tool.name, heard);
    const learned = heard.map((utterance) => pending.learn(speakable, utterance));
    for (const { hidden } of learned) turn.hide(...hidden);
    if (pending.values.size > 0 && this.#failed?.tool === pending.tool) {
      for (const { name, isHidden } of speakable.slots) if (!isHidden && !pending.values.has(name) && this.#failed.values.has(name)) pending.values.set(name, this.#failed.values.get(name));
    }
    return this.#demand(pending, speakable, learned.flatMap(({ problems }) => problems).filter(({ name }) => !pending.values.has(name)), turn, calls);
  }

  /** Asks for what is missing, else calls (RB1). */
  async #demand(pending: PendingCall, speakable: Speakable, problems: readonly Slot[], turn: Turn, calls = 1): Promise<void> {
    const missing = pending.missing(speakable);
    const open = problems[0] ?? missing;
    if (open) {
      this.#pending = pending;
      pending.asked = open.name;
      return turn.say(problems.length > 0 ? problem(open) : question(open));
    }
    this.#pending = undefined;
    const isOffered = turn.tools().some(({ name }) => name === pending.tool);
    if (!isOffered || !fits(speakable.tool.parameters, pending.input)) return turn.say(`I can't do that like this. ${possibilities(speakables(turn.tools()))}`);
    return this.#call(pending, turn, calls);
  }

  async #call(pending: PendingCall, turn: Turn, calls: number): Promise<void> {
    const before = new Set(turn.tools().map(({ name }) => name));
    const outcome = await turn.call(pending.tool, pending.input);
    const failed = hasFailed(outcome);
    const said = spoken(outcome);
    this.#failed = failed ? pending : undefined;
    this.#question = said.endsWith("?") ? said : undefined;
    const opened = failed || calls >= MAX_CALLS ? [] : speakables(turn.tools()).filter(({ tool }) => !before.has(tool.name));
    const asks = said.endsWith("?");
    // All that a tool requires, or a part of what was asked for just now.
    const next = opened.find((each) => pending.heard.some((utterance) => valuesFor(each, utterance) > 0)) ?? (asks ? opened.find((each) => pending.heard.some((utterance) => valuesFor(each, utterance, true) > 0)) : undefined);
    // What was asked is answered already, by the same sentence.
    if (!next || !asks) turn.say(said);
    if (next) return this.#start(next, pending.heard, turn, calls + 1);
  }

  #forget(): void {
    this.#pending = undefined;
    this.#failed = undefined;
    this.#question = undefined;
  }
}
