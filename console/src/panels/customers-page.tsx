// A customer by their id, or by their key in the address.
//
//   CS1. An id that is typed here is sent and forgotten: in the address is the key, which says nothing of who it is. (P21)

import { useId, useState } from "react";

import { Button } from "../kit/button.tsx";
import { EmptyNotice } from "../kit/notice.tsx";
import { ApiFailure, failureOf } from "../lib/api-failure.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { go } from "../lib/navigation.ts";
import { FailureLine } from "./actions/failure-line.tsx";
import { Customer } from "./customer-panel.tsx";

export function CustomersPage({ name }: { readonly name: string | undefined }) {
  const { agents } = useInspector();
  const agent = agents.find(({ parts }) => parts.some(({ kind }) => kind === "customer"));
  return (
    <div className="@container mx-auto max-w-4xl space-y-3 p-4">
      <h1 className="text-lg font-semibold">Customers</h1>
      <Search />
      {name === undefined ? <EmptyNotice title="A customer is known by a hash"><p>Type the id as an agent calls <code>customer.identify()</code> with it. A conversation that has a customer leads to them, too.</p></EmptyNotice> : <Customer key={name} customerKey={name} agentId={agent?.agentId ?? null} />}
    </div>
  );
}

function Search() {
  const { api } = useInspector();
  const [typed, setTyped] = useState("");
  const [failure, setFailure] = useState<ApiFailure>();
  const id = useId();
  const find = async (): Promise<void> => {
    try {
      const { key } = await api.findCustomer(typed.trim());
      if (key === null) throw new ApiFailure("not_found", 0, "There is no customer with this id.", "Is it spelled as the agent says it to customer.identify()?");
      setFailure(undefined);
      setTyped("");
      go({ page: "side", id: "customers", name: key });
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  return (
    <form className="space-y-2" onSubmit={(event) => { event.preventDefault(); void find(); }}>
      <label htmlFor={id} className="block text-xs font-medium text-ink-2">Customer id</label>
      <div className="flex gap-2">
        <input id={id} value={typed} autoComplete="off" spellCheck={false} onChange={(event) => setTyped(event.target.value)} className="h-7 min-w-0 flex-1 rounded-md border border-edge bg-pane px-2.5 font-mono" />
        <Button type="submit" look="accent" disabled={typed.trim() === ""}>Find</Button>
      </div>
      <FailureLine failure={failure} />
    </form>
  );
}
