// The page at `/`: what is here and how to talk to it. No script, no style, no key.

export interface HomeFacts {
  readonly url: string;
  readonly agents: readonly string[];
  readonly conversations: number;
}

/** What the page may load: nothing. */
export const HOME_PAGE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function homePage({ url, agents, conversations }: HomeFacts): string {
  const agent = agents[0] ?? "my-agent";
  const list = agents.length === 0 ? "<p>No agent is connected.</p>" : `<ul>${agents.map((id) => `<li>${escaped(id)}</li>`).join("")}</ul>`;
  const commands = [
    `curl -X POST ${url}/v1/conversations -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d ${quoted({ agentId: agent, conversationId: "c1" })}`,
    `curl -X POST ${url}/v1/conversations/c1/tool-calls -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d ${quoted({ tool: "my_tool", arguments: {} })}`,
    `curl ${url}/v1/conversations/c1 -H "Authorization: Bearer $KEY"`,
    `curl -X DELETE ${url}/v1/conversations/c1 -H "Authorization: Bearer $KEY"`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>conversimple</title></head><body>
<h1>conversimple: local platform</h1>
<h2>Agents</h2>
${list}
<p>Conversations: ${conversations}</p>
<h2>Make a call</h2>
<p>KEY is $CONVERSIMPLE_API_KEY, or "apiKey" in .conversimple/dev.json.</p>
<pre>${commands.map(escaped).join("\n\n")}</pre>
</body></html>
`;
}

/** JSON as one word for a shell. */
function quoted(body: unknown): string {
  return `'${JSON.stringify(body).replaceAll("'", `'\\''`)}'`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
