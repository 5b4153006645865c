// A process in which a package is not installed: `without-package.ts <package> <address>` opens a store and says how that went.

import { registerHooks } from "node:module";

const [missing, address] = process.argv.slice(2);
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== missing) return next(specifier, context);
    throw Object.assign(new Error(`Cannot find package '${missing}'`), { code: "ERR_MODULE_NOT_FOUND" });
  },
});
const { codeOf, textOf } = await import("../../../src/base/errors.ts");
const { openStore } = await import("../../../src/stores/open.ts");
const store = await openStore(address, { encryption: false }).catch((thrown: unknown) => {
  console.log(`${codeOf(thrown)}: ${textOf(thrown)}`);
  process.exitCode = 1;
});
await store?.close();
