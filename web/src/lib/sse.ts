/** Server-sent events out of text that arrives in pieces of any size. Pure: feed() returns what became complete. */
export interface ServerEvent {
  event: string;
  data: string;
}

export class SseParser {
  private rest = "";
  private event = "";
  private data: string[] = [];

  feed(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.data.length > 0) events.push({ event: this.event || "message", data: this.data.join("\n") });
        this.event = "";
        this.data = [];
      } else if (!line.startsWith(":")) {
        this.field(line);
      }
    }
    return events;
  }

  private field(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.event = value;
    else if (name === "data") this.data.push(value);
  }
}

/** Newline-delimited JSON, the same way. A last line without its newline is returned by end(). */
export class NdjsonParser {
  private rest = "";

  feed(text: string): unknown[] {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as unknown);
  }

  end(): unknown[] {
    const last = this.rest;
    this.rest = "";
    return last.trim() === "" ? [] : [JSON.parse(last) as unknown];
  }
}

/** The text of a response body, piece by piece. Leaving the loop early cancels the transfer. */
export async function* textOf(response: Response): AsyncGenerator<string> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield decoder.decode(value, { stream: true });
    }
    const last = decoder.decode();
    if (last) yield last;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
