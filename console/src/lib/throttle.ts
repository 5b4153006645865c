// Doing something soon, and not more often than is useful.
//
//   TH1. The first call runs at once; those that come while it runs, or too soon after it, are one more run.

/** Runs `work` at most once per `ms`, never twice at a time. Returns the function that asks for a run. */
export function throttled(work: () => Promise<unknown>, ms: number): (() => void) & { readonly stop: () => void } {
  let isBusy = false;
  let isWanted = false;
  let isStopped = false;
  const ask = () => {
    if (isStopped) return;
    if (isBusy) {
      isWanted = true;
      return;
    }
    isBusy = true;
    const pause = new Promise((resolve) => setTimeout(resolve, ms));
    void Promise.allSettled([work(), pause]).then(() => {
      isBusy = false;
      if (!isWanted) return;
      isWanted = false;
      ask();
    });
  };
  return Object.assign(ask, { stop: () => void (isStopped = true) });
}
