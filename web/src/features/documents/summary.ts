import type { Cited, Summary } from "../../api/types";

export interface Section {
  title: string;
  none: string;
  points: (Cited & { note?: string })[];
}

/** The parts of a summary in reading order. Empty ones are said to be empty: that nothing was decided is a finding. */
export function sectionsOf(summary: Summary): Section[] {
  const actions = summary.actions.map((action) => ({ ...action, note: noteOf(action.owner, action.due) }));
  const topics = summary.topics.map(({ title, cites }) => ({ text: title, cites }));
  return [
    { title: "Summary", none: "Nothing was found to sum up.", points: summary.summary },
    { title: "Decisions", none: "No decision was found.", points: summary.decisions },
    { title: "Actions", none: "No action was found.", points: actions },
    { title: "Open questions", none: "No open question was found.", points: summary.questions },
    ...(topics.length > 0 ? [{ title: "Topics", none: "", points: topics }] : []),
  ];
}

function noteOf(owner: string | null, due: string | null): string | undefined {
  const note = [owner, due ? `by ${due.replace(/^by /i, "")}` : ""].filter(Boolean).join(", ");
  return note ? `(${note})` : undefined;
}

export function summaryAsMarkdown(summary: Summary): string {
  return sectionsOf(summary)
    .filter((section) => section.points.length > 0)
    .map((section) => {
      const points = section.points.map((point) => {
        const cites = point.cites.map((turn) => `[${turn + 1}]`).join("");
        return `- ${[point.text, point.note, cites].filter(Boolean).join(" ")}`;
      });
      return `## ${section.title}\n\n${points.join("\n")}\n`;
    })
    .join("\n");
}
