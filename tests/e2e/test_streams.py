"""The server alone, with an echo for an engine, and many at once: who is answered, who is refused, and what it costs.

Counts and no times: bench/echo.py measures those, with the same generator. INGLE_STREAMS says how many streams there are:
a modest number here, a thousand in `./test --long`, with two thousand slow sockets.
"""
import http.client
import multiprocessing
import os
import pathlib
import signal
import sys
import threading
import time

import ingle
from ingle import IngleTest
from server import Server, read_all

sys.path.insert(0, str(ingle.ROOT / "bench"))

from serving import echo_loads as loads  # noqa: E402
from serving.sockets import Spread, chat, raise_descriptor_limit, shares_of  # noqa: E402

STREAMS = int(os.environ.get("INGLE_STREAMS", "200"))
SLOW = 2 * STREAMS if STREAMS >= 1000 else 300
MAX_MEMORY_MIB = 200


def memory_mib(pid):
    """At its highest."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def is_sanitized():
    """Sanitizers multiply what memory a program takes."""
    return b"__asan_init" in pathlib.Path(ingle.BINARY).read_bytes()


class Many(IngleTest):
    shared_models = False

    def setUp(self):
        super().setUp()
        raise_descriptor_limit()

    def assert_memory_is_modest(self, server):
        if not is_sanitized():
            self.assertLess(memory_mib(server.process.pid), MAX_MEMORY_MIB)

    def add_up(self, spread):
        total = {}
        for part in spread.results():
            for name, value in part.items():
                total[name] = total[name] + value if name in total else value
        return total

    def test_streams_are_whole_and_take_little_memory(self):
        server = Server(self, "--engine", "echo")
        n_tokens = 60
        total = self.add_up(Spread(loads.streams, server.port, n_tokens, shares=shares_of(STREAMS, 2)))
        self.assertEqual(total["statuses"], [200] * STREAMS)
        self.assertEqual(total["whole"], STREAMS)
        self.assertEqual(len(set(total["ids"]) - {None}), STREAMS)
        self.assert_memory_is_modest(server)

    def test_no_request_of_64_clients_is_lost_and_no_id_comes_twice(self):
        server = Server(self, "--engine", "echo")
        total = self.add_up(Spread(loads.requests, server.port, 2, chat(1), shares=shares_of(64, 2)))
        self.assertEqual((total["lost"], total["broken"]), (0, []))
        self.assertEqual(set(total["statuses"]), {200})
        self.assertEqual(len(set(total["ids"]) - {None}), len(total["statuses"]))

    def test_slow_sockets_keep_nobody_from_an_answer(self):
        server = Server(self, "--engine", "echo")
        ready, over = multiprocessing.Semaphore(0), multiprocessing.Event()
        holders = Spread(loads.slow_sockets, server.port, ready, over, shares=shares_of(SLOW, 2))
        for _ in holders.processes:
            ready.acquire()
        clients = Spread(loads.requests, server.port, 1, chat(2), shares=[16])
        health = loads.health(server.port, 1, 0.005)
        self.assertEqual(health["ok"], health["asked"])
        answered = self.add_up(clients)
        self.assertEqual((answered["lost"], set(answered["statuses"])), (0, {200}))
        over.set()
        held = self.add_up(holders)
        self.assertEqual(held["opened"], SLOW)
        self.assert_memory_is_modest(server)

    def test_what_is_too_much_is_refused_with_429_and_what_was_taken_is_answered(self):
        places, queue, asked = 8, 8, 200
        server = Server(self, "--engine", "echo", INGLE_PARALLEL=str(places), OLLAMA_MAX_QUEUE=str(queue))
        total = self.add_up(Spread(loads.arrivals, server.port, 1, asked, chat(20), shares=[1]))
        self.assertEqual(total["lost"], 0)
        self.assertLessEqual(set(total["statuses"]), {200, 429})
        n_refused = total["statuses"].count(429)
        self.assertGreater(n_refused, 0)
        self.assertEqual(total["with_retry_after"], n_refused)
        self.assertGreaterEqual(total["statuses"].count(200), places + queue)

    def test_streams_that_are_left_harm_no_other_and_leave_nothing_behind(self):
        server = Server(self, "--engine", "echo")
        server.json("GET", "/health")
        before = open_files(server.process.pid)
        staying = Spread(loads.streams, server.port, 60, shares=[STREAMS // 4])
        left = self.add_up(Spread(loads.leavers, server.port, 2, 250, shares=[1, 1]))
        self.assertEqual(set(left["statuses"]), {200})
        stayed = self.add_up(staying)
        self.assertEqual(stayed["whole"], stayed["asked"])
        while open_files(server.process.pid) > before:
            time.sleep(0.01)

    def test_a_client_that_never_reads_harms_nobody(self):
        server = Server(self, "--engine", "echo")
        # It asks for pages until the server's and the system's buffers are full, then the server stops reading from it.
        deaf = server.connect()
        deaf.setblocking(False)
        pages = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000
        try:
            while deaf.send(pages):
                pass
        except BlockingIOError:
            pass
        total = self.add_up(Spread(loads.streams, server.port, 20, shares=[20]))
        self.assertEqual(total["whole"], 20)
        self.assert_memory_is_modest(server)
        deaf.close()
        self.assertEqual(server.json("GET", "/health"), {"status": "ok"})


class Drain(IngleTest):
    shared_models = False

    def test_streams_under_way_end_whole_and_kept_connections_get_an_answer_or_a_clean_close(self):
        server = Server(self, "--engine", "echo")
        idle = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=ingle.WATCHDOG_S) for _ in range(20)]
        for connection in idle:
            connection.request("GET", "/health")
            self.assertEqual(connection.getresponse().read(), b'{"status":"ok"}')
        streams = []
        for _ in range(20):
            stream = server.connect()
            stream.sendall(chat(40, stream=True))
            while b'"content"' not in stream.recv(65536):
                pass
            streams.append(stream)
        over = threading.Event()
        unclean, answered = [], []

        def ask_on(connection):
            """Again and again on a kept connection, until it is closed between two answers."""
            while not over.is_set():
                try:
                    connection.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    data = connection.recv(65536)
                except OSError:
                    return
                if not data:
                    return
                if b"\r\n\r\n{" not in data or not data.endswith(b"}"):
                    unclean.append(data)
                answered.append(data)
        busy = [server.connect() for _ in range(10)]
        threads = [threading.Thread(target=ask_on, args=(connection,)) for connection in busy]
        for thread in threads:
            thread.start()
        while len(answered) < 100:
            time.sleep(0.001)
        server.process.send_signal(signal.SIGTERM)
        for stream in streams:
            self.assertTrue(read_all(stream).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"))
            stream.close()
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(unclean, [])
        for connection in idle:
            self.assertEqual(read_all(connection.sock), b"")  # closed, and nothing said that nobody asked for
            connection.close()
        self.assertEqual(server.process.wait(ingle.WATCHDOG_S), 0)
        for connection in busy:
            connection.close()
