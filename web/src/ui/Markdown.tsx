import { Fragment, memo, useMemo, type ReactNode } from "react";
import type { Nodes, Table } from "mdast";
import { parseMarkdown, safeHref, type Block } from "../lib/markdown";
import { CodeBlock } from "./CodeBlock";

/** What a model wrote, as elements of our own choice: no HTML of its own, no images from elsewhere, no links into the app. */
export function Markdown({ text }: { text: string }) {
  const { blocks, links } = useMemo(() => parseMarkdown(text), [text]);
  const origin = typeof window === "undefined" ? "" : window.location.origin;
  return (
    <div className="prose">
      {blocks.map((block) => (
        <MarkdownBlock key={block.key} block={block} context={{ links, origin }} />
      ))}
    </div>
  );
}

interface Context {
  links: Map<string, string>;
  origin: string;
}

const MarkdownBlock = memo(
  ({ block, context }: { block: Block; context: Context }) => <>{draw(block.node, context)}</>,
  (before, after) =>
    before.block.source === after.block.source && before.context.links.size === after.context.links.size,
);
MarkdownBlock.displayName = "MarkdownBlock";

function children(node: { children: Nodes[] }, context: Context): ReactNode {
  return node.children.map((child, index) => <Fragment key={index}>{draw(child, context)}</Fragment>);
}

function link(address: string, context: Context, content: ReactNode): ReactNode {
  const href = safeHref(address, context.origin);
  if (!href) return <span>{content}</span>;
  return (
    <a href={href} title={href} target="_blank" rel="noopener noreferrer nofollow">
      {content}
    </a>
  );
}

/** Loading an image would tell its address, and whatever the model put into it, to a stranger. */
function blockedImage(alt: string | null | undefined): ReactNode {
  return <span className="blocked-image">Image not loaded{alt ? `: ${alt}` : ""}</span>;
}

function draw(node: Nodes, context: Context): ReactNode {
  switch (node.type) {
    case "text":
    case "html":
      return node.value;
    case "paragraph":
      return <p>{children(node, context)}</p>;
    case "heading": {
      // The page has its own headings above: an answer begins at the third level.
      const Level = `h${Math.min(6, node.depth + 2)}` as "h3" | "h4" | "h5" | "h6";
      return <Level>{children(node, context)}</Level>;
    }
    case "emphasis":
      return <em>{children(node, context)}</em>;
    case "strong":
      return <strong>{children(node, context)}</strong>;
    case "delete":
      return <del>{children(node, context)}</del>;
    case "inlineCode":
      return <code>{node.value}</code>;
    case "code":
      return <CodeBlock code={node.value} language={node.lang ?? ""} />;
    case "break":
      return <br />;
    case "thematicBreak":
      return <hr />;
    case "blockquote":
      return <blockquote>{children(node, context)}</blockquote>;
    case "list":
      return node.ordered ? (
        <ol start={node.start ?? 1}>{children(node, context)}</ol>
      ) : (
        <ul>{children(node, context)}</ul>
      );
    case "listItem":
      return (
        <li className={typeof node.checked === "boolean" ? "task" : undefined}>
          {typeof node.checked === "boolean" && (
            <input type="checkbox" checked={node.checked} readOnly tabIndex={-1} aria-label="task" />
          )}
          {children(node, context)}
        </li>
      );
    case "link":
      return link(node.url, context, children(node, context));
    case "linkReference":
      return link(context.links.get(node.identifier) ?? "", context, children(node, context));
    case "image":
    case "imageReference":
      return blockedImage(node.alt);
    case "table":
      return drawTable(node, context);
    case "footnoteReference":
      return <sup>[{node.identifier}]</sup>;
    case "footnoteDefinition":
      return (
        <div className="footnote">
          <sup>[{node.identifier}]</sup> {children(node, context)}
        </div>
      );
    default:
      return "children" in node ? children(node as { children: Nodes[] }, context) : null;
  }
}

function drawTable(table: Table, context: Context): ReactNode {
  const [head, ...body] = table.children;
  if (!head) return null;
  const align = (index: number) => `cell-${table.align?.[index] ?? "left"}`;
  return (
    <div className="table-scroll">
      <table>
        <thead>
          <tr>
            {head.children.map((cell, index) => (
              <th key={index} className={align(index)}>
                {children(cell, context)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, line) => (
            <tr key={line}>
              {row.children.map((cell, index) => (
                <td key={index} className={align(index)}>
                  {children(cell, context)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
