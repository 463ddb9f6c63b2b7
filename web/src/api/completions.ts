import { errorFromBody, sendJson } from "./client";
import { SseParser, textOf } from "../lib/sse";
import type { Lane, Timings } from "./types";

/** What a streamed answer consists of, in order of arrival. */
export type AnswerEvent =
  | { kind: "start"; requestId: string; route: string; ignored: string }
  | { kind: "text"; text: string }
  | { kind: "end"; finish: string | null; usage?: Usage; route?: string; timings?: Timings };

interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
}

interface Chunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: Usage | null;
  ingle?: { route?: string; timings?: Timings };
  error?: unknown;
}

/** The request body of a lane: only parameters that were set, so that the model's own defaults hold for the others. */
export function completionRequest(lane: Lane): Record<string, unknown> {
  const system = lane.system.trim() === "" ? [] : [{ role: "system", content: lane.system }];
  const turns = lane.messages
    .filter((message) => message.role === "user" || message.content !== "")
    .map(({ role, content }) => ({ role, content }));
  return {
    model: lane.model,
    messages: [...system, ...turns],
    stream: true,
    stream_options: { include_usage: true },
    ...lane.parameters,
  };
}

export async function* streamAnswer(lane: Lane, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
  const response = await sendJson("POST", "/v1/chat/completions", completionRequest(lane), signal);
  const requestId = response.headers.get("X-Request-Id") ?? "";
  yield {
    kind: "start",
    requestId,
    route: response.headers.get("X-Ingle-Route") ?? "",
    ignored: response.headers.get("X-Ingle-Ignored") ?? "",
  };
  const end: Extract<AnswerEvent, { kind: "end" }> = { kind: "end", finish: null };
  const parser = new SseParser();
  for await (const piece of textOf(response)) {
    for (const { data } of parser.feed(piece)) {
      if (data === "[DONE]") {
        yield end;
        return;
      }
      const chunk = JSON.parse(data) as Chunk;
      if (chunk.error) throw errorFromBody(0, chunk, requestId);
      const choice = chunk.choices?.[0];
      if (choice?.delta?.content) yield { kind: "text", text: choice.delta.content };
      if (choice?.finish_reason) end.finish = choice.finish_reason;
      if (chunk.usage) end.usage = chunk.usage;
      if (chunk.ingle?.route) end.route = chunk.ingle.route;
      if (chunk.ingle?.timings) end.timings = chunk.ingle.timings;
    }
  }
  // A stream that ends without [DONE] was cut: the engine or the server went away in the middle.
  throw errorFromBody(
    0,
    { error: { message: "The answer broke off", hint: "Try again: the model is started anew." } },
    requestId,
  );
}
