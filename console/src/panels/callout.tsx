// What happened, in plain words and in the colour of its meaning.

import type { Explanation } from "./logic/entry-words.ts";
import { Icon, type IconName } from "../kit/icon.tsx";

const LOOKS: Readonly<Record<Explanation["tone"], { readonly box: string; readonly head: string; readonly glyph: IconName }>> = {
  good: { box: "border-good/30 bg-good-soft", head: "text-good", glyph: "check" },
  plain: { box: "border-line bg-sunk", head: "text-ink", glyph: "check" },
  warn: { box: "border-warn/40 bg-warn-soft", head: "text-warn", glyph: "warning" },
  bad: { box: "border-bad/40 bg-bad-soft", head: "text-bad", glyph: "lock" },
};

export function Callout({ tone, headline, sentences, remedy, children }: Explanation & { readonly children?: React.ReactNode }) {
  const { box, head, glyph } = LOOKS[tone];
  return (
    <div className={`rounded-lg border px-3 py-2.5 ${box}`}>
      <p className={`flex items-start gap-2 font-semibold ${head}`}>
        <Icon name={tone === "bad" && !headline.startsWith("Locked") ? "warning" : glyph} className="mt-0.5" />
        <span className="min-w-0 break-words">{headline}</span>
      </p>
      {sentences.map((sentence) => <p key={sentence} className="mt-1 break-words text-ink-2">{sentence}</p>)}
      {remedy === undefined ? null : <p className="mt-1.5 break-words text-ink"><span className="font-semibold">What to do: </span>{remedy}</p>}
      {children}
    </div>
  );
}
