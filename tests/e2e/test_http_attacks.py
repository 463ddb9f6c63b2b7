"""HTTP taken apart on a raw socket. One server answers all of http_cases.py, and is asked for its health after each."""
import socket
import sys
import time
import unittest

import http_cases
import ingle
from ingle import IngleTest, WATCHDOG_S
from server import Server

sys.path.insert(0, str(ingle.ROOT / "bench"))

from serving.sockets import raise_descriptor_limit  # noqa: E402


class Answer:
    """One answer, and no byte of the next."""

    def __init__(self, stream):
        self.head = b""
        try:
            while not self.head.endswith(b"\r\n\r\n"):
                line = stream.readline()
                if not line:
                    break
                self.head += line
            lines = self.head.split(b"\r\n")
            self.status = int(lines[0].split()[1]) if lines[0].startswith(b"HTTP/1.1 ") else None
            lengths = [line.split(b":")[1] for line in lines if line.lower().startswith(b"content-length:")]
            self.body = stream.read(int(lengths[0])) if lengths else b""
        except ConnectionResetError:
            self.status, self.body = None, b""


class Client:
    """Bytes as they are, and the answers to them."""

    def __init__(self, server):
        self.socket = server.connect()
        self.stream = self.socket.makefile("rb")

    def send(self, data, step=None):
        try:
            for i in range(0, len(data), step or max(len(data), 1)):
                self.socket.sendall(data[i:i + (step or len(data))])
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent
        return self

    def answer(self):
        return Answer(self.stream)

    def ends(self):
        """Whether nothing but the end follows."""
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.stream.close()
        self.socket.close()


class HttpAttacks(IngleTest):
    shared_models = False

    def setUp(self):
        super().setUp()
        raise_descriptor_limit()
        self.server = Server(self, "--engine", "echo")
        self.bystander = Client(self.server)
        self.addCleanup(self.bystander.close)

    def assert_lives(self, name):
        self.assertEqual(self.bystander.send(http_cases.get()).answer().body, b'{"status":"ok"}', name)

    def client(self):
        client = Client(self.server)
        self.addCleanup(client.close)
        return client

    def test_every_case_of_the_table(self):
        cases = list(http_cases.cases())
        self.assertGreaterEqual(len(cases), 120)
        for name, data, status, must_end in cases:
            with self.subTest(name):
                client = self.client().send(data)
                answer = client.answer()
                self.assertIn(answer.status, status if isinstance(status, tuple) else (status,), answer.head[:200])
                if must_end:
                    self.assertIn(b"connection: close", answer.head)
                    self.assertTrue(client.ends())
                if answer.status >= 400:
                    self.assertIn(b"error", answer.body)
                    self.assertLess(len(answer.body), 1000)
                client.close()
                self.assert_lives(name)

    def test_the_same_cut_into_single_bytes(self):
        for name, data, status, _ in http_cases.cases():
            if len(data) > 400 or not isinstance(status, int):
                continue
            with self.subTest(name):
                client = self.client()
                client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.assertIn(client.send(data, 1).answer().status, (status, None))  # None: reset before it could be read
                client.close()
        self.assert_lives("single bytes")

    def test_a_request_within_the_body_of_another_is_no_request(self):
        body = http_cases.SMUGGLED
        client = self.client().send(http_cases.get(b"Content-Length: %d" % len(body)) + body + http_cases.get())
        self.assertEqual([client.answer().body, client.answer().body], [b'{"status":"ok"}'] * 2)  # and no third
        client.close()
        body = http_cases.SMUGGLED + b" " * 30
        client = self.client().send(http_cases.post(b"Content-Length: %d" % len(body), body=body) + http_cases.get())
        self.assertEqual(client.answer().status, 400)  # it is not JSON
        self.assertEqual(client.answer().body, b'{"status":"ok"}')

    def test_many_requests_at_once_are_answered_in_their_order(self):
        client = self.client().send((http_cases.get() + http_cases.get(target=b"/api/version")) * 50)
        for _ in range(50):
            self.assertEqual(client.answer().body, b'{"status":"ok"}')
            self.assertIn(b"version", client.answer().body)

    def test_who_sends_no_more_gets_what_needs_no_model(self):
        for target in (b"/health", b"/api/version", b"/api/tags", b"/v1/models", b"/nothing"):
            for _ in range(20):
                self.assertTrue(self.server.raw(http_cases.get(b"Connection: close", target=target)).startswith(b"HTTP/1.1 "), target)

    def test_a_client_that_sends_a_refused_body_to_its_end_sees_why(self):
        self.assertEqual(self.server.request("POST", "/api/chat", b" " * (40 << 20), {"Content-Type": "application/json"})[0], 413)

    def test_two_thousand_slow_sockets_leave_the_server_answering(self):
        slow = []
        for i in range(2000):
            connection = self.server.connect()
            connection.sendall((b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{", b"GET / HTTP/1.1\r\nHo", b"")[i % 3])
            slow.append(connection)
        started = time.monotonic()
        for _ in range(100):
            self.assert_lives("slow sockets")
        self.assertLess(time.monotonic() - started, WATCHDOG_S)
        for connection in slow:
            connection.close()


if __name__ == "__main__":
    unittest.main()
