import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Rollup } from "vite";
import { defineConfig } from "vitest/config";

const WORKER = "field-worker";
const FIELD = "src/screens/Field.svelte";

/** Of a build, the files that a part needs to open: itself, what it names, and their styles. */
function needed(bundle: Rollup.OutputBundle, part: string, found = new Set<string>()): Set<string> {
  const chunk = bundle[part];
  if (found.has(part) || chunk?.type !== "chunk") return found;
  found.add(part);
  for (const style of chunk.viteMetadata?.importedCss ?? []) found.add(style);
  for (const other of chunk.imports) needed(bundle, other, found);
  return found;
}

/** Write into the field's worker which files it keeps: what the page asks for when it opens, and the field's own. */
function fieldFiles() {
  return {
    name: "field-files",
    writeBundle(options: { dir?: string }, bundle: Rollup.OutputBundle) {
      const folder = options.dir ?? "dist";
      const page = readFileSync(join(folder, "index.html"), "utf-8");
      const asked = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((found) => found[1]);
      const field = Object.values(bundle).find((one) => one.type === "chunk" && one.facadeModuleId?.endsWith(FIELD));
      if (!field) throw new Error(`${FIELD} has no file of its own for the worker to keep`);
      const own = [...needed(bundle, field.fileName)].map((file) => `/${file}`);
      const files = ["/index.html", ...new Set([...asked, ...own])].sort();
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
  // No test is about time: a loaded machine is slow, not wrong.
  test: { include: ["test/**/*.test.ts"], environment: "node", css: true, testTimeout: 60_000 },
});
