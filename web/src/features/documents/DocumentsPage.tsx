import { type DragEvent, useEffect, useMemo, useRef, useState } from "react";
import { models } from "../../app/stores";
import { formatBytes } from "../../lib/format";
import { useStore } from "../../lib/store";
import { Icon } from "../../ui/Icon";
import { Menu, MenuChoices } from "../../ui/Menu";
import { ErrorNote, PageHead, Progress } from "../../ui/Parts";
import { ExtractionView } from "./ExtractionView";
import { SourcePreview } from "./SourceView";
import { SummaryView } from "./SummaryView";
import { changeJob, clearTable, job, putOnTable, startJob, stopJob, type DocumentJob } from "./job";

const ACCEPTED = ".pdf,.txt,.md,.vtt,.srt,.json,application/pdf,text/plain";
const PREFERRED = "qwen2.5-coder:1.5b";

export function DocumentsPage() {
  const current = useStore(job);
  const known = useStore(models).value?.installed;
  const installed = useMemo(() => known?.filter((model) => model.generates), [known]);
  useEffect(() => {
    if (!installed || installed.some((model) => model.name === current.model)) return;
    changeJob({ model: (installed.find((model) => model.name === PREFERRED) ?? installed[0])?.name ?? "" });
  }, [installed, current.model]);

  const { file, state } = current;
  return (
    <DropTarget>
      <div className={file ? "page page-wide" : "page"}>
        <PageHead
          title="Documents"
          lead="Read an invoice or sum up a meeting, with the evidence for every line. The file is read here and kept nowhere."
        />
        {current.error && (
          <ErrorNote
            message={current.error.message}
            hint={current.error.hint}
            onRetry={file ? () => void startJob() : undefined}
          />
        )}
        {!file && <DropInvitation />}
        {file && <Controls current={current} installed={installed?.map((model) => model.name) ?? []} />}
        {file && state !== "done" && <SourcePreview file={file} text={current.text} />}
        {file && state === "done" && current.extraction && (
          <ExtractionView file={file} extraction={current.extraction} />
        )}
        {file && state === "done" && current.summary && <SummaryView summary={current.summary} />}
      </div>
    </DropTarget>
  );
}

function Controls({ current, installed }: { current: DocumentJob; installed: string[] }) {
  const { file, kind, model, state, progress } = current;
  const running = state === "running";
  if (!file) return null;
  return (
    <section className="card document-controls" aria-label="What to do">
      <div className="document-name">
        <Icon name="document" />
        <strong title={file.name}>{file.name}</strong>
        <small>{formatBytes(file.size)}</small>
        <button
          type="button"
          className="icon-button"
          aria-label="Put the document away"
          title="Put away"
          onClick={clearTable}
        >
          <Icon name="close" />
        </button>
      </div>
      <div className="document-actions">
        <div className="segments" role="group" aria-label="Job">
          <button
            type="button"
            aria-pressed={kind === "extract"}
            disabled={running}
            onClick={() => changeJob({ kind: "extract" })}
          >
            Invoice fields
          </button>
          <button
            type="button"
            aria-pressed={kind === "summarize"}
            disabled={running}
            onClick={() => changeJob({ kind: "summarize" })}
          >
            Meeting summary
          </button>
        </div>
        <Menu
          trigger={
            <button type="button" className="picker" aria-label={`Model: ${model || "none"}`} disabled={running}>
              <Icon name="cube" size={16} />
              <span className="picker-name">{model || "No model"}</span>
              <Icon name="chevron" size={16} />
            </button>
          }
        >
          <MenuChoices
            title="Model"
            value={model}
            choices={installed.map((name) => ({ value: name, label: name }))}
            onChange={(name) => changeJob({ model: name })}
          />
        </Menu>
        {running ? (
          <button type="button" className="button" onClick={stopJob}>
            <Icon name="stop" size={16} />
            Stop
          </button>
        ) : (
          <button type="button" className="button button-primary" disabled={!model} onClick={() => void startJob()}>
            {kind === "extract" ? "Extract" : "Summarize"}
          </button>
        )}
      </div>
      {running && (
        <div className="document-progress" role="status">
          <span>{progress ? `${progress.stage.charAt(0).toUpperCase()}${progress.stage.slice(1)}…` : "Starting…"}</span>
          <Progress label="Progress" done={progress?.done ?? 0} total={progress?.total ?? 0} />
        </div>
      )}
      {!model && (
        <p className="field-help">
          This needs a model. <a href="#/models">Download one</a> first.
        </p>
      )}
    </section>
  );
}

/** The whole page takes a file. */
function DropTarget({ children }: { children: React.ReactNode }) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const enter = (change: number) => {
    depth.current += change;
    setOver(depth.current > 0);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    const file = event.dataTransfer.files.item(0);
    if (file) void putOnTable(file);
  };
  return (
    <div
      className={`drop-target${over ? " drop-over" : ""}`}
      onDragEnter={() => enter(1)}
      onDragLeave={() => enter(-1)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={onDrop}
    >
      {children}
    </div>
  );
}

function DropInvitation() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <section className="drop-box" aria-label="Choose a document">
      <span className="empty-icon">
        <Icon name="document" size={30} />
      </span>
      <h2>Drop a document here</h2>
      <p>
        <button type="button" className="button button-primary" onClick={() => input.current?.click()}>
          Choose a file
        </button>
      </p>
      <input
        ref={input}
        className="visually-hidden"
        type="file"
        accept={ACCEPTED}
        tabIndex={-1}
        aria-label="Document"
        onChange={(event) => {
          const file = event.target.files?.item(0);
          if (file) void putOnTable(file);
        }}
      />
      <ul className="drop-kinds">
        <li>
          <strong>An invoice</strong>
          <span>
            PDF or text. Number, dates, parties and totals, each with the place it was read from. What is not there is
            said to be missing.
          </span>
        </li>
        <li>
          <strong>A transcript</strong>
          <span>
            “Speaker: text”, VTT, SRT or JSON. Points, decisions and actions, each with the turns that say so.
          </span>
        </li>
      </ul>
    </section>
  );
}
