// Who calls, across calls: the record that all calls of a customer share.
//
//   CP1. A customer is known here by a keyed hash. Who it is, is asked for where it is needed, and not kept.     (P21)

import { lazy, Suspense, useState } from "react";

import type { ConversationRow, CustomerView } from "../../../src/inspector/api.ts";
import { Ago } from "../kit/ago.tsx";
import { Button } from "../kit/button.tsx";
import { Chip } from "../kit/chip.tsx";
import { EmptyNotice, FailureNotice } from "../kit/notice.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { count, moment } from "../lib/formatting.ts";
import { useInspector, useInspectorEvents } from "../lib/inspector-context.tsx";
import { useLoaded } from "../lib/loadable.ts";
import { linkTo } from "../lib/navigation.ts";
import { Icon } from "../kit/icon.tsx";
import { Card, Fact, Facts, PanelPage } from "./panel-page.tsx";
import { RevealButton, RevealDialog, RevealedBar, useReveal } from "./state/reveal.tsx";
import { SizeBar } from "./state/size-bar.tsx";
import { ValueTree } from "./value/value-tree.tsx";

const CustomerEditDialog = lazy(() => import("./customer-edit.tsx").then((module) => ({ default: module.CustomerEditDialog })));

export function CustomerPanel() {
  const { view } = useConversation();
  const key = view.value?.customer ?? null;
  if (view.value && key === null) return <PanelPage><EmptyNotice title="Nobody is identified"><p>The agent has not said who calls. It does with <code>customer.identify()</code>, after a login; then all calls of this person share one record, which is shown here.</p></EmptyNotice></PanelPage>;
  return <PanelPage>{key === null ? null : <Customer customerKey={key} agentId={view.value?.agentId ?? null} isHere={view.value?.conversationId} />}</PanelPage>;
}

/** A customer's record and calls. @param agentId the agent whose part is edited; null where nothing is. */
export function Customer({ customerKey, agentId, isHere }: { readonly customerKey: string; readonly agentId: string | null; readonly isHere?: string | undefined }) {
  const { api, info } = useInspector();
  const loaded = useLoaded(`customer ${customerKey}`, (signal) => api.customer(customerKey, signal));
  const [isEditing, setEditing] = useState(false);
  useInspectorEvents((event) => {
    if ((event.type === "customer" && event.key === customerKey) || event.type === "reset") loaded.reload();
  });
  const { value } = loaded;
  const reveal = useReveal(`${isHere} ${customerKey}`, (reason) => api.reveal(isHere!, { reason, customer: true }), ({ version }) => version === value?.version);
  // The reason is written down in a conversation: without one nothing is shown.
  const canReveal = info.canReveal && isHere !== undefined && value?.status === "live";
  const shown = value && reveal.parts ? { ...value, parts: reveal.parts.parts } : value;
  return (
    <>
      <RevealedBar reveal={reveal} isCard />
      {loaded.state === "failed" ? <FailureNotice failure={loaded.failure}><Button onClick={loaded.reload}>Try again</Button></FailureNotice> : null}
      {value?.quarantine ? <FailureNotice failure={value.quarantine} /> : null}
      {canReveal && !reveal.parts && value.parts.some(({ masks }) => masks.length > 0) ? <p className="flex justify-end"><RevealButton reveal={reveal} /></p> : null}
      {shown ? <CustomerCards customer={shown} isRevealed={reveal.parts !== undefined} isHere={isHere} onEdit={info.canWrite && agentId !== null && shown.status === "live" ? () => setEditing(true) : undefined} /> : null}
      {isEditing && agentId !== null && value ? <Suspense><CustomerEditDialog customer={value} agentId={agentId} onSaved={loaded.reload} onClose={() => setEditing(false)} /></Suspense> : null}
      <RevealDialog reveal={reveal} whose="this customer" />
    </>
  );
}

function CustomerCards({ customer, isRevealed, isHere, onEdit }: { readonly customer: CustomerView; readonly isRevealed: boolean; readonly isHere: string | undefined; readonly onEdit: (() => void) | undefined }) {
  const { key, status, version, createdAtMs, updatedAtMs, parts, conversations } = customer;
  return (
    <>
      <Card title="Customer" aside={<Chip tone={status === "live" ? "plain" : "bad"}>{status}</Chip>}>
        <Facts>
          <Fact name="Key (a keyed hash, not who it is)" isWide><code className="text-xs break-all">{key}</code></Fact>
          <Fact name="Version">{version}</Fact>
          <Fact name="Known since">{moment(createdAtMs)}</Fact>
          <Fact name="Last change">{moment(updatedAtMs)}</Fact>
        </Facts>
      </Card>
      {parts.map((part) => (
        <Card key={part.name} title={<span className="font-mono">{part.name === "$meta" ? "visits" : part.name}</span>} aside={<>
          <SizeBar bytes={part.bytes} maxBytes={part.maxBytes} />
          {onEdit && part.name !== "$meta" ? <Button look="quiet" onClick={onEdit}><Icon name="pencil" />Change…</Button> : null}
        </>}>
          <ValueTree label={part.name} value={part.value} masks={part.masks} isRevealed={isRevealed} />
        </Card>
      ))}
      <Card title={count(conversations.length, "call")} aside="newest first">
        <ul className="divide-y divide-line">{conversations.map((row) => <CallLine key={row.conversationId} row={row} isHere={row.conversationId === isHere} />)}</ul>
      </Card>
    </>
  );
}

function CallLine({ row, isHere }: { readonly row: ConversationRow; readonly isHere: boolean }) {
  return (
    <li>
      <a href={linkTo({ page: "conversation", conversationId: row.conversationId, panel: "", version: null })} aria-current={isHere ? "page" : undefined} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 rounded-sm px-1 py-1.5 hover:bg-hover">
        <span className="min-w-0 flex-1 basis-40 truncate font-mono text-xs">{row.conversationId}</span>
        {isHere ? <Chip tone="accent">this one</Chip> : null}
        <Chip tone={row.status === "live" ? "good" : "plain"}>{row.status}</Chip>
        <span className="text-2xs text-ink-3">{row.agentId} · {count(row.version, "version")} · <Ago atMs={row.updatedAtMs} /></span>
      </a>
    </li>
  );
}
