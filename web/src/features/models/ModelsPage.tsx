import { useEffect, useState } from "react";
import { unloadModel } from "../../api/server";
import { toApiError, type ApiError } from "../../api/client";
import type { AvailableModel, InstalledModel, Licence, LoadedModel, ModelSource } from "../../api/types";
import { PullProgress } from "../../app/PullProgress";
import { pulls, removeModel, startPull } from "../../app/pulls";
import { go } from "../../app/route";
import { models } from "../../app/stores";
import { formatBytes, formatCount, formatWhen } from "../../lib/format";
import { lastModel } from "../../lib/preferences";
import { useStore } from "../../lib/store";
import { Confirm } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Badge, Empty, ErrorNote, IconButton, PageHead, type Tone } from "../../ui/Parts";

const SOURCES: Record<ModelSource, string> = {
  inglenook: "Inglenook",
  ollama: "Ollama's store, used in place",
  "hugging-face": "Hugging Face cache, used in place",
  "lm-studio": "LM Studio, used in place",
  folder: "A folder of yours, used in place",
};
const LOADED_EVERY_MS = 5000;

export function ModelsPage() {
  const { value, error } = useStore(models);
  const running = useStore(pulls);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [deleting, setDeleting] = useState<InstalledModel | null>(null);
  useEffect(() => {
    void models.refresh();
    const timer = setInterval(() => void models.refresh(), LOADED_EVERY_MS);
    return () => clearInterval(timer);
  }, []);

  const attempt = (work: Promise<void>) => {
    setProblem(null);
    work.catch((cause: unknown) => setProblem(toApiError(cause))).finally(() => void models.refresh());
  };
  const offered = (value?.available ?? []).filter((model) => !model.installed);
  return (
    <div className="page">
      <PageHead
        title="Models"
        lead="Each runs on this machine. Models that other programs downloaded are found and used where they lie."
      />
      {error && <ErrorNote message={error.message} hint={error.hint} onRetry={() => void models.refresh()} />}
      {problem && <ErrorNote message={problem.message} hint={problem.hint} />}
      {value && value.loaded.length > 0 && (
        <LoadedNow loaded={value.loaded} onUnload={(name) => attempt(unloadModel(name))} />
      )}
      <section aria-labelledby="installed">
        <h2 id="installed">Installed</h2>
        {value?.installed.length === 0 && (
          <Empty icon="cube" title="No model yet">
            <p>Download one below. A small one is here in a minute or two.</p>
          </Empty>
        )}
        <ul className="model-list">
          {(value?.installed ?? []).map((model) => (
            <InstalledRow
              key={`${model.source} ${model.name} ${model.path}`}
              model={model}
              onChat={() => {
                lastModel.set(model.name);
                go("chat");
              }}
              onDelete={() => setDeleting(model)}
            />
          ))}
        </ul>
      </section>
      <section aria-labelledby="available">
        <h2 id="available">To download</h2>
        <ul className="model-list">
          {offered.map((model) => {
            const pull = running[model.name];
            return (
              <AvailableRow key={model.name} model={model}>
                {pull ? (
                  <PullProgress name={model.name} pull={pull} />
                ) : (
                  <button type="button" className="button" onClick={() => void startPull(model.name)}>
                    <Icon name="download" size={16} />
                    Download<span className="visually-hidden"> {model.name}</span>
                  </button>
                )}
              </AvailableRow>
            );
          })}
        </ul>
      </section>
      <Confirm
        open={deleting !== null}
        onOpenChange={() => setDeleting(null)}
        title={`Delete ${deleting?.name ?? ""}?`}
        text={`This frees ${formatBytes(deleting?.size ?? 0)}. You can download it again at any time.`}
        action="Delete"
        onConfirm={() => deleting && attempt(removeModel(deleting.name))}
      />
    </div>
  );
}

function LoadedNow({ loaded, onUnload }: { loaded: LoadedModel[]; onUnload: (name: string) => void }) {
  return (
    <section aria-labelledby="loaded">
      <h2 id="loaded">In memory now</h2>
      <ul className="model-list">
        {loaded.map((model) => (
          <li key={model.name} className="card model-row">
            <div className="model-name">
              <strong>{model.name}</strong>
              <p>
                {formatBytes(model.bytes)} of memory
                {model.expires_unix ? ` · unloads at ${formatWhen(model.expires_unix)} unless used` : " · stays loaded"}
              </p>
            </div>
            <button type="button" className="button" onClick={() => onUnload(model.name)}>
              Unload<span className="visually-hidden"> {model.name}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function InstalledRow({
  model,
  onChat,
  onDelete,
}: {
  model: InstalledModel;
  onChat: () => void;
  onDelete: () => void;
}) {
  return (
    <li className="card model-row">
      <div className="model-name">
        <strong>{model.name}</strong>
        <p>
          {facts(model)}
          {model.source !== "inglenook" && (
            <span title={model.path}>
              <Badge icon="document">{SOURCES[model.source]}</Badge>
            </span>
          )}
        </p>
        <LicenceLine licence={model.licence} />
      </div>
      <span className="row-end">
        {model.generates ? (
          <button type="button" className="button" onClick={onChat}>
            <Icon name="chat" size={16} />
            Chat<span className="visually-hidden"> with {model.name}</span>
          </button>
        ) : (
          <Badge icon="cube">embeddings only</Badge>
        )}
        {model.removable && <IconButton icon="trash" label={`Delete ${model.name}`} onClick={onDelete} />}
      </span>
    </li>
  );
}

function AvailableRow({ model, children }: { model: AvailableModel; children: React.ReactNode }) {
  return (
    <li className="card model-row">
      <div className="model-name">
        <strong>{model.title}</strong>
        <p>
          <code>{model.name}</code> {facts(model)}
        </p>
        <LicenceLine licence={model.licence} />
      </div>
      {children}
    </li>
  );
}

function facts(model: InstalledModel | AvailableModel): string {
  return [
    formatBytes(model.size),
    model.parameters > 0 ? `${formatCount(model.parameters)} parameters` : "",
    model.quantization,
    model.context > 0 ? `${model.context.toLocaleString("en")} tokens of context` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

const LICENCE_TONES: Record<Licence["commercial"], { tone: Tone; words: string }> = {
  yes: { tone: "moss", words: "Free to use, business too" },
  conditions: { tone: "amber", words: "Business use with conditions" },
  no: { tone: "rose", words: "No business use" },
  "": { tone: "plain", words: "Licence unknown" },
};

function LicenceLine({ licence }: { licence: Licence }) {
  const { tone, words } = LICENCE_TONES[licence.commercial];
  return (
    <p className="licence">
      <Badge tone={tone}>{words}</Badge>
      {licence.title && (
        <span>
          {licence.title}. {licence.verdict}
        </span>
      )}
    </p>
  );
}
