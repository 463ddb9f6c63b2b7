#!/usr/bin/env python3
"""usage: tests/api/run.py [--url http://...] [--dialect NAME]... [--model NAME] [--key KEY] [--mode NAME]... [--case WORDS]

Transcripts of requests and of what a server answers, run against any server; what differs is printed as a path, what was
expected there, and what came. tests/api/DIALECT/*.json have them; README.md says how they are written. Without --ours the
answers of the dialect's own server are expected, with it ours: where the two differ, the file has both, and why.
Exit status 1: something differs.
"""
import argparse
import http.client
import json
import pathlib
import re
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
DIALECTS = ("llama", "lmstudio", "openai", "ollama", "anthropic")
TYPES = {"string": str, "bool": bool, "object": dict, "list": list}


def differences(expected, got, path="answer"):
    """What of `got` is not as expected, a line each. Strings in <...> are types and patterns, keys that end in ? may be missing."""
    if isinstance(expected, str) and expected.startswith("<") and expected.endswith(">"):
        return [] if fits(expected[1:-1], got) else [f"{path}: expected {expected}, got {brief(got)}"]
    if isinstance(expected, dict):
        return of_objects(expected, got, path)
    if isinstance(expected, list):
        return of_lists(expected, got, path)
    same = type(expected) is type(got) or (is_number(expected) and is_number(got))
    return [] if same and expected == got else [f"{path}: expected {brief(expected)}, got {brief(got)}"]


def fits(pattern, got):
    for choice in split_choices(pattern):
        if choice.startswith("/"):
            if isinstance(got, str) and re.search(choice.strip("/"), got, re.S):
                return True
        elif choice == "any" or (choice == "null" and got is None) or (choice == "int" and is_number(got) and got == int(got)):
            return True
        elif choice == "number" and is_number(got):
            return True
        elif choice == "positive" and is_number(got) and got > 0:
            return True
        elif choice == "vector" and isinstance(got, list) and got and all(is_number(x) for x in got):
            return True
        elif choice in ("json",) and isinstance(got, str) and is_json(got):
            return True
        elif choice in TYPES and isinstance(got, TYPES[choice]):
            return True
    return False


def split_choices(pattern):
    return [pattern] if pattern.startswith("/") else pattern.split("|")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def of_objects(expected, got, path):
    if not isinstance(got, dict):
        return [f"{path}: expected an object, got {brief(got)}"]
    found = []
    for key, value in expected.items():
        name = key.removesuffix("?")
        if value == "<absent>":
            found += [f"{path}.{name}: expected nothing, got {brief(got[name])}"] if name in got else []
        elif name in got:
            found += differences(value, got[name], f"{path}.{name}")
        elif name == key:
            found.append(f"{path}.{name}: is missing")
    return found


def of_lists(expected, got, path):
    """[A, B] is exactly these; [A, "<more>", B]: A, then any number of whatever fits the last before <more>, then B."""
    if not isinstance(got, list):
        return [f"{path}: expected a list, got {brief(got)}"]
    if "<more>" in expected:
        at = expected.index("<more>")
        more = len(got) - (len(expected) - 1)
        if more < 0:
            return [f"{path}: expected at least {len(expected) - 1}, got {len(got)}: {brief(got)}"]
        expected = expected[:at] + [expected[at - 1]] * more + expected[at + 1:]
    found = [f"{path}: expected {len(expected)}, got {len(got)}: {brief(got)}"] if len(got) != len(expected) else []
    for index, (one, other) in enumerate(zip(expected, got)):
        found += differences(one, other, f"{path}[{index}]")
    return found


def brief(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 160 else text[:157] + "..."


def filled(value, names):
    """$name in texts is replaced; a text that is nothing but $name becomes the value itself."""
    if isinstance(value, dict):
        return {filled(key, names): filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, names) for item in value]
    if not isinstance(value, str):
        return value
    if value.startswith("$") and value[1:] in names:
        return names[value[1:]]
    for name, text in names.items():
        value = value.replace(f"${name}", str(text)) if isinstance(text, (str, int)) else value
    repeated = re.fullmatch(r"(.*)\*(\d{2,})", value, re.S)
    return repeated[1] * int(repeated[2]) if repeated else value


