import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import * as data from "./data";

/** Plays the server while the app is being developed. Nothing of this is shipped. MOCK=empty begins without a model. */
type Reply = (request: IncomingMessage, response: ServerResponse, body: string, url: URL) => unknown;

const chats = new Map<string, Record<string, unknown>>(data.chats.map((chat) => [chat.id, chat]));
const installed = new Set(process.env.MOCK === "empty" ? [] : ["qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b"]);
let offline = false;
let requests = 0;

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
const sse = (response: ServerResponse, value: unknown, event = "") =>
  response.write(
    `${event ? `event: ${event}\n` : ""}data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`,
  );

const chat: Reply = async (_, response, body) => {
  const { model, messages } = JSON.parse(body) as { model: string; messages: { content: string }[] };
  const question = messages.at(-1)?.content ?? "";
  const held = question.includes("DE89");
  const route = model === "auto" && question.includes("hard") && !held ? "cloud:example" : "local";
  response.setHeader("Content-Type", "text/event-stream");
  response.setHeader("X-Request-Id", `req-${++requests}`);
  response.setHeader("X-Ingle-Route", model === "auto" ? "pending" : route);
  if (question.includes("fail")) {
    sse(response, {
      error: {
        message: "The engine stopped while it was answering",
        hint: "It has been started again; ask once more.",
        type: "unavailable",
      },
    });
    return response.end();
  }
  await sleep(300);
  const words = data.ANSWER.match(/\s*\S+/g) ?? [];
  for (const word of words) {
    if (response.destroyed) return undefined;
    sse(response, { choices: [{ delta: { content: word }, finish_reason: null }] });
    await sleep(model.includes("1.5b") ? 30 : 14);
  }
  sse(response, { choices: [{ delta: {}, finish_reason: "stop" }] });
  const rate = model.includes("1.5b") ? 31.4 : 68.2;
  sse(response, {
    choices: [],
    usage: { prompt_tokens: 34, completion_tokens: words.length },
    ingle: {
      route,
      timings: {
        prefill_tokens_per_second: 410,
        decode_tokens_per_second: rate,
        load_seconds: 0.4,
        time_to_first_token: 0.31,
      },
    },
  });
  sse(response, "[DONE]");
  return response.end();
};

const pull: Reply = async (_, response, body) => {
  const { model } = JSON.parse(body) as { model: string };
  const total = data.catalog.find((entry) => entry.name === model)?.size ?? 1e8;
  response.write(`${JSON.stringify({ status: "pulling manifest" })}\n`);
  for (let completed = 0; completed < total; completed += total / 60) {
    if (response.destroyed) return undefined;
    response.write(`${JSON.stringify({ status: "pulling 1d9614638d18", total, completed: Math.round(completed) })}\n`);
    await sleep(100);
  }
  response.write(`${JSON.stringify({ status: "verifying sha256 digest", total, completed: total })}\n`);
  installed.add(model);
  return response.end(`${JSON.stringify({ status: "success" })}\n`);
};

function job(result: unknown): Reply {
  return async (_, response) => {
    response.setHeader("Content-Type", "text/event-stream");
    for (let done = 0; done < 6; done += 1) {
      sse(response, { stage: done < 2 ? "reading the document" : "asking the model", done, total: 6 }, "progress");
      await sleep(200);
    }
    sse(response, result, "result");
    response.end();
  };
}

const routes: [string, RegExp, Reply][] = [
  ["GET", /^\/ingle\/v1\/status$/, () => ({ ...data.status, offline })],
  ["GET", /^\/ingle\/v1\/models$/, () => data.models(installed)],
  ["GET", /^\/ingle\/v1\/decisions$/, () => ({ decisions: data.decisions })],
  ["GET", /^\/ingle\/v1\/egress$/, () => data.egress],
  ["GET", /^\/ingle\/v1\/policy$/, () => data.policy],
  [
    "PUT",
    /^\/ingle\/v1\/offline$/,
    (_, __, body) => ({ offline: (offline = (JSON.parse(body) as { offline: boolean }).offline) }),
  ],
  ["GET", /^\/api\/route\/explain\/(.+)$/, () => ({ ...data.decisions[1], steps: data.steps })],
  [
    "GET",
    /^\/ingle\/v1\/chats$/,
    (_, __, ___, url) => ({
      chats: [...chats.values()]
        .filter((entry) => JSON.stringify(entry).includes(url.searchParams.get("q") ?? ""))
        .map((entry) => ({
          ...entry,
          messages: 2,
          updated_unix: (entry.updated_unix as number | undefined) ?? Date.now() / 1000,
        }))
        .sort((a, b) => b.updated_unix - a.updated_unix),
    }),
  ],
  ["GET", /^\/ingle\/v1\/chats\/(.+)$/, (_, __, ___, url) => chats.get(url.pathname.split("/").at(-1) ?? "") ?? null],
  [
    "PUT",
    /^\/ingle\/v1\/chats\/(.+)$/,
    (_, __, body) => {
      const document = JSON.parse(body) as { id: string };
      chats.set(document.id, { ...document, updated_unix: Date.now() / 1000 });
      return {};
    },
  ],
  [
    "DELETE",
    /^\/ingle\/v1\/chats\/(.+)$/,
    (_, __, ___, url) => ({ deleted: chats.delete(url.pathname.split("/").at(-1) ?? "") }),
  ],
  ["POST", /^\/v1\/chat\/completions$/, chat],
  ["POST", /^\/api\/pull$/, pull],
  ["POST", /^\/api\/generate$/, () => ({ done: true })],
  [
    "DELETE",
    /^\/api\/delete$/,
    (_, __, body) => ({ deleted: installed.delete((JSON.parse(body) as { model: string }).model) }),
  ],
  ["POST", /^\/v1\/extract$/, job(data.extraction)],
  ["POST", /^\/v1\/summarize$/, job(data.summary)],
];

function play(server: { middlewares: Connect.Server }): void {
  server.middlewares.use((request, response, next) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const route = routes.find(([method, pattern]) => method === request.method && pattern.test(url.pathname));
    if (!route) {
      next();
      return;
    }
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      void (async () => {
        const answer: unknown = await route[2](request, response, Buffer.concat(pieces).toString(), url);
        if (response.writableEnded || response.destroyed || answer === undefined) return;
        response.statusCode = answer === null ? 404 : 200;
        response.setHeader("Content-Type", "application/json");
        response.end(
          JSON.stringify(answer ?? { error: { message: "This chat is not here", hint: "It may have been deleted." } }),
        );
      })();
    });
  });
}

export function mock(): Plugin {
  return { name: "inglenook-mock", configureServer: play, configurePreviewServer: play };
}
