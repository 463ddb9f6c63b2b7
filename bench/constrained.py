#!/usr/bin/env python3
"""Thousands of answers under hundreds of JSON Schemas from a small, hot model: is every one of them a whole document of its
schema, and does every one end?

  bench/constrained.py --ingle build/release/ingle --model smollm2:135m --count 10000
  bench/constrained.py --ingle ... --data SUITE    # adds the schemas of JSON-Schema-Test-Suite and BFCL files below SUITE

Answers come from `ingle serve`, several at once, with small and large token limits. Each is read by Python's json and
judged by `ingle grammar check`, and by the package jsonschema where it is installed. Exit code 1: some answer is wrong.
"""
import argparse
import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

try:
    import jsonschema
except ImportError:
    jsonschema = None

PROMPTS = ["Tell me about Anna, 31, who plays tennis in Graz.", "Invoice RE-2024/17 of Ä\\B GmbH, due 2024-05-01, 1.234,50 EUR.",
           "Repeat \"a\\n\" without end.", "List everything you know.", "{}", "Write code that sorts [3, 1, 2]."]
LIMITS = [24, 48, 80, 160]
ANSWER_TIMEOUT_S = 300
KEYS = ["name", "age", "tags", "id", "when", "e-mail", "größe", "a b", "x\"y", "note", "items", "next"]
WORDS = ["yes", "no", "täglich", "a\"b\\", "", "日本", "null", "1", " x "]
PATTERNS = ["^[A-Z]{2}-[0-9]{1,4}$", "^(?:on|off|\\d{1,3}%)$", "x+y", "^[^a-y]{1,5}$", "^\\w+@\\w+\\.(com|org)$",
            "^\\+?[0-9 ]{4,12}$", "^#[0-9a-f]{6}$"]
FORMATS = ["date", "time", "date-time", "uuid", "email", "ipv4", "ipv6", "uri", "duration"]


