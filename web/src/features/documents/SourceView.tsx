import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { reveal } from "../../lib/reveal";
import { splitAtCodePoints } from "../../lib/code_points";
import type { FieldRow } from "./fields";
import { isPdf } from "./job";

// PDF.js is larger than the rest of the app: it comes when the first PDF does.
const PdfView = lazy(() => import("./PdfView"));

interface Evidence {
  evidence: FieldRow[];
  selected: string;
  onSelect: (key: string) => void;
}

/** The document with the place of the selected field: its box on the page, or its words in the text. */
export function SourceView({ file, text, ...marks }: { file: File; text: string } & Evidence) {
  const [asText, setAsText] = useState(!isPdf(file));
  const field = marks.evidence.find((row) => row.key === marks.selected)?.field;
  const unseen = field && !asText && !field.box;
  return (
    <section className="source" aria-label="Document">
      {isPdf(file) && text && (
        <div className="segments" role="group" aria-label="View">
          <button type="button" aria-pressed={!asText} onClick={() => setAsText(false)}>
            Page
          </button>
          <button type="button" aria-pressed={asText} onClick={() => setAsText(true)}>
            Text
          </button>
        </div>
      )}
      {unseen && (
        <p className="source-note">
          {field.source === "xml"
            ? "This value comes from the data embedded in the file, not from the page."
            : "The place on the page is not known; see the text."}
        </p>
      )}
      {asText ? (
        <MarkedText text={text} span={field?.span ?? null} />
      ) : (
        <Suspense fallback={<p role="status">Opening the PDF…</p>}>
          <PdfView file={file} {...marks} />
        </Suspense>
      )}
    </section>
  );
}

/** The document before anything was asked of it. */
export function SourcePreview({ file, text }: { file: File; text: string }) {
  return (
    <section className="source source-preview" aria-label="Document">
      {isPdf(file) ? (
        <Suspense fallback={<p role="status">Opening the PDF…</p>}>
          <PdfView file={file} evidence={[]} selected="" onSelect={() => undefined} />
        </Suspense>
      ) : (
        <MarkedText text={text} span={null} />
      )}
    </section>
  );
}

function MarkedText({ text, span }: { text: string; span: [number, number] | null }) {
  const mark = useRef<HTMLElement>(null);
  const [from, to] = span ?? [-1, -1];
  useEffect(() => {
    reveal(mark.current);
  }, [from, to]);
  const [before, marked, after] = from >= 0 ? splitAtCodePoints(text, from, to) : [text, "", ""];
  return (
    // A region that scrolls must be reachable without a mouse.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="source-text scroll-box" tabIndex={0}>
      {before}
      {marked && <mark ref={mark}>{marked}</mark>}
      {after}
    </pre>
  );
}
