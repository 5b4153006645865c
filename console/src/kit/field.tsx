// A control with its label, and what is known or wrong about it below.

import { useId, type ReactNode } from "react";

/** The look of a control that one writes in. */
export const CONTROL = "min-w-0 rounded-md border border-edge bg-pane px-2.5 aria-invalid:border-bad";

/** What ties a control to its label. */
export interface ControlProps {
  readonly id: string;
  readonly "aria-describedby"?: string;
  readonly "aria-invalid"?: boolean;
}

interface FieldProps {
  readonly label: string;
  /** Beside the label, in small. */
  readonly note?: string;
  readonly hint?: string;
  /** Stands in the place of the hint. */
  readonly mistake?: string | null;
  readonly children: (props: ControlProps) => ReactNode;
}

export function Field({ label, note, hint, mistake = null, children }: FieldProps) {
  const id = useId();
  const below = mistake ?? hint;
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <div className="flex items-baseline gap-1.5">
        <label htmlFor={id} className="font-medium">{label}</label>
        {note === undefined ? null : <span className="text-xs text-ink-3">{note}</span>}
      </div>
      {children({ id, ...(below === undefined ? {} : { "aria-describedby": `${id}-below` }), ...(mistake === null ? {} : { "aria-invalid": true }) })}
      {below === undefined ? null : <p id={`${id}-below`} className={`text-xs ${mistake === null ? "text-ink-3" : "text-bad"}`}>{below}</p>}
    </div>
  );
}
