// What a development host notes of a unit so that its call can be run again: values that caches gave, what a signal carried.
//
//   RC1. Only where the host was told to record: such a journal holds values that others do not. It is masked as a whole
//        wherever an entry is shown.                                                                    (P21)
//   RC2. A text with a secret argument of the call in it is left out.                                   (P21)
//   RC3. Bounded: what is beyond RECORDED_MAX of a unit is left out.

import { encode } from "../base/codec.ts";
import type { RecordedText, RecordedUnit } from "../state/recorded-unit.ts";

/** Texts of one unit, characters. Source: a share of a unit's journal that leaves room for many units. */
const RECORDED_MAX = 65_536;

export class UnitRecording {
  readonly #atMs: number;
  readonly #secrets: () => readonly string[];
  readonly #caches: RecordedText[] = [];
  readonly #logins: (string | null)[] = [];
  #characters = 0;
  #more: Pick<RecordedUnit, "payload" | "caller"> = {};

  /** @param secrets texts that must not be recorded (RC2). */
  constructor(atMs: number, secrets: () => readonly string[]) {
    this.#atMs = atMs;
    this.#secrets = secrets;
  }

  /** A place for what a cache will give, so that the order is that of the questions. */
  cache(part: string): (given: { readonly text?: string; readonly cached: boolean; readonly ageMs: number }) => void {
    const index = this.#caches.push({ part }) - 1;
    return ({ text, cached, ageMs }) => {
      const kept = text === undefined ? undefined : this.#kept(text);
      this.#caches[index] = { part, cached, ageMs: Math.round(ageMs), ...(kept === undefined ? {} : { text: kept }), ...(text === undefined ? { failed: true } : {}) };
    };
  }

  /** Whom an accepted login gave: a unit that fails behind it stores nobody. */
  login(user: unknown): void {
    const text = storable(user);
    this.#logins.push((text === undefined ? undefined : this.#kept(text)) ?? null);
  }

  /** What came with it from outside. */
  input(name: "payload" | "caller", value: unknown): void {
    const text = storable(value);
    const kept = text === undefined ? undefined : this.#kept(text);
    if (kept !== undefined) this.#more = { ...this.#more, [name]: kept };
  }

  /** For the journal entry. */
  get recorded(): RecordedUnit {
    return { atMs: this.#atMs, ...(this.#caches.length > 0 ? { caches: this.#caches } : {}), ...(this.#logins.length > 0 ? { logins: this.#logins } : {}), ...this.#more };
  }

  /** RC2, RC3. */
  #kept(text: string): string | undefined {
    if (this.#characters + text.length > RECORDED_MAX) return undefined;
    if (this.#secrets().some((secret) => text.includes(JSON.stringify(secret).slice(1, -1)))) return undefined;
    this.#characters += text.length;
    return text;
  }
}

function storable(value: unknown): string | undefined {
  try {
    return encode(value);
  } catch {
    return undefined;
  }
}
