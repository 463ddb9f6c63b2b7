import type { Egress } from "../api/types";

/** Bytes of the user's text that went to a cloud, as against requests for model files. In doubt it counts too much. */
export function textBytes({ left, totals }: Egress): number {
  if (totals.text_bytes_out !== undefined) return totals.text_bytes_out;
  const downloads = left
    .filter((entry) => entry.kind === "model download")
    .reduce((sum, entry) => sum + entry.bytes_out, 0);
  return Math.max(0, totals.bytes_out - downloads);
}
