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
  const known = {
    name: member.name,
    call: closed((self: unknown, ...inputs: unknown[]) => called(self, inputs)),
    apply: closed((self: unknown, inputs: readonly unknown[] | null | undefined) => called(self, [...(inputs ?? [])])),
    bind: closed((self: unknown, ...first: unknown[]) => closed((...inputs: unknown[]) => called(self, [...first, ...inputs]))),
  };
  // A method, unlike a function, has no prototype of its own behind it.
  const { standIn } = { standIn(this: unknown, ...inputs: unknown[]) { return called(this, inputs); } }; // oxlint-disable-line typescript/unbound-method -- whoever calls it gives it its this
  for (const [name, value] of Object.entries(known)) Object.defineProperty(standIn, name, { value });
  return closed(standIn);
}

/** A function behind which nothing lies, and to which nothing can be added. */
function closed<F extends object>(run: F): F {
  return Object.freeze(Object.setPrototypeOf(run, null) as F);
}
