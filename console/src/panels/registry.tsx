// The panels of a conversation, and the pages beside the list.
//
// A panel reads the open conversation by `useConversation()`, a page the server by `useInspector()`.

import { lazy, type ComponentType } from "react";

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

export const PANELS: readonly Panel[] = [{ id: "state", title: "State", shortcut: "s", Component: lazy(() => import("./state-panel.tsx").then((module) => ({ default: module.StatePanel }))) }];

export const SIDE_PAGES: readonly SidePage[] = [];
