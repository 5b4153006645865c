// The panels of a conversation, and the pages beside the list.
//
// A panel reads the open conversation by `useConversation()`, a page the server by `useInspector()`.

import { lazy, type ComponentType } from "react";

import type { PartInfo } from "../../../src/inspector/api.ts";
import type { OpenConversation } from "../lib/conversation-context.tsx";

/** A view of the open conversation. */
export interface Panel {
  /** In the address: `#/c/<conversation>/<id>`. */
  readonly id: string;
  readonly title: string;
  /** Pressed after `g`, it goes there. */
  readonly shortcut: string;
  /** Whether there is anything to show; always, unless given. */
  readonly isFor?: (open: OpenConversation) => boolean;
  readonly Component: ComponentType;
}

/** A view beside conversations: `#/<id>` and `#/<id>/<name>`. */
export interface SidePage {
  readonly id: string;
  readonly title: string;
  readonly shortcut: string;
  readonly Component: ComponentType<{ readonly name: string | undefined }>;
}

/** Whether the agent of a conversation has a part of a kind; or may have one, while its code is not here. */
function hasPart(kind: PartInfo["kind"]): (open: OpenConversation) => boolean {
  return ({ agent, view }) => (agent?.parts ?? view.value?.parts ?? []).some((part) => part.kind === kind);
}

export const PANELS: readonly Panel[] = [
  { id: "timeline", title: "Timeline", shortcut: "l", Component: lazy(() => import("./timeline-panel.tsx").then((module) => ({ default: module.TimelinePanel }))) },
  { id: "state", title: "State", shortcut: "s", Component: lazy(() => import("./state-panel.tsx").then((module) => ({ default: module.StatePanel }))) },
  { id: "session", title: "Session", shortcut: "i", isFor: (open) => (open.view.value?.sessions.length ?? 0) > 0 || hasPart("session")(open), Component: lazy(() => import("./session-panel.tsx").then((module) => ({ default: module.SessionPanel }))) },
  { id: "workflow", title: "Workflow", shortcut: "w", isFor: hasPart("workflow"), Component: lazy(() => import("./workflow-panel.tsx").then((module) => ({ default: module.WorkflowPanel }))) },
  { id: "customer", title: "Customer", shortcut: "c", isFor: (open) => (open.view.value?.customer ?? null) !== null || hasPart("customer")(open), Component: lazy(() => import("./customer-panel.tsx").then((module) => ({ default: module.CustomerPanel }))) },
  { id: "cache", title: "Cache", shortcut: "k", isFor: hasPart("cache"), Component: lazy(() => import("./cache-panel.tsx").then((module) => ({ default: module.CachePanel }))) },
  { id: "agent", title: "Agent", shortcut: "a", Component: lazy(() => import("./agent-panel.tsx").then((module) => ({ default: module.AgentPanel }))) },
];

export const SIDE_PAGES: readonly SidePage[] = [
  { id: "agents", title: "Agents", shortcut: "g", Component: lazy(() => import("./agents-page.tsx").then((module) => ({ default: module.AgentsPage }))) },
  { id: "customers", title: "Customers", shortcut: "u", Component: lazy(() => import("./customers-page.tsx").then((module) => ({ default: module.CustomersPage }))) },
];
