import { describe, expect, it } from "vitest";
import type { Extraction, Summary } from "../../api/types";
import { asJson, labelOf, linesOf, rowsOf, withLabels } from "./fields";
import { guessKind } from "./job";
import { sectionsOf, summaryAsMarkdown } from "./summary";

const missing = { value: null, found: false, confidence: 0, page: null, box: null, span: null };

describe("fields", () => {
  const extraction: Extraction = {
    file: "a.pdf",
    verdict: "review",
    fields: { seller_vat_id: missing },
    text: "secret",
    pages: [],
  };
  it("have names for people", () => {
    expect(labelOf("seller_vat_id")).toBe("Seller VAT ID");
    expect(labelOf("iban")).toBe("IBAN");
    expect(withLabels("seller_vat_id is not sure (39 %)")).toBe("Seller VAT ID is not sure (39 %)");
    expect(rowsOf(extraction)[0]?.label).toBe("Seller VAT ID");
  });
  it("may have lines beside them or among them", () => {
    expect(linesOf({ ...extraction, lines: [{ total: missing }] })).toHaveLength(1);
    const among = {
      ...extraction,
      fields: { ...extraction.fields, lines: [{ total: missing }] },
    } as unknown as Extraction;
    expect(linesOf(among)).toHaveLength(1);
    expect(rowsOf(among)).toHaveLength(1);
  });
  it("are copied without the text of the document", () => {
    expect(asJson(extraction)).not.toContain("secret");
  });
});

describe("a document's kind", () => {
  it("is guessed from its name and its lines", () => {
    expect(guessKind("a.pdf", "")).toBe("extract");
    expect(guessKind("a.vtt", "")).toBe("summarize");
    expect(guessKind("a.txt", "Ada: one\nGrace Hopper: two\nAda: three\nÉmile: four\n")).toBe("summarize");
    expect(guessKind("a.txt", "INVOICE\nHarbour Lane Ltd\nNumber: 7\nTotal 9\n")).toBe("extract");
  });
});

describe("a summary", () => {
  const summary: Summary = {
    file: "m.txt",
    topics: [],
    summary: [{ text: "Opens at eight.", cites: [0, 2] }],
    decisions: [],
    actions: [{ text: "Repair the lamp", owner: "Grace", due: "by Friday", cites: [4] }],
    questions: [],
  };
  it("says what it did not find", () => {
    expect(sectionsOf(summary).map((section) => section.title)).toEqual([
      "Summary",
      "Decisions",
      "Actions",
      "Open questions",
    ]);
  });
  it("is copied with its cites, counted as shown", () => {
    expect(summaryAsMarkdown(summary)).toBe(
      "## Summary\n\n- Opens at eight. [1][3]\n\n## Actions\n\n- Repair the lamp (Grace, by Friday) [5]\n",
    );
  });
});
