"""Requests that break HTTP or lie about where they end, as data: name, bytes, status of the answer, and whether the connection must end
with it. After what could hide a second request stands one: it must never be answered."""

SMUGGLED = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHAT = b'{"model":"any","messages":[{"role":"user","content":"hi"}],"max_tokens":1}'


def get(*lines, target=b"/health", version=b"HTTP/1.1", host=b"Host: localhost"):
    return b"\r\n".join([b"GET " + target + b" " + version, *([host] if host else []), *lines, b"", b""])


def post(*lines, body=b""):
    return b"\r\n".join([b"POST /api/chat HTTP/1.1", b"Host: localhost", b"Content-Type: application/json", *lines, b"", b""]) + body


def chunked(body, *lines):
    return post(b"Transfer-Encoding: chunked", *lines, body=body)


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


GOOD = [
    ("a plain request", get(), 200),
    ("HTTP/1.0 without a host", get(version=b"HTTP/1.0", host=None), 200),
    ("a body by its length", post(b"Content-Length: %d" % len(CHAT), body=CHAT), 200),
    ("a body in chunks", chunked(chunk(CHAT[:10]) + chunk(CHAT[10:]) + b"0\r\n\r\n"), 200),
    ("a chunk a byte", chunked(b"".join(chunk(CHAT[i:i + 1]) for i in range(len(CHAT))) + b"0\r\n\r\n"), 200),
    ("a chunk with an extension", chunked(chunk(CHAT, b";a=b") + b"0\r\n\r\n"), 200),
    ("a chunk with leading zeros", chunked(b"000" + chunk(CHAT) + b"0\r\n\r\n"), 200),
    ("chunks and a trailer", chunked(chunk(CHAT) + b"0\r\nX-Sum: 1\r\n\r\n"), 200),
    ("a header without a value", get(b"X-Empty:"), 200),
    ("a header of UTF-8", get(b"X-Name: caf\xc3\xa9"), 200),
    ("100 is expected", post(b"Content-Length: 2", b"Expect: 100-continue", body=b"{}"), 100),
    ("a query that is long", get(target=b"/health?" + b"a" * 20000), 200),
    ("ninety headers", get(*[b"X-%d: y" % i for i in range(90)]), 200),
    ("lower-case names", get(host=b"host: localhost"), 200),
    ("leading zeros of a length", post(b"Content-Length: 00%d" % len(CHAT), body=CHAT), 200),
]

