#!/usr/bin/env python3
"""Prefill and decode speed beside llama.cpp's, interleaved: A B C A B C ..., medians and ratios.

  speed.py INGLE LLAMA_BENCH MODEL.gguf... [--rounds 5] [--threads 4] [-p 512] [-n 128] [--out RESULT.json]

A is `ingle bench`; B is llama-bench as it comes (weights repacked), C the same with --repack 0. Every run is a process of its own
that warms up and measures once. The ratio is our median over the better of B's and C's medians, test by test. Run it on a quiet
machine: the load before each round is recorded, and a round that starts above --max-load waits.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time


def ours(arguments, model):
    command = [arguments.ingle, "bench", model, "-p", str(arguments.p), "-n", str(arguments.n), "-t", str(arguments.threads),
               "-r", "1", "--json"]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {result["test"]: result["tokens_per_second"] for result in answer["results"]}


def theirs(arguments, model, repack):
    command = [arguments.llama_bench, "-m", model, "-p", str(arguments.p), "-n", str(arguments.n), "-t", str(arguments.threads),
               "-r", "1", "--repack", str(repack), "-o", "json"]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {f"pp{row['n_prompt']}" if row["n_prompt"] else f"tg{row['n_gen']}": row["avg_ts"] for row in answer}


def wait_until_quiet(limit):
    for _ in range(60):
        if os.getloadavg()[0] <= limit:
            break
        time.sleep(5)
    return os.getloadavg()[0]


def measure(arguments, model):
    runs = {"ingle": [], "llama.cpp": [], "llama.cpp --repack 0": []}
    loads = []
    for number in range(arguments.rounds):
        loads.append(wait_until_quiet(arguments.max_load) if arguments.max_load else os.getloadavg()[0])
        runs["ingle"].append(ours(arguments, model))
        runs["llama.cpp"].append(theirs(arguments, model, 1))
        runs["llama.cpp --repack 0"].append(theirs(arguments, model, 0))
        print(f"round {number + 1}/{arguments.rounds} {os.path.basename(model)}", file=sys.stderr, flush=True)
    report = {"model": os.path.basename(model), "threads": arguments.threads, "loads": loads, "tests": {}, "runs": runs}
    for test in (f"pp{arguments.p}", f"tg{arguments.n}"):
        medians = {name: statistics.median(run[test] for run in results) for name, results in runs.items()}
        best = max(medians["llama.cpp"], medians["llama.cpp --repack 0"])
        report["tests"][test] = {**medians, "ratio": medians["ingle"] / best}
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ingle")
    parser.add_argument("llama_bench")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("-p", type=int, default=512)
    parser.add_argument("-n", type=int, default=128)
    parser.add_argument("--max-load", type=float, default=0.0, help="wait for a one-minute load below this; 0: do not wait")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    reports = [measure(arguments, model) for model in arguments.models]
    print(f"{'model':24} {'test':7} {'ingle':>9} {'llama.cpp':>10} {'repack 0':>9} {'ratio':>6}")
    for report in reports:
        for test, row in report["tests"].items():
            print(f"{report['model'][:24]:24} {test:7} {row['ingle']:9.1f} {row['llama.cpp']:10.1f} "
                  f"{row['llama.cpp --repack 0']:9.1f} {row['ratio']:6.2f}")
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump(reports, file, indent=1)


if __name__ == "__main__":
    main()
