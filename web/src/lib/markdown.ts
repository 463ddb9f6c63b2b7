import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import type { Definition, Root, RootContent } from "mdast";

/** One top-level block with its own source: what a stream did not change is not drawn again. */
export interface Block {
  key: string;
  source: string;
  node: RootContent;
}

export interface ParsedMarkdown {
  blocks: Block[];
  links: Map<string, string>; // [label]: address
}

/**
 * Text of a model as a tree. HTML stays in the tree as text: there is no way from here to markup, whatever the text says.
 * An unfinished code fence or list is a code block or a list already, so that a stream does not flicker.
 */
export function parseMarkdown(text: string): ParsedMarkdown {
  const root: Root = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const definitions = root.children.filter((node): node is Definition => node.type === "definition");
  const links = new Map(definitions.map((node) => [node.identifier, node.url]));
  const blocks = root.children
    .filter((node) => node.type !== "definition")
    .map((node, index) => ({
      key: `${index}-${node.type}`,
      source: text.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? text.length),
      node,
    }));
  return { blocks, links };
}

/**
 * An address that a link may have: the web and mail, nothing that runs (`javascript:`, `data:`) and nothing on this origin,
 * where a click would act with the rights of the app. null: show the text alone.
 */
export function safeHref(address: string, origin: string): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.protocol === "mailto:") return url.href;
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  return url.origin === origin ? null : url.href;
}
