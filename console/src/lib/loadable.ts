// Something that is asked of the server: not there yet, there, or refused.

import { useCallback, useEffect, useState } from "react";

import { failureOf, type ApiFailure } from "./api-failure.ts";

/** `value` of a failed one is what was there before, if anything was. */
export type Loadable<T> =
  | { readonly state: "loading"; readonly value?: undefined }
  | { readonly state: "ready"; readonly value: T; readonly isStale?: boolean }
  | { readonly state: "failed"; readonly failure: ApiFailure; readonly value?: T };

export const LOADING: Loadable<never> = { state: "loading" };

/**
 * Asks when it is first shown and whenever `key` changes; what a former key asked for is dropped.
 *
 * @param key what the question depends on; null asks nothing.
 */
export function useLoaded<T>(key: string | null, ask: (signal: AbortSignal) => Promise<T>): Loadable<T> & { readonly reload: () => void } {
  const [loaded, setLoaded] = useState<{ key: string | null; value: Loadable<T> }>({ key: null, value: LOADING });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (key === null) return undefined;
    const abort = new AbortController();
    setLoaded((before) => (before.key === key && before.value.state === "ready" ? { key, value: { ...before.value, isStale: true } } : { key, value: LOADING }));
    ask(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setLoaded({ key, value: { state: "ready", value } });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setLoaded((before) => ({ key, value: { state: "failed", failure: failureOf(error), ...(before.value.state === "ready" ? { value: before.value.value } : {}) } }));
      },
    );
    return () => abort.abort();
    // `ask` is new at every rendering; `key` says when the question is another one.
  }, [key, round]);
  const reload = useCallback(() => setRound((each) => each + 1), []);
  return { ...(loaded.key === key ? loaded.value : LOADING), reload };
}
