"""`ingle serve` from the outside: what bad requests get, what a browser's page may not do, and the verbs around it."""
import json
import pathlib
import socket
import subprocess
import threading
import time

from ingle import BINARY, IngleTest, WATCHDOG_S
from server import Server, read_all

CHAT = {"model": "any", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 3}


class EchoServer(IngleTest):
    """Without a model: what is tested here is the server alone."""

    shared_models = False

    def setUp(self):
        super().setUp()
        self.server = Server(self, "--engine", "echo")

    def status_of(self, data):
        answer = self.server.raw(data)
        self.assertTrue(answer.startswith(b"HTTP/1.1 "), (data[:80], answer[:80]))
        return int(answer.split()[1])

    def assert_lives(self):
        self.assertEqual(self.server.json("GET", "/health"), {"status": "ok"})

    def test_it_answers_a_chat_in_both_dialects(self):
        answer = self.server.json("POST", "/v1/chat/completions", CHAT)
        self.assertEqual(answer["choices"][0]["message"]["content"], "This is an ")
        self.assertEqual(answer["choices"][0]["finish_reason"], "length")
        status, headers, text = self.server.request("POST", "/api/chat", {**CHAT, "options": {"num_predict": 2}})
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "application/x-ndjson")
        self.assertEqual(headers["X-Ingle-Ignored"], "max_tokens")
        self.assertEqual(headers["X-Ingle-Route"], "local")
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([line["done"] for line in lines], [False, False, True])
        self.assertEqual(lines[-1]["done_reason"], "length")

    def test_a_hundred_streams_at_once_all_come_to_their_end(self):
        ends = []

        def stream():
            body = {**CHAT, "stream": True, "max_tokens": 20}
            ends.append(self.server.request("POST", "/v1/chat/completions", body)[2].endswith("data: [DONE]\n\n"))

        threads = [threading.Thread(target=stream) for _ in range(100)]
        for thread in threads:
            thread.start()
        self.assert_lives()
        for thread in threads:
            thread.join()
        self.assertEqual(ends, [True] * 100)

    def test_requests_that_break_http_are_refused_and_the_server_lives(self):
        post = b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\n"
        cases = {
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40000 + b"\r\n\r\n": 431,
            b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 200 + b"\r\n": 431,
            b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n": 431,
            b"GET / HTTP/1.1\r\n\r\n": 400,
            b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n": 400,
            b"GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n": 400,
            b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n": 400,
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n": 400,
            post + b"Content-Length: -1\r\n\r\n": 400,
            post + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab": 400,
            post + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
            post + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n\r\n": 400,
            post + b"Content-Length: 99999999999\r\n\r\n": 413,
            post + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n": 413,
        }
        for data, status in cases.items():
            self.assertEqual(self.status_of(data), status, data[:100])
            self.assert_lives()

    def test_half_requests_cost_nobody_anything(self):
        for data in (b"", b"G", b"GET / HTTP/1.1\r\nHost: local", b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{"):
            self.server.raw(data)
        idle = [self.server.connect() for _ in range(200)]
        self.assert_lives()
        for connection in idle:
            connection.close()

    def test_bodies_of_every_bad_kind_get_an_answer_in_the_dialect(self):
        json_type = {"Content-Type": "application/json"}
        bodies = ["", " ", "[]", "7", "{", '{"model":', "[" * 100000, '{"a":' * 5000, "[" + "1," * 500000 + "1]",
                  '{"model":"\\ud800","messages":[]}', '{"model":5}', '{"messages":5,"model":"m"}',
                  '{"model":"m","messages":[{"role":"king","content":"x"}]}',
                  '{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":1e400}',
                  '{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":"NaN"}',
                  '{"model":"m","messages":[{"role":"user","content":"x"}],"n":1000}']
        for body in [*bodies, b'{"model":"\xff\xfe"}', b'{"model":"m","messages":[{"role":"user","content":"\xc3("}]}', b"\x00\x01"]:
            status, _, text = self.server.request("POST", "/v1/chat/completions", body, json_type)
            self.assertEqual(status, 400, body[:80])
            self.assertIn("message", json.loads(text)["error"])
        status, _, text = self.server.request("POST", "/api/generate", "{", json_type)
        self.assertEqual((status, list(json.loads(text))), (400, ["error"]))
        self.assert_lives()

    def test_a_body_that_is_too_large_is_refused_before_it_is_read(self):
        with self.server.connect() as connection:
            connection.sendall(b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n")
            self.assertTrue(connection.recv(1000).startswith(b"HTTP/1.1 413 "))

    def test_forms_that_are_broken_are_refused(self):
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        for body in ("", "x", "--b", "--b\r\n", "--b\r\n\r\nno name\r\n--b--", "--b--",
                     '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nbreaks off'):
            self.assertEqual(self.server.request("POST", "/v1/extract", body, form)[0], 400, body)
        self.assertEqual(self.server.request("POST", "/v1/extract", "{}", {"Content-Type": "application/json"})[0], 415)

    def test_the_router_is_not_asked_about_documents(self):
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        body = ('--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nAnna: hello\r\n'
                '--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n{"model": "auto"}\r\n--b--\r\n')
        for path in ("/v1/extract", "/v1/summarize"):
            status, _, text = self.server.request("POST", path, body, form)
            self.assertEqual(status, 400, text)
            self.assertIn("documents are read on this machine", json.loads(text)["error"]["message"])
        transcript = self.home / "a.txt"
        transcript.write_text("Anna: hello\n")
        for verb in ("extract", "summarize"):
            self.assert_refused(self.run_ingle(verb, str(transcript), "--model", "auto"), 2, "documents are read on this machine")

    def test_pages_of_other_sites_get_nowhere(self):
        foreign = [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                   {"Host": "evil.example"}, {"Host": f"evil.example:{self.server.port}"}]
        for headers in foreign:
            for method, path in (("GET", "/api/tags"), ("POST", "/api/chat"), ("GET", "/v1/models"), ("DELETE", "/api/delete"),
                                 ("GET", "/ingle/v1/chats"), ("OPTIONS", "/api/chat")):
                status, answer, _ = self.server.request(method, path, headers=headers)
                self.assertEqual(status, 403, (method, path, headers))
                self.assertNotIn("Access-Control-Allow-Origin", answer)
        own = {"Origin": self.server.url}
        self.assertEqual(self.server.request("GET", "/api/tags", headers=own)[0], 200)
        self.assertEqual(self.server.request("POST", "/api/chat", json.dumps(CHAT), {**own, "Content-Type": "text/plain"})[0], 415)

    def test_a_client_that_leaves_frees_its_stream(self):
        body = json.dumps({**CHAT, "stream": True, "max_tokens": 1000000})
        connection = self.server.connect()
        connection.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: leaver\r\nContent-Type: application/json\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        self.assertIn(b"x-request-id: leaver", connection.recv(2000))
        connection.close()
        # The id may be used again once the server has let go of the request.
        for _ in range(1000):
            _, headers, _ = self.server.request("POST", "/v1/chat/completions", {**CHAT, "max_tokens": 1}, {"X-Request-Id": "leaver"})
            if headers["X-Request-Id"] == "leaver":
                return
        self.fail("the stream still runs")

    def test_who_waits_for_a_whole_answer_and_leaves_ends_it_whatever_was_sent_behind_the_request(self):
        def wait_until_in_flight(n):
            while f"ingle_requests_in_flight {n}\n" not in self.server.request("GET", "/metrics")[2]:
                time.sleep(0.01)

        body = json.dumps({**CHAT, "max_tokens": 1000000})
        for behind in (b"", b"\r\n", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            connection = self.server.connect()
            connection.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            wait_until_in_flight(2)  # the one that asks is one
            connection.sendall(behind)
            connection.close()
            wait_until_in_flight(1)

    def test_conversations_survive_the_server(self):
        document = {"title": "Boats", "messages": [{"role": "user", "content": "ketch or sloop?"}]}
        self.server.json("PUT", "/ingle/v1/chats/abc", document, self.server.owner())
        self.server.close()
        self.assertEqual(self.server.process.returncode, 0)
        again = Server(self, "--engine", "echo")
        self.assertEqual(again.json("GET", "/ingle/v1/chats/abc", headers=again.owner()), document)
        found = again.json("GET", "/ingle/v1/chats?q=sloo", headers=again.owner())
        self.assertEqual([chat["id"] for chat in found["chats"]], ["abc"])
        self.assertEqual((self.home / "chats.db").stat().st_mode & 0o077, 0)

    def test_a_link_of_the_app_lets_a_browser_in_once(self):
        link = self.ok("app", "--no-browser", "--json").json()["url"]
        self.assertTrue(link.startswith(self.server.url + "/open?key="))
        path = link[len(self.server.url):]
        status, headers, _ = self.server.request("GET", path)
        self.assertEqual((status, headers["Location"]), (303, "/"))
        cookie = headers["Set-Cookie"]
        self.assertIn("HttpOnly; SameSite=Strict", cookie)
        self.assertIsNone(self.server.request("GET", path)[1]["Set-Cookie"])
        self.assertEqual(self.server.request("GET", "/ingle/v1/status")[0], 401)
        status, _, text = self.server.request("GET", "/ingle/v1/status", headers={"Cookie": cookie.split(";")[0]})
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(text)["home"], str(self.home))

    def test_a_taken_port_says_who_has_it(self):
        done = self.run_ingle("serve", "--host", f"127.0.0.1:{self.server.port}", INGLE_HOME=str(self.home / "other"))
        self.assert_refused(done, 1, "another Inglenook", f"process {self.server.process.pid}", "--host 127.0.0.1:")

    def test_a_home_has_one_server_and_a_second_is_told_where_it_is(self):
        for host in ("127.0.0.1:0", f"127.0.0.1:{self.server.port}"):
            done = self.run_ingle("serve", "--engine", "echo", "--host", host)
            self.assert_refused(done, 1, f"runs already: {self.server.url}", "'ingle stop'", "INGLE_HOME")
        other = Server(self, "--engine", "echo", INGLE_HOME=str(self.home / "other"))
        self.assertEqual(other.request("GET", "/")[0], 200)
        self.server.process.kill()
        self.server.process.wait()
        self.assertEqual(Server(self, "--engine", "echo").request("GET", "/")[0], 200)

    def test_stop_tells_what_it_waits_for_and_now_ends_it(self):
        body = json.dumps({**CHAT, "stream": True, "max_tokens": 100000})
        with self.server.connect() as connection:
            connection.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            connection.recv(2000)
            waits = subprocess.Popen([BINARY, "stop"], env=self.environment(), stderr=subprocess.PIPE, text=True)
            self.assertEqual(waits.stderr.readline(),
                             "1 request is answered still, for 30 s at most; 'ingle stop --now' ends them\n")
            self.assert_refused(self.run_ingle("serve", "--host", "127.0.0.1:0"), 1, "is ending", "ingle stop --now")
            self.assert_refused(self.run_ingle("ps"), 1, "is ending")
            self.assertIn("has ended", self.ok("stop", "--now").talk)
            self.assertIn("has ended", waits.communicate()[1])
        self.assertEqual(self.server.process.wait(WATCHDOG_S), 130)
        self.assert_refused(self.run_ingle("stop"), 1, "no server")

    def test_logs_say_why_a_request_was_refused(self):
        for path, headers in (("/api/chat", {"Host": "evil.example"}), ("/api/chat", {"Origin": "http://evil.example"}), ("/v1/nothing", {})):
            self.server.request("POST", path, "{}", headers)
        self.server.request("POST", "/v1/chat/completions", {**CHAT, "max_tokens": "many"})
        self.server.close()
        told = self.ok("logs").data
        for words in ("403 POST /api/chat  refused: this server is not known under the name of the Host header",
                      "403 POST /api/chat  refused: the page of the Origin header may not use this server",
                      "404 POST (an unknown path)  refused: nothing is served at this address", "('max_tokens' must be a whole number"):
            self.assertIn(words, told)
        self.assertNotIn("evil", told)

    def test_the_start_says_models_log_and_how_to_end(self):
        self.server.close()
        other = self.home / "other"
        process = subprocess.Popen([BINARY, "serve", "--host", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=self.environment(INGLE_HOME=str(other), OLLAMA_MODELS=str(other / "m")))
        process.stdout.readline()
        told = [process.stderr.readline() for _ in range(4)]
        process.terminate()
        process.communicate()
        self.assertIn(f"note: OLLAMA_MODELS: no folder '{other / 'm'}' yet", told[0])
        self.assertIn(f"no models yet in {other / 'm'}", told[1])
        self.assertIn(str(other / "logs" / "server.jsonl"), told[2])
        self.assertIn("Ctrl-C ends", told[3])

    def test_a_port_taken_by_something_else_says_so(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            done = self.run_ingle("serve", "--host", f"127.0.0.1:{other.getsockname()[1]}", INGLE_HOME=str(self.home / "other"))
        self.assert_refused(done, 1, "is taken by", "process ")

    def test_it_does_not_listen_beyond_this_machine(self):
        for host in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
            self.assert_refused(self.run_ingle("serve", "--host", host), 3, "other machines")
        self.assert_refused(self.run_ingle("serve", OLLAMA_HOST="0.0.0.0"), 3, "OLLAMA_HOST")

    def test_it_ends_in_peace_while_a_stream_runs(self):
        body = json.dumps({**CHAT, "stream": True, "max_tokens": 20})
        with self.server.connect() as connection:
            connection.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            first = connection.recv(2000)
            self.server.process.terminate()
            self.assertTrue((first + read_all(connection)).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"))
        self.assertEqual(self.server.process.wait(WATCHDOG_S), 0)
        self.assertFalse((self.home / "run" / "server.json").exists())


def has_ended(pid):
    """Whether only its parent may still have to hear of it."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


class AppVerb(IngleTest):
    shared_models = False

    def test_it_starts_a_server_that_stop_ends(self):
        done = self.ok("app", "--no-browser", "--host", "127.0.0.1:0")
        self.addCleanup(self.run_ingle, "stop")
        self.assertTrue(done.data.startswith("http://127.0.0.1:"))
        pid = json.loads((self.home / "run" / "server.json").read_text())["pid"]
        again = self.ok("app", "--no-browser", "--json").json()
        self.assertEqual(again["pid"], pid)
        self.assertIn("no model is loaded", self.ok("ps").talk)
        self.ok("stop")
        self.assertTrue(has_ended(pid))
        self.assert_refused(self.run_ingle("stop"), 1, "no server", "ingle serve")
        self.assert_refused(self.run_ingle("ps"), 1, "no server")

    def test_a_stale_file_names_nobody_who_is_given_anything_or_signalled(self):
        server = Server(self, "--engine", "echo")
        server.process.kill()
        server.process.wait()
        path = self.home / "run" / "server.json"
        left = json.loads(path.read_text())
        heard = []

        def impostor(listener):
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.0 200 OK\r\nServer: ingle/9\r\n\r\n{\"path\": \"/open?key=x\"}")

        bystander = subprocess.Popen(["sleep", str(WATCHDOG_S)])
        try:
            with socket.create_server(("127.0.0.1", server.port)) as listener:
                threading.Thread(target=impostor, args=(listener,), daemon=True).start()
                path.write_text(json.dumps({**left, "pid": bystander.pid}))
                self.assert_refused(self.run_ingle("stop"), 1, "no server")
                self.addCleanup(self.run_ingle, "stop")
                url = self.ok("app", "--no-browser", "--json", "--host", "127.0.0.1:0").json()["url"]
                listener.shutdown(socket.SHUT_RDWR)
            self.assertIsNone(bystander.poll())
        finally:
            bystander.kill()
            bystander.wait()
        self.assertNotIn(f":{server.port}/", url)
        self.assertEqual(heard, [])

    def test_the_owners_key_is_not_sent_to_who_answers(self):
        server = Server(self, "--engine", "echo")
        key = (self.home / "keys" / "app").read_text().strip()
        self.assertNotIn(key, self.ok("app", "--no-browser").data)
        # The lock says that our server runs; the address, as if somebody else had it.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            heard = []

            def impostor():
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    with connection:
                        heard.append(connection.recv(65536))
                        connection.sendall(b"HTTP/1.0 200 OK\r\nServer: ingle/9\r\n\r\n{\"path\": \"/open?key=x\"}")

            threading.Thread(target=impostor, daemon=True).start()
            path = self.home / "run" / "server.json"
            with path.open("r+") as file:
                told = json.loads(file.read())
                file.seek(0)
                file.truncate()
                file.write(json.dumps({**told, "address": f"127.0.0.1:{port}"}))
            self.ok("app", "--no-browser")
            listener.shutdown(socket.SHUT_RDWR)
        self.assertTrue(heard)
        self.assertNotIn(key.encode(), b"".join(heard))
        server.close()

    def test_a_server_that_cannot_start_says_why(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            done = self.run_ingle("app", "--no-browser", "--host", f"127.0.0.1:{other.getsockname()[1]}")
        self.assert_refused(done, 1, "is taken by")

    def test_help_names_the_verbs(self):
        overview = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
        for verb in ("serve", "app", "ps", "stop"):
            self.assertIn(f" {verb} ", overview)
