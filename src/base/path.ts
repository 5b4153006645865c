// Where in a value something is: `state.cart[2].addedAt`.

/** Keys from the root, property names and array indexes. */
export type Path = readonly (string | number)[];

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The path as people write it; long or odd keys are cut, so that a message stays one short line. */
export function pathText(root: string, path: Path): string {
  let text = root;
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (PLAIN_NAME.test(key) && key.length <= 64) text += `.${key}`;
    else text += `[${JSON.stringify(key.length > 64 ? `${key.slice(0, 61)}...` : key)}]`;
  }
  return text;
}
