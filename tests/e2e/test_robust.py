"""Engines that are killed or stop, and requests that attack: whoever else asks gets the answer that he would have got alone.

INGLE_KILLS says how often an engine is killed under load: a few times here, fifty in `./test --long`.
"""
import http.client
import json
import os
import pathlib
import signal
import threading
import unittest

import ingle
from ingle import IngleTest, needs
from server import Server, ancestors, kill

MODEL = "smollm2:135m"
OTHER = "gemma3:270m"
KILLS = int(os.environ.get("INGLE_KILLS", "4"))
CLIENTS = 6


def chat(words, tokens, stream=False, model=MODEL, **more):
    return dict({"model": model, "messages": [{"role": "user", "content": words}], "max_tokens": tokens, "temperature": 0,
                 "stream": stream}, **more)


def ask(server, body):
    """(text, error type): one of the two. Anything else is a broken promise and raises."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ingle.WATCHDOG_S)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            return None, json.loads(answer.read())["error"]["type"]
        if not body["stream"]:
            return json.loads(answer.read())["choices"][0]["message"]["content"], None
        return read_stream(answer)
    finally:
        connection.close()


def read_stream(answer):
    text, finished = "", False
    for line in answer:
        if not line.startswith(b"data: "):
            continue
        if line == b"data: [DONE]\n":
            assert finished, "[DONE] without an end"
            return text, None
        event = json.loads(line[6:])
        if "error" in event:
            return None, event["error"]["type"]
        for choice in event["choices"]:
            text += choice["delta"].get("content") or ""
            finished = finished or choice["finish_reason"] is not None
    raise AssertionError(f"a stream that just ends, after {text!r}")


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def zombies(server):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state = stat.read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state == "Z" and server.process.pid in ancestors(int(stat.parent.name)):
            found.append(stat.parent.name)
    return found


class Load:
    """Clients that ask both models again and again until they are told to stop; each waits for its answer."""

    def __init__(self, server):
        questions = [(model, f"Tell me about the number {n}.") for n in (1, 2, 3) for model in (MODEL, OTHER)]
        self.server = server
        self.expected = {question: ask(server, chat(question[1], 40, model=question[0]))[0] for question in questions}
        self.over = threading.Event()
        self.progress = threading.Condition()
        self.answers, self.errors, self.broken = 0, [], []
        self.threads = [threading.Thread(target=self.run, args=(index,)) for index in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self, index):
        questions = list(self.expected)
        while not self.over.is_set():
            model, words = questions[index % len(questions)]
            index += 1
            try:
                text, error = ask(self.server, chat(words, 40, stream=index // 2 % 2 == 0, model=model))
                if error is None and text != self.expected[model, words]:
                    raise AssertionError(f"{model}, {words}: {text!r} instead of {self.expected[model, words]!r}")
            except Exception as problem:  # a connection that breaks is a broken promise too
                self.broken.append(repr(problem))
                text, error = None, "broken"
            with self.progress:
                self.answers += error is None
                self.errors += [] if error is None else [error]
                self.progress.notify_all()

    def wait_for_more(self, n):
        with self.progress:
            want = self.answers + n
            self.progress.wait_for(lambda: self.answers >= want or self.broken, timeout=ingle.WATCHDOG_S)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


@needs(MODEL)
@needs(OTHER)
class Kills(IngleTest):
    def load(self, server):
        load = Load(server)
        self.addCleanup(load.stop)
        load.wait_for_more(2 * CLIENTS)
        return load

    def test_engines_that_die_again_and_again_cost_their_own_requests_only(self):
        server = Server(self)
        load = self.load(server)
        files, memory = open_files(server.process.pid), memory_kb(server.process.pid)
        for n in range(KILLS):
            # The oldest is each time another model's: the one before has a new engine. Some only stop, and are noticed.
            os.kill(server.roles("engine")[0], signal.SIGSTOP if n % 10 == 3 else signal.SIGKILL)
            load.wait_for_more(2 * CLIENTS)
        load.stop()
        self.assertEqual(load.broken, [])
        self.assertEqual(set(load.errors) - {"unavailable_error"}, set())
        self.assertLessEqual(len(load.errors), KILLS * CLIENTS, "an engine that dies costs what it was answering")
        self.assertGreaterEqual(load.answers, KILLS * CLIENTS)
        self.assertIsNone(server.process.poll())
        self.assertEqual(server.json("GET", "/health"), {"status": "ok"})
        self.assertLessEqual(open_files(server.process.pid), files + 2 * CLIENTS)
        self.assertLess(memory_kb(server.process.pid), memory + 50_000)
        self.assertEqual(len(server.roles("engine")), 2)
        self.assertEqual(zombies(server), [])

    def test_loading_and_unloading_under_fire_costs_no_answer(self):
        server = Server(self)
        load = self.load(server)
        for _ in range(2):
            for path, body in (("/models/unload", {"model": MODEL}), ("/api/generate", {"model": OTHER, "keep_alive": 0}),
                               ("/api/generate", {"model": MODEL}), ("/models/unload", {"model": OTHER})):
                server.json("POST", path, body, server.owner())
                load.wait_for_more(CLIENTS)
        load.stop()
        self.assertEqual((load.broken, load.errors), ([], []))

    def test_a_request_that_has_not_begun_does_not_notice(self):
        server = Server(self)
        question = "Tell me about the number 1."
        alone, _ = ask(server, chat(question, 20))
        for pid in server.roles("engine"):
            kill(pid)
        self.assertEqual(ask(server, chat(question, 20)), (alone, None))

    def test_nobody_notices_that_the_engine_was_killed_while_it_was_loading(self):
        server = Server(self)
        answers = []
        waiting = [threading.Thread(target=lambda: answers.append(
            server.request("POST", "/tokenize", {"model": MODEL, "content": "hello"})[0])) for _ in range(4 * CLIENTS)]
        for thread in waiting:
            thread.start()
        while not (engines := server.roles("engine")):
            pass
        kill(engines[0])
        for thread in waiting:
            thread.join()
        self.assertEqual(answers, [200] * len(waiting))

    def test_whoever_asks_for_something_else_does_not_wait_for_an_engine_that_is_stopped(self):
        server = Server(self)
        expected = {model: ask(server, chat("Who are you?", 10, model=model))[0] for model in (MODEL, OTHER)}
        tokens = server.json("POST", "/tokenize", {"model": MODEL, "content": "hello"})
        os.kill(server.roles("engine")[0], signal.SIGSTOP)
        ended = []
        waiting = [threading.Thread(target=lambda: ended.append(ask(server, chat("Who are you?", 10))[0] == expected[MODEL]))
                   for _ in range(CLIENTS)]
        waiting += [threading.Thread(target=lambda: ended.append(
            server.json("POST", "/tokenize", {"model": MODEL, "content": "hello"}) == tokens)) for _ in range(64)]
        for thread in waiting:
            thread.start()
        for path in ("/health", "/metrics", "/api/tags", "/api/ps", f"/slots?model={OTHER}"):
            self.assertEqual(server.request("GET", path)[0], 200, path)
        self.assertEqual(ask(server, chat("Who are you?", 10, model=OTHER)), (expected[OTHER], None))
        for thread in waiting:
            thread.join()
        self.assertEqual(ended, [True] * len(waiting), "nothing of their answers was there yet: they began anew")

    def test_neither_another_spelling_nor_another_route_keeps_the_workers_at_an_engine_that_is_stopped(self):
        server = Server(self)
        tokens = server.json("POST", "/tokenize", {"model": MODEL, "content": "hello"})
        os.kill(server.roles("engine")[0], signal.SIGSTOP)
        spellings = (MODEL, MODEL.upper(), "library/" + MODEL, "registry.ollama.ai/library/" + MODEL, "Library/" + MODEL)
        ended = []
        waiting = [threading.Thread(target=lambda model=model: ended.append(
            server.json("POST", "/tokenize", {"model": model, "content": "hello"}) == tokens))
            for model in spellings for _ in range(13)]
        waiting += [threading.Thread(target=lambda: ended.append(
            "content" in server.json("POST", "/completion", {"model": MODEL, "prompt": "hello", "n_predict": 2})))
            for _ in range(60)]
        for thread in waiting:
            thread.start()
        server.json("GET", "/api/tags")
        self.assertEqual(ask(server, chat("Who are you?", 10, model=OTHER))[1], None)
        for thread in waiting:
            thread.join()
        self.assertEqual(ended, [True] * len(waiting))

    def test_whoever_asks_for_something_else_does_not_wait_for_many_documents(self):
        server = Server(self)
        turns = "".join(f"{'Ann' if i % 2 else 'Bob'}: We order {i} heaters by Friday, and I write to number {i}.\n" for i in range(300))
        body = ('--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + turns +
                '\r\n--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n' + json.dumps({"model": MODEL}) +
                "\r\n--b--\r\n").encode()
        head = (f"POST /v1/summarize HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        clients = [server.connect() for _ in range(60)]
        for client in clients:
            client.sendall(head + body)
        while not server.roles("engine"):
            pass
        server.json("GET", "/api/tags")
        self.assertEqual(ask(server, chat("Who are you?", 2, model=OTHER))[1], None)
        server.json("POST", "/tokenize", {"model": MODEL, "content": "hello"})
        for client in clients:
            client.close()


@needs(MODEL)
class Attacks(IngleTest):
    def test_what_others_ask_changes_nobodys_answer(self):
        server = Server(self)
        question = "Count from one to ten in words."
        alone, _ = ask(server, chat(question, 60))
        chain = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(15000)}
        chain["a15000"] = {"type": "string"}
        hostile = [
            chat("x", 5, response_format={"type": "json_schema",
                                          "json_schema": {"name": "a", "schema": {"$ref": "#/$defs/a0", "$defs": chain}}}),
            chat("x", 5, grammar="root ::= " + "(" * 60000 + "\"a\"" + ")" * 60000),
            chat("word " * 400_000, 5),
            chat("x", 5, logit_bias={str(n): -100 for n in range(300)}),
        ]
        over = threading.Event()
        broken = []

        def attack(body):
            while not over.is_set():
                try:
                    ask(server, body)
                except Exception as problem:
                    broken.append(repr(problem))

        def leave():
            data = json.dumps(chat("Write a long story.", 500, stream=True)).encode()
            head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            while not over.is_set():
                with server.connect() as connection:
                    connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(data) + data)
                    connection.recv(1)

        attackers = [threading.Thread(target=attack, args=(body,)) for body in hostile]
        attackers += [threading.Thread(target=leave) for _ in range(2)]
        for thread in attackers:
            thread.start()
        try:
            for _ in range(5):
                self.assertEqual(ask(server, chat(question, 60)), (alone, None))
                self.assertEqual(ask(server, chat(question, 60, stream=True)), (alone, None))
        finally:
            over.set()
            for thread in attackers:
                thread.join()
        self.assertEqual(broken, [])
        self.assertEqual(server.json("GET", "/health"), {"status": "ok"})


@needs(MODEL)
class PagesOnDisk(IngleTest):
    LONG = chat("These are the numbers: " + " ".join(str(n) for n in range(300)) + ". Which one comes first?", 8)

    def usage(self, server, **headers):
        answer = server.json("POST", "/v1/chat/completions", self.LONG, headers)
        usage = answer["usage"]
        return answer["choices"][0]["message"]["content"], usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"]

    def files(self):
        return list((self.home / "cache" / "pages").glob("*"))

    def test_a_conversation_survives_a_restart_and_an_engine(self):
        server = Server(self, INGLE_DISK_CACHE_MB="400")
        text, prompt, cached = self.usage(server)
        self.assertGreater(prompt, 600)
        self.assertEqual(cached, 0)
        server.close()
        (file,) = self.files()
        self.assertEqual((file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777), (0o600, 0o700))
        self.assertLess(file.stat().st_size, 400 << 20)

        server = Server(self, INGLE_DISK_CACHE_MB="400")
        again, _, cached = self.usage(server)
        self.assertEqual(again, text)
        self.assertGreaterEqual(cached, prompt - 64)
        # Unloaded, and loaded again.
        server.json("POST", "/api/generate", {"model": MODEL, "keep_alive": 0})
        again, _, cached = self.usage(server)
        self.assertEqual(again, text)
        self.assertGreaterEqual(cached, prompt - 64)
        for pid in server.roles("engine"):
            kill(pid)
        again, _, cached = self.usage(server)
        self.assertEqual(again, text)
        self.assertGreaterEqual(cached, prompt - 64)
        server.close()

        # Somebody wrote into it.
        with open(file, "r+b") as pages:
            for at in range(5000, file.stat().st_size, 100_000):
                pages.seek(at)
                pages.write(b"hostile bytes")
        server = Server(self, INGLE_DISK_CACHE_MB="400")
        self.assertEqual(self.usage(server)[0], text)
        server.close()

        # Switched off: nothing is left.
        server = Server(self)
        self.assertEqual(self.usage(server)[0], text)
        self.assertEqual(self.files(), [])

    def test_nothing_is_kept_unless_it_is_asked_for(self):
        server = Server(self)
        self.usage(server)
        server.close()
        self.assertFalse((self.home / "cache" / "pages").exists())


if __name__ == "__main__":
    unittest.main()
