// Beside the list while no conversation is open.

import { Button } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { Kbd } from "../kit/kbd.tsx";
import { EmptyNotice } from "../kit/notice.tsx";
import { useInspector } from "../lib/inspector-context.tsx";
import { overlay } from "./commands.ts";

export function StartPage() {
  const { info } = useInspector();
  return (
    <div className="m-auto">
      <EmptyNotice title={info.canTalk ? "Talk to an agent, and look inside" : "Look inside a conversation"}>
        <p>What the agent believes, which tool wrote it, and why a call was refused - live, and at every version before.</p>
        {info.canTalk ? <Button look="accent" className="my-2" onClick={() => overlay.set("new-call")}><Icon name="phone" />New call</Button> : null}
        <ul className="flex flex-wrap justify-center gap-x-4 gap-y-1.5 text-xs text-ink-3">
          <li className="inline-flex items-center gap-1.5"><Kbd keys="j" /><Kbd keys="k" /> choose</li>
          <li className="inline-flex items-center gap-1.5"><Kbd keys="Enter" /> open</li>
          <li className="inline-flex items-center gap-1.5"><Kbd keys="mod+k" /> jump</li>
          <li className="inline-flex items-center gap-1.5"><Kbd keys="?" /> all keys</li>
        </ul>
      </EmptyNotice>
    </div>
  );
}
