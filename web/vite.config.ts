import { defineConfig } from "vite";

// What is shipped: no source maps, nothing inline (the Content-Security-Policy forbids it), names by content.
export default defineConfig({
  base: "/",
  esbuild: { jsx: "automatic", legalComments: "none" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
});
