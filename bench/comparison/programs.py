"""The programs that are compared and how each is asked for one figure: our own, and llama-bench compatible peers.

A measurement is one process that loads the model, warms up and measures; an error of a peer is an error of that figure, not of the
comparison. Settings of a peer are tuples like (("repack", 1), ("fa", 0)); () are its defaults.
"""

import itertools
import json
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass


class Failed(Exception):
    """A program did not give the figure."""


@dataclass(frozen=True)
class Test:
    name: str
    kind: str  # prefill, decode, batch, first
    prompt: int = 0
    generate: int = 0
    depth: int = 0
    batch: int = 1

    @property
    def smaller_is_better(self):
        return self.kind == "first"

    @property
    def tokens(self):
        return (self.prompt + self.generate) * self.batch


TESTS = {test.name: test for test in (
    Test("pp512", "prefill", prompt=512),
    Test("pp256", "prefill", prompt=256),
    Test("tg128", "decode", generate=128),
    Test("tg32", "decode", generate=32),
    Test("tg64@d4096", "decode", generate=64, depth=4096),
    Test("tg64x8", "batch", generate=64, batch=8),
    Test("first", "first"),
)}
BATCH_PROMPT = 16  # tokens of each sequence before the batch decodes: llama-batched-bench always has some
PROMPT = "Once upon a time there was"


def output_of(command, limit, with_errors=False):
    try:
        # Some peers leave a log where they are started.
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False,
                              cwd=tempfile.gettempdir())
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from error
    if done.returncode != 0:
        raise Failed(f"{os.path.basename(command[0])} ended with {done.returncode}: "
                     f"{' '.join(done.stderr.decode(errors='replace').split())[-300:]}")
    return (done.stdout + (done.stderr if with_errors else b"")).decode(errors="replace")


def seconds_to_first_byte(command, limit):
    start = time.perf_counter()
    try:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              cwd=tempfile.gettempdir()) as process:
            byte = process.stdout.read(1)
            seconds = time.perf_counter() - start
            process.stdout.read()
            if process.wait(limit) != 0 or not byte:
                raise Failed(f"{os.path.basename(command[0])} ended with {process.returncode} and no text")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from error
    return seconds


# Parsers of what the programs print.

def parse_ingle(text, test):
    """Tokens a second, share of the roofline and the machine from `ingle bench --json`."""
    answer = json.loads(text)
    rows = [row for row in answer["results"] if row["test"].startswith("tg") == (test.generate > 0)]
    if not rows:
        raise Failed("ingle bench printed no row for " + test.name)
    return rows[0]["tokens_per_second"], rows[0].get("peak_fraction"), answer["machine"]


def parse_llama_bench(text, test):
    """Of the JSON rows the one that generates, or else the one that reads, as `test` does."""
    rows = json.loads(text[text.index("["):])
    wanted = [row for row in rows if (row["n_gen"] > 0) == (test.generate > 0)]
    if not wanted:
        raise Failed("llama-bench printed no row for " + test.name)
    return wanted[-1]["avg_ts"]


def parse_batched_bench(text, batch):
    """S_TG of the row with `batch` sequences: a JSON line, or the table that older versions print."""
    for line in text.splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            if row.get("pl") == batch:
                return row["speed_tg"]
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        # PP, TG, B, N_KV, T_PP s, S_PP t/s, T_TG s, S_TG t/s, T s, S t/s
        if len(cells) >= 8 and cells[2] == str(batch) and re.fullmatch(r"[\d.]+", cells[7]):
            return float(cells[7])
    raise Failed("llama-batched-bench printed no row with so many sequences")


class Ingle:
    name = "ingle"

    def __init__(self, binary, threads, limit):
        self.binary, self.threads, self.limit = binary, threads, limit
        self.peaks = {}  # (model, test): shares of the roofline
        self.machine = {"cpu": "unknown processor", "isa": "?"}

    def settings(self, test, _best):
        return [()]

    def run(self, model, test, _setting, repetitions):
        if test.kind == "first":
            return seconds_to_first_byte([self.binary, "run", model, PROMPT, "--raw", "--temperature", "0", "--max-tokens", "1",
                                          "-t", str(self.threads)], self.limit)
        depth = BATCH_PROMPT - 1 if test.kind == "batch" else test.depth
        command = [self.binary, "bench", model, "-p", str(test.prompt), "-n", str(test.generate), "-b", str(test.batch),
                   "-d", str(depth), "-t", str(self.threads), "-r", str(repetitions), "--json"]
        speed, peak, self.machine = parse_ingle(output_of(command, self.limit), test)
        if peak:
            self.peaks.setdefault((model, test.name), []).append(peak)
        return speed


