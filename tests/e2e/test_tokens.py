"""Tokens from the outside: who gets in, by which header, and how fast a revoked one is out."""
import base64
import json
import re
import unittest

from ingle import IngleTest
from server import Server

CHAT = {"model": "any", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2,
        "options": {"num_predict": 2}}  # a little in every dialect


class Tokens(IngleTest):
    shared_models = False

    def make(self, *words):
        return self.ok("token", "create", *words).data.strip()

    def status(self, server, method, path, key=None, body=None, headers=None):
        headers = dict(headers or {})
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return server.request(method, path, body, headers)[0]

    def test_the_first_token_closes_the_server_that_runs_and_lets_its_holder_in(self):
        server = Server(self, "--engine", "echo")
        self.assertEqual(self.status(server, "POST", "/v1/chat/completions", "ollama", CHAT), 200)
        done = self.ok("token", "create", "--name", "laptop")
        token = done.data.strip()
        self.assertRegex(token, r"^ingle_[0-9A-Za-z]{38}$")
        self.assertIn("first token", done.talk)
        for key in (None, "ollama", token[:-1], token + "x", token.swapcase()):
            self.assertEqual(self.status(server, "POST", "/v1/chat/completions", key, CHAT), 401, key)
            self.assertEqual(self.status(server, "GET", "/api/tags", key), 401, key)
            self.assertEqual(self.status(server, "GET", "/health", key), 200, key)
        basic = "Basic " + base64.b64encode(f"me:{token}".encode()).decode()
        for headers in ({"Authorization": f"Bearer {token}"}, {"x-api-key": token}, {"api-key": token}, {"Authorization": basic}):
            self.assertEqual(self.status(server, "POST", "/api/chat", body=CHAT, headers=headers), 200, headers)
        self.assertEqual(self.status(server, "DELETE", "/api/delete", token, {"model": "x"}), 403)
        self.assertEqual(self.status(server, "GET", "/ingle/v1/chats", token), 403)
        # The owner's commands need none.
        self.assertIn("no model is loaded", self.ok("ps").talk)
        self.ok("stop")

    def test_scopes_add_up(self):
        server = Server(self, "--engine", "echo")
        keys = {scope: self.make("--scope", scope) for scope in ("chat", "manage", "admin")}
        keys["chat,manage"] = self.make("--scope", "chat,manage")
        requests = {"chat": ("POST", "/api/chat", CHAT), "manage": ("DELETE", "/api/delete", {"model": "nope"}),
                    "admin": ("GET", "/ingle/v1/status", None)}
        for scope, key in keys.items():
            for needed, (method, path, body) in requests.items():
                allowed = scope == "admin" or needed in scope.split(",")
                self.assertEqual(self.status(server, method, path, key, body) not in (401, 403), allowed, (scope, needed))

    def test_the_list_names_everything_but_the_secret_and_files_are_the_owners(self):
        token = self.make("--name", "desk", "--scope", "chat,admin", "--expires", "30d")
        rows = self.ok("token", "list", "--json").lines()
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows[0]["name"], rows[0]["scopes"], rows[0]["expired"]), ("desk", ["chat", "admin"], False))
        self.assertEqual(rows[0]["expires_unix"] - rows[0]["created_unix"], 30 * 24 * 3600)
        self.assertIn("desk", self.ok("token").data)
        for path in (self.home / "keys").rglob("*"):
            self.assertNotIn(token[6:], path.read_text())
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertEqual((self.home / "keys").stat().st_mode & 0o077, 0)

    def test_wrong_words_are_refused(self):
        for words, word in ((("create", "--scope", "root"), "none of chat"), (("create", "--expires", "soon"), "no length of time"),
                            (("create", "--expires", "-1d"), "no length of time"), (("create", "laptop"), "--name"),
                            (("revoke",), "which token"), (("forget",), "create, list, revoke"), (("list", "--name", "x"), "create")):
            self.assert_refused(self.run_ingle("token", *words), 2, word)
        self.assert_refused(self.run_ingle("token", "revoke", "nobody"), 1, "no token 'nobody'")

    def test_a_revoked_token_is_out_at_once_and_its_stream_ends(self):
        server = Server(self, "--engine", "echo")
        kept, gone = self.make("--name", "kept"), self.make("--name", "gone")
        body = json.dumps({**CHAT, "stream": True, "max_tokens": 1_000_000})

        def stream(key):
            connection = server.connect()
            connection.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
                               f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            self.assertIn(b" 200 OK", connection.recv(2000))
            return connection

        with stream(kept) as stays, stream(gone) as ends:
            self.ok("token", "revoke", "gone")
            self.assertEqual(self.status(server, "GET", "/api/tags", gone), 401)
            text = b""
            while not text.endswith(b"\r\n0\r\n\r\n"):
                text += ends.recv(65536)
            self.assertNotIn(b"data: [DONE]", text)
            self.assertIn(b"invalid_api_key", text[text.rindex(b"data: "):])
            stays.recv(65536)
            self.assertTrue(stays.recv(65536))
        self.assertEqual(self.status(server, "GET", "/api/tags", kept), 200)
        self.assertIn("No token is left", self.ok("token", "revoke", "kept").talk)
        self.assertEqual(self.status(server, "GET", "/api/tags"), 401)

    def test_errors_are_those_that_clients_know(self):
        server = Server(self, "--engine", "echo")
        self.make()
        for path, look in (("/v1/chat/completions", lambda e: e["error"]["code"] == "invalid_api_key"),
                           ("/v1/messages", lambda e: (e["type"], e["error"]["type"]) == ("error", "authentication_error")),
                           ("/api/chat", lambda e: isinstance(e["error"], str)),
                           ("/completion", lambda e: (e["error"]["code"], e["error"]["type"]) == (401, "authentication_error"))):
            status, headers, text = server.request("POST", path, CHAT, {"Authorization": "Bearer x"})
            self.assertEqual((status, headers["WWW-Authenticate"]), (401, 'Bearer realm="ingle"'))
            self.assertTrue(look(json.loads(text)), text)
        # What is unknown is not told to strangers.
        self.assertEqual(self.status(server, "GET", "/api/nothing"), 401)
        self.assertEqual(self.status(server, "PATCH", "/api/chat"), 401)

    def test_a_secret_stands_in_no_output_of_the_server(self):
        server = Server(self, "--engine", "echo")
        token = self.make()
        for key in (token, token + "x"):
            for method, path in (("POST", "/api/chat"), ("GET", "/ingle/v1/status"), ("GET", "/v1/models"), ("GET", "/nothing")):
                _, headers, text = server.request(method, path, CHAT if method == "POST" else None, {"Authorization": f"Bearer {key}"})
                self.assertNotIn(token[6:], str(headers) + text)
        server.close()
        self.assertIsNone(re.search(token[6:], server_log(self)))


def server_log(test):
    return (test.home / "serve.log").read_text(errors="replace")


if __name__ == "__main__":
    unittest.main()
