"""What the tests of whole programs share: a server with real models, and tools to offer. Each program's tests run in the
program's own virtual environment (run.sh), so only Python's standard library and the program are at hand."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from ingle import IngleTest  # noqa: E402
from server import Server  # noqa: E402

MODEL = "smollm2:135m"
CODER = "qwen2.5-coder:0.5b"
EMBEDDER = "all-minilm"
HELLO = [{"role": "user", "content": "Say hello to Ann."}]
OSLO = [{"role": "user", "content": "How warm is it in Oslo? Call the tool."}]
SCHEMA = {"title": "answer", "type": "object", "additionalProperties": False, "required": ["city", "warm"],
          "properties": {"city": {"enum": ["Oslo", "Rome"]}, "warm": {"type": "boolean"}}}
WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "How warm it is in a city.",
    "parameters": {"type": "object", "required": ["city"], "additionalProperties": False,
                   "properties": {"city": {"enum": ["Oslo", "Rome"]}}}}}


class ProgramTest(IngleTest):
    server_environment = {}

    def setUp(self):
        super().setUp()
        self.server = Server(self, **self.server_environment)
        self.openai_url = self.server.url + "/v1"

    def assert_near(self, near, far, question):
        """Three vectors of length one, of which the first answers the question better than the second."""
        for vector in (near, far, question):
            self.assertEqual(len(vector), 384)
            self.assertAlmostEqual(sum(x * x for x in vector), 1, places=3)
        self.assertGreater(dot(near, question), dot(far, question))


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))
