import type { Decision } from "../../api/types";
import { ConfidenceBar } from "../../app/ExplainDialog";
import { formatBytes, formatCost, formatWhen, plural } from "../../lib/format";
import { findingLabel } from "../../lib/routes";
import { Icon } from "../../ui/Icon";
import { Badge, Empty } from "../../ui/Parts";
import { RouteBadge } from "../../ui/RouteBadge";

/** What the router decided, newest first. The questions themselves are not kept. */
export function Decisions({ decisions, onExplain }: { decisions: Decision[] | null; onExplain: (id: string) => void }) {
  if (decisions?.length === 0) {
    return (
      <Empty icon="privacy" title="No decision yet">
        <p>
          Choose the model “auto” in a chat: Inglenook answers here, and each time it writes down whether that was
          enough, how sure the model was and what it found.
        </p>
      </Empty>
    );
  }
  return (
    <ul className="decisions">
      {(decisions ?? []).map((decision) => (
        <li key={decision.id} className="card decision">
          <div className="decision-main">
            <RouteBadge route={decision.route} decidedBy={decision.decided_by} />
            <p>{decision.reason}</p>
            <time dateTime={new Date(decision.unix * 1000).toISOString()}>{formatWhen(decision.unix)}</time>
          </div>
          <div className="decision-facts">
            {decision.confidence !== null && (
              <ConfidenceBar confidence={decision.confidence} threshold={decision.threshold} />
            )}
            {decision.findings.map((finding) => (
              <Badge key={finding.kind} tone="amber" icon="lock">
                {finding.count > 1 ? `${finding.count} × ` : ""}
                {findingLabel(finding.kind)}
              </Badge>
            ))}
            <span>{decision.bytes_out === 0 ? "nothing left" : `${formatBytes(decision.bytes_out)} left`}</span>
            {decision.cost_usd !== null && decision.cost_usd > 0 && <span>{formatCost(decision.cost_usd)}</span>}
            {decision.saved_usd !== null && decision.saved_usd > 0 && (
              <span>{formatCost(decision.saved_usd)} saved</span>
            )}
            <span>{decision.local_model}</span>
            <button type="button" className="button button-quiet" onClick={() => onExplain(decision.id)}>
              Why?
              <Icon name="chevron" size={14} />
            </button>
          </div>
        </li>
      ))}
      {decisions && (
        <li className="list-note">
          {plural(decisions.length, "decision")}, newest first. Texts are not kept, only what was decided.
        </li>
      )}
    </ul>
  );
}
