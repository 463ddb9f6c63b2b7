"""The command `llm`, unmodified, with its plugin for Ollama and with a model of OpenAI's kind."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from program import CODER, EMBEDDER, MODEL, SCHEMA, ProgramTest

OLLAMA = "ollama/" + CODER
LLM = pathlib.Path(sys.executable).parent / "llm"
FUNCTIONS = '''
def get_weather(city: str) -> str:
    "How warm it is in a city."
    return f"{city}: 3 degrees"
'''
THROUGH = [(OLLAMA, ("-o", "num_predict", "60", "-o", "temperature", "0")),
           ("ingle-openai", ("-o", "max_tokens", "60", "-o", "temperature", "0"))]


class Llm(ProgramTest):
    def setUp(self):
        super().setUp()
        folder = self.home / "llm"
        folder.mkdir()
        rows = [{"model_id": "ingle-openai", "model_name": CODER, "api_base": self.openai_url, "supports_schema": True, "supports_tools": True},
                {"model_id": "ingle-words", "model_name": MODEL, "api_base": self.openai_url, "completion": True}]
        (folder / "extra-openai-models.yaml").write_text(json.dumps(rows))  # JSON is YAML
        self.settings = dict(os.environ, LLM_USER_PATH=str(folder), OLLAMA_HOST=self.server.url, OPENAI_API_KEY="none")

    def llm(self, *words, code=0):
        done = subprocess.run([LLM, *words], env=self.settings, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600, check=False)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_models(self):
        listed = self.llm("models")
        for name in (f"Ollama: ollama/{MODEL}", f"Ollama: {OLLAMA}", "ingle-openai"):
            self.assertIn(name, listed)
        self.assertIn(EMBEDDER, self.llm("embed-models"))
        self.assertIn(CODER, self.llm("ollama", "models"))

    def test_chat_whole_and_in_pieces(self):
        for model, options in THROUGH:
            with self.subTest(model=model):
                whole = self.llm("-m", model, *options, "--no-stream", "Say hello to Ann.")
                self.assertIn("Ann", whole)
                self.assertEqual(self.llm("-m", model, *options, "Say hello to Ann."), whole)
                self.assertTrue(self.llm("-m", model, *options, "-c", "And to Bob."))
                logged = json.loads(self.llm("logs", "--json", "-n", "1"))[0]
                self.assertGreater(logged["input_tokens"], 0)
                self.assertGreater(logged["output_tokens"], 0)
        self.assertTrue(self.llm("-m", "ingle-words", "-o", "max_tokens", "8", "Once upon a"))

    def test_system_messages(self):
        for model, options in THROUGH:
            with self.subTest(model=model):
                self.assertTrue(self.llm("-m", model, *options, "-s", "You are a pirate.", "Who are you?"))

    def test_json(self):
        for model, options in THROUGH:
            with self.subTest(model=model):
                found = json.loads(self.llm("-m", model, *options, "--schema", json.dumps(SCHEMA), "Oslo has 3 degrees. Is Oslo warm?"))
                self.assertEqual(set(found), {"city", "warm"})
        self.assertIsInstance(json.loads(self.llm("-m", OLLAMA, "-o", "json_object", "1", "-o", "temperature", "0", "Oslo as JSON: {\"city\": ...}")), dict)

    def test_tools(self):
        for model, options in THROUGH:
            with self.subTest(model=model):
                # Small models like to call again and again: the limit ends that, as an error of llm's own.
                told = self.llm("-m", model, *options, "--functions", FUNCTIONS, "--tools-debug", "--chain-limit", "2", "Call get_weather for Oslo.", code=None)
                self.assertIn("Tool call: get_weather({'city': 'Oslo", told)
                self.assertIn("3 degrees", told)

    def test_embeddings(self):
        vectors = [json.loads(self.llm("embed", "-m", f"ollama/{EMBEDDER}", "-c", text))
                   for text in ("Oslo is cold in winter.", "The cat sleeps on the sofa.", "What is the weather like in Norway?")]
        self.assert_near(*vectors)

    def test_errors(self):
        self.assertIn("no-such-model", self.llm("-m", "no-such-model", "hello", code=1))
        for model, _ in THROUGH:
            with self.subTest(model=model):
                said = self.llm("-m", model, "word " * 24000, code=1)
                self.assertIn("tokens", said)


if __name__ == "__main__":
    unittest.main()
