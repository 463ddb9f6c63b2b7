import { defineConfig } from "vitest/config";

// Other tests keep the machine busy: a limit only ends what hangs.
export default defineConfig({ esbuild: { jsx: "automatic" }, test: { testTimeout: 300_000 } });
