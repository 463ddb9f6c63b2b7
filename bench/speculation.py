#!/usr/bin/env python3
"""What guessing ahead (prompt lookup) gains and costs: the same greedy answers with and without it, interleaved.

  speculation.py INGLE MODEL... [--rounds 3] [--tasks edit,quote,...] [--threads N] [--max-tokens N] [--json]

Tasks that copy: `edit` a file of this repository (one name replaced), `quote` a document, `extract` what a letter says as JSON.
Tasks that do not: `chat`, `story`. Each answer of a pair must be the same text; the ratio is that of the median decode speeds.
Every run is a process of its own. Exit code 1 when a text differs.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

LETTER = """Dear Ms Okafor,

thank you for your order 2024-11873 of 14 October. We are shipping today, by parcel service to Harbour Lane 12, 4021 Linz:
  3 x desk lamp "Aurora" (article 55-1207) at 48.90 EUR,
  1 x oak shelf board, 120 cm (article 71-0033) at 79.00 EUR,
  12 x wall bracket, steel, black (article 71-0090) at 4.25 EUR.
The total is 276.70 EUR including 20 % VAT. Please transfer it to AT61 1904 3002 3457 3201 by 28 October.
The shelf board in walnut, 90 cm (article 71-0041), will follow on 4 November; there is no extra charge for that.
If you have questions, call Mr Brandstetter on +43 732 555 0142 or write to service@example.com.

Kind regards, Aurora Furniture, Linz"""


def tasks():
    code = (ROOT / "bench" / "exactness.py").read_text(encoding="utf-8")
    document = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")[:4000]
    return {
        "edit": f"```python\n{code}```\n\nRewrite this file with every variable named `arguments` renamed to `options`. "
                "Answer with the whole file and nothing else.",
        "quote": f"<document>\n{document}\n</document>\n\nQuote the document word for word, from its first line to its last.",
        "extract": f"<letter>\n{LETTER}\n</letter>\n\nWrite what this letter says as JSON: customer, order_number, order_date, "
                   "address, items (quantity, name, article, price), later_items, total, iban, due_date, contact.",
        "chat": "Why do cats purr, and is it always a good sign? Explain it to a child of ten years, then to a vet.",
        "story": "Write a short story about a lighthouse keeper who finds a letter in a bottle.",
    }


def run(arguments, model, prompt, speculate):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump([{"role": "user", "content": prompt}], file)
        file.flush()
        command = [arguments.ingle, "run", model, "--messages", file.name, "--temperature", "0", "--json", "--ctx", "8192",
                   "--max-tokens", str(arguments.max_tokens), "--threads", str(arguments.threads)]
        answer = json.loads(subprocess.run(command + ([] if speculate else ["--no-speculation"]), capture_output=True,
                                           text=True, check=True).stdout)
    usage = answer["usage"]
    return answer["text"], (usage["completion_tokens"] - 1) / usage["decode_seconds"], usage


def measure(arguments, model, name, prompt):
    texts, speeds, usage = {}, {True: [], False: []}, {}
    for number in range(arguments.rounds):
        for speculate in ((False, True) if number % 2 == 0 else (True, False)):
            text, speed, used = run(arguments, model, prompt, speculate)
            texts.setdefault(text, speculate)
            speeds[speculate].append(speed)
            if speculate:
                usage = used
    off, on = statistics.median(speeds[False]), statistics.median(speeds[True])
    # Steps are counted, not timed: the same on every machine.
    steps = usage["completion_tokens"] - usage["accepted_tokens"]
    return {"model": os.path.basename(model), "task": name, "prompt_tokens": usage["prompt_tokens"],
            "tokens": usage["completion_tokens"], "drafted": usage["drafted_tokens"], "accepted": usage["accepted_tokens"],
            "tokens_a_step": usage["completion_tokens"] / steps, "off": off, "on": on, "ratio": on / off,
            "same_text": len(texts) == 1, "speeds_off": speeds[False], "speeds_on": speeds[True]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ingle")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", default=",".join(tasks()))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--max-tokens", type=int, default=1024)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    prompts = tasks()
    rows = []
    if not arguments.json:
        print(f"{'model':20} {'task':8} {'tokens':>6} {'off':>7} {'on':>7} {'ratio':>6} {'right':>11} {'a step':>6}  same text",
              flush=True)
    for model in arguments.models:
        for name in arguments.tasks.split(","):
            row = measure(arguments, model, name, prompts[name])
            rows.append(row)
            if not arguments.json:
                print(f"{row['model'][:20]:20} {name:8} {row['tokens']:6} {row['off']:7.1f} {row['on']:7.1f} {row['ratio']:6.2f} "
                      f"{row['accepted']:5}/{row['drafted']:5} {row['tokens_a_step']:6.2f}  {'yes' if row['same_text'] else 'NO'}",
                      flush=True)
    if arguments.json:
        json.dump(rows, sys.stdout, indent=1)
    return 0 if all(row["same_text"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
