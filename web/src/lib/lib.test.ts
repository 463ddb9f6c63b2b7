import { describe, expect, it, vi } from "vitest";
import type { AvailableModel, Egress, InstalledModel } from "../api/types";
import { splitAtCodePoints } from "./code_points";
import { textBytes } from "./egress";
import { formatBytes, formatCost, formatCount, formatDuration, plural } from "./format";
import { highlight } from "./highlight";
import { safeHref } from "./markdown";
import { addSample, secondsLeft, speedOf, type Sample } from "./rate";
import { firstChoice, recommend } from "./recommend";
import { routeOf } from "./routes";
import { SHORTCUTS, shortcutOf } from "./shortcuts";
import { createStore } from "./store";

describe("format", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1500, "1.5 kB"],
    [491400064, "491 MB"],
    [1117320768, "1.1 GB"],
  ])("writes %i as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
  it("writes times, counts and money", () => {
    expect([0.0004, 0.21, 3.14159, 42, 200, 7300].map(formatDuration)).toEqual([
      "1 ms",
      "210 ms",
      "3.1 s",
      "42 s",
      "3 min 20 s",
      "2 h 2 min",
    ]);
    expect([134515008, 1777088000, 900].map(formatCount)).toEqual(["135 M", "1.8 B", "900"]);
    expect([0, 0.0021, 1.5].map(formatCost)).toEqual(["$0", "$0.0021", "$1.50"]);
    expect([plural(1, "token"), plural(2000, "token")]).toEqual(["1 token", "2,000 tokens"]);
  });
});

describe("code points", () => {
  it("count characters beyond the basic plane once", () => {
    expect(splitAtCodePoints("a😀é🦊b", 1, 4)).toEqual(["a", "😀é🦊", "b"]);
    expect(splitAtCodePoints("abc", 1, 99)).toEqual(["a", "bc", ""]);
    expect(splitAtCodePoints("abc", 7, 9)).toEqual(["abc", "", ""]);
  });
});

describe("transfer rate", () => {
  const steady = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ at: index * 500, bytes: index * 1000 })).reduce<Sample[]>(
      addSample,
      [],
    );
  it("is known after a moment and forgets the distant past", () => {
    expect(speedOf(steady(1))).toBeNull();
    expect(speedOf(steady(3))).toBe(2000);
    expect(steady(100).length).toBeLessThan(20);
    expect(secondsLeft(steady(3), 6000)).toBe(2);
  });
  it("begins anew when a download does", () => {
    expect(addSample(steady(5), { at: 3000, bytes: 10 })).toEqual([{ at: 3000, bytes: 10 }]);
  });
});

describe("bytes of the user's text", () => {
  const egress = (totals: Partial<Egress["totals"]>): Egress => ({
    left: [
      { unix: 0, kind: "model download", host: "a", bytes_out: 300, bytes_in: 1, outcome: "ok", request_id: null },
      { unix: 0, kind: "cloud request", host: "b", bytes_out: 412, bytes_in: 1, outcome: "ok", request_id: "r" },
    ],
    totals: { bytes_out: 712, requests: 2, blocked: 0, ...totals },
  });
  it("are what the server counts, or everything but requests for models", () => {
    expect(textBytes(egress({ text_bytes_out: 0 }))).toBe(0);
    expect(textBytes(egress({}))).toBe(412);
  });
});

