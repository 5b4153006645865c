// One unit of work, whole: what happened in plain words, and everything that is known of it.

import { lazy, Suspense, useState } from "react";

import type { TimelineEntry } from "../../../../src/inspector/api.ts";
import { Button, IconButton } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { useConversation } from "../../lib/conversation-context.tsx";
import { duration, moment, timeOfDay } from "../../lib/formatting.ts";
import { useRoom } from "../../lib/media.ts";
import { Callout } from "../callout.tsx";
import { Icon } from "../../kit/icon.tsx";
import { explain, failedLogin, noteChip, outcomeText, toneOf } from "../logic/entry-words.ts";
import { PHASES } from "../logic/waterfall.ts";
import { ValueTree } from "../value/value-tree.tsx";
import { DetailSection } from "./detail-section.tsx";
import { EntryChanges } from "./entry-changes.tsx";
import { PHASE_LOOKS } from "./phases.ts";

const ForkDialog = lazy(() => import("../actions/fork-dialog.tsx").then((module) => ({ default: module.ForkDialog })));

interface EntryDetailProps {
  readonly entry: TimelineEntry;
  readonly onStep: (by: 1 | -1) => void;
  readonly onClose: () => void;
}

export function EntryDetail({ entry, onStep, onClose }: EntryDetailProps) {
  const room = useRoom();
  return (
    <section aria-label={`Entry ${entry.version}, ${entry.name}`} className="flex h-full min-h-0 flex-col bg-pane">
      <header className="flex items-center gap-2 border-b border-line py-1.5 pr-1.5 pl-3">
        <h3 className="min-w-0 flex-1 truncate">
          <span className="font-mono font-semibold">{entry.name}</span>
          <span className="ml-2 text-2xs text-ink-3">{entry.unit} · version {entry.version} · <time title={moment(entry.atMs)}>{room === "narrow" ? timeOfDay(entry.atMs) : moment(entry.atMs)}</time></span>
        </h3>
        <Chip tone={toneOf(entry)}>{outcomeText(entry)}</Chip>
        <span className="flex">
          <IconButton label="The entry before" onClick={() => onStep(-1)}><Icon name="up" /></IconButton>
          <IconButton label="The entry after" onClick={() => onStep(1)}><Icon name="down" /></IconButton>
          <IconButton label="Close the entry" onClick={onClose}><Icon name="close" /></IconButton>
        </span>
      </header>
      <div className="min-h-0 flex-1 space-y-4 overflow-y-auto p-3">
        <Callout {...explain(entry, timeOfDay)} />
        <DetailActions entry={entry} />
        <EntryValues entry={entry} />
        <EntryChanges entry={entry} />
        <EntryNotes entry={entry} />
        <Times entry={entry} />
        <Facts entry={entry} />
      </div>
    </section>
  );
}

/** Refusals that the session explains. */
const AUTH_CODES: ReadonlySet<string> = new Set(["not_authenticated", "reauthentication_required", "already_logged_in"]);

function DetailActions({ entry }: { readonly entry: TimelineEntry }) {
  const { open, info } = useConversation();
  const [isForking, setForking] = useState(false);
  return (
    <div className="flex flex-wrap gap-2">
      <Button onClick={() => open("state", entry.version)}><Icon name="clock" />See the state at this version</Button>
      {entry.code === "step_not_allowed" ? <Button onClick={() => open("workflow", entry.version)}>See the workflow then</Button> : null}
      {failedLogin(entry) || AUTH_CODES.has(entry.code ?? "") ? <Button onClick={() => open("session", null)}><Icon name="lock" />See the session</Button> : null}
      {info.canWrite ? <Button onClick={() => setForking(true)}><Icon name="fork" />Fork from here…</Button> : null}
      {isForking ? <Suspense><ForkDialog version={entry.version} onClose={() => setForking(false)} /></Suspense> : null}
    </div>
  );
}

function EntryValues({ entry }: { readonly entry: TimelineEntry }) {
  const { agent } = useConversation();
  const { arguments: input, result } = entry;
  const tool = entry.unit === "tool" ? agent?.tools.find(({ name }) => name === entry.name) : undefined;
  return (
    <>
      {input === undefined ? null : (
        <DetailSection title="Called with">
          <ValueTree label="arguments" value={input} masks={EVERYWHERE} />
          {tool && tool.secrets.length > 0 ? <p className="text-2xs text-ink-3">What is secret ({tool.secrets.join(", ")}) is stored nowhere, so it cannot be shown.</p> : null}
        </DetailSection>
      )}
      {result === undefined ? null : (
        <DetailSection title={failedLogin(entry) ? "What the agent was answered (the same for a wrong secret and for a lock)" : "Answered with"}>
          <ValueTree label="result" value={result} masks={EVERYWHERE} />
        </DetailSection>
      )}
    </>
  );
}

/** The server masked them: three dots are taken for a mask wherever they stand. */
const EVERYWHERE: readonly string[] = [""];

function EntryNotes({ entry }: { readonly entry: TimelineEntry }) {
  if (entry.notes.length === 0) return null;
  return (
    <DetailSection title="On the way">
      <ul className="flex flex-wrap gap-1">{entry.notes.map((note, index) => <li key={index}><Chip {...noteChip(note, timeOfDay)}>{noteChip(note, timeOfDay).text}</Chip></li>)}</ul>
    </DetailSection>
  );
}

function Times({ entry }: { readonly entry: TimelineEntry }) {
  const total = PHASES.reduce((sum, phase) => sum + (entry[`${phase}Ms`] ?? 0), 0);
  return (
    <DetailSection title={`Where the time went: ${duration(total)}`}>
      <div aria-hidden="true" className="mb-1.5 flex h-2 overflow-hidden rounded-sm bg-sunk">
        {PHASES.map((phase) => <span key={phase} style={{ width: `${total === 0 ? 0 : ((entry[`${phase}Ms`] ?? 0) / total) * 100}%`, background: PHASE_LOOKS[phase].fill }} />)}
      </div>
      <table className="w-full text-xs">
        <tbody>
          {PHASES.map((phase) => (
            <tr key={phase}>
              <th scope="row" className="w-20 py-0.5 text-left align-baseline font-normal whitespace-nowrap">
                <span aria-hidden="true" style={{ background: PHASE_LOOKS[phase].fill }} className="mr-1.5 inline-block size-2 rounded-[2px]" />
                {phase}
              </th>
              <td className="w-20 pr-3 text-right align-baseline font-mono whitespace-nowrap">{entry[`${phase}Ms`] === null ? "not yet known" : duration(entry[`${phase}Ms`] ?? 0)}</td>
              <td className="align-baseline text-ink-3">{PHASE_LOOKS[phase].about}{phase === "queue" && entry.waitedFor !== undefined ? `; it waited for ${entry.waitedFor}` : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </DetailSection>
  );
}

function Facts({ entry }: { readonly entry: TimelineEntry }) {
  const facts = ([["Call id", entry.callId], ["Code", entry.code], ["Written by", entry.source], ["Waited for", entry.waitedFor]] as const).filter(([, value]) => value !== undefined);
  if (facts.length === 0) return null;
  return (
    <DetailSection title="Facts">
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 text-xs">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-3">{name}</dt>
            <dd className="font-mono break-all">{value}</dd>
          </div>
        ))}
      </dl>
    </DetailSection>
  );
}
