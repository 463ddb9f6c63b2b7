#!/usr/bin/env python3
"""From exec to the first byte of the answer, and to the end of the program: `ingle run` against llama.cpp's
llama-completion, interleaved, medians. Standard library only.

  bench/first_token.py --ingle build/release/ingle [--ingle OTHER_BUILD] --peer llama-completion MODEL.gguf ...

The files are read once before, so they lie in the page cache; --cold drops it before each run instead (root, Linux).
Virtual machines may hand free memory back to their host, which then takes seconds to give a gigabyte again; whoever runs
first after a pause would pay for it. --touch MIB takes so much memory and frees it right before each run, outside the clock.
The peer's rows: as it comes, without repacking, and without repacking and without its fitting of memory.
"""
import argparse
import mmap
import os
import statistics
import subprocess
import time

PEER = {
    "peer": [],
    "peer --no-repack": ["--no-repack"],
    "peer --no-repack -fit off": ["--no-repack", "-fit", "off", "-c", "4096"],
}


def run_once(command):
    """Seconds from exec to the first byte on stdout, and to the end."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    first = None
    while data := os.read(process.stdout.fileno(), 1 << 16):
        if first is None and data.strip():
            first = time.monotonic() - began
    if process.wait() != 0 or first is None:
        raise SystemExit(f"{' '.join(command)}: ended with {process.returncode}, {'no' if first is None else 'some'} output")
    return first, time.monotonic() - began


def touch(mebibytes):
    memory = mmap.mmap(-1, mebibytes << 20)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    memory[:: mmap.PAGESIZE] = bytes(len(memory) // mmap.PAGESIZE)
    memory.close()


def drop_page_cache():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as file:
        file.write("3")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="GGUF files")
    parser.add_argument("--ingle", action="append", required=True, help="may be given more than once")
    parser.add_argument("--peer", help="llama.cpp's llama-completion")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--touch", type=int, default=0, metavar="MIB", help="take and free so much memory before each run")
    parser.add_argument("--cold", action="store_true", help="drop the page cache before each run")
    arguments = parser.parse_args()
    for model in arguments.models:
        rows = {path: [path, "run", model, "Hello", "--max-tokens", "1"] for path in arguments.ingle}
        if arguments.peer:
            plain = [arguments.peer, "-m", model, "-p", "Hello", "-n", "1", "--no-warmup", "-no-cnv", "--no-display-prompt"]
            rows |= {name: plain + options for name, options in PEER.items()}
        times = {name: [] for name in rows}
        for round_number in range(arguments.rounds + 1):
            for name, command in rows.items():
                if arguments.touch:
                    touch(arguments.touch)
                if arguments.cold:
                    drop_page_cache()
                took = run_once(command)
                if round_number > 0:  # the first round warms everything up
                    times[name].append(took)
        print(os.path.basename(model))
        for name, took in times.items():
            first, end = (statistics.median(column) for column in zip(*took))
            least, most = min(t[0] for t in took), max(t[0] for t in took)
            print(f"  {name:40} first token {first * 1e3:6.0f} ms ({least * 1e3:.0f} to {most * 1e3:.0f})"
                  f"   end {end * 1e3:6.0f} ms", flush=True)


if __name__ == "__main__":
    main()
