#!/usr/bin/env python3
"""Speed on a machine that others use too: beside busy cores, and beside a second engine. Everything at its defaults.

usage: bench/shared_machine.py [--binary build/release/ingle] [--model qwen2.5-coder:0.5b] [--busy 1 2 3] [--rounds 5]
       [--tokens 96] [--prompt-words 0] [--pair] [--json]

Starts a server of its own on a free port (models from INGLE_HOME or OLLAMA_MODELS). Every round asks once on the quiet
machine, then once for every number of busy cores, each a process that does nothing but count. The engine's own timings are
read; the first answer of each kind is not counted. --pair starts a second server (of a home of its own) and
has both answer at once instead. Prints medians and their share of the quiet speed.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.request

PROMPT = "Write down the numbers from one to one thousand in words, separated by commas. Do not stop before the end."


class Server:
    def __init__(self, binary, home=None):
        env = dict(os.environ)
        if home:
            env["OLLAMA_MODELS"] = env.get("OLLAMA_MODELS") or os.path.join(
                env.get("INGLE_HOME", os.path.expanduser("~/.ingle")), "models")
            env["INGLE_HOME"] = home
        self.process = subprocess.Popen([binary, "serve", "--host", "127.0.0.1:0", "--json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=env)
        told = json.loads(self.process.stdout.readline())
        self.address = told.get("url") or "http://" + told["address"]
        self.n_asked = 0

    def ask(self, arguments, tokens=None):
        """(prefill, decode) in tokens a second."""
        self.n_asked += 1
        words = " ".join(f"{self.n_asked}-{i}" for i in range(arguments.prompt_words))
        request = urllib.request.Request(
            self.address + "/api/generate",
            json.dumps({"model": arguments.model, "prompt": words + PROMPT, "keep_alive": -1, "stream": True,
                        "options": {"num_predict": tokens or arguments.tokens, "temperature": 0.7,
                                    "seed": 7}}).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            for line in answer:
                told = json.loads(line)
        prefill = told["prompt_eval_count"] / max(told["prompt_eval_duration"], 1) * 1e9
        return prefill, (told["eval_count"] - 1) / max(told["eval_duration"], 1) * 1e9

    def end(self):
        self.process.terminate()
        self.process.wait()


def beside_busy_cores(server, arguments, n):
    counting = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        return server.ask(arguments)
    finally:
        for one in counting:
            one.kill()
            one.wait()


def both_at_once(servers, arguments):
    """The decode speed of each while the other one computes too: the shorter of two answers is asked again and again."""
    speeds = [None, None]

    def run(i):
        speeds[i] = servers[i].ask(arguments)

    threads = [threading.Thread(target=run, args=(i,)) for i in (0, 1)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return speeds


def report_busy(arguments, server):
    kinds = [0, *arguments.busy]
    speeds = {n: [] for n in kinds}
    for number in range(arguments.rounds + 1):
        for n in kinds:
            speed = beside_busy_cores(server, arguments, n)
            if number > 0:
                speeds[n].append(speed)
    rows = []
    for n in kinds:
        prefill = [statistics.median(s[i] / q[i] for s, q in zip(speeds[n], speeds[0])) for i in (0, 1)]
        rows.append({"busy": n, "prefill": statistics.median(s[0] for s in speeds[n]),
                     "decode": statistics.median(s[1] for s in speeds[n]), "prefill_share": prefill[0],
                     "decode_share": prefill[1], "worst_decode": min(s[1] for s in speeds[n])})
    if arguments.json:
        print(json.dumps({"model": arguments.model, "rows": rows}))
        return
    for row in rows:
        print(f"{row['busy']} busy cores: prefill {row['prefill']:8.1f} tok/s ({row['prefill_share']:.2f})   "
              f"decode {row['decode']:7.1f} tok/s ({row['decode_share']:.2f}, worst {row['worst_decode']:.1f})")


def report_pair(arguments, servers):
    alone, together = [], []
    for number in range(arguments.rounds + 1):
        one = [server.ask(arguments)[1] for server in servers]
        two = [speed[1] for speed in both_at_once(servers, arguments)]
        if number > 0:
            alone.append(one)
            together.append(two)
    sums = [sum(t / s for s, t in zip(one, two)) for one, two in zip(alone, together)]
    report = {"model": arguments.model,
              "alone": [statistics.median(a[i] for a in alone) for i in (0, 1)],
              "together": [statistics.median(t[i] for t in together) for i in (0, 1)],
              "sum_of_shares": statistics.median(sums), "worst_sum": min(sums)}
    if arguments.json:
        print(json.dumps(report))
        return
    print(f"alone {report['alone'][0]:.1f} and {report['alone'][1]:.1f} tok/s, together "
          f"{report['together'][0]:.1f} + {report['together'][1]:.1f}, sum of the shares "
          f"{report['sum_of_shares']:.2f} (worst {report['worst_sum']:.2f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/ingle")
    parser.add_argument("--model", default="qwen2.5-coder:0.5b")
    parser.add_argument("--busy", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--prompt-words", type=int, default=0, help="numbers before the prompt, each a few tokens")
    parser.add_argument("--pair", action="store_true", help="two servers, each of a home of its own")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    servers = []
    with tempfile.TemporaryDirectory() as home:
        try:
            servers.append(Server(arguments.binary))
            if arguments.pair:
                servers.append(Server(arguments.binary, home))
            for server in servers:
                server.ask(arguments, 8)
            if arguments.pair:
                report_pair(arguments, servers)
            else:
                report_busy(arguments, servers[0])
        finally:
            for server in servers:
                server.end()


if __name__ == "__main__":
    main()
