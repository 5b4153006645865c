// Calling a tool by hand, by a form made from its schema.
//
//   RT1. A secret is in the form until it is sent, and gone from it then.                               (P21)
//   RT2. It is a call like any other: guarded, queued, journalled. What the caller would have been answered is shown.

import { useId, useState } from "react";

import type { CallResult, ToolInfo } from "../../../../src/inspector/api.ts";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { failureOf, type ApiFailure } from "../../lib/api-failure.ts";
import { useConversation } from "../../lib/conversation-context.tsx";
import { timeOfDay } from "../../lib/formatting.ts";
import { verdictOf } from "../logic/answer-verdict.ts";
import { emptyDraft, problemsIn, readDraft, type Draft, type Problem } from "../logic/form-draft.ts";
import { formOf, type FormField } from "../logic/schema-form.ts";
import { ValueTree } from "../value/value-tree.tsx";
import { FailureLine } from "./failure-line.tsx";
import { SchemaFields } from "./schema-fields.tsx";

export function RunTool({ tool: first, onClose }: { readonly tool?: string | undefined; readonly onClose: () => void }) {
  const { agent, view } = useConversation();
  const tools = agent?.tools ?? [];
  const offered = view.value?.offeredTools ?? [];
  const [name, setName] = useState(first ?? offered[0] ?? tools[0]?.name ?? "");
  const tool = tools.find((each) => each.name === name);
  const id = useId();
  return (
    <Dialog title="Run a tool" onClose={onClose} className="sm:max-w-xl!">
      <div className="max-h-[75vh] space-y-4 overflow-y-auto p-4">
        <div>
          <label htmlFor={id} className="mb-0.5 block font-medium">Tool</label>
          <select id={id} value={name} onChange={(event) => setName(event.target.value)} className="w-full rounded-md border border-edge bg-pane px-2.5 py-1 font-mono">
            {tools.map((each) => <option key={each.name} value={each.name}>{each.name}{offered.length > 0 && !offered.includes(each.name) ? " (not allowed now)" : ""}</option>)}
          </select>
          {tool ? <p className="mt-1 text-ink-2">{tool.description}</p> : <p className="mt-1 text-ink-3">The agent's code is not here, so its tools are not known.</p>}
          {tool && tool.guards.length > 0 ? <p className="mt-1 flex flex-wrap gap-1">{tool.guards.map((guard) => <Chip key={guard} tone="note">requires {guard}</Chip>)}</p> : null}
        </div>
        {tool ? <ToolForm key={tool.name} tool={tool} onClose={onClose} /> : null}
      </div>
    </Dialog>
  );
}

function ToolForm({ tool, onClose }: { readonly tool: ToolInfo; readonly onClose: () => void }) {
  const { api, conversationId, reload } = useConversation();
  const [form] = useState(() => formOf(tool.parameters, tool.secrets));
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(form));
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [answer, setAnswer] = useState<CallResult>();
  const [failure, setFailure] = useState<ApiFailure>();
  const [isRunning, setRunning] = useState(false);
  const run = async (): Promise<void> => {
    const read = readDraft(form, draft);
    setProblems(read.ok ? [] : read.problems);
    if (!read.ok) return;
    setRunning(true);
    setFailure(undefined);
    setAnswer(undefined);
    try {
      const given = await api.callTool(conversationId, { tool: tool.name, arguments: read.isThere ? read.value : {} });
      setAnswer(given);
      if (given.kind === "error") setProblems(problemsIn(given.error.message, "arguments"));
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
    setDraft((before) => withoutSecrets(form, before)); // RT1
    setRunning(false);
    reload();
  };
  return (
    <form noValidate className="space-y-4" onSubmit={(event) => { event.preventDefault(); void run(); }}>
      {form.kind === "object" && form.fields.length === 0 && !form.others ? <p className="text-ink-3">It takes no arguments.</p> : <SchemaFields field={form} draft={draft} problems={problems} onChange={setDraft} />}
      <FailureLine failure={failure} />
      <div className="flex justify-end"><Button type="submit" look="accent" disabled={isRunning}>{isRunning ? "Running…" : `Run ${tool.name}`}</Button></div>
      <div aria-live="polite">{answer ? <Answer answer={answer} tool={tool} onClose={onClose} /> : null}</div>
    </form>
  );
}

/** RT1. */
function withoutSecrets(field: FormField, draft: Draft): Draft {
  if (field.isSecret) return emptyDraft(field);
  if (field.kind === "object" && draft.kind === "object") {
    return { ...draft, fields: Object.fromEntries(field.fields.map(([name, inner]) => [name, withoutSecrets(inner, draft.fields[name] ?? emptyDraft(inner))])), others: field.others ? draft.others.map(([name, inner]) => [name, withoutSecrets(field.others!, inner)] as const) : [] };
  }
  return field.kind === "list" && draft.kind === "list" ? { ...draft, items: draft.items.map((item) => withoutSecrets(field.item, item)) } : draft;
}

function Answer({ answer, tool, onClose }: { readonly answer: CallResult; readonly tool: ToolInfo; readonly onClose: () => void }) {
  const { open, timeline } = useConversation();
  const entry = timeline.entries.findLast(({ callId }) => callId === answer.callId);
  const show = (version: number): void => {
    onClose();
    open("timeline", version);
  };
  const { label, word, tone, why } = verdictOf(answer, entry, timeOfDay);
  const isAnswered = label === "Answered";
  return (
    <section aria-label="The answer" className={`rounded-md border p-3 ${isAnswered ? "border-line bg-pane" : tone === "bad" ? "border-bad/40 bg-bad-soft" : "border-warn/40 bg-warn-soft"}`}>
      <p className="mb-1 flex flex-wrap items-center gap-2">
        <span className={`font-medium ${isAnswered ? "" : tone === "bad" ? "text-bad" : "text-warn"}`}>{label}</span>
        <Chip tone={isAnswered ? "plain" : tone}>{word.replaceAll("_", " ")}</Chip>
        {entry ? <button type="button" onClick={() => show(entry.version)} className="ml-auto text-2xs text-accent underline underline-offset-2">{isAnswered ? "see what it did" : "see why"}, version {entry.version}</button> : null}
      </p>
      {why ? (
        <div className="mb-1.5 space-y-1 break-words text-ink-2">
          <p className="text-ink">{why.headline}</p>
          {why.sentences.map((sentence) => <p key={sentence}>{sentence}</p>)}
          {why.remedy === undefined ? null : <p><span className="font-semibold text-ink">What to do: </span>{why.remedy}</p>}
        </div>
      ) : null}
      {answer.kind === "result" ? <ValueTree label="result" value={answer.result} masks={tool.resultMasks} /> : null}
    </section>
  );
}
