"""Many connections at once, on raw sockets and an epoll loop: bench/echo.py measures with it, end-to-end tests count.

A Loop drives the connections of one process; spread() runs a share of a load in each of several processes, so that the
generator is not the limit. Every answer is kept whole until it is judged: status, framing, number of events, last event.
Times are time.monotonic(), which processes of one machine share.
"""
import heapq
import json
import multiprocessing
import re
import resource
import select
import socket
import time

END_OF_CHUNKS = b"\r\n0\r\n\r\n"
REQUEST_ID = re.compile(rb"\r\nx-request-id: ([^\r]*)\r\n", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
LONGEST_S = 600  # only ends what hangs


def raise_descriptor_limit(wanted=16384):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def request(method, path, body=None, close=False, model="echo"):
    """Bytes of a request; a body is an answer's fields besides model and messages."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n" + ("Connection: close\r\n" if close else "")
    if body is None:
        return (head + "\r\n").encode()
    data = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}], **body}).encode()
    return (head + f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n").encode() + data


def chat(max_tokens, stream=False, **more):
    return request("POST", "/v1/chat/completions", {"max_tokens": max_tokens, "stream": stream}, **more)


class Answer:
    """One request on one connection and what came back. `complete`: framed to its end."""

    __slots__ = ("asked", "complete", "data", "ended", "times")

    def __init__(self, asked):
        self.asked, self.ended, self.complete = asked, None, False
        self.data, self.times = bytearray(), []

    def add(self, piece, now):
        self.data += piece
        self.times.append(now)
        head = self.data.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = LENGTH.search(self.data, 0, head + 2)
        if length:
            self.complete = len(self.data) >= head + 4 + int(length[1])
        else:
            self.complete = self.data.endswith(END_OF_CHUNKS)
        return self.complete

    @property
    def status(self):
        return int(self.data[9:12]) if self.data.startswith(b"HTTP/1.1 ") else 0

    @property
    def seconds(self):
        return self.ended - self.asked

    def request_id(self):
        found = REQUEST_ID.search(self.data)
        return bytes(found[1]) if found else None

    def is_whole_stream(self, n_tokens):
        return (self.status == 200 and self.complete and self.data.count(b'"content":"') >= n_tokens
                and b"data: [DONE]\n\n" in self.data[-64:])

    def gaps(self):
        """Between events as they arrived, without the head, which comes with the first one."""
        return [b - a for a, b in zip(self.times, self.times[1:], strict=False)]


class Connection:
    """Asks once or, kept alive, again and again. `done(connection, answer)` may call ask() again."""

    def __init__(self, loop, done):
        self.loop, self.done, self.answer, self.unsent = loop, done, None, b""
        self.socket = None

    def ask(self, data):
        now = time.monotonic()
        self.answer = Answer(now)
        self.unsent = data
        if self.socket is None:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.connect_ex(("127.0.0.1", self.loop.port))
            self.loop.watch(self, select.EPOLLOUT)
        else:
            self.write()

    def write(self):
        try:
            n = self.socket.send(self.unsent)
        except BlockingIOError:
            return
        except OSError:
            return self.end()
        self.unsent = self.unsent[n:]
        self.loop.change(self, select.EPOLLIN if not self.unsent else select.EPOLLOUT)

    def ready(self, events):
        if self.unsent:
            return self.write()
        try:
            piece = self.socket.recv(65536)
        except BlockingIOError:
            return None
        except OSError:
            piece = b""
        now = time.monotonic()
        if piece and not self.answer.add(piece, now):
            return self.on_piece()
        if not piece:
            self.close()
        return self.end(now)

    def on_piece(self):
        """Before the answer is complete."""

    def end(self, now=None):
        answer, self.answer = self.answer, None
        if answer is not None:
            answer.ended = now or time.monotonic()
            self.done(self, answer)

    def close(self):
        if self.socket is not None:
            self.loop.forget(self)
            self.socket.close()
            self.socket = None


class Loop:
    def __init__(self, port):
        self.port, self.epoll, self.connections, self.timers = port, select.epoll(), {}, []
        self.n_timers = 0

    def watch(self, connection, events):
        self.connections[connection.socket.fileno()] = [connection, events]
        self.epoll.register(connection.socket.fileno(), events)

    def change(self, connection, events):
        row = self.connections[connection.socket.fileno()]
        if row[1] != events:
            row[1] = events
            self.epoll.modify(connection.socket.fileno(), events)

    def forget(self, connection):
        del self.connections[connection.socket.fileno()]
        self.epoll.unregister(connection.socket.fileno())

    def at(self, when, what):
        self.n_timers += 1
        heapq.heappush(self.timers, (when, self.n_timers, what))

    def run(self, until):
        """Until until() is true."""
        last = time.monotonic() + LONGEST_S
        while not until():
            now = time.monotonic()
            if now > last:
                raise TimeoutError("the load does not end")
            while self.timers and self.timers[0][0] <= now:
                heapq.heappop(self.timers)[2]()
            wait = min(self.timers[0][0] - now, 1) if self.timers else 1
            for fd, events in self.epoll.poll(max(wait, 0)):
                if fd in self.connections:
                    self.connections[fd][0].ready(events)

    def close(self):
        for connection, _ in list(self.connections.values()):
            connection.close()
        self.epoll.close()


def _run_share(pipe, job, args):
    raise_descriptor_limit()
    try:
        began, worked = time.monotonic(), time.process_time()
        figures = job(*args)
        figures["generator"] = [(time.process_time() - worked) / (time.monotonic() - began)]
        pipe.send(figures)
    except BaseException as problem:
        pipe.send(problem)
        raise
    finally:
        pipe.close()


class Spread:
    """job(*args, share) in a process for each share; results() waits for them and gives their figures, and as `generator` the
    part of a core that each process used."""

    def __init__(self, job, *args, shares):
        context = multiprocessing.get_context("fork")
        self.processes = []
        for share in shares:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_run_share, args=(theirs, job, (*args, share)), daemon=True)
            process.start()
            theirs.close()
            self.processes.append((process, ours))

    def results(self):
        values = [pipe.recv() for _, pipe in self.processes]
        for process, _ in self.processes:
            process.join()
        for value in values:
            if isinstance(value, BaseException):
                raise value
        return values


def shares_of(n, n_processes):
    return [n // n_processes + (i < n % n_processes) for i in range(n_processes) if n // n_processes + (i < n % n_processes)]
