// What was said, taken apart once for all who look at it.

import { mentionsIn, overlaps, type Mention } from "./mentions.ts";
import { wordsIn, type Word } from "./words.ts";

interface Place {
  readonly start: number;
  readonly end: number;
}

export class Utterance {
  readonly text: string;
  readonly words: readonly Word[];
  readonly mentions: readonly Mention[];
  /** Places whose values are taken. */
  readonly #claims: Place[] = [];

  private constructor(text: string, mentions: readonly Mention[]) {
    this.text = text;
    this.words = wordsIn(text);
    this.mentions = mentions;
  }

  /** @param lastDay what was spoken of before: "the 6th" is after it. */
  static async of(text: string, now: Date, lastDay?: string): Promise<Utterance> {
    return new Utterance(text, await mentionsIn(text, now, lastDay));
  }

  /** The same, to try something out: what is taken there is not taken here. */
  copy(): Utterance {
    const copy = new Utterance(this.text, this.mentions);
    copy.claim(...this.#claims);
    return copy;
  }

  claim(...places: readonly Place[]): void {
    this.#claims.push(...places);
  }

  isFree(place: Place): boolean {
    return !this.#claims.some((claimed) => overlaps(claimed, place) || (claimed.start === place.start && claimed.end === place.end));
  }

  /** The mentions of a kind that nobody took. */
  free<K extends Mention["kind"]>(kind: K): Extract<Mention, { kind: K }>[] {
    return this.mentions.filter((mention): mention is Extract<Mention, { kind: K }> => mention.kind === kind && this.isFree(mention));
  }

  /** The words outside of values: what somebody wants, not with what. */
  get plainWords(): readonly Word[] {
    const values = [...this.mentions, ...[...this.text.matchAll(/\S+(?:@|:\/\/)\S+/g)].map((found) => ({ start: found.index, end: found.index + found[0].length }))];
    return this.words.filter((word) => !values.some((value) => overlaps(value, word)));
  }
}
