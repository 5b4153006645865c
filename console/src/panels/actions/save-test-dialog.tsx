// This call as a test file: to read, to copy, to download, or written into the project.

import { useState } from "react";

import type { SavedTest } from "../../../../src/inspector/api.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { failureOf, type ApiFailure } from "../../lib/api-failure.ts";
import { useConversation } from "../../lib/conversation-context.tsx";
import { useLoaded } from "../../lib/loadable.ts";
import { Callout } from "../callout.tsx";
import { Icon } from "../../kit/icon.tsx";
import { download } from "./download.ts";
import { FailureLine } from "./failure-line.tsx";

export function SaveTestDialog({ onClose }: { readonly onClose: () => void }) {
  const { api, conversationId } = useConversation();
  const test = useLoaded(`test ${conversationId}`, () => api.saveTest(conversationId, {}));
  return (
    <Dialog title="Save as a test" onClose={onClose} className="sm:max-w-3xl!">
      <div className="max-h-[78vh] space-y-3 overflow-y-auto p-4">
        <p className="text-ink-2">A test that makes the same calls and expects the same answers. It passes as it is; what is secret or personal is a placeholder, and what logins, effects and caches gave comes from this recording. What is not marked personal is written as it was: read it before you commit it.</p>
        {test.state === "loading" ? <p role="status" className="py-6 text-center text-ink-3">Writing the test…</p> : null}
        {test.state === "failed" ? <FailureLine failure={test.failure} /> : null}
        {test.value ? <TestText test={test.value} /> : null}
      </div>
    </Dialog>
  );
}

function TestText({ test }: { readonly test: SavedTest }) {
  const { api, conversationId } = useConversation();
  const [says, setSays] = useState<string>();
  const [failure, setFailure] = useState<ApiFailure>();
  const save = async (): Promise<void> => {
    try {
      const saved = await api.saveTest(conversationId, { save: true });
      setSays(saved.savedAs === undefined ? "It was not written." : `Written to ${saved.savedAs}`);
      setFailure(undefined);
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  return (
    <>
      {test.remarks.length > 0 ? <Callout tone="warn" headline="Before you rely on it" sentences={test.remarks} /> : null}
      <div className="rounded-md border border-line">
        <p className="flex items-center gap-2 border-b border-line px-3 py-1.5 font-mono text-xs">{test.fileName}</p>
        <pre tabIndex={0} aria-label="The test file" className="max-h-[45vh] overflow-auto bg-sunk p-3 font-mono text-xs leading-5">{test.text}</pre>
      </div>
      <FailureLine failure={failure} />
      <div className="sticky -bottom-4 -mx-4 -mb-4 flex flex-wrap items-center justify-end gap-2 border-t border-line bg-float px-4 py-3">
        <span role="status" className="mr-auto text-xs text-good">{says}</span>
        <Button onClick={() => void copy(test.text).then(setSays)}><Icon name="copy" />Copy</Button>
        <Button onClick={() => download(test.fileName, test.text, "text/plain")}>Download</Button>
        <Button look="accent" onClick={() => void save()}>Save into the project</Button>
      </div>
    </>
  );
}

async function copy(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch {
    return "The browser does not let the page copy. Select the text and copy it.";
  }
}
