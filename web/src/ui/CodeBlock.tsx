import { useMemo } from "react";
import { highlight } from "../lib/highlight";
import { CopyButton } from "./CopyButton";

export function CodeBlock({ code, language }: { code: string; language: string }) {
  const spans = useMemo(() => highlight(code, language), [code, language]);
  return (
    <figure className="code-block">
      <figcaption>
        <span>{language || "code"}</span>
        <CopyButton text={code} label="Copy code" />
      </figcaption>
      {/* A region that scrolls sideways must be reachable without a mouse. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0}>
        <code>
          {spans.map((span, index) =>
            span.kind === "plain" ? (
              span.text
            ) : (
              <span key={index} className={`code-${span.kind}`}>
                {span.text}
              </span>
            ),
          )}
        </code>
      </pre>
    </figure>
  );
}
