import { useEffect, useRef } from "react";

/** Keyboard shortcuts: one place that says what they are, so that the help cannot lie. */
export const SHORTCUTS = [
  { id: "new-chat", keys: "Alt N", label: "New chat" },
  { id: "focus-composer", keys: "/", label: "Write a message" },
  { id: "stop", keys: "Esc", label: "Stop the answer" },
  { id: "compare", keys: "Alt C", label: "Two columns, or one again" },
  { id: "switch-column", keys: "Alt X", label: "Switch between columns" },
  { id: "parameters", keys: "Alt P", label: "Parameters" },
  { id: "go-chat", keys: "Alt 1", label: "Chat" },
  { id: "go-models", keys: "Alt 2", label: "Models" },
  { id: "go-documents", keys: "Alt 3", label: "Documents" },
  { id: "go-privacy", keys: "Alt 4", label: "What left this machine" },
  { id: "help", keys: "?", label: "This list" },
] as const;

export type ShortcutId = (typeof SHORTCUTS)[number]["id"];
type Press = Pick<KeyboardEvent, "key" | "code" | "altKey" | "ctrlKey" | "metaKey">;

/** Which shortcut a key press is. While something is being typed only those with Alt, and Esc, count. */
export function shortcutOf(press: Press, typing: boolean): ShortcutId | null {
  if (press.ctrlKey || press.metaKey) return null;
  const found = SHORTCUTS.find(({ keys }) => {
    const [first, second] = keys.split(" ");
    if (!second) return !press.altKey && press.key === (first === "Esc" ? "Escape" : first);
    // By place, not by letter: Alt and a letter make another character on many keyboards.
    return press.altKey && (press.code === `Key${second}` || press.code === `Digit${second}`);
  });
  if (!found) return null;
  return typing && !press.altKey && found.id !== "stop" ? null : found.id;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Handles the shortcuts given while the component is shown. Those of a component further in come first. */
export function useShortcuts(handlers: Partial<Record<ShortcutId, () => void>>): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // A dialog or a menu that is open has the keyboard, Esc above all.
      if (event.defaultPrevented || document.querySelector("[role=dialog], [role=alertdialog], [role=menu]")) return;
      const id = shortcutOf(event, isTyping(event.target));
      const handler = id && latest.current[id];
      if (!handler) return;
      event.preventDefault();
      handler();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
