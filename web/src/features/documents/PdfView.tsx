import { useEffect, useRef, useState } from "react";
import { getDocument, GlobalWorkerOptions, type PDFDocumentProxy, type PDFPageProxy } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import { reveal } from "../../lib/reveal";
import { ErrorNote } from "../../ui/Parts";
import type { FieldRow } from "./fields";

GlobalWorkerOptions.workerSrc = workerUrl;

interface Marks {
  evidence: FieldRow[];
  selected: string;
  onSelect: (key: string) => void;
}

/** The pages of a PDF, drawn here and only when they come into view, with a box round each piece of evidence. */
export default function PdfView({ file, ...marks }: { file: File } & Marks) {
  const [pages, setPages] = useState<PDFPageProxy[]>([]);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let gone = false;
    let opened: PDFDocumentProxy | null = null;
    const open = async () => {
      // No script of the document runs and no font program is compiled: the page's policy allows neither.
      const task = getDocument({ data: await file.arrayBuffer(), isEvalSupported: false, enableXfa: false });
      opened = await task.promise;
      const all = await Promise.all(
        Array.from({ length: opened.numPages }, (_, index) => task.promise.then((pdf) => pdf.getPage(index + 1))),
      );
      if (!gone) setPages(all);
    };
    open().catch((cause: unknown) => !gone && setProblem(cause instanceof Error ? cause.message : String(cause)));
    return () => {
      gone = true;
      void opened?.destroy();
    };
  }, [file]);
  if (problem) return <ErrorNote message="This PDF cannot be shown" hint={problem} />;
  return (
    <div className="pdf scroll-box">
      {pages.map((page) => (
        <PdfPage key={page.pageNumber} page={page} {...marks} />
      ))}
    </div>
  );
}

function PdfPage({ page, evidence, selected, onSelect }: { page: PDFPageProxy } & Marks) {
  const { width, height } = page.getViewport({ scale: 1 });
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const mark = useRef<SVGRectElement>(null);
  const boxes = evidence.filter((row) => row.field.page === page.pageNumber && row.field.box);

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    let task: ReturnType<PDFPageProxy["render"]> | null = null;
    const observer = new IntersectionObserver(
      (entries) => {
        const target = canvas.current;
        const context = target?.getContext("2d");
        if (task || !target || !context || !entries.some((entry) => entry.isIntersecting)) return;
        const scale = (element.clientWidth / width) * Math.min(2, Math.max(1.5, window.devicePixelRatio));
        const viewport = page.getViewport({ scale });
        target.width = Math.ceil(viewport.width);
        target.height = Math.ceil(viewport.height);
        task = page.render({ canvasContext: context, viewport });
        task.promise.catch(() => undefined); // cancelled, below
      },
      { rootMargin: "400px" },
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      task?.cancel();
    };
  }, [page, width]);
  useEffect(() => {
    reveal(mark.current);
  }, [selected]);

  return (
    <div className="pdf-page" ref={frame}>
      <svg className="pdf-sizer" viewBox={`0 0 ${width} ${height}`} aria-hidden="true" />
      <canvas ref={canvas} role="img" aria-label={`Page ${page.pageNumber}`} />
      <svg className="pdf-boxes" viewBox={`0 0 ${width} ${height}`}>
        {boxes.map(({ key, label, field }) => {
          const [x0, y0, x1, y1] = field.box ?? [0, 0, 0, 0];
          const chosen = key === selected;
          return (
            <rect
              key={key}
              ref={chosen ? mark : undefined}
              className={chosen ? "box box-chosen" : "box"}
              x={x0 - 2}
              y={y0 - 2}
              width={x1 - x0 + 4}
              height={y1 - y0 + 4}
              rx={2}
              onClick={() => onSelect(key)}
            >
              <title>{`${label}: ${field.value ?? ""}`}</title>
            </rect>
          );
        })}
      </svg>
    </div>
  );
}
