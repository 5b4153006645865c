// A call that begins on the page: with which agent, and with what prepared before anything is said.

import { useState, type FormEvent } from "react";

import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { CONTROL, Field } from "../kit/field.tsx";
import { FailureNotice } from "../kit/notice.tsx";
import { failureOf, type ApiFailure } from "../lib/api-failure.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { place } from "../lib/navigation.ts";
import { readFields } from "./fields-text.ts";
import { useNewCall } from "./new-call.ts";

export function NewCallDialog({ onClose }: { readonly onClose: () => void }) {
  const { agents, info } = useInspector();
  const begin = useNewCall();
  const [agentId, setAgentId] = useState(() => place.get().filter.agent || (agents.find(({ isServed }) => isServed)?.agentId ?? agents[0]?.agentId ?? ""));
  const [brain, setBrain] = useState(info.brains[0] ?? "");
  const [texts, setTexts] = useState({ conversationId: "", state: "", caller: "", customerId: "", customer: "" });
  const [failure, setFailure] = useState<Pick<ApiFailure, "message" | "remedy"> | null>(null);
  const [isBusy, setBusy] = useState(false);
  const agent = agents.find((each) => each.agentId === agentId);
  const hasCustomer = agent?.parts.some(({ kind }) => kind === "customer") ?? false;
  const set = (name: keyof typeof texts) => (text: string) => setTexts((now) => ({ ...now, [name]: text }));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const state = readFields(texts.state, "State");
      const caller = readFields(texts.caller, "Caller");
      const fields = readFields(texts.customer, "Customer");
      await begin({
        agentId, brain: brain === info.brains[0] ? undefined : brain,
        ...(texts.conversationId.trim() === "" ? {} : { conversationId: texts.conversationId.trim() }),
        ...(state ? { state } : {}), ...(caller ? { caller } : {}), ...(texts.customerId.trim() === "" ? {} : { customer: { customerId: texts.customerId.trim(), fields: fields ?? {} } }),
      });
      onClose();
    } catch (error) {
      setFailure(failureOf(error));
      setBusy(false);
    }
  };
  if (agents.length === 0) {
    return (
      <Dialog title="New call" onClose={onClose}>
        <p className="p-4 text-ink-2">No agent is connected. Start one: <code className="rounded-sm bg-sunk px-1 font-mono text-xs">npx conversimple dev ./agents</code></p>
      </Dialog>
    );
  }
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
          <details className="group rounded-md border border-line open:pb-3">
            <summary className="cursor-pointer rounded-md px-3 py-2 font-medium text-ink-2 select-none">Prepare the call</summary>
            <div className="flex flex-col gap-4 px-3 pt-1">
              <JsonField label="State" hint="Fields that are set before anything is said." placeholder={'{ "cart": ["P1"] }'} text={texts.state} onText={set("state")} />
              {hasCustomer ? (
                <>
                  <TextField label="Customer id" hint="As the agent says it to identify()." text={texts.customerId} onText={set("customerId")} />
                  <JsonField label="Customer's record" hint="Fields that are set in it." placeholder={'{ "orders": [] }'} text={texts.customer} onText={set("customer")} />
                </>
              ) : null}
              <JsonField label="Caller" hint="What the line says of who calls: a hint, never proof." placeholder={'{ "from": "+491234" }'} text={texts.caller} onText={set("caller")} />
              <TextField label="Conversation id" hint="Made up unless given." text={texts.conversationId} onText={set("conversationId")} />
            </div>
          </details>
        </div>
        {failure ? <FailureNotice failure={failure} /> : null}
        <div className="flex justify-end gap-2 border-t border-line p-3">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="accent" disabled={isBusy || agentId === ""}>Call</Button>
        </div>
      </form>
    </Dialog>
  );
}

function TextField({ label, hint, text, onText }: { readonly label: string; readonly hint: string; readonly text: string; readonly onText: (text: string) => void }) {
  return <Field label={label} hint={hint}>{(props) => <input {...props} value={text} onChange={(event) => onText(event.target.value)} autoComplete="off" spellCheck={false} className={`h-8 ${CONTROL}`} />}</Field>;
}

/** JSON that says what is wrong with it while it is written. */
function JsonField({ label, hint, placeholder, text, onText }: { readonly label: string; readonly hint: string; readonly placeholder: string; readonly text: string; readonly onText: (text: string) => void }) {
  const mistake = mistakeOf(text, label);
  return (
    <Field label={label} note="JSON" hint={hint} mistake={mistake}>
      {(props) => <textarea {...props} rows={3} value={text} placeholder={placeholder} onChange={(event) => onText(event.target.value)} spellCheck={false} className={`py-1.5 font-mono text-xs ${CONTROL}`} />}
    </Field>
  );
}

function mistakeOf(text: string, label: string): string | null {
  try {
    readFields(text, label);
    return null;
  } catch (error) {
    return failureOf(error).message;
  }
}
