// The fields of a form, drawn from its model.
//
//   FF1. Every field has a label, says what the schema says of it, and carries what is wrong with it.
//   FF2. A secret is typed into a password field that nothing remembers.                                (P21)

import { useId, type ReactNode } from "react";

import { Button, IconButton } from "../../kit/button.tsx";
import { Icon } from "../../kit/icon.tsx";
import { draftOf, emptyDraft, type Draft, type FieldPath, type Problem } from "../logic/form-draft.ts";
import type { FormField } from "../logic/schema-form.ts";
import { previewOf } from "../logic/shown-value.ts";

const INPUT = "w-full rounded-md border border-edge bg-pane px-2.5 py-1 text-sm text-ink aria-invalid:border-bad";

interface FieldProps {
  readonly field: FormField;
  readonly draft: Draft;
  readonly path: FieldPath;
  readonly problems: readonly Problem[];
  readonly onChange: (draft: Draft) => void;
}

/** The fields of a form whose root is an object; one field for any other. */
export function SchemaFields({ field, draft, problems, onChange }: Omit<FieldProps, "path">) {
  if (field.kind === "object" && draft.kind === "object") return <ObjectFields field={field} draft={draft} path={[]} problems={problems} onChange={onChange} />;
  return <Field field={{ ...field, label: field.label === "" ? "Value" : field.label }} draft={draft} path={[]} problems={problems} onChange={onChange} />;
}

function ObjectFields({ field, draft, path, problems, onChange }: FieldProps & { readonly field: Extract<FormField, { kind: "object" }>; readonly draft: Extract<Draft, { kind: "object" }> }) {
  const { others } = field;
  return (
    <div className="space-y-3">
      {field.fields.map(([name, inner]) => (
        <Field key={name} field={inner} draft={draft.fields[name] ?? emptyDraft(inner)} path={[...path, name]} problems={problems} onChange={(next) => onChange({ ...draft, fields: { ...draft.fields, [name]: next } })} />
      ))}
      {others ? (
        <>
          {draft.others.map(([name, inner], index) => {
            const put = (entry: readonly [string, Draft]): void => onChange({ ...draft, others: draft.others.map((each, at) => (at === index ? entry : each)) });
            return (
              <div key={index} className="flex items-start gap-2">
                <input aria-label="Name" placeholder="name" value={name} onChange={(event) => put([event.target.value, inner])} className={`${INPUT} mt-5 basis-1/3 font-mono`} />
                <div className="min-w-0 flex-1"><Field field={others} draft={inner} path={[...path, name]} problems={problems} onChange={(next) => put([name, next])} /></div>
                <IconButton label={`Remove ${name === "" ? "the field" : name}`} className="mt-5" onClick={() => onChange({ ...draft, others: draft.others.filter((_, at) => at !== index) })}><Icon name="trash" /></IconButton>
              </div>
            );
          })}
          <Button onClick={() => onChange({ ...draft, others: [...draft.others, ["", emptyDraft(others)]] })}><Icon name="plus" />Add a field</Button>
        </>
      ) : null}
    </div>
  );
}

function Field(props: FieldProps) {
  const { field, draft, path, problems, onChange } = props;
  const id = useId();
  const own = problems.find((problem) => problem.path.length === path.length && problem.path.every((key, index) => key === path[index]));
  const isGroup = field.kind === "object" || field.kind === "list";
  const describedBy = [field.about === undefined ? undefined : `${id}-about`, own ? `${id}-wrong` : undefined].filter((each) => each !== undefined).join(" ");
  const label = (
    <span className="flex flex-wrap items-baseline gap-x-2">
      <span className="font-medium">{field.label}</span>
      {field.isRequired ? null : <span className="text-2xs text-ink-3">optional</span>}
      {field.isSecret ? <span className="text-2xs text-warn">secret: sent to the tool, kept nowhere</span> : null}
    </span>
  );
  const about = field.about === undefined ? null : <p id={`${id}-about`} className="text-2xs text-ink-3">{field.about}</p>;
  const wrong = own ? <p id={`${id}-wrong`} role="alert" className="mt-0.5 text-xs font-medium text-bad">{own.message}</p> : null;
  if (isGroup) return <fieldset aria-describedby={describedBy || undefined} className="rounded-md border border-line p-2.5"><legend className="px-1">{label}</legend>{about}<Group {...props} />{wrong}</fieldset>;
  return (
    <div>
      <label htmlFor={id} className="mb-0.5 block">{label}</label>
      {about}
      <div className="flex items-center gap-2">
        <Input id={id} field={field} draft={draft} isWrong={own !== undefined} describedBy={describedBy || undefined} onChange={onChange} />
        {field.isNullable ? <label className="flex shrink-0 items-center gap-1 text-xs text-ink-2"><input type="checkbox" checked={draft.kind === "null"} onChange={(event) => onChange(event.target.checked ? { kind: "null" } : emptyDraft(field))} />null</label> : null}
      </div>
      {wrong}
      <Examples field={field} onChange={onChange} />
    </div>
  );
}

