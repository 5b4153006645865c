// A call that begins on the page: with which agent, and with what prepared before anything is said.

import { useState, type FormEvent } from "react";

import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { CONTROL, Field } from "../kit/field.tsx";
import { FailureNotice } from "../kit/notice.tsx";
import { failureOf, type ApiFailure } from "../lib/api-failure.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { place } from "../lib/navigation.ts";
import { CallPreparation, NOTHING_PREPARED, type Prepared } from "./call-preparation.tsx";
import { useNewCall } from "./new-call.ts";

export function NewCallDialog({ onClose }: { readonly onClose: () => void }) {
  const { agents, info } = useInspector();
  const begin = useNewCall();
  const [agentId, setAgentId] = useState(() => place.get().filter.agent || (agents.find(({ isServed }) => isServed)?.agentId ?? agents[0]?.agentId ?? ""));
  const [brain, setBrain] = useState(info.brains[0] ?? "");
  const [prepared, setPrepared] = useState<Prepared>(NOTHING_PREPARED);
  const [failure, setFailure] = useState<Pick<ApiFailure, "message" | "remedy"> | null>(null);
  const [isBusy, setBusy] = useState(false);
  const agent = agents.find((each) => each.agentId === agentId);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!prepared.ok) return setFailure({ message: prepared.message, remedy: undefined });
    setBusy(true);
    try {
      await begin({ agentId, brain: brain === info.brains[0] ? undefined : brain, ...prepared.wish }, onClose);
    } catch (error) {
      setFailure(failureOf(error));
      setBusy(false);
    }
  };
  if (agents.length === 0) return <NoAgents onClose={onClose} />;
  return (
    <Dialog title="New call" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} className="flex max-h-[75vh] flex-col">
        <div className="flex flex-col gap-4 overflow-y-auto p-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Agent">
              {(props) => (
                <select {...props} autoFocus value={agentId} onChange={(event) => setAgentId(event.target.value)} className={`h-8 ${CONTROL}`}>
                  {agents.map((each) => <option key={each.agentId} value={each.agentId}>{each.agentId}{each.isServed ? "" : " (nobody serves it now)"}</option>)}
                </select>
              )}
            </Field>
            <Field label="Brain" hint="What talks for the agent.">
              {(props) => (
                <select {...props} value={brain} onChange={(event) => setBrain(event.target.value)} className={`h-8 ${CONTROL}`}>
                  {info.brains.map((name) => <option key={name}>{name}</option>)}
                </select>
              )}
            </Field>
          </div>
          {agent ? <CallPreparation key={agentId} agent={agent} onChange={setPrepared} /> : null}
        </div>
        {failure ? <FailureNotice failure={failure} /> : null}
        <div className="flex justify-end gap-2 border-t border-line p-3">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="accent" disabled={isBusy || agentId === ""}>{isBusy ? "Ringing…" : "Call"}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Where nobody can be called. */
export const NO_AGENTS = "No agent runs at the moment. The terminal that printed the address of this page says why.";

function NoAgents({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="New call" onClose={onClose}>
      <p className="p-4 text-ink-2">{NO_AGENTS}</p>
    </Dialog>
  );
}
