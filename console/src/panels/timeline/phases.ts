// The phases of a unit's time: how each is called, coloured and explained.

import type { Phase } from "../logic/waterfall.ts";

export const PHASE_LOOKS: Readonly<Record<Phase, { readonly fill: string; readonly name: string; readonly about: string }>> = {
  queue: { fill: "bg-edge/60", name: "queue", about: "waited for its turn: units of one conversation run one after another" },
  guard: { fill: "bg-note", name: "guard", about: "was checked: session, workflow step, arguments" },
  run: { fill: "bg-accent", name: "run", about: "the handler ran" },
  commit: { fill: "bg-good", name: "commit", about: "the store wrote it durably" },
  reply: { fill: "bg-warn", name: "reply", about: "the answer was on its way until it was confirmed" },
};
