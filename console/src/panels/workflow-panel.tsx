// Where the open conversation is in its workflow: drawn, and as a list.

import { lazy, Suspense, useMemo } from "react";

import type { PartView, WorkflowInfo } from "../../../src/inspector/api.ts";
import { Ago } from "../kit/ago.tsx";
import { Chip } from "../kit/chip.tsx";
import { EmptyNotice, FailureNotice } from "../kit/notice.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { duration, moment } from "../lib/formatting.ts";
import { Icon } from "../kit/icon.tsx";
import { momentsOf } from "./logic/moments.ts";
import { deadlineOf, needsOf, visitedSteps, workflowState, type WorkflowState } from "./logic/workflow-state.ts";
import { Card, Countdown, Fact, Facts, PanelPage } from "./panel-page.tsx";
import { usePartEditing } from "./state/part-editing.ts";
import { ValueTree } from "./value/value-tree.tsx";

/** The drawing comes with a library that is only loaded when somebody looks at it. */
const WorkflowDrawing = lazy(() => import("./workflow/workflow-drawing.tsx").then((module) => ({ default: module.WorkflowDrawing })));

export function WorkflowPanel() {
  const { agent, shown } = useConversation();
  const parts = (agent?.parts ?? []).flatMap(({ name, workflow }) => (workflow ? [{ name, workflow }] : []));
  return (
    <PanelPage>
      {shown.state === "failed" ? <FailureNotice failure={shown.failure} /> : null}
      {parts.length === 0 ? <EmptyNotice title="This agent has no workflow"><p>An agent that declares <code>workflow()</code> allows each tool only at its step.</p></EmptyNotice> : null}
      {parts.map(({ name, workflow }) => {
        const part = shown.value?.parts.find((each) => each.name === name);
        return part ? <WorkflowCard key={name} part={part} workflow={workflow} version={shown.value!.version} /> : null;
      })}
    </PanelPage>
  );
}

function WorkflowCard({ part, workflow, version }: { readonly part: PartView; readonly workflow: WorkflowInfo; readonly version: number }) {
  const { timeline, selectedVersion } = useConversation();
  const editingOf = usePartEditing();
  const state = useMemo(() => workflowState(part.value), [part.value]);
  const visited = useMemo(() => visitedSteps(timeline.entries, part.name, version, workflow.initial), [timeline.entries, part.name, version, workflow]);
  return (
    <Card title={<span className="font-mono">{part.name}</span>} aside={state.step === undefined ? null : <Chip tone="accent">at {state.step}</Chip>}>
      <div className="space-y-4">
        <StepFacts workflow={workflow} state={state} isNow={selectedVersion === null} />
        <Suspense fallback={<div role="status" aria-label="Loading the drawing" className="h-64 animate-pulse rounded-md bg-sunk" />}>
          <WorkflowDrawing workflow={workflow} current={state.step} visited={visited} />
        </Suspense>
        <StepList workflow={workflow} state={state} visited={visited} />
        <div>
          <h4 className="mb-1 text-xs font-semibold text-ink-2">What it has collected</h4>
          <ValueTree label={part.name} value={part.value} masks={part.masks} moments={momentsOf("workflow")} editing={editingOf(part)} />
        </div>
      </div>
    </Card>
  );
}

function StepFacts({ workflow, state, isNow }: { readonly workflow: WorkflowInfo; readonly state: WorkflowState; readonly isNow: boolean }) {
  const step = workflow.steps.find(({ name }) => name === state.step);
  if (!step) return <p className="text-warn">The stored step {state.step === undefined ? "cannot be read" : `“${state.step}” is not one of the agent's code`}.</p>;
  const deadline = deadlineOf(workflow, state);
  const needs = needsOf(workflow, state);
  return (
    <Facts>
      <Fact name="Step"><strong className="font-semibold">{step.name}</strong>{step.isFinal ? " (final)" : ""}</Fact>
      {step.prompt === undefined ? null : <Fact name="The agent asks">“{step.prompt}”</Fact>}
      {state.sinceMs === undefined ? null : <Fact name="Since">{moment(state.sinceMs)} <Ago atMs={state.sinceMs} isSentence className="block text-xs text-ink-3" /></Fact>}
      {needs.length === 0 ? null : (
        <Fact name="Needs">
          <ul className="flex flex-wrap gap-1">{needs.map(({ field, isThere }) => <li key={field}><Chip tone={isThere ? "good" : "warn"}>{isThere ? <Icon name="check" className="size-3" /> : null}{field}{isThere ? "" : " is missing"}</Chip></li>)}</ul>
        </Fact>
      )}
      <Fact name="May go to">{step.to.length === 0 ? "nowhere: nothing leaves it but a reset" : step.to.join(", ")}</Fact>
      {deadline === undefined || !isNow ? null : <Fact name={`Deadline${step.deadlineTo === undefined ? "" : `, then to ${step.deadlineTo}`}, in`}><Countdown untilMs={deadline} /></Fact>}
      {state.isLate ? <Fact name="Deadline"><Chip tone="warn">has passed</Chip></Fact> : null}
    </Facts>
  );
}

function StepList({ workflow, state, visited }: { readonly workflow: WorkflowInfo; readonly state: WorkflowState; readonly visited: readonly string[] }) {
  return (
    <details className="rounded-md border border-line">
      <summary className="cursor-pointer px-3 py-1.5 text-xs font-medium text-ink-2">The steps as a list; the way so far: {visited.join(" → ")}</summary>
      <ol className="divide-y divide-line border-t border-line">
        {workflow.steps.map(({ name, needs, to, isFinal, deadlineMs, deadlineTo, refusal }) => (
          <li key={name} aria-current={name === state.step ? "step" : undefined} className="px-3 py-1.5 text-xs">
            <span className="font-mono font-medium">{name}</span>{" "}
            {name === state.step ? <Chip tone="accent">now</Chip> : visited.includes(name) ? <Chip>passed</Chip> : null}
            <p className="text-ink-3">
              {needs.length > 0 ? `Collects ${needs.join(", ")}. ` : ""}
              {isFinal ? "Final." : `Leads to ${to.join(", ")}.`}
              {deadlineMs === undefined ? "" : ` After ${duration(deadlineMs)}${deadlineTo === undefined ? " a handler runs" : ` it goes to ${deadlineTo}`}.`}
              {refusal === undefined ? "" : ` A tool that is not for it is answered: “${refusal}”`}
            </p>
          </li>
        ))}
      </ol>
    </details>
  );
}
