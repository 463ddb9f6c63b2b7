import { useCallback, useEffect, useRef, useState } from "react";
import type { Lane } from "../../api/types";
import { Icon } from "../../ui/Icon";
import { IconButton } from "../../ui/Parts";
import { MessageView } from "./MessageView";
import { ModelPicker } from "./ModelPicker";
import { describeParameters } from "./parameters";

const NEAR_END_PX = 80;

/** One column: a model, its settings and the conversation with it. */
export function LaneColumn(props: {
  lane: Lane;
  name: string;
  busy: boolean;
  shown: boolean;
  onModel: (model: string) => void;
  onParameters: () => void;
  onRegenerate: () => void;
  onEditLast: (text: string) => void;
  onExplain: (requestId: string) => void;
  onRemove?: () => void;
  empty: React.ReactNode;
}) {
  const { lane, name, busy, shown, onRegenerate, onEditLast, onExplain } = props;
  const described = describeParameters(lane.parameters, lane.system);
  const { scroller, atEnd, toEnd, onScroll } = useFollowing(lane.messages, busy);
  const last = lane.messages.length - 1;
  const lastQuestion = lane.messages.map((message) => message.role).lastIndexOf("user");
  return (
    <section className={`lane${shown ? "" : " lane-hidden"}`} aria-label={name}>
      <header className="lane-head">
        <ModelPicker
          model={lane.model}
          onChange={props.onModel}
          label={name === "Chat" ? "Model" : `Model of ${name.toLowerCase()}`}
        />
        <span className="lane-settings">{described}</span>
        <IconButton icon="sliders" label="Parameters" shortcut="Alt P" onClick={props.onParameters} />
        {props.onRemove && <IconButton icon="close" label={`Remove ${name.toLowerCase()}`} onClick={props.onRemove} />}
      </header>
      <div
        className="messages"
        ref={scroller}
        onScroll={onScroll}
        role="log"
        aria-label={`Messages of ${name.toLowerCase()}`}
        aria-live={busy ? "off" : "polite"}
      >
        <div className="messages-inner">
          {lane.messages.length === 0 && props.empty}
          {lane.messages.map((message, index) => (
            <MessageView
              key={index}
              message={message}
              streaming={busy && index === last && message.role === "assistant"}
              onRegenerate={!busy && index === last ? onRegenerate : undefined}
              onEdit={index === lastQuestion ? onEditLast : undefined}
              onExplain={onExplain}
            />
          ))}
          {busy && lane.messages[last]?.role === "user" && (
            <MessageView
              message={{ role: "assistant", content: "", created_unix: 0 }}
              streaming
              onExplain={onExplain}
            />
          )}
        </div>
      </div>
      {!atEnd && (
        <button type="button" className="to-end" aria-label="To the newest message" onClick={toEnd}>
          <Icon name="arrowDown" />
        </button>
      )}
    </section>
  );
}

/** Follows a growing answer as long as its end is in view; scrolling up lets go. */
function useFollowing(messages: Lane["messages"], busy: boolean) {
  const scroller = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  const count = messages.length;

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);
  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    following.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    setAtEnd(following.current);
  }, []);
  useEffect(() => {
    following.current = true;
  }, [count]);
  useEffect(() => {
    if (following.current && messages.length > 0) toEnd();
  }, [messages, busy, toEnd]);
  return { scroller, atEnd, toEnd, onScroll };
}
