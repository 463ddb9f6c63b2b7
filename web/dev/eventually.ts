// What a test waits for without saying for how long.
import { vi } from "vitest";

const WATCHDOG_MS = 120_000; // far beyond what anything here takes; it only ends what hangs

export const eventually = (check: () => void) => vi.waitFor(check, WATCHDOG_MS);
