#!/usr/bin/env python3
"""Renders the cases in this folder again with jinja2, set up as transformers does, and writes what it gave.

Only needed when cases are added: put {"template": ...} into the list of a file and run this with jinja2 3.1 installed.
"""
import datetime
import json
import pathlib

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = 1721606400


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def raise_exception(message):
    raise TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def strftime_now(text):
    return datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).strftime(text)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals.update(raise_exception=raise_exception, strftime_now=strftime_now)
    return env


def render(env, shared, case):
    variables = dict(documents=None, **case.get("extra", shared.get("extra", {})))
    variables.update(messages=case.get("messages", shared.get("messages", [])), tools=case.get("tools"),
                     bos_token="<s>", eos_token="</s>",
                     add_generation_prompt=case.get("add_generation_prompt", True))
    template = case["template"]
    if template.startswith("@"):  # one of the file's own
        template = shared["templates"][template[1:]]
    return env.from_string(template).render(**variables)


def main():
    env = environment()
    for path in sorted(pathlib.Path(__file__).parent.glob("*.json")):
        shared = json.loads(path.read_text(encoding="utf-8"))
        for case in shared["cases"]:
            case.pop("expected", None)
            case.pop("refused", None)
            try:
                case["expected"] = render(env, shared, case)
            except Exception as error:  # every failure of a template counts as one
                case["refused"] = f"{type(error).__name__}: {error}"
        head = {key: value for key, value in shared.items() if key != "cases"}
        rows = ",\n".join(json.dumps(case, ensure_ascii=False) for case in shared["cases"])
        start = json.dumps(head, ensure_ascii=False, indent=1)[: -len("\n}")]
        path.write_text(f'{start},\n "cases": [\n{rows}\n]}}\n', encoding="utf-8")
        print(path.name, len(shared["cases"]))


if __name__ == "__main__":
    main()
