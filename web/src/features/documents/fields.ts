import type { Extraction, Field } from "../../api/types";
import { sentence } from "../../lib/format";
import type { Tone } from "../../ui/Parts";

/** A row of the table of fields; `key` is the field's name, or "lines[0].total" for a cell. */
export interface FieldRow {
  key: string;
  label: string;
  field: Field;
}

const ABBREVIATIONS: Record<string, string> = { vat: "VAT", id: "ID", iban: "IBAN" };

export function labelOf(name: string): string {
  const words = name.split("_").map((word) => ABBREVIATIONS[word] ?? word);
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A sentence of the server with the names of fields as people read them. */
export function withLabels(reason: string): string {
  return sentence(reason.replace(/\b[a-z]+(?:_[a-z]+)+\b/g, labelOf));
}

export function rowsOf(extraction: Extraction): FieldRow[] {
  return Object.entries(extraction.fields)
    .filter(([, field]) => !Array.isArray(field))
    .map(([key, field]) => ({ key, label: labelOf(key), field }));
}

/** The lines of an invoice stand beside the fields or among them. */
export function linesOf(extraction: Extraction): Record<string, Field>[] {
  const among = (extraction.fields as Record<string, unknown>).lines;
  return extraction.lines ?? (Array.isArray(among) ? (among as Record<string, Field>[]) : []);
}

export const VERDICTS: Record<Extraction["verdict"], { label: string; tone: Tone; help: string }> = {
  accept: { label: "Accept", tone: "moss", help: "Everything was found and agrees." },
  review: { label: "Review", tone: "amber", help: "Look at the marked fields before you rely on them." },
  escalate: { label: "Needs a person", tone: "rose", help: "Too little was found or it does not add up." },
};

export function confidenceTone(confidence: number): Tone {
  return confidence >= 0.9 ? "moss" : confidence >= 0.6 ? "amber" : "rose";
}

/** What "Copy as JSON" gives: the contract's shape, without the text of the document. */
export function asJson(extraction: Extraction): string {
  const { file, verdict, reasons, fields, lines } = extraction;
  return JSON.stringify(
    { file, verdict, ...(reasons ? { reasons } : {}), fields, ...(lines ? { lines } : {}) },
    null,
    2,
  );
}
