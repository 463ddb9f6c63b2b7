import type { Parameters } from "../../api/types";

/** The settings of an answer. Unset means that the model's own value holds; `start` is where the control begins. */
export interface ParameterRow {
  key: keyof Parameters;
  label: string;
  help: string;
  min: number;
  max: number;
  step: number;
  start: number;
  slider: boolean;
}

export const PARAMETERS: readonly ParameterRow[] = [
  {
    key: "temperature",
    label: "Temperature",
    help: "0 always takes the likeliest word; higher is more varied.",
    min: 0,
    max: 2,
    step: 0.05,
    start: 0.7,
    slider: true,
  },
  {
    key: "top_p",
    label: "Top-p",
    help: "Considers only the likeliest words that together make up this share.",
    min: 0.05,
    max: 1,
    step: 0.05,
    start: 0.95,
    slider: true,
  },
  {
    key: "max_tokens",
    label: "Max tokens",
    help: "Ends the answer after so many tokens, about ¾ of a word each.",
    min: 1,
    max: 131072,
    step: 1,
    start: 512,
    slider: false,
  },
  {
    key: "seed",
    label: "Seed",
    help: "The same seed, prompt and settings give the same answer.",
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    step: 1,
    start: 1,
    slider: false,
  },
];

/** What a typed value means: undefined for an empty field, null for what is no value of this parameter. */
export function readParameter(row: ParameterRow, text: string): number | undefined | null {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value < row.min || value > row.max) return null;
  return row.step === 1 && !Number.isInteger(value) ? null : value;
}

export function withParameter(parameters: Parameters, key: keyof Parameters, value: number | undefined): Parameters {
  const kept = Object.entries(parameters).filter(([name]) => name !== key);
  return Object.fromEntries(value === undefined ? kept : [...kept, [key, value]]);
}

/** "temperature 0.2 · seed 7": what differs from the model's own settings, for the head of a column. */
export function describeParameters(parameters: Parameters, system: string): string {
  const set = PARAMETERS.filter((row) => parameters[row.key] !== undefined).map(
    (row) => `${row.label.toLowerCase()} ${String(parameters[row.key])}`,
  );
  return [...set, ...(system.trim() ? ["system prompt"] : [])].join(" · ");
}