describe("recommendation", () => {
  const model = (name: string, size: number, installed = false) =>
    ({ name, size, installed, generates: true }) as AvailableModel;
  it("prefers known small models, never one that the memory cannot hold or that is here", () => {
    const offered = [model("qwen2.5-coder:1.5b", 1.1e9), model("qwen2.5-coder:0.5b", 0.5e9), model("tiny", 1e8)];
    expect(recommend(offered, 16e9).map((entry) => entry.name)).toEqual(["qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b"]);
    expect(recommend(offered, 2e9).map((entry) => entry.name)).toEqual(["qwen2.5-coder:0.5b"]);
    expect(recommend([model("huge", 9e9), model("tiny", 1e8)], 8e9).map((entry) => entry.name)).toEqual(["tiny"]);
    expect(recommend([model("qwen2.5-coder:0.5b", 5e8, true)], 8e9)).toEqual([]);
  });
  it("begins a chat with the largest model that is not too slow", () => {
    const of = (...parameters: number[]) =>
      parameters.map((count) => ({ name: `m${count}`, parameters: count, generates: true }) as InstalledModel);
    expect(firstChoice(of(2.7e8, 1.7e9, 8e9))).toBe("m1700000000");
    expect(firstChoice(of(70e9, 8e9))).toBe("m8000000000");
    expect(firstChoice([])).toBe("");
    const encoder = { name: "encoder", parameters: 2e7, generates: false } as InstalledModel;
    expect(firstChoice([encoder, ...of(2.7e8)])).toBe("m270000000");
    expect(firstChoice([encoder])).toBe("");
  });
});

describe("routes", () => {
  it("have a name for people", () => {
    expect(routeOf("local").label).toBe("Local");
    expect(routeOf("cloud:example").label).toBe("Cloud: example");
    expect(routeOf("local", "gate").label).toBe("Held back");
    expect(routeOf("local", "confidence").label).toBe("Local");
    expect(routeOf("pending").label).toBe("Deciding");
  });
});

describe("links", () => {
  it("never lead into the app itself", () => {
    expect(safeHref("http://127.0.0.1:11434/api/delete", "http://127.0.0.1:11434")).toBeNull();
    expect(safeHref("https://example.org", "http://127.0.0.1:11434")).toBe("https://example.org/");
    expect(safeHref("mailto:ada@example.org", "")).toBe("mailto:ada@example.org");
  });
});

describe("shortcuts", () => {
  const press = (key: string, code = "", altKey = false) => ({ key, code, altKey, ctrlKey: false, metaKey: false });
  it("do not disturb typing, except Esc and those with Alt", () => {
    expect(shortcutOf(press("/"), false)).toBe("focus-composer");
    expect(shortcutOf(press("/"), true)).toBeNull();
    expect(shortcutOf(press("Escape"), true)).toBe("stop");
    expect(shortcutOf(press("˜", "KeyN", true), true)).toBe("new-chat");
    expect(shortcutOf({ ...press("n", "KeyN", true), ctrlKey: true }, false)).toBeNull();
  });
  it("are all different", () => {
    expect(new Set(SHORTCUTS.map((shortcut) => shortcut.keys)).size).toBe(SHORTCUTS.length);
  });
});

describe("highlighting", () => {
  it("never changes the text", () => {
    for (const [code, language] of [
      ['x = "a # b" # c\n', "python"],
      ["// a\nlet s = 'unclosed", "js"],
      ["/* never closed", "c"],
      ["`${", "ts"],
      ["<b>", ""],
    ] as const) {
      expect(
        highlight(code, language)
          .map((span) => span.text)
          .join(""),
      ).toBe(code);
    }
  });
  it("knows texts that go over several lines", () => {
    expect(highlight('"""int of\n"it\"""" x', "python")[0]).toEqual({ kind: "string", text: '"""int of\n"it\"""' });
  });
  it("knows comments of the language", () => {
    expect(highlight("a # b", "python").at(-1)).toEqual({ kind: "comment", text: "# b" });
    expect(highlight("a # b", "c").some((span) => span.kind === "comment")).toBe(false);
  });
});

describe("store", () => {
  it("tells its listeners once a change, and not when nothing changed", () => {
    const store = createStore(1);
    const heard = vi.fn();
    const stop = store.subscribe(heard);
    store.set(2);
    store.set(2);
    store.set((value) => value + 1);
    stop();
    store.set(9);
    expect(heard).toHaveBeenCalledTimes(2);
  });
});
