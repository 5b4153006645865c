// The agent's voice, where the browser has one and somebody turned it on. Never required.
//
//   SP1. What is spoken is cut off as soon as somebody speaks over it, and it is known up to where it was heard.

import { Store } from "../lib/store.ts";

const PLACE = "conversimple.spoken";

/** Whether this browser can speak. */
export function canSpeak(): boolean {
  return typeof speechSynthesis !== "undefined" && typeof SpeechSynthesisUtterance !== "undefined";
}

/** Whether answers are spoken. */
export const isSpoken = new Store(canSpeak() && localStorage.getItem(PLACE) === "yes");

isSpoken.subscribe(() => localStorage.setItem(PLACE, isSpoken.get() ? "yes" : "no"));

export class Voice {
  #pieces = "";
  #now = "";
  #heardUpTo = 0;

  /** Speaks an utterance once all of it is there. */
  text(token: string, isLast: boolean): void {
    this.#pieces += token;
    if (!isLast) return;
    const utterance = this.#pieces.trim();
    this.#pieces = "";
    if (utterance === "" || !isSpoken.get() || !canSpeak()) return;
    const speech = new SpeechSynthesisUtterance(utterance);
    speech.lang = "en-US";
    speech.addEventListener("start", () => {
      this.#now = utterance;
      this.#heardUpTo = 0;
    });
    speech.addEventListener("boundary", (event) => (this.#heardUpTo = event.charIndex));
    speech.addEventListener("end", () => (this.#now = ""));
    speechSynthesis.speak(speech);
  }

  /** Falls silent; returns what of the utterance was heard, or null when nothing was being spoken (SP1). */
  cut(): string | null {
    this.#pieces = "";
    if (this.#now === "") return null;
    const heard = this.#now.slice(0, this.#heardUpTo).trim();
    this.#now = "";
    speechSynthesis.cancel();
    return heard;
  }
}
