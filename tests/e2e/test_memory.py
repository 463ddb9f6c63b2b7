"""What does not fit into the memory is refused with the figures, at once and in every dialect, and the server goes on."""
import json
import unittest

from ingle import IngleTest, needs
from server import Server

MODEL = "smollm2:135m"
OTHER = "gemma3:270m"
HELLO = [{"role": "user", "content": "Hello"}]
REQUESTS = {
    "/v1/chat/completions": {"model": MODEL, "messages": HELLO, "max_tokens": 2},
    "/v1/completions": {"model": MODEL, "prompt": "Hello", "max_tokens": 2},
    "/v1/messages": {"model": MODEL, "messages": HELLO, "max_tokens": 2},
    "/api/chat": {"model": MODEL, "messages": HELLO, "stream": False, "options": {"num_predict": 2}},
    "/completion": {"model": MODEL, "prompt": "Hello", "n_predict": 2},
    "/api/v0/chat/completions": {"model": MODEL, "messages": HELLO, "max_tokens": 2},
}


def generate(model, **options):
    return {"model": model, "prompt": "Hello", "raw": True, "stream": False, "options": dict({"num_predict": 2}, **options)}


class Memory(IngleTest):
    @needs(MODEL)
    def test_a_model_without_room_is_refused_with_the_figures_in_every_dialect_and_the_server_goes_on(self):
        server = Server(self, INGLE_MEMORY_LIMIT="100MB")
        for path, body in REQUESTS.items():
            with self.subTest(path=path):
                status, _, text = server.request("POST", path, body)
                self.assertEqual(status, 503, text)
                for words in ("are needed", "for weights", "100 MB are free", "the setting memory allows 100 MB"):
                    self.assertIn(words, text)
                json.loads(text)
                self.assertEqual(server.request("GET", "/health")[0], 200)
        self.assertEqual(server.json("GET", "/api/ps")["models"], [])

    @needs(MODEL)
    def test_a_context_is_shortened_only_where_nobody_named_one(self):
        server = Server(self, INGLE_MEMORY_LIMIT="240MB")
        named = server.request("POST", "/api/generate", generate(MODEL, num_ctx=4096))
        self.assertEqual(named[0], 503, named[2])
        self.assertIn("for a context of 4096 tokens", named[2])
        self.assertIn("has room", named[2])
        self.assertTrue(server.json("POST", "/api/generate", generate(MODEL))["done"])
        loaded = server.json("GET", "/api/ps")["models"]
        self.assertGreaterEqual(loaded[0]["context_length"], 512)
        self.assertLess(loaded[0]["context_length"], 4096)
        self.assertLessEqual(loaded[0]["size_planned"], 240_000_000)
        self.assertTrue(server.json("POST", "/api/generate", generate(MODEL, num_ctx=512))["done"])

    @needs(MODEL)
    def test_a_request_that_needs_little_is_answered_where_the_usual_context_has_no_room(self):
        server = Server(self, INGLE_MEMORY_LIMIT="240MB")
        self.assertTrue(server.json("POST", "/api/generate", generate(MODEL, num_ctx=300))["done"])
        self.assertLess(server.json("GET", "/api/ps")["models"][0]["context_length"], 4096)
        self.assertTrue(server.json("POST", "/api/generate", generate(MODEL))["done"])

    @needs(MODEL)
    @needs(OTHER)
    def test_an_idle_model_makes_room_for_another(self):
        server = Server(self, INGLE_MEMORY_LIMIT="600MB", INGLE_CONTEXT="1024", INGLE_PARALLEL="4")
        for model in (MODEL, OTHER, MODEL):
            self.assertTrue(server.json("POST", "/api/generate", generate(model))["done"])
            self.assertEqual([one["name"] for one in server.json("GET", "/api/ps")["models"]], [model])

    def test_a_limit_that_is_no_amount_is_told_at_the_start(self):
        done = self.run_ingle("list", INGLE_MEMORY_LIMIT="much")
        self.assertEqual(done.code, 2)
        self.assertIn("'much' is no amount of memory", done.talk)


if __name__ == "__main__":
    unittest.main()
