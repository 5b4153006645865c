// The server that the page is connected to: what everything on the page may ask.

import { createContext, useContext, useEffect, useRef } from "react";

import type { AgentView, Info, InspectorEvent } from "../../../src/inspector/api.ts";
import type { Api } from "./api.ts";
import type { Connection } from "./event-feed.ts";
import type { Readable } from "./store.ts";

export interface Inspector {
  readonly api: Api;
  readonly info: Info;
  readonly agents: readonly AgentView[];
  readonly connection: Readable<Connection>;
  /** Hears of every event; returns a function that stops it. `reset` comes after every gap: ask for everything again. */
  readonly onEvent: (listener: (event: InspectorEvent) => void) => () => void;
}

const Context = createContext<Inspector | null>(null);

/** Gives the server to the page. */
export const InspectorProvider = Context.Provider;

/** The server. @throws before the page is connected. */
export function useInspector(): Inspector {
  const inspector = useContext(Context);
  if (!inspector) throw new Error("The page is not connected to a server.");
  return inspector;
}

/** Hears of every event while the component is shown. */
export function useInspectorEvents(listener: (event: InspectorEvent) => void): void {
  const { onEvent } = useInspector();
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => onEvent((event) => latest.current(event)), [onEvent]);
}
