import { useState } from "react";
import type { Extraction, Field } from "../../api/types";
import { formatPercent } from "../../lib/format";
import { CopyButton } from "../../ui/CopyButton";
import { Badge } from "../../ui/Parts";
import { asJson, confidenceTone, labelOf, linesOf, rowsOf, VERDICTS, withLabels } from "./fields";
import { SourceView } from "./SourceView";

/** Fields on one side, the document on the other; a field shows where it was read. */
export function ExtractionView({ file, extraction }: { file: File; extraction: Extraction }) {
  const rows = rowsOf(extraction);
  const lines = linesOf(extraction);
  const [selected, setSelected] = useState("");
  const evidence = [
    ...rows,
    ...lines.flatMap((line, index) =>
      Object.entries(line).map(([name, field]) => ({ key: `lines[${index}].${name}`, label: labelOf(name), field })),
    ),
  ].filter((row) => row.field.found);
  const verdict = VERDICTS[extraction.verdict];
  return (
    <div className="split">
      <section className="split-facts" aria-label="Fields">
        <div className="verdict">
          <Badge tone={verdict.tone}>{verdict.label}</Badge>
          <span>{verdict.help}</span>
          <CopyButton text={asJson(extraction)} label="Copy as JSON" shown />
        </div>
        {extraction.reasons && extraction.reasons.length > 0 && (
          <ul className="reasons">
            {extraction.reasons.map((reason) => (
              <li key={reason}>{withLabels(reason)}</li>
            ))}
          </ul>
        )}
        <table className="fields">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
              <th scope="col">Sure</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <FieldLine
                key={row.key}
                label={row.label}
                field={row.field}
                selected={row.key === selected}
                onSelect={() => setSelected(row.key)}
              />
            ))}
          </tbody>
        </table>
        {lines.length > 0 && <LinesTable lines={lines} selected={selected} onSelect={setSelected} />}
      </section>
      <SourceView
        file={file}
        text={extraction.text ?? ""}
        evidence={evidence}
        selected={selected}
        onSelect={setSelected}
      />
    </div>
  );
}

function FieldLine({
  label,
  field,
  selected,
  onSelect,
}: {
  label: string;
  field: Field;
  selected: boolean;
  onSelect: () => void;
}) {
  return (
    <tr className={selected ? "selected" : undefined}>
      <th scope="row">{label}</th>
      <td>
        <Value field={field} label={label} selected={selected} onSelect={onSelect} />
      </td>
      <td>{field.found && <Sureness field={field} />}</td>
    </tr>
  );
}

function Value({
  field,
  label,
  selected,
  onSelect,
}: {
  field: Field;
  label: string;
  selected: boolean;
  onSelect: () => void;
}) {
  if (!field.found) return <span className="not-found">not in the document</span>;
  return (
    <button
      type="button"
      className="value"
      aria-pressed={selected}
      aria-label={`${label}: ${field.value ?? ""}. Show where`}
      onClick={onSelect}
    >
      {field.value}
    </button>
  );
}

function Sureness({ field }: { field: Field }) {
  if (field.source === "xml")
    return (
      <Badge tone="moss" title="Read from the data embedded in the invoice">
        XML
      </Badge>
    );
  return <Badge tone={confidenceTone(field.confidence)}>{formatPercent(field.confidence)}</Badge>;
}

function LinesTable({
  lines,
  selected,
  onSelect,
}: {
  lines: Record<string, Field>[];
  selected: string;
  onSelect: (key: string) => void;
}) {
  const columns = Object.keys(lines[0] ?? {});
  return (
    <div className="table-scroll">
      <table className="fields">
        <caption>Lines</caption>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {labelOf(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line, index) => (
            <tr key={index}>
              {columns.map((name) => {
                const key = `lines[${index}].${name}`;
                const field = line[name];
                return (
                  <td key={name} className={key === selected ? "selected" : undefined}>
                    {field && (
                      <Value
                        field={field}
                        label={`Line ${index + 1}, ${labelOf(name)}`}
                        selected={key === selected}
                        onSelect={() => onSelect(key)}
                      />
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
