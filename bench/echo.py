#!/usr/bin/env python3
"""What the server itself bears, with an echo for an engine: streams, requests, slow sockets, overload, clients that leave.

  bench/echo.py --ingle build/release/ingle                       # all but `cold`, about a minute and a half
  bench/echo.py --ingle build/release/ingle --scenario streams --seconds 10

Scenarios
  streams   --streams live SSE streams of 20 tokens a second: none truncated, gaps between events, memory of the server
  requests  --clients clients on kept-alive connections, answers of one token, each asks again at once
  slow      --slow sockets that send a head or a body, or read a stream, a byte a second: /health meanwhile, and 64 clients
  overload  the rate that 32 places bear, then ten times it: what is refused, how fast, and what is still answered
  cold      500 requests a second at --model while it is being loaded (needs --models, a folder as OLLAMA_MODELS has it)
  leavers   streams beside --leave-rate streams a second that are left at their first event

Every scenario starts a server of its own in an empty home and loads it from several processes over raw sockets. The generator
needs a core or two for itself; `generator` in the results is the share of one core that its busiest process used, and near 1 it
is the generator that was measured. Python 3.11, nothing to install.
"""

import argparse
import collections
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from serving import echo_loads as loads  # noqa: E402
from serving.sockets import Spread, chat, raise_descriptor_limit, shares_of  # noqa: E402

N_PROCESSES = 2


