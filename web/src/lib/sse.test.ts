import { describe, expect, it } from "vitest";
import { NdjsonParser, SseParser, textOf } from "./sse";

const STREAM = 'data: {"a":1}\n\n: a comment\nevent: progress\ndata: one\ndata: two\n\ndata: [DONE]\r\n\r\n';
const EVENTS = [
  { event: "message", data: '{"a":1}' },
  { event: "progress", data: "one\ntwo" },
  { event: "message", data: "[DONE]" },
];

describe("SseParser", () => {
  it("gives the same events however the stream is cut", () => {
    for (let size = 1; size <= STREAM.length; size += 1) {
      const parser = new SseParser();
      const events = [];
      for (let at = 0; at < STREAM.length; at += size) events.push(...parser.feed(STREAM.slice(at, at + size)));
      expect(events).toEqual(EVENTS);
    }
  });

  it("gives nothing before the blank line that ends an event", () => {
    const parser = new SseParser();
    expect(parser.feed("data: half")).toEqual([]);
    expect(parser.feed(" a line\n")).toEqual([]);
    expect(parser.feed("\n")).toEqual([{ event: "message", data: "half a line" }]);
  });

  it("skips events without data", () => {
    expect(new SseParser().feed("event: ping\n\n")).toEqual([]);
  });
});

describe("NdjsonParser", () => {
  it("gives each line once, and the last one without its newline at the end", () => {
    const parser = new NdjsonParser();
    expect(parser.feed('{"a":1}\n{"b"')).toEqual([{ a: 1 }]);
    expect(parser.feed(':2}\n\n{"c":3}')).toEqual([{ b: 2 }]);
    expect(parser.end()).toEqual([{ c: 3 }]);
    expect(parser.end()).toEqual([]);
  });
});

describe("textOf", () => {
  it("joins a character whose bytes came apart", async () => {
    const bytes = new TextEncoder().encode("né");
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    let text = "";
    for await (const piece of textOf(new Response(body))) text += piece;
    expect(text).toBe("né");
  });
});
