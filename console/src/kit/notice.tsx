// What went wrong, and what to do about it; and what is not there yet, and how it comes.

import type { ReactNode } from "react";

import type { ApiFailure } from "../lib/api-failure.ts";

/** A failure with its remedy. */
export function FailureNotice({ failure, children }: { readonly failure: Pick<ApiFailure, "message" | "remedy">; readonly children?: ReactNode }) {
  return (
    <div role="alert" className="m-3 rounded-md border border-bad/40 bg-bad-soft px-3 py-2">
      <p className="font-medium break-words text-bad">{failure.message}</p>
      {failure.remedy === undefined ? null : <p className="mt-0.5 break-words text-ink-2">{failure.remedy}</p>}
      {children ? <div className="mt-2 flex gap-2">{children}</div> : null}
    </div>
  );
}

/** An empty place that teaches what fills it. */
export function EmptyNotice({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center gap-2 px-6 py-12 text-center">
      <p className="text-base font-semibold text-ink">{title}</p>
      <div className="flex flex-col items-center gap-2 text-ink-2">{children}</div>
    </div>
  );
}
