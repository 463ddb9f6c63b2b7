/** Colours for code in any language: comments, strings, numbers and the words most languages share. Never wrong, often enough. */
export interface Span {
  kind: "plain" | "comment" | "string" | "number" | "keyword";
  text: string;
}

const KEYWORDS = new Set(
  (
    "abstract and as assert async await break case catch class const continue constexpr def default del delete do elif else end " +
    "enum export extends extern false False final finally fn for from func function global if impl implements import in inline " +
    "interface is lambda let local match mod module mut namespace new nil None nonlocal not null or package pass private " +
    "protected pub public raise return self static struct super switch template then this throw trait true True try type " +
    "typedef typename typeof union unless until use using var virtual void volatile when where while with yield " +
    "select insert update create table join order group by and int float double char bool string auto unsigned long"
  ).split(" "),
);
const HASH_COMMENTS = new Set([
  "python",
  "py",
  "bash",
  "sh",
  "shell",
  "ruby",
  "rb",
  "yaml",
  "yml",
  "toml",
  "perl",
  "r",
  "make",
  "cmake",
  "dockerfile",
]);
const DASH_COMMENTS = new Set(["sql", "lua", "haskell", "hs", "ada"]);
const LONGEST = 20000;

export function highlight(code: string, language: string): Span[] {
  const name = language.toLowerCase();
  if (code.length > LONGEST || ["text", "txt", "plain", "markdown", "md"].includes(name))
    return [{ kind: "plain", text: code }];
  const line = HASH_COMMENTS.has(name) ? "#.*" : DASH_COMMENTS.has(name) ? "--.*" : "//.*|/\\*[\\s\\S]*?(?:\\*/|$)";
  const tokens = new RegExp(
    `(?<comment>${line})|(?<string>"""[\\s\\S]*?(?:"""|$)|"(?:[^"\\\\\\n]|\\\\.)*"?|'(?:[^'\\\\\\n]|\\\\.)*'|\`[^\`]*\`?)|(?<number>\\b\\d[\\w.]*)|(?<word>[A-Za-z_]\\w*)`,
    "g",
  );
  const spans: Span[] = [];
  let at = 0;
  for (const match of code.matchAll(tokens)) {
    const groups = match.groups ?? {};
    const kind = groups.comment ? "comment" : groups.string ? "string" : groups.number ? "number" : "keyword";
    if (kind === "keyword" && !KEYWORDS.has(match[0])) continue;
    if (match.index > at) spans.push({ kind: "plain", text: code.slice(at, match.index) });
    spans.push({ kind, text: match[0] });
    at = match.index + match[0].length;
  }
  if (at < code.length) spans.push({ kind: "plain", text: code.slice(at) });
  return spans;
}
