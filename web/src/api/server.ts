import { errorFromBody, getJson, send, sendJson } from "./client";
import { NdjsonParser, SseParser, textOf } from "../lib/sse";
import type {
  ChatDocument,
  ChatSummary,
  Decision,
  Egress,
  ExplainedDecision,
  JobProgress,
  Models,
  Policy,
  Status,
} from "./types";

/** One function a route. No state: that is the stores' affair. */
export const getStatus = () => getJson<Status>("/ingle/v1/status");
export const getModels = () => getJson<Models>("/ingle/v1/models");
export const getPolicy = () => getJson<Policy>("/ingle/v1/policy");
export const getEgress = (limit: number) => getJson<Egress>(`/ingle/v1/egress?limit=${limit}`);
export const explain = (id: string) => getJson<ExplainedDecision>(`/api/route/explain/${encodeURIComponent(id)}`);

export async function getDecisions(limit: number, before?: string): Promise<Decision[]> {
  const more = before ? `&before=${encodeURIComponent(before)}` : "";
  return (await getJson<{ decisions: Decision[] }>(`/ingle/v1/decisions?limit=${limit}${more}`)).decisions;
}

export async function putOffline(offline: boolean): Promise<void> {
  await sendJson("PUT", "/ingle/v1/offline", { offline });
}

export async function listChats(query: string): Promise<ChatSummary[]> {
  const search = query.trim() === "" ? "" : `?q=${encodeURIComponent(query)}`;
  return (await getJson<{ chats: ChatSummary[] }>(`/ingle/v1/chats${search}`)).chats;
}

const chatPath = (id: string) => `/ingle/v1/chats/${encodeURIComponent(id)}`;
export const getChat = (id: string) => getJson<ChatDocument>(chatPath(id));

export async function putChat(chat: ChatDocument): Promise<void> {
  await sendJson("PUT", chatPath(chat.id), chat);
}

export async function deleteChat(id: string): Promise<void> {
  await send(chatPath(id), { method: "DELETE" });
}

export interface PullEvent {
  status: string;
  digest?: string;
  total?: number;
  completed?: number;
}

export async function* pullModel(model: string, signal: AbortSignal): AsyncGenerator<PullEvent> {
  const response = await sendJson("POST", "/api/pull", { model, stream: true }, signal);
  const parser = new NdjsonParser();
  const check = (line: unknown): PullEvent => {
    if (typeof line === "object" && line !== null && "error" in line) throw errorFromBody(0, line);
    return line as PullEvent;
  };
  for await (const piece of textOf(response)) {
    for (const line of parser.feed(piece)) yield check(line);
  }
  for (const line of parser.end()) yield check(line);
}

export async function deleteModel(model: string): Promise<void> {
  await sendJson("DELETE", "/api/delete", { model });
}

/** Ollama's way to unload: a request without a prompt and no time to live. */
export async function unloadModel(model: string): Promise<void> {
  await sendJson("POST", "/api/generate", { model, keep_alive: 0, stream: false });
}

/** POST of a document; progress events on the way, the result at the end. */
export async function runJob<T>(
  path: "/v1/extract" | "/v1/summarize",
  file: File,
  options: Record<string, unknown>,
  onProgress: (progress: JobProgress) => void,
  signal: AbortSignal,
): Promise<T> {
  const form = new FormData();
  form.append("file", file, file.name);
  form.append("options", JSON.stringify(options));
  const response = await send(path, { method: "POST", headers: { Accept: "text/event-stream" }, body: form, signal });
  const parser = new SseParser();
  for await (const piece of textOf(response)) {
    for (const { event, data } of parser.feed(piece)) {
      const value: unknown = JSON.parse(data);
      if (event === "result") return value as T;
      if (event === "error" || (typeof value === "object" && value !== null && "error" in value)) {
        throw errorFromBody(0, value);
      }
      if (event === "progress") onProgress(value as JobProgress);
    }
  }
  throw errorFromBody(0, { error: { message: "The work broke off before there was a result", hint: "Try again." } });
}
