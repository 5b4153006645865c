// A new conversation that begins with the state of this one at a version.

import { useId, useState } from "react";

import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { failureOf, type ApiFailure } from "../../lib/api-failure.ts";
import { useConversation } from "../../lib/conversation-context.tsx";
import { go } from "../../lib/navigation.ts";
import { FailureLine } from "./failure-line.tsx";

export function ForkDialog({ version, onClose }: { readonly version: number; readonly onClose: () => void }) {
  const { conversationId, api } = useConversation();
  const [name, setName] = useState("");
  const [failure, setFailure] = useState<ApiFailure>();
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  const fork = async (): Promise<void> => {
    setBusy(true);
    try {
      const made = await api.fork(conversationId, { version, ...(name.trim() === "" ? {} : { conversationId: name.trim() }) });
      onClose();
      go({ page: "conversation", conversationId: made.conversationId, panel: "state", version: null });
    } catch (thrown) {
      setFailure(failureOf(thrown));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Fork from version ${version}`} onClose={onClose}>
      <form className="space-y-3 p-4" onSubmit={(event) => { event.preventDefault(); void fork(); }}>
        <p className="text-ink-2">A new conversation begins with the state as it was at version {version}. This one is not changed. Whoever was logged in then is logged in there, and it has the same customer.</p>
        <label htmlFor={id} className="block font-medium">Its id <span className="font-normal text-ink-3">(made of this one's if you leave it empty)</span></label>
        <input id={id} value={name} maxLength={256} onChange={(event) => setName(event.target.value)} className="w-full rounded-md border border-edge bg-pane px-2.5 py-1.5 font-mono" />
        <FailureLine failure={failure} />
        <div className="flex justify-end gap-2">
          <Button look="quiet" onClick={onClose}>Cancel</Button>
          <Button type="submit" look="accent" disabled={isBusy}>{isBusy ? "Forking…" : "Fork"}</Button>
        </div>
      </form>
    </Dialog>
  );
}
