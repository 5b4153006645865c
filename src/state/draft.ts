// A draft: what a handler sees as `this.state`.
//
// Owns the skin around a private copy of a value: reads and writes go through it while the unit of work runs.
// It does not know where the value comes from or goes to.
//
//   R1. After `end` every access throws `unit_ended`, on every object that was ever handed out.        (P3)
//   R2. In read mode every write throws `read_only`; Dates and byte arrays are copies that refuse to change. (P2)
//   R3. A Date that was handed out in write mode is the private one: a change in place is seen at commit. (P3)
//   R4. The same object gives the same draft, so that `===`, `indexOf` and `includes` work.
//   R5. Nothing behind the skin is reachable from outside: descriptors and iterators give drafts too.

import { ConversimpleError } from "../base/errors.ts";

export type DraftMode = "write" | "read";

const RAW = new WeakMap<object, object>();
const MAP_WRITERS = new Set<PropertyKey>(["set", "delete", "clear"]);
const SET_WRITERS = new Set<PropertyKey>(["add", "delete", "clear"]);
const DATE_WRITERS = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set"));

/** The skin around one value. */
export class Draft {
  /** Whether something was, or may have been, changed. */
  touched = false;
  #ended = false;
  readonly #mode: DraftMode;
  readonly #name: string;
  readonly #skins = new WeakMap<object, object>();
  readonly #handler: ProxyHandler<object>;

  /** @param name how the value is called in errors: "state". */
  constructor(mode: DraftMode, name: string) {
    this.#mode = mode;
    this.#name = name;
    this.#handler = this.#traps();
  }

  /** The draft of a value: primitives as they are, objects inside the skin. */
  of<T>(value: T): T {
    return (typeof value === "object" && value !== null ? this.#skin(value) : value) as T;
  }

  /** Ends it (R1). */
  end(): void {
    this.#ended = true;
  }

  #skin(value: object): object {
    if (value instanceof Date) return this.#date(value);
    if (value instanceof Uint8Array) return this.#bytes(value);
    const known = this.#skins.get(value);
    if (known) return known;
    const skin = new Proxy(value, this.#handler);
    this.#skins.set(value, skin);
    RAW.set(skin, value);
    return skin;
  }

  #date(value: Date): Date {
    if (this.#mode === "write") {
      this.touched = true;
      return value;
    }
    const copy = new Date(value.getTime());
    const refuse = () => {
      throw this.#readOnly();
    };
    for (const name of DATE_WRITERS) Object.defineProperty(copy, name, { value: refuse });
    return copy;
  }

  #bytes(value: Uint8Array): Uint8Array {
    if (this.#mode === "read") return Uint8Array.from(value);
    this.touched = true;
    return value;
  }

  #traps(): ProxyHandler<object> {
    return {
      get: (target, key) => {
        this.#check();
        if (target instanceof Map || target instanceof Set) return this.#collectionMember(target, key);
        const value: unknown = Reflect.get(target, key);
        return typeof value === "object" && value !== null ? this.#skin(value) : value;
      },
      set: (target, key, value: unknown) => {
        this.#beforeWrite(key);
        return Reflect.set(target, key, unwrap(value));
      },
      deleteProperty: (target, key) => {
        this.#beforeWrite(key);
        return Reflect.deleteProperty(target, key);
      },
      defineProperty: (target, key, descriptor) => {
        this.#beforeWrite(key);
        if (descriptor.get || descriptor.set) throw this.#misuse("An accessor cannot be stored");
        return Reflect.defineProperty(target, key, "value" in descriptor ? { ...descriptor, value: unwrap(descriptor.value) } : descriptor);
      },
      getOwnPropertyDescriptor: (target, key) => {
        this.#check();
        const found = Reflect.getOwnPropertyDescriptor(target, key);
        return found && "value" in found && found.configurable ? { ...found, value: this.of(found.value as unknown) } : found;
      },
      has: (target, key) => {
        this.#check();
        return Reflect.has(target, key);
      },
      ownKeys: (target) => {
        this.#check();
        return Reflect.ownKeys(target);
      },
      setPrototypeOf: () => {
        throw this.#misuse("A prototype cannot be stored");
      },
      preventExtensions: () => {
        throw this.#misuse("A draft cannot be frozen or sealed; use snapshot() for a copy of your own");
      },
    };
  }

  #collectionMember(target: Map<unknown, unknown> | Set<unknown>, key: PropertyKey): unknown {
    if (key === "size") return target.size;
    const member: unknown = Reflect.get(target, key, target);
    if (typeof member !== "function") return member;
    if ((target instanceof Map ? MAP_WRITERS : SET_WRITERS).has(key)) return this.#writer(target, key, member as Method);
    if (key === "forEach") {
      return (visit: Visit, self?: unknown) => {
        this.#check();
        target.forEach((value: unknown, name: unknown) => visit.call(self, this.of(value), this.of(name), this.#skin(target)));
      };
    }
    if (key === "get" || key === "has") return (name: unknown) => (this.#check(), this.of((member as Method).call(target, unwrap(name))));
    if (key === "entries" || key === "keys" || key === "values" || key === Symbol.iterator) {
      const inPairs = key === "entries" || (key === Symbol.iterator && target instanceof Map);
      return () => (this.#check(), this.#iterate((member as Method).call(target) as Iterator<unknown>, inPairs));
    }
    return (...inputs: unknown[]) => (this.#check(), (member as Method).apply(new (target.constructor as typeof Set)(this.#skin(target) as Set<unknown>), inputs));
  }

  #writer(target: Map<unknown, unknown> | Set<unknown>, key: PropertyKey, member: Method): Method {
    return (...inputs: unknown[]) => {
      this.#beforeWrite(key);
      const result = member.apply(target, inputs.map(unwrap));
      return result === target ? this.#skin(target) : result;
    };
  }

  *#iterate(inner: Iterator<unknown>, inPairs: boolean): IterableIterator<unknown> {
    for (let step = inner.next(); !step.done; step = inner.next()) {
      this.#check();
      yield inPairs ? (step.value as unknown[]).map((part) => this.of(part)) : this.of(step.value);
    }
  }

  #check(): void {
    if (this.#ended) {
      throw new ConversimpleError("unit_ended", `${this.#name} was used after its unit of work had ended. Read it again in the handler that runs now, or keep a snapshot().`, { part: this.#name });
    }
  }

  #beforeWrite(key: PropertyKey): void {
    this.#check();
    if (this.#mode === "read") throw this.#readOnly();
    if (key === "__proto__") throw this.#misuse("__proto__ is not allowed as a key");
    this.touched = true;
  }

  #readOnly(): ConversimpleError {
    return new ConversimpleError("read_only", `${this.#name} is read-only here. In a parallel tool change it inside this.update(() => { ... }).`, { part: this.#name });
  }

  #misuse(reason: string): ConversimpleError {
    return new ConversimpleError("state_invalid", `${reason} (${this.#name}).`, { part: this.#name });
  }
}

type Method = (this: unknown, ...inputs: unknown[]) => unknown;
type Visit = (this: unknown, value: unknown, key: unknown, all: unknown) => void;

/** The object behind a draft; anything else as it is. */
function unwrap(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return RAW.get(value) ?? value;
}