REQUEST_LINES = [
    (b"", 400), (b"GET", 400), (b"GET /", 400), (b"GET / ", 400), (b"GET  / HTTP/1.1", 400), (b"GET /  HTTP/1.1", 400), (b" GET / HTTP/1.1", 400),
    (b"GET / HTTP/1.1 ", 400), (b"GET / HTTP/1.1 x", 400), (b"GET\t/\tHTTP/1.1", 400), (b"GET / HTTP/1.2", 400), (b"GET / HTTP/2.0", 400),
    (b"GET / HTTP/0.9", 400), (b"GET / http/1.1", 400), (b"GET / HTTP/1", 400), (b"GET / HTTP/11", 400), (b"GET / HTTP/1.1\x00", 400),
    (b"G@T / HTTP/1.1", 400), (b"G\xc3\xa9T / HTTP/1.1", 400), (b"/ GET HTTP/1.1", 400), (b"GET health HTTP/1.1", 400), (b"GET http://localhost/ HTTP/1.1", 400),
    (b"GET //evil.example/ HTTP/1.1", 404), (b"GET /a\x00b HTTP/1.1", 400), (b"GET /a%00b HTTP/1.1", 400), (b"GET /\xff HTTP/1.1", 400), (b"GET /a#b HTTP/1.1", 400),
    (b"GET /a b HTTP/1.1", 400), (b"CONNECT evil.example:443 HTTP/1.1", 400), (b"GET * HTTP/1.1", 400), (b"PRI * HTTP/2.0", 400), (b"TRACE /health HTTP/1.1", 405),
    (b"BREW /health HTTP/1.1", 405), (b"M" * 5000 + b" /health HTTP/1.1", 400), (b"GET /../../etc/passwd HTTP/1.1", 404), (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", 404),
    (b"GET /api/../ingle/v1/chats HTTP/1.1", 404), (b"GET /%2e%2e%2f%2e%2e%2fkeys/app HTTP/1.1", 404), (b"GET /api%2fversion HTTP/1.1", 200),
    (b"GET /" + b"a" * 40000 + b" HTTP/1.1", 431), (b"GET /" + b"%" * 100 + b" HTTP/1.1", 404),
]

HEADER_LINES = [
    (b"Host: localhost", 400), (b"host: evil.example", 400), (b"X : y", 400), (b"X\t: y", 400), (b": y", 400), (b"X", 400), (b" X: y", 400), (b"X: a\r\n b", 400),
    (b"X: a\r\n\tb", 400), (b"X: a\x00b", 400), (b"X: a\x01b", 400), (b"X: a\x7fb", 400), (b"X: a\nY: b", 400), (b"X: a\rY: b", 400), (b"X: a\r\r\nY: b", 400),
    (b"X\xc3\xa9: y", 400), (b"X Y: z", 400), (b"(X): y", 400), (b"X\x00: y", 400), (b"\x00", 400), (b"X: " + b"a" * 40000, 431), (b"A" * 40000 + b": b", 431),
    (b"\r\n".join([b"A: b"] * 200), 431), (b"\r\n".join([b"A: b"] * 20000), 431), (b"Expect: 200-ok", 417),
    (b"Transfer-Encoding: chunked", None),
]

FRAMING = [
    ("length -1", [b"Content-Length: -1"]), ("length +2", [b"Content-Length: +2"]), ("length 0x2", [b"Content-Length: 0x2"]), ("length 2.0", [b"Content-Length: 2.0"]),
    ("length 2,2", [b"Content-Length: 2,2"]), ("length 2, 2", [b"Content-Length: 2, 2"]), ("length '2 '2", [b"Content-Length: 2 2"]), ("length empty", [b"Content-Length:"]),
    ("length word", [b"Content-Length: two"]), ("length twice, equal", [b"Content-Length: 2", b"Content-Length: 2"]),
    ("length twice, different", [b"Content-Length: 2", b"Content-Length: 50"]), ("length 2^64", [b"Content-Length: 18446744073709551616"]),
    ("length 2^64 + 2", [b"Content-Length: 18446744073709551618"]), ("length of 100 digits", [b"Content-Length: " + b"9" * 100]),
    ("length and chunks", [b"Content-Length: 2", b"Transfer-Encoding: chunked"]), ("chunks and length", [b"Transfer-Encoding: chunked", b"Content-Length: 2"]),
    ("chunked twice", [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"]), ("chunked, chunked", [b"Transfer-Encoding: chunked, chunked"]),
    ("gzip, chunked", [b"Transfer-Encoding: gzip, chunked"]), ("chunked, gzip", [b"Transfer-Encoding: chunked, gzip"]), ("gzip", [b"Transfer-Encoding: gzip"]),
    ("identity", [b"Transfer-Encoding: identity"]), ("identity and length", [b"Transfer-Encoding: identity", b"Content-Length: 2"]), ("xchunked", [b"Transfer-Encoding: xchunked"]),
    ("chunked with a quote", [b'Transfer-Encoding: "chunked"']), ("chunked with a comma", [b"Transfer-Encoding: ,chunked"]), ("chunked;q=1", [b"Transfer-Encoding: chunked;q=1"]),
    ("no coding", [b"Transfer-Encoding:"]), ("coding with a vertical tab", [b"Transfer-Encoding: \x0bchunked"]), ("coding on a folded line", [b"Transfer-Encoding:\r\n chunked"]),
    ("coding before a space", [b"Transfer-Encoding : chunked"]), ("length before a space", [b"Content-Length : 2"]), ("length with a NUL", [b"Content-Length: 2\x00"]),
]

CHUNKS = [
    ("negative", b"-2\r\n{}\r\n0\r\n\r\n"), ("with a sign", b"+2\r\n{}\r\n0\r\n\r\n"), ("0x2", b"0x2\r\n{}\r\n0\r\n\r\n"), ("no size", b"\r\n{}\r\n0\r\n\r\n"),
    ("a word", b"two\r\n{}\r\n0\r\n\r\n"), ("a space before", b" 2\r\n{}\r\n0\r\n\r\n"), ("no line end after data", b"2\r\n{}0\r\n\r\n"),
    ("another byte after data", b"2\r\n{}x\r\n0\r\n\r\n"), ("more data than said", b"2\r\n{}{}\r\n0\r\n\r\n"), ("a bare line feed after the size", b"2\n{}\r\n0\r\n\r\n"),
    ("a bare line feed after data", b"2\r\n{}\n0\r\n\r\n"), ("a carriage return alone", b"2\r{}\r\n0\r\n\r\n"), ("size 2^64", b"10000000000000000\r\n{}\r\n0\r\n\r\n"),
    ("size 2^64 + 2", b"10000000000000002\r\n{}\r\n0\r\n\r\n"), ("size of 100 digits", b"f" * 100 + b"\r\n{}\r\n"), ("NUL in the size", b"2\x00\r\n{}\r\n0\r\n\r\n"),
    ("an endless extension", b"2;" + b"a" * 200000 + b"\r\n{}\r\n0\r\n\r\n"),
    ("an extension a chunk", b"".join(chunk(b" ", b";x=" + b"y" * 100) for _ in range(2000)) + b"0\r\n\r\n"),
    ("endless trailers", b"2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 50000 + b"\r\n"), ("a trailer with a NUL", b"2\r\n{}\r\n0\r\nX: \x00\r\n\r\n"),
    ("a trailer without a colon", b"2\r\n{}\r\n0\r\nX\r\n\r\n"),
]
TOO_LARGE = [("chunk of 2^60", b"fffffffffffffff\r\n"), ("chunk of 1 GiB", b"40000000\r\n" + b"a" * 1000), ("chunk of 17 MiB", b"1100000\r\n")]


def cases():
    """(name, bytes, status, the connection ends); a status of two: either."""
    for name, data, status in GOOD:
        yield f"good: {name}", data, status, False
    for line, status in REQUEST_LINES:
        yield f"request line {line[:40]!r}", line + b"\r\nHost: localhost\r\n\r\n", status, status in (400, 431)
    for line, status in HEADER_LINES:
        if status:
            yield f"header {line[:40]!r}", get(line), status, True
    yield "no host", get(host=None), 400, True
    yield "an empty host", get(host=b"Host:"), 403, False
    yield "a bare line feed for all", b"GET /health HTTP/1.1\nHost: localhost\n\n", 400, True
    yield "HTTP/1.0 in chunks", b"POST /api/chat HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400, True
    yield "TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n", 400, True
    yield "SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 400, True
    yield "zero bytes", b"\x00" * 1000, 400, True
    yield "noise", bytes(range(1, 256)) * 8, 400, True
    yield "an empty line before", b"\r\n" + get(), 200, False
    yield "empty lines without end", b"\r\n" * 20000 + get(), (400, 431), True
    yield "a long body for a request that takes none", get(b"Content-Length: 5000") + b"h" * 5000 + SMUGGLED, 413, True
    yield "a short body for a request that takes none", get(b"Content-Length: 5") + b"hello", 200, False
    yield "a length of 100 MB", post(b"Content-Length: 100000000"), 413, True
    yield "a length of 10^18 - 1", post(b"Content-Length: 999999999999999999"), 413, True
    for name, lines in FRAMING:
        yield f"framing: {name}", post(*lines, body=b"{}" + SMUGGLED), 400, True
    for name, body in CHUNKS:
        yield f"chunks: {name}", chunked(body + SMUGGLED), (400, 431), True
    for name, body in TOO_LARGE:
        yield f"chunks: {name}", chunked(body), 413, True
