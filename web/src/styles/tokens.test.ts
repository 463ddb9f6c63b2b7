import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");

function colours(theme: string): Record<string, string> {
  const block = new RegExp(`\\[data-theme="${theme}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? "";
  const named: Record<string, string> = {};
  for (const [, name = "", value = ""] of block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)) named[name] = value;
  return named;
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ["ground", "surface", "raised", "sunken", "hover"];
const PAIRS = [
  ...["ink", "ink-soft", "ink-faint"].flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)),
  ...["ember", "moss", "sky", "amber", "rose"].map((tone) => [tone, `${tone}-wash`] as const),
  ["ember", "ground"] as const,
  ["ember-ink", "ember"] as const,
];

describe.each(["light", "dark"])("the %s colours", (theme) => {
  const named = colours(theme);
  it.each(PAIRS)("let %s be read on %s", (text, ground) => {
    expect(contrast(named[text] ?? "#000000", named[ground] ?? "#000000")).toBeGreaterThanOrEqual(4.5);
  });
});

it("both themes name the same colours", () => {
  expect(Object.keys(colours("light"))).toEqual(Object.keys(colours("dark")));
});
