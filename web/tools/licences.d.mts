import type { Plugin } from "vite";

export function licences(alsoShipped: readonly string[]): Plugin;
