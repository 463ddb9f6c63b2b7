#!/usr/bin/env python3
"""Texts a second that a server makes vectors of: ours and llama-server's, in turns in one run. Python's standard library only.

Each round asks each server in turn through /v1/embeddings: one text after another from one client, lists of texts from one
client, and single texts from eight clients at once. Texts are sentences of a fixed generator, so both read the same ones.
Answers are not parsed while the clock runs; beforehand the vectors of both are compared.

  bench/embeddings.py --ingle BINARY --model all-minilm --peer LLAMA_SERVER --gguf FILE [--rounds 5] [--seconds 1] [--json OUT]
FILE is the model's GGUF, for the peer. Without --peer ours is measured alone.
"""

import argparse
import http.client
import json
import math
import os
import random
import socket
import statistics
import subprocess
import threading
import time

WORDS = ("the a of to in is are was and or not what who where how when why man woman dog cat bread food city capital "
         "france paris eat eats piece big small red green blue fast slow hello world answer letter paper number price").split()


def sentences(n, words, seed):
    rng = random.Random(seed)
    return [" ".join(rng.choice(WORDS) for _ in range(words)) for _ in range(n)]


class Server:
    def __init__(self, name, command, port, environment=None):
        self.name, self.port = name, port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})
        for _ in range(600):
            try:
                if self.connect_and_get("/health") == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise SystemExit(f"{name} did not start: {' '.join(command)}")

    def connect_and_get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def close(self):
        self.process.terminate()
        self.process.wait()


class Client:
    def __init__(self, server, model):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.model = model

    def ask(self, texts):
        body = json.dumps({"model": self.model, "input": texts})
        self.connection.request("POST", "/v1/embeddings", body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {data[:300]}")
        return data


def run(server, model, lists, n_clients, seconds):
    """(texts a second, median seconds a request), from so many clients that each ask again at once."""
    counts, times = [0] * n_clients, []
    end = time.perf_counter() + seconds

    def work(index):
        client = Client(server, model)
        turn = index
        while (begin := time.perf_counter()) < end:
            texts = lists[turn % len(lists)]
            turn += n_clients
            client.ask(texts)
            times.append(time.perf_counter() - begin)
            counts[index] += len(texts)

    begin = time.perf_counter()
    threads = [threading.Thread(target=work, args=(index,)) for index in range(n_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begin), statistics.median(times)


def worst_cosine(servers, model, texts):
    rows = [json.loads(Client(server, model).ask(texts))["data"] for server in servers]
    worst = 1.0
    for a, b in zip(rows[0], rows[-1], strict=True):
        a, b = a["embedding"], b["embedding"]
        lengths = math.sqrt(sum(x * x for x in a) * sum(x * x for x in b))
        worst = min(worst, sum(x * y for x, y in zip(a, b, strict=True)) / lengths)
    return worst


CASES = [  # name, words a text, texts a request, clients
    ("one text of 14 words after another", 14, 1, 1),
    ("lists of 64 texts of 14 words", 14, 64, 1),
    ("lists of 16 texts of 200 words", 200, 16, 1),
    ("single texts of 14 words from 8 clients", 14, 1, 8),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ingle", required=True)
    parser.add_argument("--model", default="all-minilm")
    parser.add_argument("--peer")
    parser.add_argument("--gguf")
    parser.add_argument("--threads", default="4")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    servers = [Server("ingle", [arguments.ingle, "serve", "--host", f"127.0.0.1:{ports[0]}"], ports[0],
                      {"INGLE_THREADS": arguments.threads})]
    if arguments.peer:
        servers.append(Server("llama-server", [
            arguments.peer, "-m", arguments.gguf, "--embedding", "--pooling", "mean", "-t", arguments.threads, "--port",
            str(ports[1]), "-np", "8", "-c", "4096", "-b", "2048", "-ub", "2048"], ports[1]))
    try:
        report = {"worst_cosine": worst_cosine(servers, arguments.model, sentences(32, 30, 1)), "cases": []}
        print(f"worst cosine between the servers: {report['worst_cosine']:.7f}")
        for name, words, n_texts, n_clients in CASES:
            texts = sentences(512, words, 2)
            lists = [texts[i:i + n_texts] for i in range(0, len(texts), n_texts)]
            rounds = {server.name: [] for server in servers}
            for _ in range(arguments.rounds):
                for server in servers:
                    rounds[server.name].append(run(server, arguments.model, lists, n_clients, arguments.seconds))
            case = {"name": name}
            for server in servers:
                case[server.name] = {"texts_per_s": statistics.median(rate for rate, _ in rounds[server.name]),
                                     "request_ms": 1000 * statistics.median(wait for _, wait in rounds[server.name])}
            report["cases"].append(case)
            print(name + ": " + "; ".join(f"{server.name} {case[server.name]['texts_per_s']:.0f} texts/s, "
                                          f"{case[server.name]['request_ms']:.2f} ms a request" for server in servers),
                  flush=True)
        if arguments.json:
            with open(arguments.json, "w", encoding="utf-8") as out:
                json.dump(report, out, indent=1)
    finally:
        for server in servers:
            server.close()


if __name__ == "__main__":
    main()
