// A newer release reads what an older one stored.                                                    (P10)
//
// Owns the versions of a part's schema and the steps between them. Knows neither schema nor part.
//
//   SV1. Every version has its step to the next, or the definition is refused.
//   SV2. What a step throws may hold somebody's state, so its text goes no further than the cause.

/**
 * Turns the value of one schema version into the next one's. The old value is plain data of that version: its fields
 * have the types that the code had then, which the compiler cannot know.
 */
export type Upgrade = (old: Record<string, unknown>) => unknown;

/** The version of a schema, and how older values become those of it. */
export interface Versions {
  /** Version of the schema, 1 unless given. Raise it when a stored value has to be changed by `upgrade`. */
  readonly version?: number;
  /** `{ 1: (old) => ... }` makes version 2 of version 1, and so on. */
  readonly upgrade?: Readonly<Record<number, Upgrade>>;
}

/** What is wrong with them, in words; undefined when nothing is (SV1). */
export function versionMistake({ version = 1, upgrade = {} }: Versions): string | undefined {
  if (!Number.isSafeInteger(version) || version < 1) return "version must be a whole number from 1";
  if (version > 1 && !upgrade[version - 1]) return `version is ${version}, but upgrade has no step from version ${version - 1}. Without a change of stored values leave version as it is: new fields have their defaults`;
  const odd = Object.keys(upgrade).find((step) => !/^[1-9]\d*$/.test(step) || Number(step) >= version);
  return odd === undefined ? undefined : `upgrade has a step from version ${odd}, but the version is ${version}`;
}

/**
 * A stored value of an older version, brought to the present one step by step.
 *
 * @param name how the part is called in errors.
 * @throws {Error} A step is missing, failed or is asynchronous: the record is quarantined.
 */
export function upgraded(name: string, stored: unknown, from: number, to: number, steps: Versions["upgrade"]): unknown {
  let value = stored;
  for (let version = from; version < to; version++) {
    const step = steps?.[version];
    if (!step) throw new Error(`there is no upgrade of ${name} from version ${version}`);
    value = taken(step, value, `the upgrade of ${name} from version ${version}`);
  }
  return value;
}

/** One step. What it throws may hold somebody's state, so its text goes no further than the cause. */
function taken(step: Upgrade, value: unknown, what: string): unknown {
  let result: unknown;
  try {
    result = step(value as Record<string, unknown>);
  } catch (thrown) {
    throw new Error(`${what} failed`, { cause: thrown });
  }
  if (!(result instanceof Promise)) return result;
  result.catch(() => {});
  throw new Error(`${what} is asynchronous`);
}
