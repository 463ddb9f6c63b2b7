import { useEffect, useState } from "react";
import { toApiError, type ApiError } from "../../api/client";
import { ExplainDialog } from "../../app/ExplainDialog";
import { go } from "../../app/route";
import { models, status } from "../../app/stores";
import { lastModel } from "../../lib/preferences";
import { firstChoice } from "../../lib/recommend";
import { useShortcuts } from "../../lib/shortcuts";
import { useStore } from "../../lib/store";
import { ErrorNote, IconButton } from "../../ui/Parts";
import { Composer } from "./Composer";
import { EmptyChat } from "./EmptyChat";
import { LaneColumn } from "./LaneColumn";
import { ParametersSheet } from "./ParametersSheet";
import { addLane, lanesOf, MAX_LANES, newChat, newId, removeLane } from "./document";
import { ChatSession, findSession, keepSession, openSession } from "./session";

/** A chat by its id, or a new one that gets an id with its first message. */
export function ChatPage({ id }: { id: string }) {
  const [draft, setDraft] = useState(() => startDraft());
  const [loaded, setLoaded] = useState<{ id: string; session?: ChatSession; error?: ApiError }>({ id: "" });

  useEffect(() => {
    if (id === "") setDraft((before) => (before.document.get().messages.length > 0 ? startDraft() : before));
    else if (!findSession(id)) {
      openSession(id).then(
        (session) => setLoaded({ id, session }),
        (cause: unknown) => setLoaded({ id, error: toApiError(cause) }),
      );
    }
  }, [id]);

  const session = id === "" ? draft : findSession(id);
  if (session) return <OpenChat key={session.document.get().id} session={session} />;
  if (loaded.id === id && loaded.error) {
    return (
      <div className="page">
        <ErrorNote
          message={loaded.error.message}
          hint={loaded.error.hint}
          onRetry={() => go("chat")}
          retryLabel="New chat"
        />
      </div>
    );
  }
  return <div className="page" role="status" aria-label="Opening the chat" />;
}

function startDraft(): ChatSession {
  return new ChatSession(newChat(newId(), lastModel.get()));
}

function OpenChat({ session }: { session: ChatSession }) {
  const chat = useStore(session.document);
  const busy = useStore(session.busy);
  const saveProblem = useStore(session.saveProblem);
  const { value: known } = useStore(models);
  const { value: state } = useStore(status);
  const [parametersOf, setParametersOf] = useState<number | null>(null);
  const [shown, setShown] = useState(0);
  const [explained, setExplained] = useState("");
  const lanes = lanesOf(chat);
  const current = Math.min(shown, lanes.length - 1);

  // A model that is gone, or none chosen yet: the first one that is here.
  const fallback = firstChoice(known?.installed ?? []);
  const names = known?.installed.map((model) => model.name);
  useEffect(() => {
    lanes.forEach((lane, index) => {
      const gone = names && lane.model !== "auto" && !names.includes(lane.model);
      if (gone && fallback && (lane.model === "" || lane.messages.length === 0))
        session.changeSettings(index, { model: fallback });
    });
  });

  const send = (text: string) => {
    const isNew = chat.messages.length === 0;
    if (isNew) keepSession(session);
    session.send(text);
    if (isNew) go("chat", chat.id, "replace");
  };
  const compare = () => {
    if (lanes.length < MAX_LANES) {
      const other = names?.find((name) => name !== chat.model) ?? chat.model;
      session.update((before) => addLane(before, other));
      setShown(1);
    } else {
      session.stop();
      session.update((before) => removeLane(before, 1));
      setShown(0);
    }
  };
  const switchColumn = () => {
    const next = lanes.length > 1 ? 1 - current : 0;
    setShown(next);
    document.querySelectorAll<HTMLElement>(".lane .picker")[next]?.focus();
  };
  useShortcuts({
    stop: () => session.stop(),
    compare,
    "switch-column": switchColumn,
    parameters: () => setParametersOf(current),
  });

  // What is said about privacy must be true of this chat, now.
  const leaves =
    lanes.some((lane) => lane.model === "auto") && state?.policy.cloud_possible && !state.offline
      ? (state.policy.provider ?? "the cloud")
      : "";
  const missing = lanes.find((lane) => lane.model !== "auto" && names && !names.includes(lane.model));
  const blocked = missing ? `Choose a model first: ${missing.model || "none"} is not installed` : "";
  return (
    <div className="chat-page">
      <header className="chat-head">
        <h1 title={chat.title}>{chat.title || "New chat"}</h1>
        {lanes.length > 1 && (
          <div className="lane-tabs" role="group" aria-label="Column">
            {lanes.map((_, index) => (
              <button key={index} type="button" aria-pressed={index === current} onClick={() => setShown(index)}>
                Column {index + 1}
              </button>
            ))}
          </div>
        )}
        <IconButton
          icon="columns"
          label={lanes.length > 1 ? "Back to one column" : "Compare side by side"}
          pressed={lanes.length > 1}
          shortcut="Alt C"
          onClick={compare}
        />
      </header>
      {saveProblem && <ErrorNote message="This chat could not be saved" hint={saveProblem} />}
      <div className={`lanes lanes-${lanes.length}`}>
        {lanes.map((lane, index) => (
          <LaneColumn
            key={index}
            lane={lane}
            name={lanes.length > 1 ? `Column ${index + 1}` : "Chat"}
            busy={busy.includes(index)}
            shown={index === current}
            onModel={(model) => {
              session.changeSettings(index, { model });
              if (index === 0) lastModel.set(model);
            }}
            onParameters={() => setParametersOf(index)}
            onRegenerate={() => session.regenerate(index)}
            onEditLast={(text) => session.editLast(text)}
            onExplain={setExplained}
            onRemove={
              lanes.length > 1
                ? () => {
                    session.stop();
                    session.update((before) => removeLane(before, index));
                  }
                : undefined
            }
            empty={<EmptyChat compare={lanes.length > 1} onAsk={blocked ? undefined : send} quiet={index > 0} />}
          />
        ))}
      </div>
      <div className="composer-row">
        <Composer busy={busy.length > 0} blocked={blocked} onSend={send} onStop={() => session.stop()} />
        <p className="composer-note">
          {leaves ? `Hard questions may go to ${leaves}, as your policy allows.` : "Stays on this machine."} Models make
          mistakes.
        </p>
      </div>
      {parametersOf !== null && lanes[parametersOf] && (
        <ParametersSheet
          open
          onOpenChange={() => setParametersOf(null)}
          model={lanes[parametersOf].model}
          settings={lanes[parametersOf]}
          onChange={(change) => session.changeSettings(parametersOf, change)}
        />
      )}
      <ExplainDialog id={explained} onClose={() => setExplained("")} />
    </div>
  );
}
