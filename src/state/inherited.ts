// What a draft lends of the prototypes that all objects and lists of the process share.
//
//   IH1. Nothing that is lent leads to something shared that can be written, by whatever keys: a method is a frozen stand-in
//        that does the same, and the constructor, behind which the prototype lies, is not there.
//   IH2. A stand-in is called as the method is: by itself, or with `call`, `apply` and `bind`.

type Method = (this: unknown, ...inputs: unknown[]) => unknown;

const LENT = new WeakMap<object, Method>();

/** A member that a value has of its prototype, as it is lent; undefined for the constructor (IH1). */
export function lent(key: PropertyKey, member: object): Method | undefined {
  if (key === "constructor") return undefined;
  let standIn = LENT.get(member);
  if (!standIn) LENT.set(member, (standIn = standInFor(member as Method)));
  return standIn;
}

function standInFor(member: Method): Method {
  const called = (self: unknown, inputs: readonly unknown[]) => Reflect.apply(member, self, inputs);
  // Written as methods: these have no prototype of their own.
  const { call, apply, bind, itself } = {
    call: (self: unknown, ...inputs: unknown[]) => called(self, inputs),
    apply: (self: unknown, inputs: readonly unknown[] | null | undefined) => called(self, [...(inputs ?? [])]),
    bind: (self: unknown, ...first: unknown[]) => closed((...inputs: unknown[]) => called(self, [...first, ...inputs])),
    itself(this: unknown, ...inputs: unknown[]) {
      return called(this, inputs);
    },
  };
  const known = { name: member.name, call: closed(call), apply: closed(apply), bind: closed(bind) };
  for (const [name, value] of Object.entries(known)) Object.defineProperty(itself, name, { value });
  return closed(itself);
}

/** A function behind which nothing lies, and to which nothing can be added. */
function closed<F extends object>(run: F): F {
  return Object.freeze(Object.setPrototypeOf(run, null) as F);
}
