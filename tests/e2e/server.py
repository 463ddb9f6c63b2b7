"""A real `ingle serve` for the end-to-end tests, and raw sockets to misbehave with."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import ingle


class Server:
    """`ingle serve` on a free port, ended with the test. `log` is what it said."""

    def __init__(self, test, *words, **extra):
        self.log = open(pathlib.Path(test.home) / "serve.log", "w+b")  # noqa: SIM115 (closed with the server)
        self.process = subprocess.Popen(
            [ingle.BINARY, "serve", "--host", "127.0.0.1:0", "--json", *words], stdout=subprocess.PIPE, stderr=self.log,
            stdin=subprocess.DEVNULL, env=test.environment(**{"INGLE_THREADS": "2", **extra}))
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the server did not start: {self.said()}")
        self.address = json.loads(line)
        self.port = self.address["port"]
        self.url = self.address["url"]
        self.home = pathlib.Path(test.home)
        test.addCleanup(self.close)

    def said(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(ingle.WATCHDOG_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def owner(self):
        return {"Authorization": "Bearer " + (self.home / "keys" / "app").read_text().strip()}

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body as text)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ingle.WATCHDOG_S)
        try:
            headers = dict(headers or {})
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None, status=200):
        got, _, text = self.request(method, path, body, headers)
        if got != status:
            raise AssertionError(f"{method} {path}: {got} instead of {status}: {text}")
        return json.loads(text) if text else None

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=ingle.WATCHDOG_S)

    def raw(self, data):
        """Everything the server says to these bytes until it closes, or to a half request until we do."""
        with self.connect() as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def roles(self, name):
        """Process ids of the roles of this server, the oldest first."""
        return [pid for pid, its_name in self.processes() if its_name == f"ingle-{name}"]

    def processes(self):
        """(process id, name) of this server and all that it started, the oldest first."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, name, rest = re.match(r"(\d+) \((.*)\) (.*)", stat.read_text()).groups()
            except (OSError, AttributeError):
                continue
            if self.process.pid in ancestors(int(pid)):
                found.append((int(rest.split()[19]), int(pid), name))
        return [(pid, name) for _, pid, name in sorted(found)]


def ancestors(pid):
    chain = []
    while pid > 1:
        chain.append(pid)
        try:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            break
        pid = int(stat.rsplit(")", 1)[1].split()[1])
    return chain


def read_all(connection):
    data = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


def kill(pid):
    os.kill(pid, signal.SIGKILL)
