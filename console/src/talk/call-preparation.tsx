// What is prepared for a call before anything is said: by a form made from the agent's schemas, or as JSON.
//
//   CP1. Nothing is prepared unless somebody opens this and writes something.

import { lazy, Suspense, useState } from "react";

import type { AgentView, NewConversation } from "../../../src/inspector/api.ts";
import { CONTROL, Field } from "../kit/field.tsx";
import { failureOf } from "../lib/api-failure.ts";
import type { Seed } from "../panels/seed-form.tsx";
import { readFields } from "./fields-text.ts";

const SeedForm = lazy(() => import("../panels/seed-form.tsx").then((module) => ({ default: module.SeedForm })));

/** What was prepared, or what is wrong with it. */
export type Prepared = { readonly ok: true; readonly wish: Omit<NewConversation, "agentId"> } | { readonly ok: false; readonly message: string };

export const NOTHING_PREPARED: Prepared = { ok: true, wish: {} };

type Texts = Readonly<Record<"conversationId" | "caller" | "state" | "customerId" | "customer", string>>;
type Mode = "form" | "json";

const EMPTY: Texts = { conversationId: "", caller: "", state: "", customerId: "", customer: "" };
const NO_SEED: Prepared = { ok: true, wish: {} };

export function CallPreparation({ agent, onChange }: { readonly agent: AgentView; readonly onChange: (prepared: Prepared) => void }) {
  const [mode, setMode] = useState<Mode>("form");
  const [texts, setTexts] = useState(EMPTY);
  const [seed, setSeed] = useState<Prepared>(NO_SEED);
  const tell = (nextMode: Mode, nextTexts: Texts, nextSeed: Prepared) => {
    setMode(nextMode);
    setTexts(nextTexts);
    setSeed(nextSeed);
    onChange(preparedOf(nextMode, nextTexts, nextSeed));
  };
  const set = (name: keyof Texts) => (text: string) => tell(mode, { ...texts, [name]: text }, seed);
  const hasCustomer = agent.parts.some(({ kind }) => kind === "customer");
  return (
    <details className="rounded-md border border-line open:pb-3">
      <summary className="rounded-md px-3 py-2 font-medium text-ink-2 select-none">Prepare the call</summary>
      <div className="flex flex-col gap-4 px-3 pt-1">
        <ModeSwitch mode={mode} onMode={(next) => tell(next, texts, seed)} />
        {mode === "form" ? (
          <Suspense fallback={<p role="status" className="text-ink-3">Loading the form…</p>}>
            <SeedForm agent={agent} onChange={(reading) => tell(mode, texts, reading.ok ? seeded(reading.seed) : { ok: false, message: "Something in the form is not right yet." })} />
          </Suspense>
        ) : (
          <>
            <JsonField label="State" hint="Fields that are set before anything is said." placeholder={'{ "cart": ["P1"] }'} text={texts.state} onText={set("state")} />
            {hasCustomer ? <TextField label="Customer id" hint="As the agent says it to identify()." text={texts.customerId} onText={set("customerId")} /> : null}
            {hasCustomer ? <JsonField label="Customer's record" hint="Fields that are set in it." placeholder={'{ "orders": [] }'} text={texts.customer} onText={set("customer")} /> : null}
          </>
        )}
        <JsonField label="Caller" hint="What the line says of who calls: a hint, never proof." placeholder={'{ "from": "+491234" }'} text={texts.caller} onText={set("caller")} />
        <TextField label="Conversation id" hint="Made up unless given." text={texts.conversationId} onText={set("conversationId")} />
      </div>
    </details>
  );
}

function seeded(seed: Seed): Prepared {
  return { ok: true, wish: seed };
}

function preparedOf(mode: Mode, { conversationId, caller, state, customerId, customer }: Texts, seed: Prepared): Prepared {
  if (mode === "form" && !seed.ok) return seed;
  try {
    const hint = readFields(caller, "Caller");
    const fields = mode === "json" ? readFields(state, "State") : undefined;
    const record = mode === "json" ? readFields(customer, "Customer's record") : undefined;
    return {
      ok: true,
      wish: {
        ...(mode === "form" && seed.ok ? seed.wish : {}), ...(fields ? { state: fields } : {}),
        ...(mode === "json" && customerId.trim() !== "" ? { customer: { customerId: customerId.trim(), fields: record ?? {} } } : {}),
        ...(hint ? { caller: hint } : {}), ...(conversationId.trim() === "" ? {} : { conversationId: conversationId.trim() }),
      },
    };
  } catch (error) {
    return { ok: false, message: failureOf(error).message };
  }
}

function ModeSwitch({ mode, onMode }: { readonly mode: Mode; readonly onMode: (mode: Mode) => void }) {
  return (
    <div role="group" aria-label="How to prepare" className="flex self-start rounded-md bg-sunk p-0.5">
      {(["form", "json"] as const).map((each) => (
        <button key={each} type="button" aria-pressed={mode === each} onClick={() => onMode(each)} className="h-6 rounded-sm px-2 text-xs font-medium text-ink-3 hover:text-ink aria-pressed:bg-pane aria-pressed:text-ink aria-pressed:shadow-xs">
          {each === "form" ? "Form" : "JSON"}
        </button>
      ))}
    </div>
  );
}

function TextField({ label, hint, text, onText }: { readonly label: string; readonly hint: string; readonly text: string; readonly onText: (text: string) => void }) {
  return <Field label={label} hint={hint}>{(props) => <input {...props} value={text} onChange={(event) => onText(event.target.value)} autoComplete="off" spellCheck={false} className={`h-8 ${CONTROL}`} />}</Field>;
}

/** JSON that says what is wrong with it while it is written. */
function JsonField({ label, hint, placeholder, text, onText }: { readonly label: string; readonly hint: string; readonly placeholder: string; readonly text: string; readonly onText: (text: string) => void }) {
  return (
    <Field label={label} note="JSON" hint={hint} mistake={mistakeOf(text, label)}>
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
