import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../../dev/eventually";
import { addLane, lanesOf, newChat } from "./document";
import { ChatSession } from "./session";

type Answer = (body: { model: string; messages: { role: string; content: string }[] }, signal: AbortSignal) => Response;

/** A server whose streams the test writes. What is saved is remembered. */
function serve(answer: Answer, explained = 404) {
  const saved: { messages: { content: string }[] }[] = [];
  vi.stubGlobal("fetch", (path: string, init: RequestInit = {}) => {
    if (path === "/v1/chat/completions") {
      const body = JSON.parse(init.body as string) as Parameters<Answer>[0];
      return Promise.resolve(answer(body, init.signal ?? new AbortController().signal));
    }
    if (path.startsWith("/api/route/explain/")) {
      return Promise.resolve(Response.json({ route: "local", decided_by: "gate" }, { status: explained }));
    }
    if (init.method === "PUT") saved.push(JSON.parse(init.body as string) as (typeof saved)[number]);
    return Promise.resolve(
      Response.json({ chats: [], left: [], totals: {}, installed: [], available: [], loaded: [] }),
    );
  });
  return saved;
}

function stream(lines: string[], headers: Record<string, string> = {}): Response {
  return new Response(lines.map((line) => `data: ${line}\n\n`).join(""), { headers });
}

const delta = (content: string) => JSON.stringify({ choices: [{ delta: { content } }] });
const done = (session: ChatSession) => eventually(() => expect(session.busy.get()).toEqual([]));
const lastOf = (session: ChatSession, lane = 0) => lanesOf(session.document.get())[lane]?.messages.at(-1);

afterEach(() => vi.unstubAllGlobals());

describe("ChatSession", () => {
  it("streams an answer with its route and speed, and saves it", async () => {
    const end = JSON.stringify({
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 2 },
      ingle: { route: "cloud:example", timings: { decode_tokens_per_second: 42 } },
    });
    const saved = serve(() =>
      stream([delta("Hel"), delta("lo"), end, "[DONE]"], { "X-Request-Id": "r1", "X-Ingle-Route": "pending" }),
    );
    const session = new ChatSession(newChat("a", "auto"));
    session.send("Hi");
    await done(session);
    expect(lastOf(session)).toMatchObject({
      content: "Hello",
      request_id: "r1",
      route: "cloud:example",
      timings: { decode_tokens_per_second: 42 },
    });
    await eventually(() => expect(saved.at(-1)?.messages.map((message) => message.content)).toEqual(["Hi", "Hello"]));
  });

  it("asks the router what kept an answer here", async () => {
    serve(() => stream([delta("Hello"), "[DONE]"], { "X-Request-Id": "r1", "X-Ingle-Route": "pending" }), 200);
    const session = new ChatSession(newChat("a", "auto"));
    session.send("Hi");
    await done(session);
    expect(lastOf(session)).toMatchObject({ route: "local", decided_by: "gate" });
  });

  it("keeps what came before the stream broke, and says what happened", async () => {
    serve(() =>
      stream([delta("Half"), JSON.stringify({ error: { message: "The engine stopped", hint: "Ask again." } })]),
    );
    const session = new ChatSession(newChat("a", "m"));
    session.send("Hi");
    await done(session);
    expect(lastOf(session)).toMatchObject({
      content: "Half",
      error: { message: "The engine stopped", hint: "Ask again." },
    });
  });

  it("calls a stream without its end broken", async () => {
    serve(() => stream([delta("Half")]));
    const session = new ChatSession(newChat("a", "m"));
    session.send("Hi");
    await done(session);
    expect(lastOf(session)?.error?.message).toBe("The answer broke off");
  });

  it("stops at once and keeps the text so far", async () => {
    serve((_, signal) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(`data: ${delta("So far")}\n\n`));
          signal.addEventListener("abort", () => controller.error(new DOMException("stopped", "AbortError")));
        },
      });
      return new Response(body);
    });
    const session = new ChatSession(newChat("a", "m"));
    session.send("Hi");
    await eventually(() => expect(lastOf(session)?.content).toBe("So far"));
    session.stop();
    await done(session);
    expect(lastOf(session)).toMatchObject({ content: "So far", stopped: true });
  });

  it("asks two columns at once, each with its model, system prompt and parameters", async () => {
    const asked: unknown[] = [];
    serve((body) => {
      asked.push(body);
      return stream([delta(`I am ${body.model}`), "[DONE]"]);
    });
    const session = new ChatSession(addLane(newChat("a", "small"), "large"));
    session.changeSettings(1, { parameters: { temperature: 0, seed: 7 }, system: "Be short." });
    session.send("Who?");
    await done(session);
    expect([lastOf(session, 0)?.content, lastOf(session, 1)?.content]).toEqual(["I am small", "I am large"]);
    expect(asked).toMatchObject([
      { model: "small", messages: [{ role: "user", content: "Who?" }] },
      {
        model: "large",
        temperature: 0,
        seed: 7,
        messages: [
          { role: "system", content: "Be short." },
          { role: "user", content: "Who?" },
        ],
      },
    ]);
    expect(asked[0]).not.toHaveProperty("temperature");
  });

  it("asks again without the old answer", async () => {
    let turn = 0;
    serve((body) => {
      expect(body.messages.map((message) => message.role)).toEqual(["user"]);
      return stream([delta(`answer ${++turn}`), "[DONE]"]);
    });
    const session = new ChatSession(newChat("a", "m"));
    session.send("Hi");
    await done(session);
    session.regenerate(0);
    await done(session);
    expect(session.document.get().messages.map((message) => message.content)).toEqual(["Hi", "answer 2"]);
    session.editLast("Hello");
    await done(session);
    expect(session.document.get().messages.map((message) => message.content)).toEqual(["Hello", "answer 3"]);
  });

  it("leads on when the server is away", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    const session = new ChatSession(newChat("a", "m"));
    session.send("Hi");
    await done(session);
    expect(lastOf(session)?.error).toEqual({
      message: "Inglenook does not answer",
      hint: "Is it still running? Start it with: ingle serve",
    });
    await eventually(() => expect(session.saveProblem.get()).toBe("Inglenook does not answer"));
  });
});
