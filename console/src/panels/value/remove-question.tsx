// Whether something is to be removed: asked where it stands, since it is somebody's live call.

import { useState } from "react";

import { Button } from "../../kit/button.tsx";
import { failureOf, type ApiFailure } from "../../lib/api-failure.ts";
import { FailureLine } from "../actions/failure-line.tsx";
import type { Conflict } from "./editing.ts";

interface RemoveQuestionProps {
  readonly label: string;
  readonly onRemove: (isForced: boolean) => Promise<void>;
  readonly conflict: (failure: ApiFailure) => Conflict | undefined;
  readonly onClose: () => void;
}

export function RemoveQuestion({ label, onRemove, conflict, onClose }: RemoveQuestionProps) {
  const [failure, setFailure] = useState<ApiFailure>();
  const [isBusy, setBusy] = useState(false);
  const isConflict = failure !== undefined && conflict(failure) !== undefined;
  const remove = async (): Promise<void> => {
    setBusy(true);
    try {
      await onRemove(isConflict);
      onClose();
    } catch (thrown) {
      setFailure(failureOf(thrown));
      setBusy(false);
    }
  };
  return (
    <div
      role="group" aria-label={`Remove ${label}?`} className="my-1 space-y-1.5 font-sans"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") onClose();
      }}
    >
      <p>Remove <span className="font-mono">{label}</span>? That is a change like any other: validated, and journalled as made here.</p>
      <FailureLine failure={failure} />
      <div className="flex gap-1.5">
        <Button autoFocus look="bad" disabled={isBusy} onClick={() => void remove()}>{isConflict ? "Remove it all the same" : "Remove"}</Button>
        <Button look="quiet" onClick={onClose}>Keep it</Button>
      </div>
    </div>
  );
}
