import type { AvailableModel, InstalledModel } from "../api/types";

/** Models that a first chat should be had with: small, good for their size, free to use. Best first, by the memory they need. */
const FIRST_MODELS = ["qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b"];
const SHARE_OF_MEMORY = 0.5;

/** One to begin with and, where the machine has room, one that answers better. Any small model serves if neither is offered. */
export function recommend(available: readonly AvailableModel[], memoryBytes: number): AvailableModel[] {
  const fits = available.filter(
    (model) => !model.installed && model.generates && model.size <= memoryBytes * SHARE_OF_MEMORY,
  );
  const named = FIRST_MODELS.flatMap((name) => fits.filter((model) => model.name === name));
  if (named.length > 0) return named;
  return [...fits].sort((a, b) => a.size - b.size).slice(0, 1);
}

const MOST_PARAMETERS = 4e9;

/** What a new chat begins with: the largest model that still answers at reading speed on a processor. */
export function firstChoice(installed: readonly InstalledModel[]): string {
  const bySize = installed.filter((model) => model.generates).sort((a, b) => b.parameters - a.parameters);
  return (bySize.find((model) => model.parameters <= MOST_PARAMETERS) ?? bySize.at(-1))?.name ?? "";
}
