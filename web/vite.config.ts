import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

// Every address inside the build is relative, so the pages may be served under any STATIC_URL.
export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [tailwindcss()],
  worker: { format: "es" },
  build: {
    outDir: "../src/huying/shell/static/built",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      checks: { eval: false, pluginTimings: false },
      input: { main: "src/main.ts", style: "src/styles/main.css", mark: "src/mark.svg", forms: "src/forms/preview.ts", devices: "src/devices/main.ts", field: "src/field/main.ts", "field-worker": "src/field/worker.ts", "field-style": "src/styles/field.css" },
    },
  },
});
