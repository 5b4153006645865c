// The state of the open conversation at the version that is looked at.

import { useConversation } from "../lib/conversation-context.tsx";

export function StatePanel() {
  const { shown } = useConversation();
  if (shown.value === undefined) return null;
  return <pre className="overflow-auto p-4 font-mono text-xs">{JSON.stringify(shown.value.parts, null, 2)}</pre>;
}
