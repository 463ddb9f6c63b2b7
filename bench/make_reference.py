#!/usr/bin/env python3
"""Writes the reference that bench/exactness.py compares with: next-token log-probabilities from exact arithmetic, and how far
llama.cpp's own fast path is from them on the same prompts.

  make_reference.py OUT.json --exact PROGRAM --exact-model F32.gguf --fast PROGRAM --fast-model QUANTIZED.gguf [--threads 2]

F32.gguf comes from `llama-quantize --allow-requantize QUANTIZED.gguf F32.gguf F32`. A PROGRAM is a small wrapper of llama.cpp's
library: `PROGRAM MODEL --threads N [--exact]` reads {"text", "top": K, "greedy": N, "want": [ids]} lines and answers
{"ids", "top": [{"id", "logprob"}], "greedy": [ids], "margins": [..], "want": [logprobs]}; --exact means KV in F32, flash attention off, no repacked
weights. The exact PROGRAM must be built without GGML_GELU_FP16 (docs/exactness.md). Text is tokenized with the model's BOS rule
and without control tokens.
"""

import argparse
import json
import subprocess

from exactness_prompts import prompts

TOP, GREEDY = 20, 8


def ask(command, requests):
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    output = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    for option in ("--exact", "--exact-model", "--fast", "--fast-model"):
        parser.add_argument(option, required=True)
    parser.add_argument("--threads", default="2")
    arguments = parser.parse_args()

    texts = prompts()
    exact = ask([arguments.exact, arguments.exact_model, "--exact", "--threads", arguments.threads],
                [{"text": text, "top": TOP, "greedy": GREEDY} for text in texts])
    fast = ask([arguments.fast, arguments.fast_model, "--threads", arguments.threads],
               [{"text": text, "greedy": GREEDY, "want": [entry["id"] for entry in answer["top"]]}
                for text, answer in zip(texts, exact)])
    total, equal, rows = 0.0, 0, []
    for text, answer, other in zip(texts, exact, fast):
        assert answer["ids"] == other["ids"]
        difference = sum(abs(a["logprob"] - b) for a, b in zip(answer["top"], other["want"])) / TOP
        total += difference
        equal += answer["greedy"] == other["greedy"]
        rows.append({"text": text, "ids": answer["ids"], "top": answer["top"], "greedy": answer["greedy"],
                     "margins": answer["margins"], "peer_diff": difference, "peer_greedy": other["greedy"]})
    peer = {"mean_abs_diff": total / len(rows), "greedy_equal": equal, "n": len(rows)}
    with open(arguments.out, "w", encoding="utf-8") as file:
        json.dump({"prompts": rows, "peer": peer}, file, ensure_ascii=False)
    print(arguments.out, peer)


if __name__ == "__main__":
    main()
