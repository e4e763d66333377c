import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const WORKER = "field-worker";

/** Write into the field's worker which files it keeps: what the one page asks for when it opens. */
function fieldFiles() {
  return {
    name: "field-files",
    writeBundle(options: { dir?: string }) {
      const folder = options.dir ?? "dist";
      const page = readFileSync(join(folder, "index.html"), "utf-8");
      const asked = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((found) => found[1]);
      const files = ["/index.html", ...new Set(asked)].sort();
      const version = createHash("sha256");
      for (const file of files) version.update(file).update(readFileSync(join(folder, file)));
      const there = join(folder, `${WORKER}.js`);
      const code = readFileSync(there, "utf-8");
      if (!code.includes("__FILES__") || !code.includes("__VERSION__")) throw new Error("the worker has no place for its files");
      const list = JSON.stringify(JSON.stringify(files)).slice(1, -1);
      writeFileSync(there, code.replace("__FILES__", list).replace("__VERSION__", version.digest("hex").slice(0, 16)));
    },
  };
}

// Everything the pages need is built into one folder and served from our own origin: nothing inline, so that
// the content security policy can forbid inline code and styles outright.
export default defineConfig({
  plugins: [svelte(), fieldFiles()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: { index: "index.html", [WORKER]: `src/${WORKER}.ts` },
      // The worker keeps its name: by it the browser knows that a new one takes the place of the old.
      output: { entryFileNames: (chunk: { name: string }) => (chunk.name === WORKER ? `${WORKER}.js` : "assets/[name]-[hash].js") },
    },
  },
  test: { include: ["test/**/*.test.ts"], environment: "node", css: true },
});
