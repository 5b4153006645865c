// A signal to the open conversation: something that happened outside, which the agent hears.

import { useId, useState } from "react";

import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { failureOf } from "../../lib/api-failure.ts";
import { useConversation } from "../../lib/conversation-context.tsx";
import { readJson } from "../logic/form-draft.ts";
import { FailureLine } from "./failure-line.tsx";

const INPUT = "w-full rounded-md border border-edge bg-pane px-2.5 py-1.5 font-mono text-sm";

export function SignalDialog({ onClose }: { readonly onClose: () => void }) {
  const { api, conversationId, reload } = useConversation();
  const [name, setName] = useState("");
  const [payload, setPayload] = useState("");
  const [failure, setFailure] = useState<{ readonly message: string; readonly remedy?: string | undefined }>();
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  const send = async (): Promise<void> => {
    const read = payload.trim() === "" ? undefined : readJson(payload);
    if (read && !read.ok) return setFailure({ message: read.problems[0]!.message });
    setBusy(true);
    try {
      await api.signal(conversationId, { name, ...(read ? { payload: read.value } : {}) });
      reload();
      onClose();
    } catch (thrown) {
      const { message, remedy } = failureOf(thrown);
      setFailure({ message, remedy });
      setBusy(false);
    }
  };
  return (
    <Dialog title="Send a signal" onClose={onClose}>
      <form className="space-y-3 p-4" onSubmit={(event) => { event.preventDefault(); void send(); }}>
        <p className="text-ink-2">A signal is handled by the agent in a unit of work of its own, after what is running now. It is journalled as sent from here.</p>
        <div>
          <label htmlFor={id} className="mb-0.5 block font-medium">Name</label>
          <input id={id} autoFocus required value={name} onChange={(event) => setName(event.target.value)} className={INPUT} />
        </div>
        <div>
          <label htmlFor={`${id}-payload`} className="mb-0.5 block font-medium">Payload <span className="font-normal text-ink-3">(lossless JSON, optional)</span></label>
          <textarea id={`${id}-payload`} rows={4} spellCheck={false} value={payload} onChange={(event) => setPayload(event.target.value)} className={INPUT} />
        </div>
        <FailureLine failure={failure} />
        <div className="flex justify-end gap-2">
          <Button look="quiet" onClick={onClose}>Cancel</Button>
          <Button type="submit" look="accent" disabled={isBusy || name === ""}>{isBusy ? "Sending…" : "Send"}</Button>
        </div>
      </form>
    </Dialog>
  );
}
