// A draft: what a handler sees as `this.state`.
//
// Owns the skin around a value: reads and writes go through it while the unit of work runs. In write mode the value is
// a private copy (`private-copy.ts`), in read mode the committed one.
//
//   R1. After `end` every access throws `unit_ended`, on every object that was ever handed out.        (P3)
//   R2. In read mode every write throws `read_only`; a Date or byte array is a copy, whose change is refused at once or
//       found by `checkCopies` when the unit ends.                                                     (P2)
//   R3. A Date that was handed out in write mode is the private one: a change in place is seen at commit. (P3)
//   R4. The same object gives the same draft, so that `===`, `indexOf` and `includes` work.
//   R5. Nothing behind the skin is reachable from outside: descriptors and iterators give drafts too, and no keys that a
//       caller chose lead from an object or a list to what all objects of the process share (`inherited.ts`).

import { ConversimpleError, StateInvalidError } from "../base/errors.ts";
import { lent } from "./inherited.ts";
import { isSame } from "./patch.ts";
import { isLeaf, PrivateCopy } from "./private-copy.ts";

export type DraftMode = "write" | "read";

/** Whether nothing may be changed just now: something runs that may run again. */
export interface DraftHold {
  isHeld: boolean;
}

const MAP_WRITERS = new Set<PropertyKey>(["set", "delete", "clear"]);
const SET_WRITERS = new Set<PropertyKey>(["add", "delete", "clear"]);
const DATE_WRITERS = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set"));

/** The skin around one value: the handler of all its proxies. */
export class Draft implements ProxyHandler<object> {
  /** Whether something was, or may have been, changed. */
  touched = false;
  #ended = false;
  readonly #mode: DraftMode;
  readonly #hold: DraftHold;
  readonly #name: string;
  // Not weak: they live as long as the unit does, and weak ones cost the collector more than all the rest of a draft.
  /** What was handed out for each object: its proxy; in read mode a leaf's copy. */
  readonly #skins = new Map<object, object>();
  /** The other way round. */
  readonly #behind = new Map<object, object>();
  readonly #root: unknown;
  /** Write mode only. */
  readonly #copy: PrivateCopy | undefined;

  /** @param name how the value is called in errors: "state". */
  constructor(mode: DraftMode, name: string, committed: unknown, hold: DraftHold = { isHeld: false }) {
    this.#mode = mode;
    this.#hold = hold;
    this.#name = name;
    const isObject = typeof committed === "object" && committed !== null;
    this.#copy = mode === "write" && isObject ? new PrivateCopy(committed, (value) => this.#behind.get(value)) : undefined;
    this.#root = this.#copy?.root ?? committed;
  }

  /** The value's draft. */
  get value(): unknown {
    return typeof this.#root === "object" && this.#root !== null ? this.#skin(this.#root) : this.#root;
  }

  /** Ends it (R1). */
  end(): void {
    this.#ended = true;
  }

  /** Ends it and gives the value to commit. @throws {StateInvalidError} What was put in was changed behind the copy of it. */
  finish(): unknown {
    this.#ended = true;
    if (!this.#copy) return this.#root;
    const finished = this.#copy.finish();
    if (finished) return finished;
    throw new StateInvalidError(this.#name, "has a copy of what was put in, and the original was changed after that copy was made: change it where it was put, not in a variable of your own");
  }

  /** R2: finds a copy that was changed all the same. @throws {ConversimpleError} `read_only` */
  checkCopies(): void {
    for (const [value, skin] of this.#skins) if (isLeaf(value) && !isSame(value, skin)) throw this.#readOnly();
  }

  /** What a place holds, as it is handed out. */
  #given(holder: object, key: PropertyKey, value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    return this.#leafOrSkin(this.#copy ? this.#copy.child(holder, key, value) : value);
  }

  /** What a collection holds, as it is handed out. */
  #member(collection: Collection, value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    return this.#leafOrSkin(this.#copy ? this.#copy.member(collection, value) : value);
  }

  #leafOrSkin(value: object): object {
    return isLeaf(value) ? this.#leaf(value) : this.#skin(value);
  }

