// The dialogs of what can be done, each loaded when it is opened for the first time.

import { lazy, Suspense, type ComponentType } from "react";

function opened<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const Lazy = lazy(async () => ({ default: await load() })) as unknown as ComponentType<P>;
  return function Opened(props: P) {
    return <Suspense><Lazy {...props} /></Suspense>;
  };
}

export const RunToolDialog = opened(() => import("./run-tool.tsx").then(({ RunTool }) => RunTool));
export const ForkDialog = opened(() => import("./fork-dialog.tsx").then((module) => module.ForkDialog));
export const ReplayDialog = opened(() => import("./replay-dialog.tsx").then((module) => module.ReplayDialog));
export const SaveTestDialog = opened(() => import("./save-test-dialog.tsx").then((module) => module.SaveTestDialog));
export const SignalDialog = opened(() => import("./signal-dialog.tsx").then((module) => module.SignalDialog));
