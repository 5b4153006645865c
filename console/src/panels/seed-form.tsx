// Preparing a call before it begins: its state, and a customer's record.
//
//   SE1. Only what was filled in is given: everything else begins as the schema says.
//   SE2. What is marked personal is typed like anything else; what is secret cannot be state, so there is no field for it.

import { useId, useMemo, useState } from "react";

import type { AgentView, NewConversation } from "../../../src/inspector/api.ts";
import { emptyDraft, readDraft, type Draft, type Problem } from "./logic/form-draft.ts";
import { formOf, type FormField } from "./logic/schema-form.ts";
import { SchemaFields } from "./actions/schema-fields.tsx";

/** What a new call begins with. */
export type Seed = Pick<NewConversation, "state" | "customer">;

/** A seed, or that something in it is wrong; the form shows what. */
export type SeedReading = { readonly ok: true; readonly seed: Seed } | { readonly ok: false };

export interface SeedFormProps {
  readonly agent: AgentView;
  /** Told after every change. */
  readonly onChange: (reading: SeedReading) => void;
}

/** The form; nothing is drawn for an agent whose parts tell no schema. */
export function SeedForm({ agent, onChange }: SeedFormProps) {
  const state = useMemo(() => optionalForm(agent, "state"), [agent]);
  const customer = useMemo(() => optionalForm(agent, "customer"), [agent]);
  const [stateDraft, setState] = useState<Draft>(() => blank(state));
  const [customerDraft, setCustomer] = useState<Draft>(() => blank(customer));
  const [customerId, setCustomerId] = useState("");
  const [problems, setProblems] = useState<{ readonly state: readonly Problem[]; readonly customer: readonly Problem[] }>({ state: [], customer: [] });
  const id = useId();
  const tell = (nextState: Draft, nextId: string, nextCustomer: Draft): void => {
    const read = readSeed(state, nextState, customer, nextId.trim(), nextCustomer);
    setProblems({ state: read.stateProblems, customer: read.customerProblems });
    onChange(read.seed ? { ok: true, seed: read.seed } : { ok: false });
  };
  if (!state && !customer) return <p className="text-xs text-ink-3">This agent's parts tell no schema, so there is nothing to prepare.</p>;
  return (
    <div className="space-y-4">
      {state ? (
        <fieldset>
          <legend className="mb-1.5 font-semibold">State before the call</legend>
          <p className="mb-2 text-2xs text-ink-3">What is left empty begins as the schema says. In a JSON field a date is {"{\"$date\": milliseconds}"}, a Map {"{\"$map\": [[key, value]]}"}, a bigint {"{\"$bigint\": \"7\"}"}.</p>
          <SchemaFields field={state} draft={stateDraft} problems={problems.state} onChange={(next) => { setState(next); tell(next, customerId, customerDraft); }} />
        </fieldset>
      ) : null}
      {customer ? (
        <fieldset className="space-y-3">
          <legend className="mb-1.5 font-semibold">A customer who is known already</legend>
          <div>
            <label htmlFor={id} className="mb-0.5 block font-medium">Customer id <span className="font-normal text-ink-3">(leave it empty for nobody)</span></label>
            <input id={id} value={customerId} autoComplete="off" onChange={(event) => { setCustomerId(event.target.value); tell(stateDraft, event.target.value, customerDraft); }} className="w-full rounded-md border border-edge bg-pane px-2.5 py-1 font-mono text-sm" />
          </div>
          {customerId.trim() === "" ? null : <SchemaFields field={customer} draft={customerDraft} problems={problems.customer} onChange={(next) => { setCustomer(next); tell(stateDraft, customerId, next); }} />}
        </fieldset>
      ) : null}
    </div>
  );
}

/** The form of a part whose fields may all be left out (SE1). */
function optionalForm(agent: AgentView, kind: "state" | "customer"): FormField | undefined {
  const schema = agent.parts.find((part) => part.kind === kind)?.schema;
  if (!schema) return undefined;
  const form = formOf(schema);
  if (form.kind !== "object") return undefined;
  const fields = form.fields.map(([name, { initial: _initial, ...field }]) => [name, { ...field, isRequired: false }] as const);
  return { ...form, fields };
}

function blank(form: FormField | undefined): Draft {
  return form ? emptyDraft(form) : { kind: "text", text: "" };
}

function readSeed(state: FormField | undefined, stateDraft: Draft, customer: FormField | undefined, customerId: string, customerDraft: Draft) {
  const first = state ? readDraft(state, stateDraft) : undefined;
  const second = customer && customerId !== "" ? readDraft(customer, customerDraft) : undefined;
  const stateProblems = first && !first.ok ? first.problems : [];
  const customerProblems = second && !second.ok ? second.problems : [];
  if ((first && !first.ok) || (second && !second.ok)) return { stateProblems, customerProblems };
  const fields = (first?.value ?? {}) as Readonly<Record<string, unknown>>;
  const seed: Seed = {
    ...(Object.keys(fields).length > 0 ? { state: fields } : {}),
    ...(second ? { customer: { customerId, fields: (second.value ?? {}) as Readonly<Record<string, unknown>> } } : {}),
  };
  return { seed, stateProblems, customerProblems };
}