  /** What keeps itself in internal slots, where no skin reaches: the private one, or a copy (R2, R3). */
  #leaf(value: Date | Uint8Array): object {
    if (this.#mode === "write") {
      this.touched = true;
      return value;
    }
    return this.#skins.get(value) ?? this.#handedOut(value, value instanceof Date ? this.#fixedDate(value) : Uint8Array.from(value));
  }

  #skin(value: object): object {
    return this.#skins.get(value) ?? this.#handedOut(value, new Proxy(value, this));
  }

  #handedOut(value: object, skin: object): object {
    this.#skins.set(value, skin);
    this.#behind.set(skin, value);
    return skin;
  }

  #fixedDate(value: Date): Date {
    const copy = new Date(value.getTime());
    const refuse = () => {
      throw this.#readOnly();
    };
    for (const name of DATE_WRITERS) Object.defineProperty(copy, name, { value: refuse });
    return copy;
  }

  /** A value to look up in a collection: ours are known by the object behind them. */
  #key(value: unknown): unknown {
    return typeof value === "object" && value !== null ? (this.#behind.get(value) ?? value) : value;
  }

  get(target: object, key: PropertyKey): unknown {
    this.#check();
    // What lies behind it is everybody's: a key that a caller chose must not reach it.
    if (key === "__proto__") throw this.#misuse(NO_PROTOTYPE);
    if (isCollection(target)) return this.#collectionMember(target, key);
    const value: unknown = Reflect.get(target, key);
    if (typeof value === "function" && !Object.hasOwn(target, key)) return lent(key, value);
    return this.#given(target, key, value);
  }

  set(target: object, key: PropertyKey, value: unknown): boolean {
    this.#beforeWrite(key);
    if (isCollection(target)) throw this.#misuse("A Map or a Set cannot have properties of its own");
    return Reflect.set(target, key, this.#copy?.put(target, value));
  }

  deleteProperty(target: object, key: PropertyKey): boolean {
    this.#beforeWrite(key);
    return Reflect.deleteProperty(target, key);
  }

  defineProperty(target: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    this.#beforeWrite(key);
    if (isCollection(target) || !isOrdinary(descriptor, Object.hasOwn(target, key))) throw this.#misuse("An accessor, a hidden or a fixed property cannot be stored");
    return Reflect.defineProperty(target, key, "value" in descriptor ? { ...descriptor, value: this.#copy?.put(target, descriptor.value) } : descriptor);
  }

  getOwnPropertyDescriptor(target: object, key: PropertyKey): PropertyDescriptor | undefined {
    this.#check();
    const found = Reflect.getOwnPropertyDescriptor(target, key);
    return found && "value" in found && found.configurable ? { ...found, value: this.#given(target, key, found.value) } : found;
  }

  has(target: object, key: PropertyKey): boolean {
    this.#check();
    return Reflect.has(target, key) && (key !== "constructor" || Object.hasOwn(target, key) || isCollection(target));
  }

  ownKeys(target: object): (string | symbol)[] {
    this.#check();
    return Reflect.ownKeys(target);
  }

  setPrototypeOf(): never {
    throw this.#misuse("A prototype cannot be stored");
  }

  preventExtensions(): never {
    throw this.#misuse("A draft cannot be frozen or sealed; use snapshot() for a copy of your own");
  }

  #collectionMember(target: Collection, key: PropertyKey): unknown {
    if (key === "size") return target.size;
    const member: unknown = Reflect.get(target, key, target);
    if (typeof member !== "function" || key === "constructor") return member;
    if ((target instanceof Map ? MAP_WRITERS : SET_WRITERS).has(key)) return this.#writer(target, key, member as Method);
    if (key === "forEach") {
      return (visit: Visit, self?: unknown) => {
        this.#check();
        target.forEach((value: unknown, name: unknown) => visit.call(self, this.#member(target, value), this.#member(target, name), this.#skin(target)));
      };
    }
    if (key === "get" || key === "has") return (name: unknown) => (this.#check(), this.#member(target, (member as Method).call(target, this.#key(name))));
    if (key === "entries" || key === "keys" || key === "values" || key === Symbol.iterator) {
      const inPairs = key === "entries" || (key === Symbol.iterator && target instanceof Map);
      return () => (this.#check(), this.#iterate(target, (member as Method).call(target) as Iterator<unknown>, inPairs));
    }
    return (...inputs: unknown[]) => (this.#check(), (member as Method).apply(new (target.constructor as typeof Set)(this.#skin(target) as Set<unknown>), inputs));
  }

  #writer(target: Collection, key: PropertyKey, member: Method): Method {
    return (...inputs: unknown[]) => {
      this.#beforeWrite(key);
      const result = member.apply(target, key === "delete" ? inputs.map((input) => this.#key(input)) : inputs.map((input) => this.#copy?.take(input)));
      return result === target ? this.#skin(target) : result;
    };
  }

  *#iterate(target: Collection, inner: Iterator<unknown>, inPairs: boolean): IterableIterator<unknown> {
    for (;;) {
      this.#check();
      const step = inner.next();
      if (step.done) return;
      yield inPairs ? (step.value as unknown[]).map((part) => this.#member(target, part)) : this.#member(target, step.value);
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
    if (this.#hold.isHeld) throw mayRunAgain(this.#name);
    if (key === "__proto__") throw this.#misuse(NO_PROTOTYPE);
    this.touched = true;
  }

  #readOnly(): ConversimpleError {
    return new ConversimpleError("read_only", `${this.#name} is read-only here. In a parallel tool, and in the hooks around it, change it inside this.update(() => { ... }).`, { part: this.#name });
  }

  #misuse(reason: string): ConversimpleError {
    return new ConversimpleError("state_invalid", `${reason} (${this.#name}).`, { part: this.#name });
  }
}

export function mayRunAgain(part: string): ConversimpleError {
  return new ConversimpleError("read_only", `${part} was changed inside the recipe of another update. The recipe may run again, and would find what it left: change ${part} after the update.`, { part });
}

const NO_PROTOTYPE = "__proto__ is not allowed as a key";

type Collection = Map<unknown, unknown> | Set<unknown>;
type Method = (this: unknown, ...inputs: unknown[]) => unknown;
type Visit = (this: unknown, value: unknown, key: unknown, all: unknown) => void;

function isCollection(target: object): target is Collection {
  return target instanceof Map || target instanceof Set;
}

/** Whether a definition makes, or leaves, a property like any other. */
function isOrdinary(descriptor: PropertyDescriptor, exists: boolean): boolean {
  const isAccessor = "get" in descriptor || "set" in descriptor;
  return !isAccessor && [descriptor.enumerable, descriptor.writable, descriptor.configurable].every((flag) => flag === true || (exists && flag === undefined));
}
