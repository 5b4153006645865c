// The whole page.

import { Suspense } from "react";

import { PANELS } from "./panels/registry.tsx";

export function App() {
  return (
    <main className="p-6">
      <h1 className="text-lg font-semibold">conversimple</h1>
      <Suspense>{PANELS.map(({ id, title }) => <p key={id}>{title}</p>)}</Suspense>
    </main>
  );
}
