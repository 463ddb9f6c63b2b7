import { useEffect, useState } from "react";
import { explain } from "../api/server";
import { toApiError, type ApiError } from "../api/client";
import type { ExplainedDecision } from "../api/types";
import { formatBytes, formatCost, formatDuration, formatPercent } from "../lib/format";
import { Dialog } from "../ui/Dialog";
import { ErrorNote } from "../ui/Parts";
import { RouteBadge } from "../ui/RouteBadge";

/** Why an answer came from where it came: one decision with its steps. */
export function ExplainDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [loaded, setLoaded] = useState<{ id: string; decision?: ExplainedDecision; error?: ApiError }>({ id: "" });
  useEffect(() => {
    if (!id) return;
    explain(id).then(
      (decision) => setLoaded({ id, decision }),
      (cause: unknown) => setLoaded({ id, error: toApiError(cause) }),
    );
  }, [id]);
  const current = loaded.id === id ? loaded : undefined;
  return (
    <Dialog
      open={id !== ""}
      onOpenChange={(open) => !open && onClose()}
      title="Why this answer came from where it came"
    >
      {!current && <p role="status">Loading…</p>}
      {current?.error &&
        (current.error.status === 404 ? (
          <p>
            The model was named, so there was nothing to decide: it was computed on this machine. Choose the model
            “auto” to let Inglenook decide.
          </p>
        ) : (
          <ErrorNote message={current.error.message} hint={current.error.hint} />
        ))}
      {current?.decision && <DecisionDetail decision={current.decision} />}
    </Dialog>
  );
}

function DecisionDetail({ decision }: { decision: ExplainedDecision }) {
  const facts: [string, string][] = [
    ["Left this machine", formatBytes(decision.bytes_out)],
    ["Cost", decision.cost_usd === null ? "—" : formatCost(decision.cost_usd)],
    ["Time", formatDuration(decision.ms / 1000)],
    ["Local model", decision.local_model || "—"],
  ];
  return (
    <div className="explain">
      <p className="explain-reason">
        <RouteBadge route={decision.route} decidedBy={decision.decided_by} />
        <span>{decision.reason}</span>
      </p>
      {decision.confidence !== null && (
        <ConfidenceBar confidence={decision.confidence} threshold={decision.threshold} />
      )}
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <ol className="steps">
        {decision.steps.map((step, index) => (
          <li key={index}>
            <strong>{step.step}</strong>
            <span className="step-outcome">{step.outcome}</span>
            {step.detail && <p>{step.detail}</p>}
          </li>
        ))}
      </ol>
      <p className="field-help">
        Request <code>{decision.id}</code>. The text itself is not kept here.
      </p>
    </div>
  );
}

/** How sure the local model was, against how sure it had to be. */
export function ConfidenceBar({ confidence, threshold }: { confidence: number; threshold: number | null }) {
  const words = `sure to ${formatPercent(confidence)}${threshold === null ? "" : `, needed ${formatPercent(threshold)}`}`;
  return (
    <span className="confidence" role="img" aria-label={words} title={words}>
      <svg width="100%" height="10" aria-hidden="true">
        <rect className="confidence-track" width="100%" height="6" y="2" rx="3" />
        <rect
          className={`confidence-fill${threshold !== null && confidence < threshold ? " confidence-low" : ""}`}
          width={`${confidence * 100}%`}
          height="6"
          y="2"
          rx="3"
        />
        {threshold !== null && <rect className="confidence-mark" x={`${threshold * 100}%`} width="2" height="10" />}
      </svg>
      <small>{words}</small>
    </span>
  );
}
