"""The part of JSON Schema that the server's OpenAPI document is written in, to hold requests and answers to it."""
import re

TYPES = {"string": str, "boolean": bool, "object": dict, "array": list, "integer": int, "number": (int, float),
         "null": type(None)}
KNOWN = {"type", "format", "anyOf", "properties", "required", "items", "description", "x-ingle-refused"}


def faults(value, schema, place="$"):
    """What is wrong with the value, in words; a keyword that this file does not know is a fault too."""
    found = [f"{place}: unknown keyword {word}" for word in schema.keys() - KNOWN]
    if "anyOf" in schema and not any(not faults(value, one, place) for one in schema["anyOf"]):
        found.append(f"{place}: {value!r} is of none of the types")
    if "type" in schema:
        right = isinstance(value, TYPES[schema["type"]])
        if isinstance(value, bool) and schema["type"] in ("integer", "number"):
            right = False
        if not right:
            return found + [f"{place}: {value!r} is no {schema['type']}"]
    if isinstance(value, dict):
        found += [f"{place}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                found += faults(value[name], inner, f"{place}.{name}")
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found += faults(item, schema["items"], f"{place}[{index}]")
    return found


class Document:
    def __init__(self, document):
        self.paths = document["paths"]
        self.errors = document["components"]["responses"]

    def operation(self, method, path):
        path = path.split("?")[0]
        if path not in self.paths:
            path = max((one for one in self.paths if re.fullmatch(re.escape(one).replace(r"\{name\}", ".+"), path)), key=len)
        return self.paths[path][method.lower()]

    def check_request(self, test, method, path, body):
        schema = self.operation(method, path)["requestBody"]["content"]["application/json"]["schema"]
        test.assertEqual(faults(body, schema), [], f"request of {method} {path}")

    def check_answer(self, test, method, path, answer):
        schema = self.operation(method, path)["responses"]["200"]["content"]["application/json"]["schema"]
        test.assertEqual(faults(answer, schema), [], f"answer of {method} {path}")

    def check_error(self, test, method, path, answer):
        form = self.operation(method, path)["responses"]["default"]["$ref"].rpartition("/")[2]
        schema = self.errors[form]["content"]["application/json"]["schema"]
        test.assertEqual(faults(answer, schema), [], f"error of {method} {path}")
