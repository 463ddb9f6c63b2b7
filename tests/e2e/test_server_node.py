"""The npm clients of OpenAI and Anthropic, unmodified, against `ingle serve` with real models."""
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from ingle import IngleTest, TEST_HOME, WATCHDOG_S, is_there, needs
from server import Server

MODEL = "smollm2:135m"
CODER = "qwen2.5-coder:0.5b"
EMBEDDER = "all-minilm"
FOLDER = TEST_HOME / "node"
SCRIPTS = pathlib.Path(__file__).parent / "node"


def needs_node(test_class):
    if shutil.which("node") and (FOLDER / "node_modules" / "openai").is_dir():
        return test_class
    if os.environ.get("INGLE_REQUIRE_MODELS") == "1":
        raise RuntimeError(f"node or its clients are not in {FOLDER}, and INGLE_REQUIRE_MODELS=1 says that they must be")
    return unittest.skip(f"node's clients are not in {FOLDER}")(test_class)


@needs(MODEL)
@needs(CODER)
@needs_node
class NodeClients(IngleTest):
    def run_script(self, name, *words):
        """What it found, by name. Modules are looked for beside a script, so it is run from where they are."""
        server = Server(self)
        copied = pathlib.Path(self.home) / name
        shutil.copy(SCRIPTS / name, copied)
        (pathlib.Path(self.home) / "node_modules").symlink_to(FOLDER / "node_modules")
        done = subprocess.run(["node", str(copied), server.url, *words], capture_output=True, text=True, timeout=WATCHDOG_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(json.loads(line) for line in done.stdout.splitlines())

    def test_openai(self):
        found = self.run_script("openai.mjs", MODEL, CODER, *([EMBEDDER] if is_there(EMBEDDER) else []))
        self.assertTrue(found["chat"]["text"])
        self.assertEqual(found["stream"]["text"], found["chat"]["text"])
        self.assertEqual(found["stream"]["usage"]["completion_tokens"], found["chat"]["usage"]["completion_tokens"])
        self.assertEqual(found["several"]["texts"][1], found["several"]["alone"], "the second answer has the seed + 1")
        self.assertEqual(*found["several"]["prompt"])
        self.assertEqual(found["tools"][0][0], "add")
        self.assertEqual(set(found["tools"][0][1]), {"a", "b"})
        self.assertEqual(list(found["json"]), ["name"])
        completed = found["completions"]
        self.assertTrue(completed["text"].startswith("One, two, three,"))
        self.assertEqual("".join(completed["logprobs"]["tokens"]), completed["text"])
        self.assertIsNone(completed["logprobs"]["token_logprobs"][0])
        self.assertLess(max(completed["logprobs"]["token_logprobs"][1:]), 1e-6)
        responses = found["responses"]
        self.assertTrue(responses["text"])
        self.assertEqual(responses["kept"], responses["text"])
        self.assertGreater(responses["tokens"][1], responses["tokens"][0])
        self.assertEqual(responses["items"], 1)
        self.assertEqual(found["events"][:4], ["response.created", "response.in_progress", "response.output_item.added",
                                               "response.content_part.added"])
        self.assertEqual(found["events"][-4:], ["response.output_text.done", "response.content_part.done", "response.output_item.done",
                                                "response.incomplete"])
        self.assertEqual([error[:2] for error in found["errors"]], [[404, "NotFoundError"], [404, "NotFoundError"],
                                                                    [400, "BadRequestError"], [400, "BadRequestError"]])
        self.assertIn(MODEL, found["models"])
        if "embeddings" in found:
            cat, kitten, tax = found["embeddings"]["vectors"]
            dot = lambda a, b: sum(x * y for x, y in zip(a, b))
            self.assertAlmostEqual(dot(cat, cat), 1, places=4)
            self.assertGreater(dot(cat, kitten), dot(cat, tax))
            self.assertEqual(len(found["embeddings"]["short"]), 16)
            self.assertAlmostEqual(dot(found["embeddings"]["short"], found["embeddings"]["short"]), 1, places=4)

    def test_anthropic(self):
        found = self.run_script("anthropic.mjs", MODEL, CODER)
        self.assertTrue(found["chat"]["text"])
        self.assertEqual(found["stream"]["text"], found["chat"]["text"])
        self.assertEqual(found["stream"]["final"], found["chat"]["text"])
        self.assertEqual(found["tools"][0][0], "add")
        bare, armed = found["count"]
        self.assertGreater(armed, bare)
        self.assertEqual(found["errors"], [[404, "NotFoundError"], [400, "BadRequestError"], [400, "BadRequestError"]])


if __name__ == "__main__":
    unittest.main()
