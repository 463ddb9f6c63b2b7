import { useEffect, useRef, useState } from "react";
import { Icon } from "../../ui/Icon";
import { useShortcuts } from "../../lib/shortcuts";

/** Where a message is written. Enter sends, Shift and Enter begins a line; it grows with its text. */
export function Composer(props: {
  busy: boolean;
  blocked: string;
  onSend: (text: string) => void;
  onStop: () => void;
}) {
  const { busy, blocked, onSend, onStop } = props;
  const [text, setText] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text, blocked]); // Chromium counts the placeholder's lines too
  useEffect(() => {
    // Not on a phone: the keyboard would cover what the page has to say.
    if (window.matchMedia("(hover: hover)").matches) area.current?.focus();
  }, []);
  useShortcuts({ "focus-composer": () => area.current?.focus() });

  const ready = text.trim() !== "" && !busy && !blocked;
  const submit = () => {
    if (!ready) return;
    onSend(text.trim());
    setText("");
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        ref={area}
        rows={1}
        value={text}
        aria-label="Message"
        placeholder={blocked || "Ask anything"}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          submit();
        }}
      />
      {busy ? (
        <button type="button" className="send" aria-label="Stop" title="Stop (Esc)" onClick={onStop}>
          <Icon name="stop" />
        </button>
      ) : (
        <button type="submit" className="send" aria-label="Send" title="Send (Enter)" disabled={!ready}>
          <Icon name="arrowUp" />
        </button>
      )}
    </form>
  );
}
