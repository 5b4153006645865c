// All keys that count now.

import { Dialog } from "../kit/dialog.tsx";
import { Kbd } from "../kit/kbd.tsx";
import { shortcuts, type Shortcut } from "../lib/keyboard.ts";
import { useStore } from "../lib/use-store.ts";

export function Help({ onClose }: { readonly onClose: () => void }) {
  const groups = Map.groupBy(listed(useStore(shortcuts)), ({ group }) => group ?? "Everywhere");
  return (
    <Dialog title="Keys" onClose={onClose} className="max-w-2xl">
      <div className="columns-1 gap-8 p-4 sm:columns-2">
        {[...groups].map(([group, keys]) => (
          <section key={group} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 text-2xs font-semibold tracking-wide text-ink-3 uppercase">{group}</h3>
            <dl>
              {keys.map(({ keys: names, does }) => (
                <div key={names} className="flex items-center justify-between gap-4 py-1">
                  <dt className="text-ink-2">{does}</dt>
                  <dd><Kbd keys={names} /></dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** Each key once, as what it does now. */
function listed(all: readonly Shortcut[]): Shortcut[] {
  return [...new Map(all.filter(({ does }) => does !== undefined).map((each) => [each.keys, each])).values()];
}
