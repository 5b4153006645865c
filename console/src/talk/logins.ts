// Which tools nobody needs any more, since somebody is logged in.
//
//   LG1. A tool logs in when one of its calls did. In a fork, whose journal begins after the login, it is one that takes a secret
//        and asks for no session.
//   LG2. Who was just refused because the login is too old needs them again.                              (P18)

import type { SessionView, TimelineEntry, ToolInfo } from "../../../src/inspector/api.ts";

/** The names of login tools, while somebody is logged in; none otherwise. @param entries oldest first. */
export function needlessLogins(sessions: readonly SessionView[], entries: readonly TimelineEntry[], tools: readonly ToolInfo[]): ReadonlySet<string> {
  if (!sessions.some(({ status }) => status === "authenticated")) return new Set();
  if (entries.findLast(({ unit }) => unit === "tool")?.code === "reauthentication_required") return new Set(); // LG2
  const known = entries.flatMap(({ name, notes }) => (notes.some((note) => note.kind === "login" && note.outcome === "accepted") ? [name] : []));
  if (known.length > 0) return new Set(known);
  const isGuarded = ({ guards }: ToolInfo) => guards.some((guard) => sessions.some(({ part }) => guard === part || guard.startsWith(`${part} `)));
  return new Set(tools.filter((tool) => tool.secrets.length > 0 && !isGuarded(tool)).map(({ name }) => name));
}
