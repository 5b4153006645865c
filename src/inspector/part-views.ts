// Stored parts as panels show them.
//
//   PV1. Masked, unless they are revealed: a reason was written down by then.                          (P21)
//        By what is stored with them, and by what their agent says now.
//   PV2. What kind of part it is, its agent says; where nobody knows the agent, it is told by its form.

import { encode, ENVELOPE_DEPTH, MAX_DEPTH } from "../base/codec.ts";
import { Mask } from "../base/mask.ts";
import { Shown } from "../base/shown.ts";
import { shownBytes } from "../base/shown-size.ts";
import type { StoredPart } from "../state/record.ts";
import type { AgentView, PartInfo, PartView } from "./api.ts";
import { shownValue } from "./shown-value.ts";
import type { ClearParts } from "./stored-parts.ts";

/** The parts for a panel (PV1). */
export function partViews({ parts, masks }: ClearParts, agent: AgentView | undefined, isRevealed = false): readonly PartView[] {
  const known = new Map(agent?.parts.map((part) => [part.name, part]));
  return [...parts].map(([name, part]) => {
    const info = known.get(name);
    const masked = [...new Set([...(masks[name] ?? []), ...(info?.masks ?? [])])];
    const bytes = Buffer.byteLength(encode(part.data, name, undefined, MAX_DEPTH + ENVELOPE_DEPTH));
    return {
      name,
      kind: info?.kind ?? kindOf(part),
      schemaVersion: part.version,
      value: shownValue(isRevealed ? Shown.revealed(part.data) : Shown.masked(part.data, masked)),
      masks: masked,
      bytes: isRevealed ? bytes : shownBytes(part.data, Mask.of(masked), bytes),
      maxBytes: info?.maxBytes ?? null,
    };
  });
}

/** PV2. */
export function kindOf({ data }: StoredPart): PartInfo["kind"] {
  if (typeof data !== "object" || data === null) return "other";
  const form = Object.keys(data).sort().join();
  const { status } = data as { status?: unknown };
  if ((form === "status" && status === "anonymous") || (form === "account,status" && status === "expired") || (status === "authenticated" && "account" in data && "lastSeenMs" in data)) return "session";
  if ((form === "id" && (data as { id: unknown }).id === null) || form === "account,firstSeen,id,lastConversation,lastInteraction") return "customer";
  if (/^data,(isLate,)?(since,)?step$/.test(form)) return "workflow";
  return "state";
}
