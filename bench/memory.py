#!/usr/bin/env python3
"""Peak memory of `ingle run` over a long prompt: PSS, summed over all processes it starts, sampled while it loads and
answers. Linux only, standard library only.

  bench/memory.py --ingle build/release/ingle MODEL.gguf ...
  bench/memory.py --ingle build/release/ingle --serve             # a server without a model, at rest
  bench/memory.py --peer llama-completion MODEL.gguf ...          # llama.cpp's program of that name, for comparison

The limit that is printed: file + KV cache (f16, all layers, --context tokens) + 10 % of both, but at least 48 MiB more.
"""
import argparse
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20
WORD = "lantern "  # one token or two in every vocabulary; what the text says does not matter


def tree_of(root):
    """Process ids of root and everything below it. Roles leave their session, never their parent."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rsplit(b")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        children.setdefault(parent, []).append(int(name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def pss_of(pid):
    """(PSS, of it files) in bytes; zeros for a process that has ended."""
    total = files = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    total = int(line.split()[1]) << 10
                elif line.startswith("Pss_File:"):
                    files = int(line.split()[1]) << 10
    except OSError:
        pass
    return total, files


class Peak:
    def __init__(self, pid):
        self.pid, self.bytes, self.files, self.when, self.samples = pid, 0, 0, 0.0, 0
        self.began = time.monotonic()
        self.tree, self.tree_until = [pid], 0.0

    def sample(self):
        now = time.monotonic()
        if now > self.tree_until:  # looking for new processes is dearer than looking at known ones
            self.tree, self.tree_until = tree_of(self.pid), now + 0.05
        parts = [pss_of(pid) for pid in self.tree]
        total = sum(part[0] for part in parts)
        self.samples += 1
        if total > self.bytes:
            self.bytes, self.files, self.when = total, sum(part[1] for part in parts), now - self.began


def measure(command, interval):
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        peak = Peak(process.pid)
        while process.poll() is None:
            peak.sample()
            time.sleep(interval)
        if process.returncode != 0:
            out.seek(0)
            sys.exit(f"{command[0]} ended with {process.returncode}: {out.read().decode(errors='replace')[-500:]}")
    return peak


def read_numbers(path):
    """The numbers and strings of a GGUF file's metadata (gguf.md)."""
    sizes = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
    with open(path, "rb") as file:

        def number(code):
            return struct.unpack("<" + code, file.read(struct.calcsize("<" + code)))[0]

        def text():
            return file.read(number("Q")).decode("utf-8", "replace")

        def value(kind):
            if kind == 8:
                return text()
            if kind != 9:
                return number(sizes[kind])
            element, n = number("I"), number("Q")
            if element in sizes:
                file.seek(n * struct.calcsize("<" + sizes[element]), os.SEEK_CUR)
            else:
                for _ in range(n):
                    value(element)
            return None

        if file.read(4) != b"GGUF":
            sys.exit(f"{path}: not a GGUF file")
        file.seek(12, os.SEEK_CUR)  # version, number of tensors
        found = {}
        for _ in range(number("Q")):
            key = text()
            found[key] = value(number("I"))
        return found


def kv_bytes(path, context):
    meta = read_numbers(path)
    name = meta["general.architecture"]
    heads = meta[f"{name}.attention.head_count"]
    kv_heads = meta.get(f"{name}.attention.head_count_kv") or heads
    head = meta.get(f"{name}.attention.key_length") or meta[f"{name}.embedding_length"] // heads
    return 2 * 2 * head * kv_heads * meta[f"{name}.block_count"] * context


def count_tokens(ingle, model, text):
    answer = subprocess.run([ingle, "tokenize", model, "--json"], input=text.encode(), capture_output=True, check=True)
    return json.loads(answer.stdout)["count"]


def prompt_of(ingle, model, tokens):
    per_word = count_tokens(ingle, model, WORD * 100) / 100
    return WORD * int(tokens / per_word)


def report(name, peak, limit=None):
    text = f"{name:24} peak {peak.bytes / MIB:8.1f} MiB ({peak.files / MIB:6.1f} of files) after {peak.when:5.2f} s"
    if limit is not None:
        text += f"   limit {limit / MIB:8.1f} MiB   {'kept' if peak.bytes <= limit else 'MISSED'}"
    print(f"{text}   {peak.samples} samples", flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def measure_server(ingle):
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, INGLE_HOME=home, INGLE_HOST=f"127.0.0.1:{free_port()}")
        server = subprocess.Popen([ingle, "serve"], env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(2)
            if server.poll() is not None:
                sys.exit(f"the server ended with {server.returncode}")
            peak = Peak(server.pid)
            peak.sample()
            report("serve, no model", peak)
        finally:
            server.terminate()
            server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="GGUF files")
    parser.add_argument("--ingle", default="build/release/ingle", help="also counts the prompt's tokens for a peer")
    parser.add_argument("--peer", help="llama.cpp's llama-completion, measured instead")
    parser.add_argument("--peer-option", action="append", default=[], help="one more option for it, as --peer-option=-nr")
    parser.add_argument("--serve", action="store_true", help="a server at rest")
    parser.add_argument("--prompt", type=int, default=4000, help="tokens of the prompt (4000)")
    parser.add_argument("--context", type=int, default=4096, help="(4096)")
    parser.add_argument("--interval", type=float, default=0.005, help="seconds between samples (0.005)")
    arguments = parser.parse_args()
    if arguments.serve:
        measure_server(arguments.ingle)
    for model in arguments.models:
        prompt = prompt_of(arguments.ingle, model, arguments.prompt)
        if arguments.peer:
            command = [arguments.peer, "-m", model, "-p", prompt, "-n", "8", "-c", str(arguments.context), "-no-cnv",
                       "--no-warmup", "--no-display-prompt", *arguments.peer_option]
        else:
            command = [arguments.ingle, "run", model, "--raw", "--ctx", str(arguments.context), "--max-tokens", "8",
                       prompt]
        plain = os.path.getsize(model) + kv_bytes(model, arguments.context)
        limit = plain + max(plain // 10, 48 * MIB)
        report(os.path.basename(model), measure(command, arguments.interval), limit)


if __name__ == "__main__":
    main()