class Peer:
    """A folder with llama-bench and, for some figures, llama-batched-bench and llama-completion."""

    # What llama-bench calls a setting, its values, and what the other programs call each value.
    KNOBS = (
        ("repack", "--repack", (1, 0), {1: (), 0: ("--no-repack",)}),
        ("rtr", "-rtr", (1, 0), {1: ("-rtr",), 0: ()}),
        ("fa", "-fa", (1, 0), {1: ("-fa", "on"), 0: ("-fa", "off")}),
    )
    # Of llama-completion alone: without it, it neither fits its memory to the machine nor makes room for all the model's context.
    FIT = {1: (), 0: ("-fit", "off", "-c", "4096")}
    fits = False

    def __init__(self, name, folder, threads, limit, extra=()):
        self.name, self.threads, self.limit, self.extra = name, threads, limit, list(extra)
        folder = os.path.abspath(folder)
        self.tools = {tool: os.path.join(folder, tool) for tool in ("llama-bench", "llama-batched-bench", "llama-completion")
                      if os.access(os.path.join(folder, tool), os.X_OK)}
        if "llama-bench" not in self.tools:
            raise Failed(f"'{folder}' holds no llama-bench")
        help_text = subprocess.run([self.tools["llama-bench"], "--help"], capture_output=True, check=False).stdout.decode()
        if "llama-completion" in self.tools:
            help_of_completion = subprocess.run([self.tools["llama-completion"], "--help"], capture_output=True, check=False).stdout
            self.fits = re.search(rb"--fit\b", help_of_completion) is not None
        self.has_depth = re.search(r"--n-depth\b", help_text) is not None
        self.knobs = [knob for knob in self.KNOBS
                      if re.search(rf"(^|\s|,){re.escape(knob[1])}\b", help_text) and knob[1] not in self.extra]

    def can(self, test):
        return {"batch": "llama-batched-bench", "first": "llama-completion"}.get(test.kind, "llama-bench") in self.tools

    def settings(self, test, best):
        """What to try. At a depth only attention differs from plain decoding, whose `best` setting stands for the rest."""
        if test.kind == "first":
            repack = [(("repack", value),) for value in (1, 0)] if any(knob[0] == "repack" for knob in self.knobs) else [()]
            fit = [(("fit", value),) for value in (1, 0)] if self.fits else [()]
            return [a + b for a, b in itertools.product(repack, fit)]
        every = [tuple(zip((knob[0] for knob in self.knobs), values))
                 for values in itertools.product(*(knob[2] for knob in self.knobs))]
        if test.depth and best:
            rest = {item for item in best if item[0] != "fa"}
            return [setting for setting in every if rest <= set(setting)]
        return every

    def run(self, model, test, setting, repetitions):
        if test.kind == "first":
            return seconds_to_first_byte([self.tools["llama-completion"], "-m", model, "-p", PROMPT, "-n", "1", "--temp", "0",
                                          "-no-cnv", "--no-display-prompt", "--no-warmup", "-t", str(self.threads),
                                          *self._plain(setting)], self.limit)
        if test.kind == "batch":
            command = [self.tools["llama-batched-bench"], "-m", model, "-npp", str(BATCH_PROMPT), "-ntg", str(test.generate),
                       "-npl", str(test.batch), "-c", "2048", "-t", str(self.threads), *self._plain(setting), *self.extra]
            return parse_batched_bench(output_of(command, self.limit, with_errors=True), test.batch)  # some print the table there
        command = [self.tools["llama-bench"], "-m", model, "-t", str(self.threads), "-r", str(repetitions), "-o", "json",
                   *self._flags(setting), *self.extra]
        if test.depth and not self.has_depth:
            command += ["-p", "0", "-n", "0", "-gp", f"{test.depth},{test.generate}"]
        else:
            command += ["-p", str(test.prompt), "-n", str(test.generate)]
            if test.depth:
                command += ["-d", str(test.depth)]
        return parse_llama_bench(output_of(command, self.limit), test)

    def _flags(self, setting):
        flags = {knob[0]: knob[1] for knob in self.knobs}
        return [word for name, value in setting for word in (flags[name], str(value))]

    def _plain(self, setting):
        words = {knob[0]: knob[3] for knob in self.knobs} | {"fit": self.FIT}
        return [word for name, value in setting for word in words[name][value]]


def setting_text(setting):
    return " ".join(f"{name} {value}" for name, value in setting) or "defaults"
