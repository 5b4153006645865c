// What the server refused, within a form: its message, and what to do.

export function FailureLine({ failure }: { readonly failure: { readonly message: string; readonly remedy?: string | undefined } | undefined }) {
  if (!failure) return null;
  return (
    <div role="alert" className="rounded-md bg-bad-soft px-2.5 py-1.5 break-words">
      <p className="font-medium text-bad">{failure.message}</p>
      {failure.remedy === undefined ? null : <p className="text-ink-2">{failure.remedy}</p>}
    </div>
  );
}
