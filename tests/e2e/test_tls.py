"""The server beyond this machine: TLS with a local authority, tokens, and what --insecure says about itself."""
import contextlib
import http.client
import json
import shutil
import socket
import ssl
import unittest
import urllib.parse

from ingle import IngleTest, WATCHDOG_S
from server import Server, read_all

CHAT = {"model": "any", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}


class TlsServer(Server):
    """A server whose certificate is checked against the authority in its home."""

    def __init__(self, test, *words, **extra):
        super().__init__(test, "--engine", "echo", *words, **extra)
        self.context = ssl.create_default_context(cafile=str(self.home / "keys" / "ca.pem"))
        self.context.set_alpn_protocols(["http/1.1"])

    def connect_tls(self, name="localhost", context=None):
        return (context or self.context).wrap_socket(self.connect(), server_hostname=name)

    def request(self, method, path, body=None, headers=None, name="localhost"):
        connection = http.client.HTTPSConnection(name, self.port, timeout=WATCHDOG_S, context=self.context)
        connection.sock = self.connect_tls(name)
        try:
            headers = dict(headers or {})
            if isinstance(body, dict):
                body = json.dumps(body)
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


def head(method, path, **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()


class Tls(IngleTest):
    shared_models = False

    def setUp(self):
        super().setUp()
        self.server = TlsServer(self, "--tls", "local")

    def assert_lives(self):
        self.assertEqual(self.server.json("GET", "/health"), {"status": "ok"})

    def test_clients_that_trust_the_authority_are_served_as_ever(self):
        self.assertEqual(self.server.address["tls"], True)
        self.assertTrue(self.server.url.startswith("https://127.0.0.1:"))
        self.assert_lives()
        answer = self.server.json("POST", "/v1/chat/completions", CHAT)
        self.assertEqual(answer["choices"][0]["message"]["content"], "This is ")
        body = json.dumps({**CHAT, "stream": True, "max_tokens": 10})
        with self.server.connect_tls("127.0.0.1") as connection:
            self.assertEqual((connection.selected_alpn_protocol(), connection.version()), ("http/1.1", "TLSv1.3"))
            for _ in range(3):  # one connection
                connection.sendall(head("POST", "/v1/chat/completions", Content_Type="application/json", Content_Length=len(body))
                                   + body.encode())
                text = b""
                while not text.endswith(b"0\r\n\r\n"):
                    text += connection.recv(65536)
                self.assertIn(b"data: [DONE]\n\n", text)
            connection.sendall(head("GET", "/health") + head("GET", "/api/version", Connection="close"))
            text = read_all(connection)
            self.assertIn(b'{"status":"ok"}', text)
            self.assertIn(b'{"version":', text)

    def test_a_request_that_comes_in_parts_while_another_is_answered_is_answered_after_it(self):
        body = json.dumps({**CHAT, "stream": True, "max_tokens": 20}).encode()
        ask = head("POST", "/v1/chat/completions", Content_Type="application/json", Content_Length=len(body)) + body
        with self.server.connect_tls() as connection:
            for cut in (3, len(ask) - len(body), len(ask) - 3, len(ask)):
                connection.sendall(ask)
                first = connection.recv(1)
                connection.sendall(ask[:cut])
                while not first.endswith(b"0\r\n\r\n"):
                    first += connection.recv(1)
                connection.sendall(ask[cut:])
                second = b""
                while not second.endswith(b"0\r\n\r\n"):
                    second += connection.recv(65536)
                self.assertEqual([b"data: [DONE]\n\n" in answer for answer in (first, second)], [True, True])

    def test_a_large_body_arrives_and_a_too_large_one_is_refused_unread(self):
        text = "x" * 3_000_000
        self.assertEqual(self.server.request("POST", "/tokenize", {"content": text, "model": "any"})[0], 200)
        with self.server.connect_tls() as connection:
            connection.sendall(head("POST", "/api/chat", Content_Length=100_000_000))
            self.assertTrue(connection.recv(1000).startswith(b"HTTP/1.1 413 "))
        self.assert_lives()

    def test_what_is_no_tls_or_an_old_one_gets_nowhere(self):
        self.assertTrue(self.server.raw(head("GET", "/health")).startswith(b"HTTP/1.1 400 "))
        self.assertIn(b"https://", self.server.raw(head("GET", "/health")))
        for data in (b"\x16", b"\x16\x03\x01\x02\x00" + b"a" * 512, b"\x16" * 3000, b"\x80\x2e\x01"):
            with contextlib.suppress(OSError):  # a reset is an answer too
                self.server.raw(data)
        h2 = ssl.create_default_context(cafile=str(self.home / "keys" / "ca.pem"))
        h2.set_alpn_protocols(["h2"])
        old = ssl.create_default_context(cafile=str(self.home / "keys" / "ca.pem"))
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        stranger = ssl.create_default_context()
        for context in (h2, old, stranger):
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.server.connect_tls(context=context)
        with self.assertRaises(ssl.SSLError):
            self.server.connect_tls("evil.example")
        without_rsa = ssl.create_default_context(cafile=str(self.home / "keys" / "ca.pem"))
        without_rsa.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.server.connect_tls(context=without_rsa) as connection:
            self.assertEqual(connection.version(), "TLSv1.2")
            self.assertTrue(connection.cipher()[0].startswith("ECDHE-"))
        self.assert_lives()

    def test_handshakes_that_do_not_go_on_hold_up_nobody(self):
        half = [self.server.connect() for _ in range(600)]
        for connection in half:
            with contextlib.suppress(OSError):  # the oldest are ended
                connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        self.assert_lives()
        self.assertEqual(self.server.json("POST", "/v1/chat/completions", CHAT)["object"], "chat.completion")
        for connection in half:
            connection.close()

    def test_names_that_the_certificate_has_not_are_refused_and_pages_of_others_too(self):
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": f"http://127.0.0.1:{self.server.port}"},
                        {"Sec-Fetch-Site": "cross-site"}):
            self.assertEqual(self.server.request("GET", "/api/tags", headers=headers)[0], 403, headers)
        own = {"Host": f"localhost:{self.server.port}", "Origin": f"https://localhost:{self.server.port}"}
        self.assertEqual(self.server.request("GET", "/api/tags", headers=own)[0], 200)

    def test_the_apps_cookie_is_for_tls_only_and_commands_find_the_server(self):
        link = self.ok("app", "--no-browser", "--json").json()["url"]
        self.assertTrue(link.startswith(self.server.url + "/open?key="))
        status, headers, _ = self.server.request("GET", link[len(self.server.url):])
        self.assertEqual(status, 303)
        self.assertIn("; Secure; ", headers["Set-Cookie"])
        self.assertIn("no model is loaded", self.ok("ps").talk)
        self.ok("stop")

    def test_a_client_that_leaves_frees_its_stream(self):
        body = json.dumps({**CHAT, "stream": True, "max_tokens": 1_000_000})
        for politely, behind in ((True, b""), (False, b""), (True, b"\r\n"), (False, head("GET", "/health"))):
            name = f"leaver-{politely}-{len(behind)}"
            connection = self.server.connect_tls()
            connection.sendall(head("POST", "/v1/chat/completions", X_Request_Id=name, Content_Type="application/json",
                                    Content_Length=len(body)) + body.encode())
            self.assertIn(b"x-request-id: " + name.encode(), connection.recv(2000))
            connection.sendall(behind)
            if politely:
                connection.close()
            else:
                connection.shutdown(socket.SHUT_RDWR)
                connection.detach()
            for _ in range(1000):
                headers = self.server.request("POST", "/v1/chat/completions", {**CHAT, "max_tokens": 1}, {"X-Request-Id": name})[1]
                if headers["X-Request-Id"] == name:
                    break
            else:
                self.fail("the stream still runs")

    def test_it_ends_in_peace_while_a_stream_runs(self):
        body = json.dumps({**CHAT, "stream": True, "max_tokens": 10})
        with self.server.connect_tls() as connection:
            connection.sendall(head("POST", "/v1/chat/completions", Content_Type="application/json", Content_Length=len(body))
                               + body.encode())
            first = connection.recv(2000)
            self.server.process.terminate()
            self.assertTrue((first + read_all(connection)).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"))
        self.assertEqual(self.server.process.wait(WATCHDOG_S), 0)

    def test_the_authority_survives_the_server_and_a_certificate_of_ones_own_is_taken(self):
        authority = (self.home / "keys" / "ca.pem").read_bytes()
        self.server.close()
        again = TlsServer(self, "--tls", "local")
        self.assertEqual((self.home / "keys" / "ca.pem").read_bytes(), authority)
        again.close()
        for name in ("server.pem", "server-key.pem"):
            shutil.copy(self.home / "keys" / name, self.home / name)
        own = TlsServer(self, "--tls-cert", str(self.home / "server.pem"), "--tls-key", str(self.home / "server-key.pem"))
        self.assertEqual(own.json("GET", "/health"), {"status": "ok"})
        own.close()
        self.assert_refused(self.run_ingle("serve", "--tls-cert", str(self.home / "server.pem")), 2, "--tls-key")
        self.assert_refused(self.run_ingle("serve", "--tls", "magic"), 2, "local")
        broken = self.write("broken.pem", "-----BEGIN")
        self.assert_refused(self.run_ingle("serve", "--tls-cert", broken, "--tls-key", broken), 3, "broken.pem")


class Beyond(IngleTest):
    shared_models = False

    def test_with_tls_everyone_needs_a_token_from_the_start(self):
        server = TlsServer(self, "--host", "0.0.0.0:0", "--tls", "local")
        self.assertEqual(server.request("GET", "/health")[0], 200)
        # What it prints can be verified, and is one of its names.
        name = urllib.parse.urlsplit(server.url).hostname
        self.assertNotIn(name, ("0.0.0.0", "127.0.0.1", "localhost"))
        self.assertEqual(server.request("GET", "/health", name=name)[0], 200)
        for method, path, body in (("GET", "/api/tags", None), ("POST", "/v1/chat/completions", CHAT), ("DELETE", "/api/delete", {"model": "x"}),
                                   ("GET", "/ingle/v1/status", None), ("GET", "/v1/nothing", None)):
            self.assertEqual(server.request(method, path, body)[0], 401, path)
        token = {"Authorization": "Bearer " + self.ok("token", "create").data.strip()}
        self.assertEqual(server.request("POST", "/v1/chat/completions", CHAT, token)[0], 200)
        self.assertEqual(server.json("GET", "/ingle/v1/status", headers=server.owner())["insecure"], False)
        self.assertIn("no model is loaded", self.ok("ps").talk)

    def test_insecure_is_spelled_out_and_said_everywhere(self):
        server = Server(self, "--engine", "echo", "--host", "0.0.0.0:0", "--insecure")
        self.assertEqual(server.address["insecure"], True)
        self.assertEqual(server.json("GET", "/ingle/v1/status", headers=server.owner())["insecure"], True)
        self.assertEqual(server.request("POST", "/v1/chat/completions", CHAT)[0], 200)
        self.assertEqual(server.request("GET", "/api/tags", headers={"Host": "evil.example"})[0], 403)
        self.assertIn("without TLS", self.ok("ps").talk)
        self.ok("token", "create")
        self.assertEqual(server.request("POST", "/v1/chat/completions", CHAT)[0], 401)
        # On this machine the word means nothing.
        quiet = Server(self, "--engine", "echo", "--insecure", INGLE_HOME=str(self.home / "other"))
        self.assertEqual(quiet.address["insecure"], False)

    def test_without_either_it_does_not_start(self):
        for host in ("0.0.0.0:0", "[::]:0"):
            self.assert_refused(self.run_ingle("serve", "--host", host), 3, "other machines", "--tls local", "--insecure")


if __name__ == "__main__":
    unittest.main()
