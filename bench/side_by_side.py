#!/usr/bin/env python3
"""Two models at once on one machine: each one's speed beside the other, as a share of its speed alone.

usage: bench/side_by_side.py [--binary build/release/ingle] [--models A B] [--tokens 256] [--rounds 3]

Starts a server of its own on a free port (models from INGLE_HOME or OLLAMA_MODELS), loads both models, and then in every
round streams from A alone, from B alone, and from both. Tokens are counted as they arrive; together, only while both
stream. Prints the median of the rounds, and with --json one object.
"""
import argparse
import json
import os
import statistics
import subprocess
import threading
import time
import urllib.request

PROMPT = "Write down the numbers from one to one thousand in words, separated by commas. Do not stop before the end."


class Stream(threading.Thread):
    """One answer; `times` has the moment of every token."""

    def __init__(self, address, model, tokens):
        super().__init__()
        self.request = urllib.request.Request(
            address + "/api/generate",
            json.dumps({"model": model, "prompt": PROMPT, "keep_alive": -1,
                        "options": {"num_predict": tokens, "temperature": 0.7, "seed": 7}}).encode(),
            {"Content-Type": "application/json"})
        self.times = []

    def run(self):
        with urllib.request.urlopen(self.request) as answer:
            for line in answer:
                if not json.loads(line).get("done"):
                    self.times.append(time.monotonic())

    def speed(self, begin, end):
        inside = [t for t in self.times if begin <= t <= end]
        return (len(inside) - 1) / (inside[-1] - inside[0]) if len(inside) > 2 else 0.0


def stream(address, models, tokens):
    """Tokens a second of each, from when all have begun to when the first ends."""
    streams = [Stream(address, model, tokens) for model in models]
    for one in streams:
        one.start()
    for one in streams:
        one.join()
    begin = max(one.times[0] for one in streams)
    end = min(one.times[-1] for one in streams)
    return [one.speed(begin, end) for one in streams]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/ingle")
    parser.add_argument("--models", nargs=2, default=["qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b"])
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    server = subprocess.Popen([arguments.binary, "serve", "--host", "127.0.0.1:0", "--json"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        told = json.loads(server.stdout.readline())
        address = told.get("url") or "http://" + told["address"]
        a, b = arguments.models
        stream(address, [a, b], 8)  # loads both
        rounds = []
        for _ in range(arguments.rounds):
            alone = [stream(address, [model], arguments.tokens)[0] for model in (a, b)]
            together = stream(address, [a, b], arguments.tokens)
            rounds.append((alone, together))
    finally:
        server.terminate()
        server.wait()
    shares = [[t / s for s, t in zip(alone, together)] for alone, together in rounds]
    report = {"models": [a, b],
              "alone": [statistics.median(r[0][i] for r in rounds) for i in (0, 1)],
              "together": [statistics.median(r[1][i] for r in rounds) for i in (0, 1)],
              "shares": [statistics.median(s[i] for s in shares) for i in (0, 1)],
              "sum": statistics.median(sum(s) for s in shares)}
    if arguments.json:
        print(json.dumps(report))
        return
    for i in (0, 1):
        print(f"{report['models'][i]:24} alone {report['alone'][i]:7.1f} tok/s   together {report['together'][i]:7.1f} tok/s"
              f"   share {report['shares'][i]:.2f}")
    print(f"sum of the shares: {report['sum']:.2f}")


if __name__ == "__main__":
    main()
