// What a cache did since its process began.

import type { AgentView, CacheView } from "../../../../src/inspector/api.ts";
import { count, duration } from "../../lib/formatting.ts";
import { Card, Fact, Facts } from "../panel-page.tsx";

/** @param agent whose cache it is, for what its code says of it. */
export function CacheCard({ cache, agent }: { readonly cache: CacheView; readonly agent: AgentView | undefined }) {
  const { part, hits, misses, failures, size } = cache;
  const options = agent?.parts.find(({ name }) => name === part)?.cache;
  const asked = hits + misses;
  const rate = asked === 0 ? undefined : hits / asked;
  return (
    <Card title={<span className="font-mono">{part}</span>} aside={options ? `${options.scope} · ${duration(options.ttlMs)}${options.staleMs > 0 ? `, stale for ${duration(options.staleMs)} more` : ""}` : null}>
      <div className="flex flex-wrap items-center gap-x-8 gap-y-3">
        <div>
          <p className="text-xl font-semibold">{rate === undefined ? "–" : `${Math.round(rate * 100)} %`}</p>
          <p className="text-2xs text-ink-3">hit rate</p>
        </div>
        <div className="min-w-40 flex-1">
          <div aria-hidden="true" className="flex h-2 overflow-hidden rounded-full bg-line">
            <span className="bg-good" style={{ width: `${(rate ?? 0) * 100}%` }} />
            <span className="bg-warn" style={{ width: `${asked === 0 ? 0 : (failures / asked) * 100}%` }} />
          </div>
          <p className="mt-1 text-xs text-ink-2">{count(hits, "hit")}, {count(misses, "miss", "misses")}{failures > 0 ? <span className="text-warn">, {count(failures, "failure")} of its loader</span> : null}</p>
        </div>
        <Facts>
          <Fact name="Entries">{size.toLocaleString("en")}{options ? ` of ${options.max.toLocaleString("en")}` : ""}</Fact>
        </Facts>
      </div>
    </Card>
  );
}
