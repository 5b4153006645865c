// All calls of one customer. Who it is, is asked for and not kept: the address has the key, which is a hash.

import { useState, type FormEvent } from "react";

import { Button, IconButton } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { CONTROL, Field } from "../kit/field.tsx";
import { Icon } from "../kit/icon.tsx";
import { failureOf } from "../lib/api-failure.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { filterBy } from "../lib/navigation.ts";

export function CustomerFilter({ customer }: { readonly customer: string }) {
  const [isOpen, setOpen] = useState(false);
  if (customer !== "") {
    return (
      <button type="button" onClick={() => filterBy({ customer: "" })} title={`Only customer ${customer}. Press to show all.`} className="inline-flex h-7 max-w-28 items-center gap-1 rounded-md bg-chosen px-2 font-mono text-2xs text-accent">
        <span className="sr-only">Customer </span>
        <span className="truncate">{customer}</span>
        <Icon name="close" className="size-3" />
      </button>
    );
  }
  return (
    <>
      <IconButton label="Only the calls of one customer" onClick={() => setOpen(true)}><Icon name="filter" /></IconButton>
      {isOpen ? <FindCustomer onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function FindCustomer({ onClose }: { readonly onClose: () => void }) {
  const { api } = useInspector();
  const [text, setText] = useState("");
  const [mistake, setMistake] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const { key } = await api.findCustomer(text.trim());
      if (key === null) return setMistake("There is no customer with this id.");
      filterBy({ customer: key });
      onClose();
    } catch (error) {
      const { message, remedy } = failureOf(error);
      setMistake([message, remedy].filter(Boolean).join(" "));
    }
  };
  return (
    <Dialog title="Calls of one customer" onClose={onClose} className="max-w-sm">
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3 p-4">
        <Field label="Customer id" hint="As the agent says it to identify(). It is not kept: the list is narrowed by its hash.">
          {(props) => <input {...props} autoFocus required value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" spellCheck={false} className={`h-8 ${CONTROL}`} />}
        </Field>
        <p role="alert" className="min-h-5 text-bad">{mistake}</p>
        <Button type="submit" look="accent" disabled={text.trim() === ""} className="self-end">Show the calls</Button>
      </form>
    </Dialog>
  );
}
