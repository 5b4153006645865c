// The libraries that read dates and numbers of speech, loaded when somebody speaks for the first time.

import type * as ChronoEnglish from "chrono-node/en";
import type compromise from "compromise/three";

type Libraries = { readonly chrono: typeof ChronoEnglish; readonly nlp: typeof compromise };

export type { ChronoEnglish as chrono };

let loading: Promise<Libraries> | undefined;

/** Loads them once per process: together they take a few hundred milliseconds. */
export function speechLibraries(): Promise<Libraries> {
  loading ??= Promise.all([import("chrono-node/en"), import("compromise/three")]).then(([chrono, { default: nlp }]) => ({ chrono, nlp }));
  return loading;
}
