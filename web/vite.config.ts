import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// Everything the pages need is built into one folder and served from our own origin: nothing inline, so that
// the content security policy can forbid inline code and styles outright.
export default defineConfig({
  plugins: [svelte()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  test: { include: ["test/**/*.test.ts"], environment: "node", css: true },
});
