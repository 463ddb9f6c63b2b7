"""Loads on a server whose engine is an echo: each a job for sockets.Spread that returns plain figures to be added up."""
import random
import socket
import time

from serving.sockets import Connection, Loop, chat, request

RAMP_S = 1.0  # new connections come spread over this long


def streams(port, n_tokens, share):
    """`share` streams of n_tokens at once."""
    loop, ended = Loop(port), []

    def done(connection, answer):
        ended.append(answer)
        connection.close()

    start = time.monotonic()
    for i in range(share):
        loop.at(start + RAMP_S * i / share, lambda: Connection(loop, done).ask(chat(n_tokens, stream=True)))
    loop.run(lambda: len(ended) == share)
    loop.close()
    return {"asked": share, "whole": sum(a.is_whole_stream(n_tokens) for a in ended),
            "statuses": [a.status for a in ended], "ids": [a.request_id() for a in ended],
            "gaps": [gap for a in ended for gap in a.gaps()],
            "first": [a.times[0] - a.asked for a in ended if a.times]}


def requests(port, seconds, data, share):
    """`share` clients on kept-alive connections, each asking again as soon as it is answered."""
    loop, answers, broken = Loop(port), [], []
    end = time.monotonic() + seconds
    open_ones = [share]

    def done(connection, answer):
        if not answer.complete:
            broken.append(bytes(answer.data[:200]))
            connection.close()
        answers.append((answer.status, answer.seconds, answer.request_id()))
        if answer.ended < end:
            connection.ask(data)
        else:
            connection.close()
            open_ones[0] -= 1

    for _ in range(share):
        Connection(loop, done).ask(data)
    loop.run(lambda: open_ones[0] == 0)
    loop.close()
    return {"statuses": [a[0] for a in answers], "seconds": [a[1] for a in answers], "ids": [a[2] for a in answers],
            "lost": len(broken), "broken": broken[:3]}


def arrivals(port, seconds, rate, data, share):
    """rate * share requests a second, each on a connection of its own, however long the answers take (Poisson)."""
    loop, answers = Loop(port), []
    random.seed(share)
    start = time.monotonic()

    def done(connection, answer):
        answers.append((answer.status, answer.seconds, answer.ended - start, answer.complete,
                        b"\r\nretry-after: " in answer.data[:2000].lower()))
        connection.close()

    when = start
    n = 0
    while when < start + seconds:
        loop.at(when, lambda: Connection(loop, done).ask(data))
        when += random.expovariate(rate * share)
        n += 1
    loop.run(lambda: len(answers) == n)
    loop.close()
    return {"asked": n, "lost": sum(not a[3] for a in answers), "statuses": [a[0] for a in answers],
            "refused": [a[1] for a in answers if a[0] == 429], "with_retry_after": sum(a[0] == 429 and a[4] for a in answers),
            "answered_at": [a[2] for a in answers if a[0] == 200], "seconds": [a[1] for a in answers if a[0] == 200]}


class Leaver(Connection):
    """Goes as soon as its stream has begun."""

    def on_piece(self):
        self.close()
        self.end()


def leavers(port, seconds, rate, share):
    """rate * share streams a second that are left at their first event."""
    loop, ended = Loop(port), []
    start = time.monotonic()
    n = int(rate * share * seconds)
    for i in range(n):
        loop.at(start + i / (rate * share),
                lambda: Leaver(loop, lambda c, a: ended.append(a)).ask(chat(1000, stream=True)))
    loop.run(lambda: len(ended) == n)
    took = time.monotonic() - start
    loop.close()
    return {"left": n, "statuses": [a.status for a in ended], "rate": n / took}


KINDS_OF_SLOW = ("head", "body", "reader")


def slow_sockets(port, ready, over, share):
    """`share` sockets: a third sends its head a byte a second, a third its body, a third reads its stream so. Sets `ready` when
    all are open, closes them when `over` is set."""
    sockets = []
    post = request("POST", "/v1/chat/completions", {"max_tokens": 10, "stream": True})
    head_end = post.index(b"\r\n\r\n") + 4
    long_stream = chat(100_000, stream=True)
    for i in range(share):
        kind = KINDS_OF_SLOW[i % 3]
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if kind == "reader":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.connect(("127.0.0.1", port))
        s.setblocking(False)
        s.send({"head": post[:20], "body": post[:head_end + 1], "reader": long_stream}[kind])
        rest = {"head": post[20:], "body": post[head_end + 1:], "reader": b""}[kind]
        sockets.append([s, kind, rest, True])
    ready.release()
    while not over.is_set():
        begun = time.monotonic()
        for row in sockets:
            s, kind, rest, alive = row
            try:
                if not alive:
                    continue
                if kind == "reader":
                    row[3] = s.recv(1) != b""
                else:
                    s.send(rest[:1])
                    row[2] = rest[1:] or b" "
            except BlockingIOError:
                pass
            except OSError:
                row[3] = False
        over.wait(max(0, 1 - (time.monotonic() - begun)))
    n_open = sum(row[3] for row in sockets)
    for row in sockets:
        row[0].close()
    return {"opened": share, "open_at_the_end": n_open}


def health(port, seconds, every):
    """GET /health on new connections, one after the other."""
    loop, answers = Loop(port), []
    end = time.monotonic() + seconds

    def done(connection, answer):
        answers.append(answer)
        connection.close()

    n = 0
    while time.monotonic() < end:
        Connection(loop, done).ask(request("GET", "/health"))
        n += 1
        loop.run(lambda n=n: len(answers) == n)
        time.sleep(every)
    loop.close()
    return {"asked": n, "ok": sum(a.status == 200 and a.complete for a in answers), "seconds": [a.seconds for a in answers]}