class EchoServer:
    """`ingle serve --engine echo` on a free port, until the with-block ends; another engine where `words` say so."""

    def __init__(self, ingle, words=("--engine", "echo"), **settings):
        self.home = tempfile.TemporaryDirectory(prefix="ingle-echo-")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("INGLE_", "OLLAMA_"))}
        environment.update(INGLE_HOME=self.home.name, INGLE_DISCOVER="0", **settings)
        self.process = subprocess.Popen([ingle, "serve", "--host", "127.0.0.1:0", "--json", *words],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.home.cleanup()

    def memory_mib(self, what="VmHWM"):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return round(int(line.split()[1]) / 1024, 1)
        return 0.0

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentiles(seconds):
    """In milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    at = {f"p{p}": ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))] for p in (50, 99)}
    return {name: round(1000 * value, 2) for name, value in {**at, "max": ordered[-1]}.items()}


def together(parts):
    """Figures of several processes as those of one."""
    total = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total[name] + value if name in total else value
    return total


def busiest(total):
    return {"generator": round(max(total["generator"]), 2)}


def counted(statuses):
    return {str(status): n for status, n in sorted(collections.Counter(statuses).items())}


def distinct_ids(ids):
    return {"ids_missing": sum(i is None for i in ids), "ids_twice": len(ids) - len(set(ids))}


def streams(given):
    n_tokens = int(20 * given.seconds)
    with EchoServer(given.ingle) as server:
        idle = server.memory_mib("VmRSS")
        spread = Spread(loads.streams, server.port, n_tokens, shares=shares_of(given.streams, N_PROCESSES))
        total = together(spread.results())
        return {"streams": total["asked"], "whole": total["whole"], "statuses": counted(total["statuses"]),
                **distinct_ids(total["ids"]), "gap_ms": percentiles(total["gaps"]), "first_event_ms": percentiles(total["first"]),
                "memory_peak_mib": server.memory_mib(), "memory_idle_mib": idle, "server_cpu_s": server.cpu_seconds(),
                **busiest(total)}


def requests(given):
    with EchoServer(given.ingle) as server:
        spread = Spread(loads.requests, server.port, given.seconds, chat(1), shares=shares_of(given.clients, N_PROCESSES))
        total = together(spread.results())
        return {"clients": given.clients, "requests": len(total["statuses"]), "lost": total["lost"],
                "statuses": counted(total["statuses"]), **distinct_ids(total["ids"]),
                "requests_a_second": round(len(total["statuses"]) / given.seconds), "latency_ms": percentiles(total["seconds"]),
                "memory_peak_mib": server.memory_mib(), "server_cpu_s": server.cpu_seconds(), **busiest(total)}


def slow(given):
    with EchoServer(given.ingle) as server:
        def under(name):
            probe = Spread(lambda share: loads.health(server.port, given.seconds / 2, 0.005), shares=[1])
            clients = Spread(loads.requests, server.port, given.seconds / 2, chat(1), shares=shares_of(given.clients, N_PROCESSES))
            clients, probe = together(clients.results()), together(probe.results())
            return {f"health_{name}": f"{probe['ok']} of {probe['asked']}", f"health_{name}_ms": percentiles(probe["seconds"]),
                    f"answers_a_second_{name}": round(clients["statuses"].count(200) / (given.seconds / 2)),
                    f"lost_{name}": clients["lost"], f"generator_{name}": busiest(clients)["generator"]}
        quiet = under("alone")
        ready, over = multiprocessing.Semaphore(0), multiprocessing.Event()
        holders = Spread(loads.slow_sockets, server.port, ready, over, shares=shares_of(given.slow, N_PROCESSES))
        for _ in holders.processes:
            ready.acquire()
        time.sleep(1)
        beside = under("beside")
        over.set()
        held = together(holders.results())
        return {"slow_sockets": held["opened"], "still_open_at_the_end": held["open_at_the_end"], **quiet, **beside,
                "memory_peak_mib": server.memory_mib()}


def overload(given):
    places, n_tokens = 32, 10
    peak = places * 20 / (n_tokens - 1)  # answers a second, if every place is always taken; the first token costs no time
    results = {"places": places, "peak_by_arithmetic": round(peak, 1)}
    for times in (1, 10):
        with EchoServer(given.ingle, INGLE_PARALLEL=str(places), OLLAMA_MAX_QUEUE=str(places)) as server:
            spread = Spread(loads.arrivals, server.port, given.seconds, times * peak / N_PROCESSES, chat(n_tokens),
                            shares=[1] * N_PROCESSES)
            total = together(spread.results())
            settled = [at for at in total["answered_at"] if 2 <= at < given.seconds]
            results[f"at_{times}x"] = {
                "asked_a_second": round(total["asked"] / given.seconds), "lost": total["lost"],
                "statuses": counted(total["statuses"]), **busiest(total),
                "with_retry_after": total["with_retry_after"], "refused_ms": percentiles(total["refused"]),
                "answers_a_second": round(len(settled) / (given.seconds - 2), 1), "answered_ms": percentiles(total["seconds"])}
    return results


def cold(given):
    with EchoServer(given.ingle, (), INGLE_PARALLEL="4", OLLAMA_MAX_QUEUE="16", OLLAMA_MODELS=str(given.models)) as server:
        spread = Spread(loads.arrivals, server.port, 2, 250, chat(1, model=given.model), shares=[1, 1])
        health = loads.health(server.port, 2, 0.005)
        total = together(spread.results())
        return {"model": given.model, "asked": total["asked"], "lost": total["lost"], "statuses": counted(total["statuses"]),
                "with_retry_after": total["with_retry_after"], "refused_ms": percentiles(total["refused"]),
                "first_answer_at_s": round(min(total["answered_at"]), 2), "health_ms": percentiles(health["seconds"])}


def leavers(given):
    n_tokens = int(20 * given.seconds)
    with EchoServer(given.ingle) as server:
        staying = Spread(loads.streams, server.port, n_tokens, shares=[given.staying])
        time.sleep(loads.RAMP_S)
        leaving = Spread(loads.leavers, server.port, given.seconds - 1, given.leave_rate, shares=[1])
        left, stayed = together(leaving.results()), together(staying.results())
        return {"left": left["left"], "left_a_second": round(left["rate"]), "left_statuses": counted(left["statuses"]),
                "stayed": stayed["asked"], "whole": stayed["whole"], "gap_ms": percentiles(stayed["gaps"]),
                **busiest(left), "memory_peak_mib": server.memory_mib(), "server_cpu_s": server.cpu_seconds()}


SCENARIOS = {job.__name__: job for job in (streams, requests, slow, overload, leavers, cold)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ingle", default="build/release/ingle")
    parser.add_argument("--scenario", default="streams,requests,slow,overload,leavers")
    parser.add_argument("--seconds", type=float, default=10, help="of every load")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--slow", type=int, default=2000)
    parser.add_argument("--leave-rate", type=float, default=500)
    parser.add_argument("--staying", type=int, default=200)
    parser.add_argument("--model", default="qwen2.5-coder:0.5b")
    parser.add_argument("--models", type=pathlib.Path)
    given = parser.parse_args()
    raise_descriptor_limit()
    for scenario in given.scenario.split(","):
        print(json.dumps({scenario: SCENARIOS[scenario](given)}, indent=1), flush=True)


if __name__ == "__main__":
    main()
