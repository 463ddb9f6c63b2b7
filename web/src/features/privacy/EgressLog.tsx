import type { Egress } from "../../api/types";
import { formatBytes, formatWhen, plural } from "../../lib/format";
import { Badge, Empty } from "../../ui/Parts";

/** Every connection that one process of Inglenook, the only one that can, made to somewhere else. */
export function EgressLog({ egress }: { egress: Egress | null }) {
  if (!egress) return null;
  if (egress.left.length === 0) {
    return (
      <Empty icon="lock" title="No connection was made">
        <p>Downloads of models and requests to a cloud would be listed here, with host and size.</p>
      </Empty>
    );
  }
  const { requests, bytes_out, blocked } = egress.totals;
  return (
    <div className="table-scroll">
      <table className="log">
        <caption>
          {plural(requests, "connection")}, {formatBytes(bytes_out)} sent
          {blocked > 0 ? `, ${plural(blocked, "attempt")} blocked` : ""}
        </caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Where to</th>
            <th scope="col">Sent</th>
            <th scope="col">Received</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {egress.left.map((entry, index) => (
            <tr key={index}>
              <td>{formatWhen(entry.unix)}</td>
              <td>
                <Badge
                  tone={entry.kind === "cloud request" ? "sky" : "plain"}
                  icon={entry.kind === "cloud request" ? "cloud" : "download"}
                >
                  {entry.kind}
                </Badge>
              </td>
              <td>{entry.host}</td>
              <td>{formatBytes(entry.bytes_out)}</td>
              <td>{formatBytes(entry.bytes_in)}</td>
              <td>{entry.outcome}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
