// How the line is, and what belongs to it: the voice, and hanging up.

import { Button, IconButton } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { useRoom } from "../lib/media.ts";
import { useStore } from "../lib/use-store.ts";
import { canSpeak, isSpoken } from "./speech.ts";
import type { Talk } from "./use-talk.ts";

export function LineBar({ talk, isLive }: { readonly talk: Talk; readonly isLive: boolean }) {
  const spoken = useStore(isSpoken);
  // Elsewhere it is a tab of that name.
  const room = useRoom();
  const { line, hangUp } = talk;
  const [word, tone] = wordsOf(talk, isLive);
  return (
    <div className="flex h-9 shrink-0 items-center gap-1 border-b border-line pr-1.5 pl-3">
      <h2 className={room === "wide" ? "font-semibold" : "sr-only"}>Talk</h2>
      <span role="status" className={`truncate text-xs ${room === "wide" ? "pl-1" : ""} ${tone}`}>{word}</span>
      <span className="flex-1" />
      {canSpeak() ? (
        <IconButton label={spoken ? "Do not speak answers" : "Speak answers"} aria-pressed={spoken} onClick={() => isSpoken.set(!spoken)} className={spoken ? "bg-chosen text-accent!" : ""}><Icon name="speaker" /></IconButton>
      ) : null}
      {isLive && (line.state === "open" || line.state === "lost") ? (
        <Button look="bad" onClick={hangUp} isSmall><Icon name="hangup" className="size-3.5" />Hang up</Button>
      ) : null}
    </div>
  );
}

function wordsOf({ line }: Talk, isLive: boolean): readonly [word: string, tone: string] {
  if (line.state === "refused") return [`The line was refused: ${line.message}`, "text-bad"];
  if (!isLive) return ["This call is over", "text-ink-3"];
  if (line.state === "open") return ["You are on the line", "text-good"];
  if (line.state === "lost") return ["The line was lost, ringing again…", "text-warn"];
  if (line.state === "connecting") return ["Ringing…", "text-ink-3"];
  if (line.state === "over") return ["You hung up", "text-ink-3"];
  return ["You join the line when you speak", "text-ink-3"];
}