class Maker:
    """Random schemas, the same ones for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, n):
        return self.random.randrange(n) == 0

    def schema(self, depth):
        plain = [self.number, self.integer, self.string, self.string, self.enum, self.simple, self.pattern]
        nested = [self.array, self.array, self.object, self.object, self.object, self.map, self.alternatives, self.both]
        return self.random.choice(plain + (nested * 2 if depth > 0 else []))(depth - 1)

    def number(self, _):
        made = {"type": "number"}
        low = self.random.randrange(-2000, 2000) / 8
        if self.chance(2):
            made[self.random.choice(["minimum", "exclusiveMinimum"])] = low
        if self.chance(2):
            made[self.random.choice(["maximum", "exclusiveMaximum"])] = low + self.random.randrange(1, 4000) / 8
        return made

    def integer(self, _):
        made = {"type": "integer"}
        low = self.random.randrange(-300, 300)
        if self.chance(2):
            made["minimum"] = low
        if self.chance(2):
            made["maximum"] = low + self.random.randrange(0, 1000)
        if not made.keys() & {"minimum", "maximum"} and self.chance(2):
            made["multipleOf"] = self.random.choice([2, 3, 5, 10])
        return made

    def string(self, _):
        made = {"type": "string"}
        least = self.random.randrange(0, 4)
        if self.chance(3):
            made["minLength"] = least
        if self.chance(2):
            made["maxLength"] = least + self.random.randrange(0, 30)
        return made

    def pattern(self, _):
        if self.chance(2):
            return {"type": "string", "format": self.random.choice(FORMATS)}
        return {"type": "string", "pattern": self.random.choice(PATTERNS)}

    def enum(self, _):
        return {"enum": self.random.sample(WORDS + [None, True, 0, -17, 2.5, [1, "a"], {"k": None}], 3)}

    def simple(self, _):
        return self.random.choice([{"type": "boolean"}, {"type": ["string", "null"]}, {"const": self.random.choice(WORDS)},
                                   {"type": ["integer", "boolean", "null"]}, {"$ref": "#/$defs/tree"}])

    def array(self, depth):
        made = {"type": "array", "items": self.schema(depth)}
        least = self.random.randrange(0, 3)
        if self.chance(2):
            made["minItems"] = least
        if self.chance(2):
            made["maxItems"] = least + self.random.randrange(0, 4)
        if self.chance(4):
            made["prefixItems"] = [self.schema(0), self.schema(depth)]
        return made

    def object(self, depth):
        keys = self.random.sample(KEYS, self.random.randrange(1, 6))
        made = {"type": "object", "properties": {key: self.schema(depth) for key in keys}}
        required = [key for key in keys if not self.chance(3)]
        if required:
            made["required"] = required
        if not self.chance(4):
            made["additionalProperties"] = False if self.chance(2) else self.schema(0)
        return made

    def map(self, depth):
        made = {"type": "object"}
        if self.chance(2):
            made["patternProperties"] = {"^[a-z]{1,8}$": self.schema(depth)}
            made["additionalProperties"] = False
        else:
            made["additionalProperties"] = self.schema(depth)
            if self.chance(2):
                made["propertyNames"] = {"maxLength": 9}
        if self.chance(2):
            made["maxProperties"] = self.random.randrange(1, 5)
        return made

    def alternatives(self, depth):
        if self.chance(3):
            return {"oneOf": [{"type": "object", "properties": {"kind": {"const": kind}, "value": self.schema(depth)},
                               "required": ["kind", "value"], "additionalProperties": False} for kind in ("a", "b", "c")]}
        return {"anyOf": [self.schema(depth), self.schema(0), {"type": "null"}]}

    def both(self, depth):
        return {"allOf": [self.object(depth), {"type": "object", "properties": {"id": {"type": "integer", "minimum": 1}},
                                               "required": ["id"]}]}

    def whole(self):
        made = self.schema(3)
        if "$ref" in json.dumps(made):
            made["$defs"] = {"tree": {"type": "object", "properties": {
                "v": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
                "required": ["v"], "additionalProperties": False}}
        return made


def schemas_of_suites(folder, n):
    """Schemas of other people, from whatever JSON below `folder` has them: at most `n`."""
    found = []
    for path in sorted(pathlib.Path(folder).rglob("*.json")):
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            parts = [json.loads(text)]
        except ValueError:
            try:
                parts = [json.loads(line) for line in text.splitlines() if line]
            except ValueError:
                continue
        for part in parts:
            for case in part if isinstance(part, list) else [part]:
                if not isinstance(case, dict):
                    continue
                if isinstance(case.get("schema"), dict):
                    draft7 = "draft7" in path.parts and "$schema" not in case["schema"]
                    found.append({"$schema": "http://json-schema.org/draft-07/schema#", **case["schema"]} if draft7
                                 else case["schema"])
                for function in case.get("function") or []:
                    found.append(json.loads(json.dumps(function["parameters"]).replace('"type": "dict"', '"type": "object"')
                                            .replace('"type": "float"', '"type": "number"')
                                            .replace('"type": "tuple"', '"type": "array"')
                                            .replace('"type": "any"', '"title": "any"')))
    random.Random(1).shuffle(found)
    return found[:n]


class Server:
    def __init__(self, binary, model, home):
        self.model = model
        environment = {**os.environ, "INGLE_HOME": home, "INGLE_OFFLINE": "1"}
        self.process = subprocess.Popen([binary, "serve", "--host", "127.0.0.1:0", "--json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.local = threading.local()

    def ask(self, body):
        """(status, answer); the connection is kept by each thread."""
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps({"model": self.model, **body}),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            self.local.connection = None
            raise

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def request_of(schema, n, limit):
    return {"messages": [{"role": "user", "content": PROMPTS[n % len(PROMPTS)]}], "temperature": 1.5, "seed": n,
            "max_tokens": limit,
            "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}}


def generate(server, schema, n):
    """One answer: {"text", "finish", "tokens", "limit"}, or {"refused"} or {"failed"}."""
    limit = LIMITS[n % len(LIMITS)]
    for _ in range(3):
        try:
            status, answer = server.ask(request_of(schema, n, limit))
        except (OSError, http.client.HTTPException) as error:
            return {"failed": f"no answer: {error!r}"}
        if status == 200:
            choice = answer["choices"][0]
            return {"text": choice["message"]["content"], "finish": choice["finish_reason"],
                    "tokens": answer["usage"]["completion_tokens"], "limit": limit}
        message = answer["error"]["message"]
        needed = re.search(r"allow at least (\d+)", message)
        if "schema" not in message and needed and limit < 4000:
            limit = max(limit * 2, *(int(part) for part in needed.groups() if part))  # shorter than the shortest document
            continue
        return {"refused": message} if status == 400 else {"failed": f"{status}: {message}"}
    return {"refused": "needs too many tokens"}


def python_verdict(schema, document):
    """None: valid, or the package has no say; else what is wrong."""
    # Its patterns are those of Python, where \w, \W, \d and \s know letters and digits beyond ASCII; in ECMA-262 they do not.
    if jsonschema is None or re.search(r"\\\\[wWdDsSbB]", json.dumps(schema)):
        return None
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        error = next(kind(schema).iter_errors(document), None)
    except Exception:  # noqa: BLE001 (patterns that Python's re does not know, references it cannot follow)
        return None
    return error.message if error is not None else None


def judge(binary, schema, answers, folder):
    """Adds "wrong" to answers that are none."""
    whole = []
    for answer in answers:
        try:
            document = json.loads(answer["text"])
        except ValueError as error:
            answer["wrong"] = f"no JSON: {error}"
            continue
        # Python rounds numbers of more digits, and then judges other numbers than those that were written.
        problem = None if re.search(r"\d[\d.]{15}", answer["text"]) else python_verdict(schema, document)
        if problem:
            answer["wrong"] = f"jsonschema: {problem}"
        if answer["tokens"] > answer["limit"]:
            answer["wrong"] = f"{answer['tokens']} tokens, more than {answer['limit']}"
        if "\n" in answer["text"]:
            answer["wrong"] = "a line break outside a string"
        else:
            whole.append(answer)
    path = pathlib.Path(folder)
    (path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    (path / "lines.jsonl").write_text("\n".join(answer["text"] for answer in whole), encoding="utf-8")
    done = subprocess.run([binary, "grammar", "check", "--schema", path / "schema.json", "--instances", path / "lines.jsonl",
                           "--json"], capture_output=True, text=True, check=False)
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    for answer, verdict in zip(whole, verdicts, strict=True):
        if verdict["verdict"] != "accepted":
            answer["wrong"] = f"grammar check: {verdict['reason']}"


def run(options):
    schemas = []
    seed = 0
    while len(schemas) < options.schemas:
        made = Maker(options.seed + seed).whole()
        seed += 1
        if made not in schemas:
            schemas.append(made)
    if options.data:
        schemas += schemas_of_suites(options.data, options.schemas)
    server = Server(options.ingle, options.model, options.home)
    counts = collections.Counter()
    refusals = collections.Counter()
    wrong = []
    begin = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
            taken = []
            for schema, first in zip(schemas, pool.map(lambda pair: generate(server, pair[1], pair[0]), enumerate(schemas))):
                if "refused" in first:
                    refusals[first["refused"][:100]] += 1
                else:
                    taken.append((schema, [first]))
            if not taken:
                raise SystemExit("every schema was refused")
            per_schema = -(-options.count // len(taken))
            jobs = [(n, schema, answers) for n in range(1, per_schema) for schema, answers in taken]
            jobs = jobs[:max(0, options.count - len(taken))]
            results = pool.map(lambda job: generate(server, job[1][1], job[0] + 7 * job[1][0]), enumerate(jobs))
            for n, (job, answer) in enumerate(zip(jobs, results)):
                job[2].append(answer)
                if n % 500 == 499:
                    print(f"{n + 1} of {len(jobs)}, {time.monotonic() - begin:.0f} s", file=sys.stderr)
            seconds = time.monotonic() - begin
            for schema, answers in taken:
                told = [answer for answer in answers if "text" in answer]
                counts["failed"] += sum("failed" in answer for answer in answers)
                counts["refused later"] += sum("refused" in answer for answer in answers)
                judge(options.ingle, schema, told, folder)
                for answer in told:
                    counts["answers"] += 1
                    counts["cut, and whole all the same"] += answer["finish"] == "length"
                    counts["did not end"] += answer["tokens"] > answer["limit"] or answer["finish"] not in ("stop", "length")
                    counts["tokens"] += answer["tokens"]
                    if "wrong" in answer:
                        counts["invalid"] += 1
                        wrong.append({"schema": schema, **answer})
                for answer in answers:
                    if "failed" in answer:
                        wrong.append({"schema": schema, **answer})
    finally:
        server.close()
    result = {"model": options.model, "schemas": len(taken), "schemas_refused": sum(refusals.values()),
              "answers": counts["answers"], "invalid": counts["invalid"], "did_not_end": counts["did not end"],
              "failed": counts["failed"] + counts["refused later"], "cut": counts["cut, and whole all the same"],
              "tokens": counts["tokens"], "seconds": round(seconds), "jsonschema": jsonschema is not None}
    for reason, n in refusals.most_common():
        print(f"refused {n}: {reason}", file=sys.stderr)
    for one in wrong:
        print(json.dumps(one, ensure_ascii=False), file=sys.stderr)
    print(json.dumps(result))
    return 1 if counts["invalid"] + counts["did not end"] + counts["failed"] + counts["refused later"] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ingle", default="build/release/ingle")
    parser.add_argument("--model", default="smollm2:135m")
    parser.add_argument("--home", default=os.environ.get("INGLE_HOME", os.path.expanduser("~/.ingle")), help="where models are")
    parser.add_argument("--count", type=int, default=10_000, help="answers")
    parser.add_argument("--schemas", type=int, default=400, help="schemas that are made; with --data as many again, at most")
    parser.add_argument("--data", help="a folder with schemas of others")
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
