// An agent as its code says it: where it is, its tools and their guards, its parts.

import type { ReactNode } from "react";

import type { AgentView, PartInfo, ToolInfo } from "../../../../src/inspector/api.ts";
import { Chip } from "../../kit/chip.tsx";
import { duration, size } from "../../lib/formatting.ts";
import { formOf, type FormField } from "../logic/schema-form.ts";
import { Card, Fact, Facts } from "../panel-page.tsx";

export interface AgentAboutProps {
  readonly agent: AgentView;
  /** The tools that a conversation's state allows now; empty where that is not known. */
  readonly offered?: readonly string[];
  /** What can be done with a tool, beside it. */
  readonly action?: (tool: ToolInfo) => ReactNode;
}

/** The cards of an agent. */
export function AgentAbout({ agent, offered = [], action }: AgentAboutProps) {
  return (
    <>
      <AgentHead agent={agent} />
      <Card title="Tools" aside={offered.length > 0 ? `${offered.length} of ${agent.tools.length} are allowed now` : null}>
        <ul className="divide-y divide-line">
          {agent.tools.map((tool) => (
            <li key={tool.name} className="flex flex-wrap items-start gap-x-3 gap-y-1 py-2 first:pt-0 last:pb-0">
              <div className="min-w-0 flex-1 basis-64">
                <ToolAbout tool={tool} isOffered={offered.length === 0 ? undefined : offered.includes(tool.name)} />
              </div>
              {action?.(tool)}
            </li>
          ))}
        </ul>
      </Card>
      {agent.parts.map((part) => <PartAbout key={part.name} part={part} />)}
    </>
  );
}

function AgentHead({ agent }: { readonly agent: AgentView }) {
  return (
    <Card title={<span className="font-mono">{agent.agentId}</span>} aside={<Chip tone={agent.isServed ? "good" : "warn"}>{agent.isServed ? "served" : "nobody serves it now"}</Chip>}>
      <Facts>
        {agent.file === undefined ? null : <Fact name="File"><code className="text-xs">{agent.file}</code></Fact>}
        <Fact name="Parts">{agent.parts.map(({ name }) => name).join(", ") || "none"}</Fact>
        <Fact name="Tools">{agent.tools.length}</Fact>
      </Facts>
    </Card>
  );
}

function ToolAbout({ tool, isOffered }: { readonly tool: ToolInfo; readonly isOffered: boolean | undefined }) {
  const form = formOf(tool.parameters, tool.secrets);
  const fields = form.kind === "object" ? form.fields : [];
  return (
    <>
      <p className="flex flex-wrap items-center gap-1.5">
        <span className="font-mono font-medium">{tool.name}</span>
        {isOffered === undefined ? null : isOffered ? <Chip tone="good">allowed now</Chip> : <Chip>not now</Chip>}
        {tool.guards.map((guard) => <Chip key={guard} tone="note">requires {guard}</Chip>)}
        {tool.isParallel ? <Chip>parallel</Chip> : null}
        {tool.isOnce ? <Chip>once</Chip> : null}
      </p>
      <p className="text-ink-2">{tool.description}</p>
      {fields.length === 0 ? null : <p className="mt-0.5 font-mono text-2xs break-words text-ink-3">{fields.map(([name, field]) => `${name}${field.isRequired ? "" : "?"}: ${kindText(field)}`).join(", ")}</p>}
      {tool.examples.length === 0 ? null : <p className="mt-0.5 text-2xs text-ink-3">for example: {tool.examples.map((example) => `“${example}”`).join(", ")}</p>}
      <p className="mt-0.5 text-2xs text-ink-3">at most {duration(tool.timeoutMs)}</p>
    </>
  );
}

function kindText(field: FormField): string {
  const kind = field.kind === "choice" ? field.options.map((option) => JSON.stringify(option)).join(" | ") : field.kind === "truth" ? "boolean" : field.kind === "number" && field.isWhole ? "whole number" : field.kind === "text" ? (field.format ?? "text") : field.kind;
  return `${kind}${field.isSecret ? " (secret)" : ""}`;
}

function PartAbout({ part }: { readonly part: PartInfo }) {
  const { name, kind, schemaVersion, maxBytes, masks = [], session, cache, workflow } = part;
  return (
    <Card title={<span className="font-mono">{name}</span>} aside={kind}>
      <Facts>
        {schemaVersion === undefined ? null : <Fact name="Schema version">{schemaVersion}</Fact>}
        {maxBytes === undefined ? null : <Fact name="At most">{size(maxBytes)}</Fact>}
        {masks.length === 0 ? null : <Fact name="Masked"><span className="font-mono text-xs">{masks.map((mask) => (mask === "" ? "all of it" : mask)).join(", ")}</span></Fact>}
        {session ? <Fact name="A login lasts">{duration(session.idleTimeoutMs)} idle, {duration(session.absoluteTimeoutMs)} at most</Fact> : null}
        {session ? <Fact name="Lockout">{session.lockout === false ? "none here" : `${session.lockout.attempts} wrong secrets on an account, ${session.lockout.perConversation} in a call, within ${duration(session.lockout.windowMs)}`}</Fact> : null}
        {cache ? <Fact name="Kept">{duration(cache.ttlMs)}{cache.staleMs > 0 ? `, stale for ${duration(cache.staleMs)} more` : ""}, {cache.max.toLocaleString("en")} entries, per {cache.scope}</Fact> : null}
        {workflow ? <Fact name="Steps">{workflow.steps.map((step) => step.name).join(" · ")}</Fact> : null}
      </Facts>
      {part.schema === undefined ? null : (
        <details className="mt-2">
          <summary className="cursor-pointer text-xs text-ink-3">JSON Schema</summary>
          <pre className="mt-1 max-h-80 overflow-auto rounded-md bg-sunk p-2 font-mono text-2xs">{JSON.stringify(part.schema, null, 2)}</pre>
        </details>
      )}
    </Card>
  );
}