function Group({ field, draft, path, problems, onChange }: FieldProps): ReactNode {
  if ((draft.kind === "object" || draft.kind === "list") && !draft.isThere) return <Button onClick={() => onChange(field.kind === "object" ? { ...(draft as Extract<Draft, { kind: "object" }>), isThere: true } : { kind: "list", items: [], isThere: true })}><Icon name="plus" />Give it</Button>;
  const leave = field.isRequired ? null : <Button look="quiet" onClick={() => onChange({ ...(draft as Extract<Draft, { kind: "list" }>), isThere: false })}>Leave it out</Button>;
  if (field.kind === "object" && draft.kind === "object") return <><ObjectFields field={field} draft={draft} path={path} problems={problems} onChange={onChange} />{leave}</>;
  if (field.kind !== "list" || draft.kind !== "list") return null;
  return (
    <div className="space-y-2">
      {draft.items.map((item, index) => (
        <div key={index} className="flex items-start gap-2">
          <div className="min-w-0 flex-1"><Field field={{ ...field.item, label: `Item ${index + 1}` }} draft={item} path={[...path, index]} problems={problems} onChange={(next) => onChange({ ...draft, items: draft.items.map((each, at) => (at === index ? next : each)) })} /></div>
          <IconButton label={`Remove item ${index + 1}`} onClick={() => onChange({ ...draft, items: draft.items.filter((_, at) => at !== index) })}><Icon name="trash" /></IconButton>
        </div>
      ))}
      <Button onClick={() => onChange({ ...draft, items: [...draft.items, emptyDraft(field.item)] })}><Icon name="plus" />Add an item</Button>
      {leave}
    </div>
  );
}

interface InputProps {
  readonly id: string;
  readonly field: FormField;
  readonly draft: Draft;
  readonly isWrong: boolean;
  readonly describedBy: string | undefined;
  readonly onChange: (draft: Draft) => void;
}

const DATE_TYPES: Readonly<Record<string, string>> = { date: "date", time: "time", email: "email", uri: "url" };

function Input({ id, field, draft, isWrong, describedBy, onChange }: InputProps) {
  const common = { id, "aria-invalid": isWrong, "aria-describedby": describedBy, required: field.isRequired, disabled: draft.kind === "null", className: `${INPUT} disabled:opacity-50` };
  if (field.kind === "choice" || field.kind === "truth") {
    const options = field.kind === "choice" ? field.options : [true, false];
    const index = draft.kind === "choice" ? draft.index : draft.kind === "truth" && draft.isTrue !== undefined ? (draft.isTrue ? 0 : 1) : -1;
    const choose = (at: number): void => onChange(field.kind === "choice" ? { kind: "choice", index: at } : { kind: "truth", isTrue: at < 0 ? undefined : at === 0 });
    return (
      <select {...common} value={index} onChange={(event) => choose(Number(event.target.value))}>
        {index < 0 || !field.isRequired ? <option value={-1}>{field.isRequired ? "Choose…" : "not given"}</option> : null}
        {options.map((option, at) => <option key={at} value={at}>{typeof option === "string" ? option : field.kind === "truth" ? (option ? "yes" : "no") : previewOf(option)}</option>)}
      </select>
    );
  }
  const text = draft.kind === "text" ? draft.text : "";
  const change = (event: { target: { value: string } }) => onChange({ kind: "text", text: event.target.value });
  if (field.kind === "json") return <textarea {...common} rows={text === "" ? 2 : 5} spellCheck={false} placeholder="JSON" value={text} onChange={change} className={`${INPUT} font-mono text-xs`} />;
  if (field.isSecret) return <input {...common} type="password" autoComplete="new-password" data-1p-ignore data-lpignore="true" value={text} onChange={change} />;
  if (field.kind === "number") return <input {...common} inputMode={field.isWhole ? "numeric" : "decimal"} placeholder={rangeText(field)} autoComplete="off" value={text} onChange={change} />;
  const type = field.kind === "text" && field.format !== undefined ? (DATE_TYPES[field.format] ?? "text") : "text";
  return <input {...common} type={type} autoComplete="off" spellCheck={false} value={text} onChange={change} />;
}

function rangeText({ minimum, maximum }: Extract<FormField, { kind: "number" }>): string | undefined {
  if (minimum === undefined && maximum === undefined) return undefined;
  const isBound = (value: number | undefined): value is number => value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  return [isBound(minimum) ? `from ${minimum}` : "", isBound(maximum) ? `to ${maximum}` : ""].filter(Boolean).join(" ") || undefined;
}

function Examples({ field, onChange }: { readonly field: FormField; readonly onChange: (draft: Draft) => void }) {
  if (field.examples.length === 0 || field.isSecret) return null;
  return (
    <p className="mt-1 flex flex-wrap items-center gap-1 text-2xs text-ink-3">
      for example
      {field.examples.slice(0, 4).map((example, index) => (
        <button key={index} type="button" onClick={() => onChange(draftOf(field, example))} className="rounded-sm bg-sunk px-1.5 py-0.5 font-mono text-ink-2 hover:bg-hover">{previewOf(example, 40)}</button>
      ))}
    </p>
  );
}
