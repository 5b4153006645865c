// Changing a customer's record by hand: for who can say which customer it is.
//
//   CE1. The id is typed, not looked up, and is in no address and no storage: the page knows a hash of it only.  (P21)

import { useId, useState } from "react";

import type { CustomerView } from "../../../src/inspector/api.ts";
import type { Patch } from "../../../src/state/patch.ts";
import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { ApiFailure, failureOf } from "../lib/api-failure.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { FailureLine } from "./actions/failure-line.tsx";
import type { TreeEditing } from "./value/editing.ts";
import { ValueTree } from "./value/value-tree.tsx";

interface CustomerEditDialogProps {
  readonly customer: CustomerView;
  readonly agentId: string;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

export function CustomerEditDialog({ customer, agentId, onSaved, onClose }: CustomerEditDialogProps) {
  const { api, agents } = useInspector();
  const [typed, setTyped] = useState("");
  const [customerId, setCustomerId] = useState<string>();
  const [failure, setFailure] = useState<ApiFailure>();
  const id = useId();
  const check = async (): Promise<void> => {
    try {
      const { key } = await api.findCustomer(typed);
      if (key !== customer.key) throw new ApiFailure("another_customer", 0, "That is not the id of this customer.", "Nothing was changed. Type the id as the agent calls customer.identify() with it.");
      setFailure(undefined);
      setCustomerId(typed);
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  const names = new Set(agents.find((agent) => agent.agentId === agentId)?.parts.filter(({ kind }) => kind === "customer").map(({ name }) => name));
  const editable = customer.parts.filter(({ name, kind }) => name !== "$meta" && (kind === "customer" || names.has(name) || names.size === 1));
  const editing: TreeEditing = {
    schema: agents.find((agent) => agent.agentId === agentId)?.parts.find(({ kind }) => kind === "customer")?.schema,
    version: customer.version,
    save: async (patches: readonly Patch[]) => {
      await api.editCustomer({ agentId, customerId: customerId!, patches });
      onSaved();
    },
    // An update of a customer runs again on what is there: nobody is in its way.
    conflict: () => undefined,
  };
  return (
    <Dialog title="Change the customer's record" onClose={onClose} className="sm:max-w-2xl!">
      {customerId === undefined ? (
        <form className="space-y-3 p-4" onSubmit={(event) => { event.preventDefault(); void check(); }}>
          <p className="text-ink-2">This record is shared by all calls of the customer. The page knows the customer by a hash only: type the id to change it.</p>
          <label htmlFor={id} className="block font-medium">Customer id</label>
          <input id={id} autoFocus required autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} className="w-full rounded-md border border-edge bg-pane px-2.5 py-1.5 font-mono" />
          <FailureLine failure={failure} />
          <div className="flex justify-end gap-2">
            <Button look="quiet" onClick={onClose}>Cancel</Button>
            <Button type="submit" look="accent" disabled={typed === ""}>Go on</Button>
          </div>
        </form>
      ) : (
        <div className="max-h-[70vh] space-y-3 overflow-y-auto p-4">
          {editable.map((part) => (
            <section key={part.name} aria-label={part.name} className="rounded-md border border-line bg-pane p-2">
              <ValueTree label={part.name} value={part.value} masks={part.masks} editing={editing} />
            </section>
          ))}
        </div>
      )}
    </Dialog>
  );
}
