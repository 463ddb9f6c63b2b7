import { runJob } from "../../api/server";
import { isAbort, toApiError } from "../../api/client";
import type { Extraction, JobProgress, Summary } from "../../api/types";
import { createStore } from "../../lib/store";

/** The document on the table and what was asked of it. It stays when the page is left, and is stored nowhere. */
export type JobKind = "extract" | "summarize";

export interface DocumentJob {
  file: File | null;
  text: string; // of a file that is text; "" for a PDF
  kind: JobKind;
  model: string;
  state: "empty" | "ready" | "running" | "done" | "failed";
  progress: JobProgress | null;
  extraction: Extraction | null;
  summary: Summary | null;
  error: { message: string; hint: string } | null;
}

const EMPTY: DocumentJob = {
  file: null,
  text: "",
  kind: "extract",
  model: "",
  state: "empty",
  progress: null,
  extraction: null,
  summary: null,
  error: null,
};
const MAX_BYTES = 32e6;

export const job = createStore<DocumentJob>(EMPTY);
let controller: AbortController | null = null;

export function isPdf(file: File): boolean {
  return file.type === "application/pdf" || file.name.toLowerCase().endsWith(".pdf");
}

/** Invoices come as PDF or loose text, transcripts with times or with speakers. A guess; the buttons are there. */
export function guessKind(name: string, text: string): JobKind {
  if (/\.(vtt|srt|json)$/i.test(name)) return "summarize";
  if (/\.pdf$/i.test(name)) return "extract";
  const lines = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(0, 40);
  const spoken = lines.filter((line) => /^[\p{L}][\p{L} .'-]{0,40}:\s\S/u.test(line)).length;
  return lines.length >= 4 && spoken / lines.length > 0.6 ? "summarize" : "extract";
}

export async function putOnTable(file: File): Promise<void> {
  clearTable();
  const model = job.get().model;
  if (file.size > MAX_BYTES) {
    const error = { message: `${file.name} is too large`, hint: "Up to 32 MB can be read at once." };
    job.set({ ...EMPTY, model, state: "failed", error });
    return;
  }
  const text = isPdf(file) ? "" : await file.text();
  job.set({ ...EMPTY, model, file, text, kind: guessKind(file.name, text), state: "ready" });
}

export function clearTable(): void {
  stopJob();
  job.set((before) => ({ ...EMPTY, model: before.model }));
}

export function changeJob(change: Partial<Pick<DocumentJob, "kind" | "model">>): void {
  job.set((before) => ({ ...before, ...change }));
}

export function stopJob(): void {
  controller?.abort();
  controller = null;
}

export async function startJob(): Promise<void> {
  const { file, kind, model } = job.get();
  if (!file) return;
  stopJob();
  const mine = new AbortController();
  controller = mine;
  const set = (change: Partial<DocumentJob>) => controller === mine && job.set((before) => ({ ...before, ...change }));
  set({ state: "running", progress: null, extraction: null, summary: null, error: null });
  const onProgress = (progress: JobProgress) => set({ progress });
  try {
    if (kind === "extract") {
      const options = { model, preset: "invoice" };
      set({
        extraction: await runJob<Extraction>("/v1/extract", file, options, onProgress, mine.signal),
        state: "done",
      });
    } else {
      const options = { model, style: "minutes" };
      set({ summary: await runJob<Summary>("/v1/summarize", file, options, onProgress, mine.signal), state: "done" });
    }
  } catch (cause) {
    if (isAbort(cause)) {
      job.set((before) => (before.file === file ? { ...before, state: "ready" } : before));
      return;
    }
    const { message, hint } = toApiError(cause);
    set({ state: "failed", error: { message, hint } });
  }
}
