/** What the server says and takes, field for field (docs/api.md). */
export interface Licence {
  id: string;
  title: string;
  verdict: string;
  commercial: "yes" | "no" | "conditions" | ""; // "": nobody knows
}

export type ModelSource = "inglenook" | "ollama" | "hugging-face" | "lm-studio" | "folder";

export interface InstalledModel {
  name: string;
  size: number;
  digest: string;
  modified: number;
  quantization: string;
  parameters: number;
  context: number;
  architecture: string;
  /** False for an encoder, which answers nothing. */
  generates: boolean;
  licence: Licence;
  source: ModelSource;
  path: string;
  removable: boolean;
}

export interface AvailableModel {
  name: string;
  title: string;
  size: number;
  parameters: number;
  quantization: string;
  context: number;
  generates: boolean;
  licence: Licence;
  installed: boolean;
}

export interface LoadedModel {
  name: string;
  bytes: number;
  expires_unix: number | null;
}

export interface Models {
  installed: InstalledModel[];
  available: AvailableModel[];
  loaded: LoadedModel[];
}

export interface Status {
  version: string;
  uptime_seconds: number;
  home: string;
  offline: boolean;
  sandbox: Record<"front" | "engine" | "parse" | "egress", string>;
  machine: { cores: number; isa: string; memory_bytes: number };
  policy: { present: boolean; provider: string | null; cloud_possible: boolean };
  insecure: boolean;
}

export interface Parameters {
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
  seed?: number;
}

export interface Timings {
  prefill_tokens_per_second: number;
  decode_tokens_per_second: number;
  load_seconds: number;
  time_to_first_token: number;
}

export interface Message {
  role: "user" | "assistant";
  content: string;
  model?: string;
  route?: string;
  decided_by?: string; // with the model "auto"
  request_id?: string;
  usage?: { prompt_tokens: number; completion_tokens: number };
  timings?: Timings;
  stopped?: boolean; // by the user
  cut?: boolean; // by max tokens
  error?: { message: string; hint?: string };
  created_unix: number;
}

/** One column of a chat: a model with its own settings and its own answers. */
export interface Lane {
  model: string;
  system: string;
  parameters: Parameters;
  messages: Message[];
}

export interface ChatDocument extends Lane {
  id: string;
  title: string;
  columns?: Lane[];
}

export interface ChatSummary {
  id: string;
  title: string;
  model: string;
  updated_unix: number;
  messages: number;
}

export interface Finding {
  kind: string;
  count: number;
}

export interface Decision {
  id: string;
  unix: number;
  model: string;
  route: string;
  decided_by: string;
  reason: string;
  local_model: string;
  confidence: number | null;
  threshold: number | null;
  findings: Finding[];
  bytes_out: number;
  cost_usd: number | null;
  saved_usd: number | null;
  ms: number;
}

export interface DecisionStep {
  step: string;
  outcome: string;
  detail: string;
}

export interface ExplainedDecision extends Decision {
  steps: DecisionStep[];
}

export interface EgressEntry {
  unix: number;
  kind: string;
  host: string;
  bytes_out: number;
  bytes_in: number;
  outcome: string;
  request_id: string | null;
}

export interface Egress {
  left: EgressEntry[];
  totals: { bytes_out: number; text_bytes_out?: number; requests: number; blocked: number };
}

export interface Policy {
  present: boolean;
  path: string;
  provider: string | null;
  text: string;
  problems: string[];
}

export interface Field {
  value: string | null;
  found: boolean;
  confidence: number;
  page: number | null;
  box: [number, number, number, number] | null;
  span: [number, number] | null;
  source?: "xml" | "text" | "ocr";
}

export interface Extraction {
  file: string;
  verdict: "accept" | "review" | "escalate";
  reasons?: string[];
  fields: Record<string, Field>;
  lines?: Record<string, Field>[];
  text?: string;
  pages?: { width: number; height: number }[];
}

export interface Cited {
  text: string;
  cites: number[];
}

export interface Summary {
  file: string;
  topics: { title: string; cites: number[] }[];
  summary: Cited[];
  decisions: Cited[];
  actions: (Cited & { owner: string | null; due: string | null })[];
  questions: Cited[];
  turns?: { speaker: string; text: string }[];
}

export interface JobProgress {
  stage: string;
  done: number;
  total: number;
}
