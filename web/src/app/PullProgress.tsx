import { dismissPull, startPull, stopPull, type Pull } from "./pulls";
import { formatBytes, formatDuration, formatPercent, sentence } from "../lib/format";
import { secondsLeft, speedOf } from "../lib/rate";
import { ErrorNote, Progress } from "../ui/Parts";

/** A download: how far, how fast, how long still; to stop, to go on, to put away. */
export function PullProgress({ name, pull }: { name: string; pull: Pull }) {
  const speed = speedOf(pull.samples);
  const left = secondsLeft(pull.samples, pull.total);
  const facts = [
    pull.total > 0 ? `${formatBytes(pull.completed)} of ${formatBytes(pull.total)}` : "",
    pull.state === "running" && speed ? `${formatBytes(speed)}/s` : "",
    pull.state === "running" && left !== null ? `${formatDuration(left)} left` : "",
  ].filter(Boolean);
  return (
    <div className={pull.error ? "pull pull-failed" : "pull"}>
      <div className="pull-line">
        <span>{pull.state === "running" ? words(pull.status) : pull.state === "stopped" ? "Stopped" : "Failed"}</span>
        <strong>{pull.total > 0 ? formatPercent(pull.completed / pull.total) : ""}</strong>
      </div>
      <Progress label={`Download of ${name}`} done={pull.completed} total={pull.total} />
      <div className="pull-line">
        <small>{facts.join(" · ")}</small>
        {pull.state === "running" ? (
          <button type="button" className="button button-quiet" onClick={() => stopPull(name)}>
            Stop
          </button>
        ) : (
          <span className="row-end">
            <button type="button" className="button button-quiet" onClick={() => dismissPull(name)}>
              Dismiss
            </button>
            <button type="button" className="button" onClick={() => void startPull(name)}>
              Resume
            </button>
          </span>
        )}
      </div>
      {pull.error && <ErrorNote message={pull.error.message} hint={pull.error.hint} />}
    </div>
  );
}

function words(status: string): string {
  // Ollama's words name the layer by its digest, which tells nobody anything.
  return sentence(status.replace(/^pulling [0-9a-f]{6,}.*/, "downloading"));
}
