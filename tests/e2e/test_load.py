"""A server that many ask at once: who is refused, and that the others get the bits that each would have got alone."""
import http.client
import json
import threading
import time

import ingle
from ingle import IngleTest, needs
from server import Server

MODEL = "smollm2:135m"


def start(server, path, body):
    """A request that is not read yet."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ingle.WATCHDOG_S)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    return connection


class Overload(IngleTest):
    BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 20, "stream": True}

    def setUp(self):
        super().setUp()
        self.server = Server(self, "--engine", "echo", INGLE_PARALLEL="1", OLLAMA_MAX_QUEUE="1")

    def test_one_too_many_is_refused_at_once_in_every_dialect_and_nobody_else_suffers(self):
        running = start(self.server, "/v1/chat/completions", {**self.BODY, "max_tokens": 400})
        answer = running.getresponse()
        self.assertEqual(answer.status, 200)
        answer.readline()  # it streams: the place is taken
        waiting = [start(self.server, "/v1/chat/completions", self.BODY) for _ in range(2)]
        # One of the two waits, the other was refused: which one came first is not known.
        refused = None
        while refused is None:
            for connection in waiting:
                connection.sock.settimeout(0.05)
                try:
                    refused = connection.getresponse()
                except TimeoutError:
                    continue
                waiting.remove(connection)
                self.addCleanup(connection.close)
                break
        self.assertEqual(refused.status, 429)
        self.assertEqual(refused.headers["Retry-After"], "1")
        self.assertEqual(json.loads(refused.read())["error"]["code"], "rate_limit_exceeded")
        status, headers, text = self.server.request("POST", "/api/chat", self.BODY)
        self.assertEqual((status, headers["Retry-After"]), (503, "1"))
        self.assertEqual(json.loads(text), {"error": "server busy, please try again.  maximum pending requests exceeded"})
        status, headers, text = self.server.request("POST", "/v1/messages", self.BODY)
        self.assertEqual((status, headers["Retry-After"]), (529, "1"))
        self.assertEqual(json.loads(text)["error"]["type"], "overloaded_error")
        self.assertEqual(self.server.request("GET", "/health")[0], 200)
        running.close()  # who leaves makes room
        for connection in waiting:
            connection.sock.settimeout(ingle.WATCHDOG_S)
            self.assertIn(b"[DONE]", connection.getresponse().read())
            connection.close()


@needs(MODEL)
class Company(IngleTest):
    QUESTION = {"model": MODEL, "messages": [{"role": "system", "content": "You know about boats. " * 40},
                                             {"role": "user", "content": "Tell me about the sea."}],
                "max_tokens": 40, "temperature": 0.9, "seed": 7, "logprobs": True, "top_logprobs": 3}

    def ask(self, server):
        answer = server.json("POST", "/v1/chat/completions", self.QUESTION)
        return answer["choices"][0]

    def test_the_same_request_has_the_same_bits_alone_and_amid_load(self):
        server = Server(self)
        alone = self.ask(server)
        server.close()
        self.assertGreater(len(alone["logprobs"]["content"]), 10)
        server = Server(self, INGLE_PARALLEL="4", INGLE_TOKEN_GAP="20")
        stop = threading.Event()
        answered = []

        def others(i):
            while not stop.is_set():
                words = f"Number {i} of {len(answered)}: " + "and then " * (20 + 60 * i)
                server.json("POST", "/v1/chat/completions", {"model": MODEL, "max_tokens": 30, "temperature": 0,
                                                             "messages": [{"role": "user", "content": words}]})
                answered.append(i)
        threads = [threading.Thread(target=others, args=(i,)) for i in range(5)]
        for thread in threads:
            thread.start()
        try:
            while not answered:  # the load is there
                time.sleep(0.01)
            for _ in range(3):  # computed, then found in the cache
                self.assertEqual(self.ask(server), alone)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertGreater(len(set(answered)), 3)


@needs(MODEL)
class ColdModel(IngleTest):
    def test_a_burst_at_a_model_that_is_not_loaded_is_answered_or_refused_and_nothing_waits_behind_it(self):
        """More than there are threads: they used to wait for one, and everybody else behind them."""
        server = Server(self, INGLE_PARALLEL="4", OLLAMA_MAX_QUEUE="60")
        asked = 150
        results, lock = [], threading.Lock()

        def ask():
            status, headers, text = server.request("POST", "/v1/chat/completions", {
                "model": MODEL, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1})
            with lock:
                results.append((status, headers["Retry-After"], json.loads(text)))
        threads = [threading.Thread(target=ask) for _ in range(asked)]
        for thread in threads:
            thread.start()
        self.assertEqual(server.json("GET", "/health"), {"status": "ok"})
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), asked)
        self.assertLessEqual({status for status, _, _ in results}, {200, 429})
        self.assertGreaterEqual(sum(status == 200 for status, _, _ in results), 64)
        for status, retry_after, answer in results:
            if status == 429:
                self.assertEqual((retry_after, answer["error"]["code"]), ("1", "rate_limit_exceeded"))
