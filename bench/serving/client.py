"""One streamed request in OpenAI's form, over a connection of its own, and when each piece of its answer came."""

import asyncio
import dataclasses
import json
import time
import urllib.parse

LINE_LIMIT = 1 << 20


@dataclasses.dataclass
class Server:
    name: str
    url: str
    model: str
    token: str = ""

    @property
    def address(self):
        parts = urllib.parse.urlsplit(self.url)
        return parts.hostname, parts.port or 80, parts.path.rstrip("/")


@dataclasses.dataclass
class Answer:
    """Times in seconds of time.perf_counter()."""

    sent: float = 0.0
    pieces: list = dataclasses.field(default_factory=list)  # when text came
    ended: float = 0.0
    status: int = 0
    text: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    tokens: int = 0
    error: str = ""

    @property
    def ok(self):
        return not self.error and bool(self.pieces)

    @property
    def first(self):
        return self.pieces[0] - self.sent

    @property
    def gaps(self):
        return [b - a for a, b in zip(self.pieces, self.pieces[1:])]


def body_of(server, prompt, max_tokens, fields):
    """A list of messages is a chat, a string is completed."""
    body = {"model": server.model, "max_tokens": max_tokens, "stream": True, "stream_options": {"include_usage": True},
            "temperature": 0, "seed": 1} | fields
    return body | ({"prompt": prompt} if isinstance(prompt, str) else {"messages": prompt})


async def ask(server, prompt, max_tokens, fields=None, on_piece=None):
    """Never raises for what a server does: that is in `error`."""
    answer = Answer(sent=time.perf_counter())
    writer = None
    try:
        host, port, base = server.address
        path = base + ("/v1/completions" if isinstance(prompt, str) else "/v1/chat/completions")
        body = json.dumps(body_of(server, prompt, max_tokens, fields or {})).encode()
        reader, writer = await asyncio.open_connection(host, port, limit=LINE_LIMIT)
        head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        if server.token:
            head += f"Authorization: Bearer {server.token}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        await read_answer(reader, answer, on_piece)
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        answer.error = f"{type(error).__name__}: {error}"
    finally:
        answer.ended = time.perf_counter()
        if writer is not None:
            writer.close()
    return answer


async def read_answer(reader, answer, on_piece):
    answer.status = int((await reader.readuntil(b"\r\n")).split()[1])
    headers = {}
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    if answer.status != 200:
        answer.error = f"status {answer.status}: {(await reader.read(400)).decode(errors='replace')}"
        return
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    pending = b""
    async for part in (chunks(reader) if chunked else parts(reader)):
        now = time.perf_counter()
        *lines, pending = (pending + part).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                take_event(line[6:].strip(), answer, now, on_piece)
    if not answer.error and not answer.pieces:
        answer.error = "the answer has no text"


async def parts(reader):
    while part := await reader.read(1 << 16):
        yield part


async def chunks(reader):
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)


def take_event(data, answer, now, on_piece):
    if data == b"[DONE]":
        return
    event = json.loads(data)
    if "error" in event:
        answer.error = json.dumps(event["error"])
        return
    usage = event.get("usage")
    if usage:
        answer.prompt_tokens = usage["prompt_tokens"]
        answer.tokens = usage["completion_tokens"]
        answer.cached_tokens = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    for choice in event.get("choices", []):
        text = choice.get("text") or (choice.get("delta") or {}).get("content")
        if text:
            answer.text += text
            answer.pieces.append(now)
            if on_piece:
                on_piece()
