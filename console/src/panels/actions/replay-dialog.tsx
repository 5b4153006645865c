// A recorded call, run again on the agent's code without side effects: what was, beside what is.

import type { Replay, ReplayStep } from "../../../../src/inspector/api.ts";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { useConversation } from "../../lib/conversation-context.tsx";
import { count } from "../../lib/formatting.ts";
import { useLoaded } from "../../lib/loadable.ts";
import { Callout } from "../callout.tsx";
import { FailureLine } from "./failure-line.tsx";

export function ReplayDialog({ onClose }: { readonly onClose: () => void }) {
  const { api, conversationId } = useConversation();
  const replay = useLoaded(`replay ${conversationId}`, () => api.replay(conversationId));
  return (
    <Dialog title="Replay" onClose={onClose} className="sm:max-w-3xl!">
      <div className="max-h-[75vh] space-y-3 overflow-y-auto p-4">
        <p className="text-ink-2">Each unit of this call is run again on the code as it is now, in a store of its own. Logins, effects, caches and the customer's record answer as they were recorded. Only a service that a tool calls directly, outside of an effect or a cache, is called again.</p>
        {replay.state === "loading" ? <p role="status" className="py-6 text-center text-ink-3">Running the call again…</p> : null}
        {replay.state === "failed" ? <FailureLine failure={replay.failure} /> : null}
        {replay.value ? <ReplayResult replay={replay.value} /> : null}
        <div className="flex justify-end"><Button onClick={replay.reload} disabled={replay.state === "loading"}>Run it again</Button></div>
      </div>
    </Dialog>
  );
}

function ReplayResult({ replay }: { readonly replay: Replay }) {
  const odd = replay.steps.filter(isOdd).length;
  return (
    <>
      <Callout tone={replay.isSame ? "good" : "warn"} headline={replay.isSame ? `The same: ${count(replay.steps.length, "unit")} did what they did then.` : `${count(odd, "unit")} of ${replay.steps.length} did something else.`} sentences={replay.remarks} />
      <div className="overflow-x-auto">
        <table className="w-full text-xs">
          <thead>
            <tr className="border-b border-line text-left text-2xs text-ink-3">
              <th scope="col" className="py-1 pr-3 font-medium">Version</th>
              <th scope="col" className="pr-3 font-medium">Unit</th>
              <th scope="col" className="pr-3 font-medium">Recorded</th>
              <th scope="col" className="pr-3 font-medium">Replayed</th>
              <th scope="col" className="font-medium max-sm:hidden">State after it</th>
            </tr>
          </thead>
          <tbody>{replay.steps.map((step) => <StepRow key={step.version} step={step} />)}</tbody>
        </table>
      </div>
    </>
  );
}

function StepRow({ step }: { readonly step: ReplayStep }) {
  const { version, unit, name, recorded, replayed, differences } = step;
  return (
    <tr className={`border-b border-line align-baseline ${isOdd(step) ? "bg-warn-soft" : ""}`}>
      <td className="py-1 pr-3 pl-1 font-mono text-ink-3">{version}</td>
      <td className="pr-3"><span className="font-mono font-medium">{name}</span> <span className="text-2xs text-ink-3">{unit}</span>{differences.length === 0 ? null : <span className="block sm:hidden"><Differences places={differences} /></span>}</td>
      <td className="pr-3"><Chip tone={recorded === "ok" ? "good" : "plain"}>{recorded}</Chip></td>
      <td className="pr-3"><Chip tone={replayed === recorded ? (recorded === "ok" ? "good" : "plain") : "warn"}>{replayed}</Chip></td>
      <td className="py-1 max-sm:hidden">{differences.length === 0 ? <span className="text-ink-3">{replayed === "not run" ? "–" : "the same"}</span> : <Differences places={differences} />}</td>
    </tr>
  );
}

/** In a column of their own, where there is room for one. */
function Differences({ places }: { readonly places: readonly string[] }) {
  return <ul>{places.map((place) => <li key={place} className="font-mono break-all text-warn">{place}</li>)}</ul>;
}

function isOdd({ recorded, replayed, differences }: ReplayStep): boolean {
  return recorded !== replayed || differences.length > 0;
}
