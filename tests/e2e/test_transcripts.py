"""The transcripts of tests/api at a running server: what each dialect's own server answers, and where ours says otherwise, why."""
import json
import sys
import unittest

from ingle import ROOT, IngleTest, needs
from server import Server

sys.path.insert(0, str(ROOT / "tests" / "api"))
import run  # noqa: E402


@needs("smollm2:135m")
@needs("qwen2.5-coder:0.5b")
@needs("all-minilm")
class Transcripts(IngleTest):
    def play(self, dialect):
        runner = run.Runner(Server(self).url, ours=True)
        for path in run.files([dialect]):
            for name, found, _ in runner.file(path):
                with self.subTest(file=path.name, request=name):
                    self.assertEqual(found, [])

    def test_llama_server(self):
        self.play("llama")

    def test_lm_studio(self):
        self.play("lmstudio")

    def test_openai(self):
        self.play("openai")

    def test_ollama(self):
        self.play("ollama")

    def test_anthropic(self):
        self.play("anthropic")


class Files(unittest.TestCase):
    def test_every_difference_of_ours_has_a_reason(self):
        for path in run.files(run.DIALECTS):
            for case in json.loads(path.read_text())["cases"]:
                with self.subTest(file=path.name, request=case["name"]):
                    self.assertEqual("ours" in case, "because" in case.get("ours", {}))


class Patterns(unittest.TestCase):
    def test_what_fits(self):
        for pattern, value in (("<string>", "a"), ("<int>", 3), ("<string|null>", None), ("</^a.c$/>", "abc"), ({"a?": 1}, {}), ({"b": "<absent>"}, {"a": 1}),
                               (["<int>", "<more>", "x"], [1, 2, 3, "x"]), (1, 1.0), ("<vector>", [1, 0.5]), (True, True)):
            with self.subTest(pattern=pattern):
                self.assertEqual(run.differences(pattern, value), [])

    def test_what_does_not(self):
        for pattern, value in (("<string>", 1), ("<int>", 0.5), ("<bool>", 1), ("</^a/>", "ba"), ({"a": 1}, {}), ({"a": "<absent>"}, {"a": None}), ([1], [1, 2]),
                               (["<int>", "<more>", "x"], ["x"]), (1, True), ("<positive>", 0), ([], {}), ({"a": {"b": 2}}, {"a": {"b": 3}})):
            with self.subTest(pattern=pattern):
                self.assertNotEqual(run.differences(pattern, value), [])


if __name__ == "__main__":
    unittest.main()