def parsed(kind, text):
    """A body as the transcripts see it: an object, a text, or a list of events."""
    if kind == "text/event-stream":
        events = []
        for block in re.split(r"\r?\n\r?\n", text.strip()):
            lines = [line.partition(":")[::2] for line in block.splitlines() if not line.startswith(":")]
            data = "\n".join(value.removeprefix(" ") for name, value in lines if name == "data")
            name = next((value.strip() for name, value in lines if name == "event"), None)
            if not lines or name == "ping":  # which may come anywhere
                continue
            data = json.loads(data) if is_json(data) else data
            events.append(data if name is None else {"event": name, "data": data})
        return events
    if kind == "application/x-ndjson":
        return [json.loads(line) for line in text.splitlines()]
    return json.loads(text) if kind == "application/json" and text else text


class Runner:
    def __init__(self, url, key=None, names=None, ours=False, modes=None):
        place = urllib.parse.urlsplit(url)
        self.place, self.prefix = place, place.path.rstrip("/")
        self.key, self.ours, self.modes = key, ours, modes
        self.names = {"model": "smollm2:135m", "coder": "qwen2.5-coder:0.5b", "embedder": "all-minilm", **(names or {})}

    def ask(self, method, path, body, headers):
        kind = http.client.HTTPSConnection if self.place.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.place.hostname, self.place.port, timeout=600)
        try:
            headers = dict(headers)
            if self.key:
                headers["Authorization"] = f"Bearer {self.key}"
            data = body
            if body is not None:
                headers.setdefault("Content-Type", "application/json")
                data = (body if isinstance(body, str) else json.dumps(body)).encode()
            connection.request(method, self.prefix + path, body=data, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return answer.status, answer.headers, parsed(answer.headers.get_content_type(), text)
        finally:
            connection.close()

    def case(self, file, case):
        """The differences of one request, none where all is as expected; what a case keeps is there for the later ones."""
        expected = dict(case)
        if self.ours and "ours" in case:
            expected.update(case["ours"])
        request = filled(case.get("body", case.get("text")), self.names)
        status, headers, answer = self.ask(case.get("method", file.get("method", "POST")), filled(case.get("path", file.get("path")), self.names),
                                           request, case.get("headers", file.get("headers", {})))
        for name, path in case.get("keep", {}).items():
            self.names[name] = at(answer, path)
        found = [] if status == expected.get("status", 200) else [f"status: expected {expected.get('status', 200)}, got {status}: {brief(answer)}"]
        if found:
            return found
        for name, pattern in expected.get("answer_headers", {}).items():
            found += differences(filled(pattern, self.names), headers.get(name), f"header {name}")
        if "answer" in expected:
            found += differences(filled(expected["answer"], self.names), answer)
        return found

    def file(self, path, only=""):
        """(name of a case, its differences, why it was left out) for each case of a file."""
        file = json.loads(path.read_text())
        for case in file["cases"]:
            if only not in case["name"]:
                continue
            needed = case.get("mode", file.get("mode"))
            if self.modes is not None and (needed or "chat") not in self.modes:
                yield case["name"], [], f"needs --mode {needed or 'chat'}"
                continue
            yield case["name"], self.case(file, case), None


def at(value, path):
    for step in path.split("."):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return value


def files(dialects):
    return [path for name in dialects for path in sorted((HERE / name).glob("*.json"))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:11434")
    parser.add_argument("--dialect", action="append", choices=DIALECTS)
    parser.add_argument("--model", help="instead of smollm2:135m")
    parser.add_argument("--coder", help="instead of qwen2.5-coder:0.5b")
    parser.add_argument("--embedder", help="instead of all-minilm")
    parser.add_argument("--key", help="sent as Authorization: Bearer")
    parser.add_argument("--mode", action="append", help="only cases for a server that was started so: chat, embedding, rerank, infill")
    parser.add_argument("--ours", action="store_true", help="expect what Inglenook answers where that differs with reason")
    parser.add_argument("--case", default="", help="only cases with these words in their names")
    options = parser.parse_args()
    names = {name: getattr(options, name) for name in ("model", "coder", "embedder") if getattr(options, name)}
    runner = Runner(options.url, options.key, names, options.ours, options.mode)
    total = wrong = 0
    for path in files(options.dialect or DIALECTS):
        for name, found, left_out in runner.file(path, options.case):
            if left_out:
                continue
            total += 1
            wrong += bool(found)
            for line in found:
                print(f"{path.relative_to(HERE)}: {name}\n  {line}")
    print(f"{total} requests, {wrong} of them answered otherwise")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
