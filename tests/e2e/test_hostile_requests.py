"""Bodies made to break a server, and requests that a page of another site can make. Each is refused with words that say what is wrong, where, and what to
do, and the server answers the next one. Without a model: what is tested is everything before one."""
import http.client
import json
import pathlib
import re
import unittest

from ingle import IngleTest, ROOT, WATCHDOG_S
from server import Server

CHAT = {"model": "any", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
PATHS = {"/v1/chat/completions": CHAT, "/v1/completions": {"model": "any", "prompt": "hi", "max_tokens": 1},
         "/v1/responses": {"model": "any", "input": "hi", "max_output_tokens": 16},
         "/v1/embeddings": {"model": "any", "input": "hi"}, "/v1/messages": CHAT, "/api/chat": {**CHAT, "stream": False, "options": {"num_predict": 1}},
         "/api/generate": {"model": "any", "prompt": "hi", "stream": False, "options": {"num_predict": 1}}, "/api/embed": {"model": "any", "input": "hi"},
         "/api/show": {"model": "any"}, "/completion": {"prompt": "hi", "model": "any", "n_predict": 1}, "/tokenize": {"content": "hi", "model": "any"},
         "/detokenize": {"tokens": [1], "model": "any"}, "/apply-template": {"model": "any", "messages": CHAT["messages"]}}
WRONG = [True, -1, 1e300, -(2**63), 2**64, "x", [], {}, [[]], [None], {"a": {"b": []}}, "NaN", [{"x": 1}]]
MESSAGE = {"role": "user", "content": "hi"}


def nested(opening, closing, depth):
    return opening * depth + closing * depth


def with_fields(fields):
    """The text of a chat with these fields; those of the chat itself are replaced."""
    return json.dumps({**CHAT, **fields})


def queries_of_death():
    """(name, path, body); all are refused."""
    chat = "/v1/chat/completions"
    for depth in (129, 5_000, 100_000):
        yield f"lists {depth} deep", chat, nested("[", "]", depth)
        yield f"objects {depth} deep", chat, '{"a":' * depth + "1" + "}" * depth
        yield f"lists {depth} deep in a field nobody knows", chat, json.dumps(CHAT)[:-1] + ',"x":' + nested("[", "]", depth) + "}"
    yield "lists that do not end", chat, "[" * 1_000_000
    yield "a million values", chat, "[" + "0," * 1_000_000 + "0]"
    yield "an object of 300,000 members", chat, json.dumps({**CHAT, "x": {str(i): 1 for i in range(300_000)}})
    yield "a number of a million digits", chat, '{"model":"any","messages":[],"max_tokens":' + "9" * 1_000_000 + "}"
    yield "1e400", chat, with_fields({}).replace('"max_tokens": 1', '"temperature": 1e400')
    yield "NaN", chat, with_fields({}).replace('"max_tokens": 1', '"temperature": NaN')
    yield "Infinity", chat, with_fields({}).replace('"max_tokens": 1', '"temperature": -Infinity')
    yield "bytes that are no UTF-8", chat, b'{"model":"any","messages":[{"role":"user","content":"\xff\xfe"}]}'
    yield "half a character", chat, b'{"model":"any","messages":[{"role":"user","content":"\xe2\x82"}]}'
    yield "a character spelled too long", chat, b'{"model":"any","messages":[{"role":"user","content":"\xc0\xaf"}]}'
    yield "a surrogate in UTF-8", chat, b'{"model":"any","messages":[{"role":"user","content":"\xed\xa0\x80"}]}'
    for escape in ("\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800x", "\\ud800\\n"):
        yield f"a surrogate alone: {escape}", chat, '{"model":"any","messages":[{"role":"user","content":"%s"}]}' % escape
    for text in ("", " ", "null", "true", "7", '"x"', "[]", "{", '{"model"', '{"model":}', "{'model': 1}", '{"model":"any",}', "{}{}", "{}x", "\ufeff{}", "{} \x00", "// x",
                 '{"model":"a\nb"}', '{"model":"\\x41"}', '{"model":"\\u12"}', "[1 2]", "01", "-", "1.", ".5", "0x10", "tru", "{\"a\":1 \"b\":2}"):
        yield f"JSON that is none or no object: {text[:20]!r}", chat, text
    yield "no messages", chat, with_fields({"messages": []})
    yield "a hundred thousand stops", chat, with_fields({"stop": ["x"] * 100_000})
    yield "a hundred thousand tools", chat, with_fields({"tools": [{"type": "function", "function": {"name": "f"}}] * 100_000})
    yield "biases for ten million tokens", chat, with_fields({"logit_bias": {str(i): 1 for i in range(200_000)}})
    yield "a bias of a name", chat, with_fields({"logit_bias": {"x": 1}})
    yield "a bias beyond 100", chat, with_fields({"logit_bias": {"1": 1e9}})
    yield "a bias of a negative token", chat, with_fields({"logit_bias": {"-1": 1}})
    yield "a role that nobody has", chat, with_fields({"messages": [{"role": "king", "content": "x"}]})
    yield "an image by its address", chat, with_fields({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://169.254.169.254/"}}]}]})
    yield "a file by its address", chat, with_fields({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": "file:///etc/passwd"}}]}]})
    yield "billions of tokens", chat, with_fields({"max_tokens": 2**63})
    yield "fewer than none", chat, with_fields({"max_tokens": -5})
    yield "2^31 alternatives", chat, with_fields({"logprobs": True, "top_logprobs": 2**31})
    yield "a million choices", chat, with_fields({"n": 1_000_000})
    yield "60,000 brackets in a grammar", chat, with_fields({"grammar": "root ::= " + nested("(", ")", 60_000)})
    yield "60,000 open brackets in a grammar", "/completion", json.dumps({"prompt": "x", "model": "any", "grammar": "root ::= " + "(" * 60_000})
    yield "a chain of 50,000 rules", chat, with_fields({"grammar": "\n".join(f"r{i} ::= r{i + 1}" for i in range(50_000)) + "\nroot ::= r0"})
    yield "a billion repetitions", chat, with_fields({"grammar": 'root ::= "a"{1,1000000000}'})
    yield "a rule that begins with itself", chat, with_fields({"grammar": "root ::= root root"})
    deep = "x"
    for _ in range(60):
        deep = {"type": "object", "properties": {"a": deep}} if deep != "x" else {"type": "string"}
    yield "a schema that is no schema", chat, with_fields({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": {"type": 7}}}})
    yield "a schema 60,000 deep", chat, json.dumps(CHAT)[:-1] + ',"json_schema":' + '{"items":' * 60_000 + "{}" + "}" * 60_000 + "}"
    yield "a schema that refers to itself only", chat, with_fields({"json_schema": {"$ref": "#"}})
    yield "a schema of another machine", chat, with_fields({"json_schema": {"$ref": "http://169.254.169.254/x"}})
    yield "a pattern of (a+)+b", chat, with_fields({"json_schema": {"type": "string", "pattern": "^((a+)+)+" + "(b|" * 5000 + ")" * 4999 + "$"}})
    yield "a shape twice", chat, with_fields({"grammar": 'root ::= "a"', "json_schema": {}})
    yield "a path for a model", chat, with_fields({"model": "/etc/passwd"})
    yield "a device for a model", chat, with_fields({"model": "/dev/random"})
    yield "a way up for a model", "/api/show", '{"model": "../../keys/app"}'
    yield "a model with a NUL", "/api/show", '{"model": "a\\u0000b"}'
    yield "a model's name of 10 MB", chat, with_fields({"model": "m" * 10_000_000})
    yield "tokens below zero", "/detokenize", '{"tokens": [-1], "model": "any"}'
    yield "tokens that are text", "/detokenize", '{"tokens": ["x"], "model": "any"}'


class Hostile(IngleTest):
    shared_models = False

    def setUp(self):
        super().setUp()
        self.server = Server(self, "--engine", "echo")
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=WATCHDOG_S)
        self.addCleanup(self.connection.close)

    def ask(self, method, path, body=None, headers=None):
        """On one connection as long as the server keeps it: thousands of requests in a few seconds."""
        headers = {"Content-Type": "application/json", **(headers or {})}
        self.connection.request(method, path, body=body.encode() if isinstance(body, str) else body, headers=headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, answer.headers, text

    def assert_lives(self):
        self.assertEqual(self.ask("GET", "/health")[0], 200)

    def message_of(self, text):
        error = json.loads(text)["error"]
        return error if isinstance(error, str) else error["message"]

    def test_queries_of_death(self):
        cases = list(queries_of_death())
        self.assertGreaterEqual(len(cases), 80)
        for name, path, body in cases:
            with self.subTest(name):
                status, _, text = self.ask("POST", path, body)
                self.assertIn(status, (400, 404, 413, 501), text[:300])
                message = self.message_of(text)
                self.assertGreater(len(message), 10)
                self.assertLess(len(message), 2000)
                self.assert_lives()

    def test_what_is_large_but_allowed_is_answered(self):
        for name, fields in (("ten thousand messages", {"messages": [MESSAGE] * 10_000}), ("a message of 10 MB", {"messages": [{**MESSAGE, "content": "x" * 10_000_000}]}),
                             ("keys twice", None), ("a NUL in a message", {"messages": [{**MESSAGE, "content": "a\x00b"}]}), ("every control character", {"messages": [{**MESSAGE, "content": "".join(map(chr, range(32)))}]}),
                             ("a field nobody knows", {"x" * 50: [1]})):
            with self.subTest(name):
                body = with_fields(fields) if fields else json.dumps(CHAT)[:-1] + ',"max_tokens":1,"model":"any"}'
                status, _, text = self.ask("POST", "/v1/chat/completions", body)
                self.assertIn(status, (200, 400), text[:300])
                self.assert_lives()

    def test_a_hundred_thousand_messages_end_in_an_answer(self):
        for messages in ([MESSAGE] * 100_000, [{}] * 100_000, [[]] * 100_000):
            status, _, text = self.ask("POST", "/v1/chat/completions", with_fields({"messages": messages}))
            self.assertIn(status, (200, 400), text[:300])
            self.assert_lives()

    def test_bodies_of_100_mb_are_refused_unread_on_every_address(self):
        for method, path in routes():
            if method not in ("POST", "PUT") or "blobs" in path:  # files of models come piece by piece
                continue
            with self.subTest(path), self.server.connect() as connection:
                key = self.server.owner()["Authorization"]
                kind = "multipart/form-data; boundary=b" if path in ("/v1/extract", "/v1/summarize") else "application/json"
                connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key}\r\nContent-Type: {kind}\r\n"
                                   "Content-Length: 100000000\r\n\r\n".encode())
                status = int(connection.recv(4000).split()[1])
                self.assertIn(status, (413, 501), path)  # 501: what this version has not, whatever is sent
        self.assert_lives()

    def test_every_field_with_every_wrong_type(self):
        # Without the echo nothing is generated: a request whose form is right ends in "no such model".
        self.server.close()
        self.server = Server(self)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=WATCHDOG_S)
        self.addCleanup(self.connection.close)
        fields = {path: known_fields(path, body) for path, body in PATHS.items()}
        n_asked = 0
        for path, good in PATHS.items():
            for field in fields[path]:
                for wrong in WRONG:
                    status, _, text = self.ask("POST", path, json.dumps({**good, "stream": False, field: wrong}))
                    n_asked += 1
                    self.assertNotIn(status, (500, 502, 503, 408), (path, field, wrong, text[:300]))
                    if status != 200:
                        self.assertIn(status, (400, 404, 413, 501), (path, field, wrong))
                        self.assertIsInstance(self.message_of(text), str)
        self.assertGreater(n_asked, 1000)
        self.assert_lives()

    def test_a_page_of_another_site_gets_nowhere_however_it_asks(self):
        names = ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example.", "localhost@evil.example", "128.0.0.2", "0.0.0.0", "[::2]", "[::]", "2130706433",
                 "0x7f000001", "127.1", "localhost,evil.example", "evil.example#localhost", "xn--lcalhost", "LOCALHOST.", "localhost..", "localhost:80:80", "[::1", "::1", "169.254.169.254", "192.168.0.1",
                 "metadata", "a" * 250, "127.0.0.1x", "1.0.0.127", "localhost%00", "*", "evil.example/localhost"]
        for method, path in routes():
            for name in names:
                self.connection.putrequest(method, path, skip_host=True)
                self.connection.putheader("Host", name)
                self.connection.endheaders()
                answer = self.connection.getresponse()
                answer.read()
                self.assertEqual(answer.status, 403, (method, path, name))
        self.assert_lives()

    def test_foreign_origins_by_every_kind_of_body(self):
        own = f"http://127.0.0.1:{self.server.port}"
        origins = [None, own, "http://evil.example", "null", "https://127.0.0.1:%d" % self.server.port, "http://127.0.0.1", "http://localhost:1", own + ".evil.example",
                   "chrome-extension://abc", "file://"]
        sites = [None, "same-origin", "none", "same-site", "cross-site"]
        kinds = ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", None]
        for origin in origins:
            for site in sites:
                for kind in kinds:
                    headers = {name: value for name, value in (("Origin", origin), ("Sec-Fetch-Site", site), ("Content-Type", kind or "")) if value is not None}
                    status, answer, _ = self.ask("POST", "/tokenize", json.dumps(PATHS["/tokenize"]), headers)
                    is_page = origin is not None or site is not None
                    foreign = origin not in (None, own) or (origin is None and site in ("same-site", "cross-site"))
                    is_form_of_curl = kind in (None, "application/x-www-form-urlencoded") and not is_page
                    expected = 403 if foreign else 200 if kind == "application/json" or is_form_of_curl else 415
                    self.assertEqual(status, expected, (origin, site, kind))
                    self.assertNotEqual(answer["Access-Control-Allow-Origin"], "*")
                    if foreign:
                        self.assertIsNone(answer["Access-Control-Allow-Origin"])
        self.assert_lives()


def routes():
    """(method, path) of every row of the table; a star stands for one name."""
    text = (ROOT / "src" / "api" / "registry.cpp").read_text()
    found = re.findall(r'\{"(GET|POST|PUT|DELETE|HEAD)", "(/[^"]*)"', text)
    return [(method, path.replace("*", "x")) for method, path in found if path != "/*"]


def known_fields(path, body):
    """Of the field tables beside the parsers: every name that stands in one of the dialect's."""
    folder = {"/v1/messages": "anthropic", "/completion": "llama", "/tokenize": "llama", "/detokenize": "llama", "/apply-template": "llama"}.get(
        path, "ollama" if path.startswith("/api/") else "openai")
    names = set(body)
    for source in pathlib.Path(ROOT / "src" / "api" / folder).glob("*.[hc]*"):
        names |= set(re.findall(r'^\s*\{"([a-z_]{1,40})", (?:Support::)?k[A-Z]', source.read_text(), re.M))
        names |= set(re.findall(r'in\.(?:text|number|integer|boolean|texts|any|object|array)\("([a-z_]+)"', source.read_text()))
    return sorted(names - {"stream"})


if __name__ == "__main__":
    unittest.main()
