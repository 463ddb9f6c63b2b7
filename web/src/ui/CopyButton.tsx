import { useEffect, useState } from "react";
import { copyText } from "../lib/clipboard";
import { Icon } from "./Icon";

/** Copies, and says so for two seconds. */
export function CopyButton({ text, label, shown = false }: { text: string; label: string; shown?: boolean }) {
  const [outcome, setOutcome] = useState<"" | "Copied" | "Not allowed">("");
  useEffect(() => {
    if (!outcome) return undefined;
    const timer = setTimeout(() => setOutcome(""), 2000);
    return () => clearTimeout(timer);
  }, [outcome]);
  return (
    <button
      type="button"
      className={shown ? "button button-quiet" : "icon-button"}
      aria-label={label}
      title={label}
      onClick={() => void copyText(text).then((done) => setOutcome(done ? "Copied" : "Not allowed"))}
    >
      <Icon name={outcome === "Copied" ? "check" : "copy"} />
      {shown && <span>{outcome || label}</span>}
      <span className="visually-hidden" role="status">
        {outcome}
      </span>
    </button>
  );
}
