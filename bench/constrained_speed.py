#!/usr/bin/env python3
"""How fast an answer under a JSON Schema is, against the same number of free tokens after the same prompt, interleaved.

  constrained_speed.py INGLE MODEL... [--rounds 5] [--tasks record,list,...] [--threads N] [--json]

`record` and `list`: objects whose keys are told by the schema, as routine work asks for them. `text`: one long free string,
`free`: any JSON. Times are from the prompt's first token to the answer's last, of as many tokens: `story` is free text
(a long story, without drafts), `same` the same prompt without the schema, drafts and all; a free answer that ends early goes on at its own speed.
Every run is a process of its own; medians are compared. Exit code 1 when an answer is not JSON.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

TEXT = "Jana Okafor, 34, of Harbour Lane 12 in Linz, ordered three desk lamps at 48.90 EUR each on 14 October 2024."
STRING, NUMBER, INTEGER = {"type": "string"}, {"type": "number"}, {"type": "integer"}


def record(**properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


TASKS = {
    "record": (f"{TEXT}\n\nWrite this order as JSON.",
               record(customer_name={"type": "string", "maxLength": 40}, customer_age=INTEGER,
                      street_address={"type": "string", "maxLength": 40}, city={"type": "string", "maxLength": 30},
                      article_description={"type": "string", "maxLength": 40}, quantity=INTEGER, unit_price=NUMBER,
                      currency={"enum": ["EUR", "USD", "GBP"]}, order_date={"type": "string", "format": "date"},
                      is_paid={"type": "boolean"})),
    "list": ("List five European capitals with country, population and whether they lie at the sea, as JSON.",
             record(capitals={"type": "array", "minItems": 5, "maxItems": 5,
                              "items": record(capital_name={"type": "string", "maxLength": 30},
                                              country_name={"type": "string", "maxLength": 30},
                                              population_in_thousands=INTEGER,
                                              is_beside_the_sea={"type": "boolean"})})),
    "text": ("Write a story about a lighthouse keeper, as a JSON string.", {"type": "string", "minLength": 280}),
    "free": (f"{TEXT}\n\nWrite this order as JSON.", {}),
}


STORY = "Write a long story about a lighthouse keeper who finds a letter in a bottle, and tell every detail."


def run(arguments, model, prompt, schema, max_tokens, speculate=True):
    command = [arguments.ingle, "run", model, prompt, "--temperature", "0", "--json", "--ctx", "2048",
               "--max-tokens", str(max_tokens), "--threads", str(arguments.threads)]
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        if schema is not None:
            json.dump(schema, file)
            file.flush()
            command += ["--schema", file.name]
        answer = json.loads(subprocess.run(command + ([] if speculate else ["--no-speculation"]), capture_output=True,
                                           text=True, check=True).stdout)
    return answer["text"], answer["usage"]


def seconds(usage, n_tokens):
    """Of an answer of so many tokens."""
    rest = max(n_tokens - usage["completion_tokens"], 0)
    return usage["prefill_seconds"] + usage["decode_seconds"] * (1 + rest / max(usage["completion_tokens"] - 1, 1))


def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def measure(arguments, model, name):
    prompt, schema = TASKS[name]
    times = {"schema": [], "story": [], "same": []}
    text, usage = run(arguments, model, prompt, schema, arguments.max_tokens)
    n_tokens, valid = usage["completion_tokens"], is_json(text)
    for number in range(arguments.rounds):
        for kind in list(times) if number % 2 == 0 else reversed(list(times)):
            if kind == "schema":
                text, usage = run(arguments, model, prompt, schema, arguments.max_tokens)
                valid = valid and is_json(text)
            elif kind == "story":
                _, usage = run(arguments, model, STORY, None, n_tokens, speculate=False)
            else:
                _, usage = run(arguments, model, prompt, None, n_tokens)
            times[kind].append(seconds(usage, n_tokens))
    medians = {kind: statistics.median(of) for kind, of in times.items()}
    return {"model": os.path.basename(model), "task": name, "tokens": n_tokens, "valid": valid, "times": times, **medians}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ingle")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--max-tokens", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = []
    if not arguments.json:
        print(f"{'model':20} {'task':8} {'tokens':>6} {'schema':>8} {'story':>8} {'ratio':>6} {'same':>8} {'ratio':>6}  JSON", flush=True)
    for model in arguments.models:
        for name in arguments.tasks.split(","):
            row = measure(arguments, model, name)
            rows.append(row)
            if not arguments.json:
                print(f"{row['model'][:20]:20} {name:8} {row['tokens']:6} {row['schema']:7.3f}s {row['story']:7.3f}s "
                      f"{row['story'] / row['schema']:6.2f} {row['same']:7.3f}s {row['same'] / row['schema']:6.2f}  "
                      f"{'yes' if row['valid'] else 'NO'}", flush=True)
    if arguments.json:
        json.dump(rows, sys.stdout, indent=1)
    return 0 if all(row["valid"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
