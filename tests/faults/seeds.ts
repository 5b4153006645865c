// How many seeds the fault tests take: few by default, as many as CONVERSIMPLE_FAULT_SEEDS says in a long run.

/** @param few how many when nothing is said. */
export function seeds(few: number): number {
  const asked = Number(process.env.CONVERSIMPLE_FAULT_SEEDS ?? few);
  return Number.isInteger(asked) && asked > 0 ? asked : few;
}
