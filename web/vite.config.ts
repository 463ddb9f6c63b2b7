import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { licences } from "./tools/licences.mjs";

const pdfjs = fileURLToPath(new URL("node_modules/pdfjs-dist/build/pdf.mjs", import.meta.url));

// What is shipped: no source maps, nothing inline (the Content-Security-Policy forbids it), names by content.
export default defineConfig({
  base: "/",
  esbuild: { jsx: "automatic", legalComments: "none" },
  plugins: [licences([pdfjs])],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    rollupOptions: {
      onwarn(warning, warn) {
        // Packages mark themselves for servers that render; this app has none.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
});
