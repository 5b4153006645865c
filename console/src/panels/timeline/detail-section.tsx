// A titled part of a detail.

import type { ReactNode } from "react";

export function DetailSection({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h4 className="mb-1 text-xs font-semibold text-ink-2">{title}</h4>
      {children}
    </section>
  );
}
