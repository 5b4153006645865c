// How the page is built: one folder of files with hashed names, that works under a policy without `unsafe-inline`.

import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

export default defineConfig({
  // Addresses relative to the page, so that it can be mounted below any path.
  base: "./",
  plugins: [tailwindcss()],
  build: {
    outDir: process.env.CONSOLE_OUT ?? "../dist/console",
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    // An inlined asset would be a data: address, an inlined polyfill a script in the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
  },
});
