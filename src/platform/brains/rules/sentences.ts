// What the rules brain says by itself. What tools answer is said by `spoken-result.ts`.
//
//   SE1. Nothing here repeats what a caller said.                                                    (P21)

import { listed, wantedOf } from "./wanted.ts";
import type { Slot } from "./slots.ts";
import type { Speakable } from "./tool-match.ts";

/** Things that are named when somebody asks what is possible. */
const MAX_NAMED = 5;

/** Asks for what is missing, in the words of its description. */
export function question(slot: Slot): string {
  if (slot.about.endsWith("?")) return upperFirst(slot.about);
  if (/^(?:how|what|when|which|where|who|whether)\b/i.test(slot.about)) return `Please tell me ${lowerFirst(slot.about)}.`;
  const article = /^(?:the|a|an|your|this|that|all|any)\b/i.test(slot.about) ? "" : "the ";
  return `Please tell me ${article}${lowerFirst(slot.about)}.`;
}

/** Why a value was not taken. */
export function problem(slot: Slot): string {
  return `That does not fit: ${article(slot)} must be ${wantedOf(slot)}.`;
}

function article({ about, isDescribed }: Slot): string {
  const short = isDescribed ? about.split(/[,(;]/)[0]!.trim() : about;
  if (/^(?:how|what|when|which|where|who|whether)\b/i.test(short) || short.endsWith("?")) return "it";
  return /^(?:the|a|an|your)\b/i.test(short) ? lowerFirst(short) : `the ${lowerFirst(short)}`;
}

/** What a tool does, as the end of "you can ...". */
export function deed({ tool }: Speakable): string {
  const text = (tool.description === "" ? tool.name.replaceAll(/[_-]+/g, " ") : tool.description).trim().split(/(?<=[.!?])\s/)[0]!.replace(/[.!]$/, "");
  return lowerFirst(text);
}

/** "Do you want to ...?" */
export function confirmation(speakable: Speakable): string {
  return `Do you want to ${deed(speakable)}?`;
}

/** Which of some was meant. */
export function choice(several: readonly Speakable[]): string {
  return `Do you want to ${listed(several.slice(0, 3).map(deed), "or")}?`;
}

/** What can be done now, with a phrase to say. */
export function possibilities(all: readonly Speakable[]): string {
  if (all.length === 0) return "There is nothing that I can do at the moment.";
  const named = all.slice(0, MAX_NAMED).map(deed);
  const more = all.length > MAX_NAMED ? [...named, "more"] : named;
  const example = all.flatMap(({ tool }) => tool.examples ?? [])[0];
  return `You can ${listed(more, all.length > MAX_NAMED ? "and" : "or")}.${example === undefined ? "" : ` For example, say: ${example.replace(/[.]$/, "")}${/[?!]$/.test(example) ? "" : "."}`}`;
}

export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Without a change to "PIN" and "P1". */
function lowerFirst(text: string): string {
  return /^\p{Lu}(?:\p{Ll}|\s|$)/u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
