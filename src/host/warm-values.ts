// Whose decoded values stay in memory: the conversations that were used last. All others cost their text only.

/** Source: 256 states of 64 KiB are a few tens of MiB. */
const WARM_CONVERSATIONS = 256;

/** Something whose decoded values can be let go. */
export interface Coolable {
  cool(): void;
}

export class WarmValues {
  /** The one that was used last is at the end. */
  readonly #warm = new Set<Coolable>();

  used(each: Coolable): void {
    this.#warm.delete(each);
    this.#warm.add(each);
    if (this.#warm.size <= WARM_CONVERSATIONS) return;
    const [coldest] = this.#warm;
    this.#warm.delete(coldest!);
    coldest!.cool();
  }

  gone(each: Coolable): void {
    this.#warm.delete(each);
  }
}
