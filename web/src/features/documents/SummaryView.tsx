import { useEffect, useRef, useState } from "react";
import type { Cited, Summary } from "../../api/types";
import { reveal } from "../../lib/reveal";
import { CopyButton } from "../../ui/CopyButton";
import { sectionsOf, summaryAsMarkdown } from "./summary";

/** Points on one side, the conversation on the other; a cite scrolls to the turn that says it. */
export function SummaryView({ summary }: { summary: Summary }) {
  const [cited, setCited] = useState<number | null>(null);
  const sections = sectionsOf(summary);
  return (
    <div className="split">
      <section className="split-facts" aria-label="Summary">
        <div className="verdict">
          <span>Every point names the turns it rests on.</span>
          <CopyButton text={summaryAsMarkdown(summary)} label="Copy as Markdown" shown />
        </div>
        {sections.map((section) => (
          <section key={section.title} className="summary-section">
            <h2>{section.title}</h2>
            {section.points.length === 0 ? (
              <p className="not-found">{section.none}</p>
            ) : (
              <ul>
                {section.points.map((point, index) => (
                  <Point key={index} point={point} cited={cited} onCite={setCited} />
                ))}
              </ul>
            )}
          </section>
        ))}
      </section>
      <Turns turns={summary.turns ?? []} cited={cited} />
    </div>
  );
}

function Point({
  point,
  cited,
  onCite,
}: {
  point: Cited & { note?: string };
  cited: number | null;
  onCite: (turn: number) => void;
}) {
  return (
    <li>
      {point.text}
      {point.note && <small> {point.note}</small>}
      <span className="cites">
        {point.cites.map((turn) => (
          <button
            key={turn}
            type="button"
            className="cite"
            aria-label={`Show turn ${turn + 1}`}
            aria-pressed={cited === turn}
            onClick={() => onCite(turn)}
          >
            {turn + 1}
          </button>
        ))}
      </span>
    </li>
  );
}

function Turns({ turns, cited }: { turns: { speaker: string; text: string }[]; cited: number | null }) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    reveal(list.current?.children[cited ?? -1]);
  }, [cited]);
  return (
    <section className="source" aria-label="Transcript">
      <ol className="turns scroll-box" ref={list}>
        {turns.map((turn, index) => (
          <li key={index} className={cited === index ? "turn turn-cited" : "turn"}>
            <span className="turn-number">{index + 1}</span>
            <div>
              {turn.speaker && <strong>{turn.speaker}</strong>}
              <p>{turn.text}</p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
