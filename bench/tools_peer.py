#!/usr/bin/env python3
"""Collects another server's answers to BFCL's rows "simple" and "multiple", for `ingle eval tools --replies`.

The command line opens no sockets of its own, so this asks a server of this machine by OpenAI's chat completions. Messages, tools
and settings are those of src/eval/tools.cpp. Rows whose answers stand in the file already are left out.
"""
import argparse
import json
import pathlib
import urllib.request

GROUPS = ("BFCL_v4_simple_python.json", "BFCL_v4_multiple.json")
TYPES = {"dict": "object", "float": "number", "tuple": "array", "list": "array", "int": "integer", "str": "string",
         "bool": "boolean"}


def json_schema(schema):
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key == "type" and isinstance(value, str):
            if value != "any":
                out["type"] = TYPES.get(value, value)
        elif key == "properties":
            out[key] = {name: json_schema(part) for name, part in value.items()}
        elif key == "items":
            out[key] = json_schema(value)
        elif key != "optional":
            out[key] = value
    return out


def ask(port, row, choice):
    tools = [{"type": "function", "function": {"name": f["name"].replace(".", "_"),
                                               "description": f.get("description", ""),
                                               "parameters": json_schema(f["parameters"])}} for f in row["function"]]
    body = {"model": "default", "messages": row["question"][0], "tools": tools, "tool_choice": choice,
            "temperature": 0, "max_tokens": 512}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/chat/completions", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=900) as answer:
        return json.load(answer)["choices"][0]["message"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--choice", default="auto")
    parser.add_argument("--limit", type=int, default=10**9, help="rows of each group at most")
    options = parser.parse_args()
    known = set()
    if options.out.exists():
        known = {json.loads(line)["id"] for line in options.out.read_text().splitlines()}
    with options.out.open("a") as out:
        for group in GROUPS:
            rows = [json.loads(line) for line in (options.data / group).read_text().splitlines() if line.strip()]
            for row in rows[:options.limit]:
                if row["id"] in known:
                    continue
                message = ask(options.port, row, options.choice)
                out.write(json.dumps({"id": row["id"], "content": message.get("content"),
                                      "calls": message.get("tool_calls") or []}) + "\n")
                out.flush()


if __name__ == "__main__":
    main()
