import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../dev/eventually";
import { pulls, startPull, stopPull } from "./pulls";
import { parseHash } from "./route";

const lines = (values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");

function serve(body: BodyInit): void {
  vi.stubGlobal("fetch", (path: string) =>
    Promise.resolve(
      path === "/api/pull"
        ? new Response(body)
        : Response.json({ installed: [], available: [], loaded: [], left: [], totals: {} }),
    ),
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
  pulls.set({});
});

describe("downloads", () => {
  it("show how far they are and disappear when they are done", async () => {
    const seen: number[] = [];
    const stop = pulls.subscribe(() => seen.push(pulls.get().m?.completed ?? -1));
    serve(
      lines([
        { status: "pulling manifest" },
        { status: "pulling 1d96", total: 100, completed: 40 },
        { status: "success" },
      ]),
    );
    await expect(startPull("m")).resolves.toBe(true);
    stop();
    expect(seen).toContain(40);
    expect(pulls.get()).toEqual({});
  });

  it("that fail say why and can go on", async () => {
    serve(lines([{ status: "pulling 1d96", total: 100, completed: 40 }, { error: "the disk is full" }]));
    await expect(startPull("m")).resolves.toBe(false);
    expect(pulls.get().m).toMatchObject({ state: "failed", completed: 40, error: { message: "the disk is full" } });
    serve(lines([{ status: "success" }]));
    await expect(startPull("m")).resolves.toBe(true);
  });

  it("stop when they are told to", async () => {
    vi.stubGlobal("fetch", (_: string, init: RequestInit) =>
      Promise.resolve(
        new Response(
          new ReadableStream({
            start: (controller) =>
              init.signal?.addEventListener("abort", () => controller.error(new DOMException("stopped", "AbortError"))),
          }),
        ),
      ),
    );
    const ended = startPull("m");
    await eventually(() => expect(pulls.get().m?.state).toBe("running"));
    stopPull("m");
    await expect(ended).resolves.toBe(false);
    expect(pulls.get().m?.state).toBe("stopped");
  });
});

describe("places", () => {
  it("are read from the address, and an unknown one is a new chat", () => {
    expect(parseHash("#/models")).toEqual({ page: "models", id: "" });
    expect(parseHash("#/chat/abc-1")).toEqual({ page: "chat", id: "abc-1" });
    expect(parseHash("#/elsewhere/x")).toEqual({ page: "chat", id: "" });
    expect(parseHash("")).toEqual({ page: "chat", id: "" });
  });
});
