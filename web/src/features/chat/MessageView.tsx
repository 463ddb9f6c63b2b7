import { memo, useState } from "react";
import type { Message } from "../../api/types";
import { formatDuration, plural } from "../../lib/format";
import { CopyButton } from "../../ui/CopyButton";
import { Markdown } from "../../ui/Markdown";
import { ErrorNote, IconButton } from "../../ui/Parts";
import { RouteBadge } from "../../ui/RouteBadge";

interface Actions {
  onRegenerate?: () => void;
  onEdit?: (text: string) => void;
  onExplain: (requestId: string) => void;
}

/** One turn. Answers that are finished do not change, so a stream draws only its own message. */
export const MessageView = memo(function MessageView({
  message,
  streaming,
  ...actions
}: { message: Message; streaming: boolean } & Actions) {
  return message.role === "user" ? (
    <Question message={message} onEdit={actions.onEdit} />
  ) : (
    <Answer message={message} streaming={streaming} {...actions} />
  );
});

function Question({ message, onEdit }: { message: Message; onEdit?: (text: string) => void }) {
  const [draft, setDraft] = useState<string | null>(null);
  if (draft !== null && onEdit) {
    return (
      <form
        className="question-edit"
        onSubmit={(event) => {
          event.preventDefault();
          setDraft(null);
          if (draft.trim()) onEdit(draft.trim());
        }}
      >
        <textarea
          aria-label="Edit your message"
          // The person pressed "edit" to type here.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          rows={Math.min(10, draft.split("\n").length + 1)}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") setDraft(null);
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            event.currentTarget.form?.requestSubmit();
          }}
        />
        <div className="row-end">
          <button type="button" className="button" onClick={() => setDraft(null)}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={!draft.trim()}>
            Ask again
          </button>
        </div>
      </form>
    );
  }
  return (
    <article className="question" aria-label="You">
      <p>{message.content}</p>
      {onEdit && <IconButton icon="pencil" label="Edit message" onClick={() => setDraft(message.content)} />}
    </article>
  );
}

function Answer({ message, streaming, onRegenerate, onExplain }: { message: Message; streaming: boolean } & Actions) {
  return (
    <article className="answer" aria-label={`Answer of ${message.model ?? "the model"}`} aria-busy={streaming}>
      {streaming && !message.content && (
        <p className="thinking" role="status">
          <span />
          <span />
          <span />
          <span className="visually-hidden">The model is reading</span>
        </p>
      )}
      <Markdown text={message.content} />
      {message.error && <ErrorNote message={message.error.message} hint={message.error.hint} onRetry={onRegenerate} />}
      {!streaming && <AnswerFoot message={message} onRegenerate={onRegenerate} onExplain={onExplain} />}
    </article>
  );
}

function AnswerFoot({ message, onRegenerate, onExplain }: { message: Message } & Actions) {
  const { timings, usage, route, request_id } = message;
  return (
    <footer className="answer-foot">
      {route && request_id && (
        <button
          type="button"
          className="badge-button"
          aria-label="How this was decided"
          onClick={() => onExplain(request_id)}
        >
          <RouteBadge route={route} decidedBy={message.decided_by} />
        </button>
      )}
      {timings && timings.decode_tokens_per_second > 0 && (
        <span className="speed" title="Tokens generated a second">
          <strong>{timings.decode_tokens_per_second.toFixed(1)}</strong> tok/s
        </span>
      )}
      {timings && timings.time_to_first_token > 0 && (
        <span title="Time to the first token">first token after {formatDuration(timings.time_to_first_token)}</span>
      )}
      {usage && <span>{plural(usage.completion_tokens, "token")}</span>}
      {message.stopped && <span>stopped</span>}
      {message.cut && <span>ended at max tokens</span>}
      <span className="answer-actions">
        {message.content && <CopyButton text={message.content} label="Copy answer" />}
        {onRegenerate && !message.error && <IconButton icon="refresh" label="Another answer" onClick={onRegenerate} />}
      </span>
    </footer>
  );
}
