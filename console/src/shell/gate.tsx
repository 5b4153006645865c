// The door of the page: who has no key is told where to find it.

import { useState, type FormEvent } from "react";

import { Button } from "../kit/button.tsx";
import { tokenIn } from "../lib/token.ts";
import { Brand } from "./brand.tsx";

export function Gate({ isRefused, onToken }: { readonly isRefused: boolean; readonly onToken: (token: string) => void }) {
  const [text, setText] = useState("");
  const [mistake, setMistake] = useState(isRefused ? "This token is not accepted. A restart of the server may have made a new one." : "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const token = tokenIn(text);
    if (token === null) setMistake("There is no token in this text.");
    else onToken(token);
  };
  return (
    <main className="flex h-full items-center justify-center p-4">
      <form onSubmit={submit} className="flex w-full max-w-md flex-col gap-4 rounded-lg border border-line bg-pane p-6">
        <Brand />
        <h1 className="text-lg font-semibold">This page needs a token</h1>
        <p className="text-ink-2">
          Open the address that <code className="rounded-sm bg-sunk px-1 py-0.5 font-mono text-xs">conversimple dev</code> (or the log of <code className="rounded-sm bg-sunk px-1 py-0.5 font-mono text-xs">start</code>) printed - the token is in it - or paste the address or the token here.
        </p>
        <label className="flex flex-col gap-1.5">
          <span className="font-medium">Token or address</span>
          <input
            autoFocus value={text} onChange={(event) => setText(event.target.value)} placeholder="http://127.0.0.1:4000/#token=ci_…" autoComplete="off" spellCheck={false} aria-invalid={mistake !== ""} aria-describedby="gate-mistake"
            className="h-8 rounded-md border border-edge bg-pane px-2.5 font-mono text-xs aria-invalid:border-bad"
          />
        </label>
        <p id="gate-mistake" role="alert" className="-mt-2 min-h-5 text-bad">{mistake}</p>
        <Button type="submit" look="accent" className="self-end">Open the inspector</Button>
      </form>
    </main>
  );
}
