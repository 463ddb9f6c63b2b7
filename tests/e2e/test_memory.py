"""What can never fit into the memory is refused for good, with the figures and in every dialect, and unloads nothing; what
has no room now is told to come back."""
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
                self.assertEqual(status, 400, text)  # what is asked again after a 503 would never be answered
                for words in ("are needed", "for weights", "100 MB are all that there can be",
                              "the setting memory allows 100 MB"):
                    self.assertIn(words, text)
                self.assertNotIn("overloaded", text)
                json.loads(text)
                self.assertEqual(server.request("GET", "/health")[0], 200)
        self.assertEqual(server.json("GET", "/api/ps")["models"], [])

    @needs(MODEL)
    def test_a_context_is_shortened_only_where_nobody_named_one(self):
        server = Server(self, INGLE_MEMORY_LIMIT="240MB")
        named = server.request("POST", "/api/generate", generate(MODEL, num_ctx=4096))
        self.assertEqual(named[0], 400, named[2])
        self.assertIn("for a context of 4096 tokens", named[2])
        self.assertIn("take a context of", named[2])
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

    @needs(MODEL)
    @needs(OTHER)
    def test_what_can_never_fit_unloads_nothing_and_show_says_the_same(self):
        settings = {"INGLE_MEMORY_LIMIT": "300MB", "INGLE_CONTEXT": "1024", "INGLE_THREADS": "2"}
        for most in ("1", "3"):
            server = Server(self, INGLE_MAX_LOADED_MODELS=most, **settings)
            self.assertTrue(server.json("POST", "/api/generate", generate(MODEL))["done"])
            status, _, text = server.request("POST", "/v1/chat/completions", {"model": OTHER, "messages": HELLO})
            self.assertEqual(status, 400, text)
            error = json.loads(text)["error"]
            self.assertEqual((error["code"], error["param"]), ("model_too_large", "model"))
            self.assertEqual([one["name"] for one in server.json("GET", "/api/ps")["models"]], [MODEL])
            server.close()
        memory = self.run_ingle("show", OTHER, "--json", **settings).json()["memory"]
        self.assertTrue(memory["refused_for_good"])
        self.assertTrue(error["message"].startswith(memory["refused_now"]), (error, memory))
        told = self.run_ingle("show", OTHER, **settings).data
        self.assertIn("cannot be loaded with the settings as they are", told)

    @needs(MODEL)
    @needs(OTHER)
    def test_what_has_no_room_beside_a_model_in_use_is_told_to_come_back(self):
        server = Server(self, INGLE_MEMORY_LIMIT="600MB", INGLE_CONTEXT="1024", INGLE_PARALLEL="4")
        body = json.dumps({"model": MODEL, "prompt": "1, 2, 3, 4, 5, 6, 7, 8, 9, 10,", "raw": True,
                           "options": {"num_predict": 900, "temperature": 0}})
        with server.connect() as stream:
            stream.sendall(f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            self.assertIn(b"200 OK", stream.recv(1000))
            status, headers, text = server.request("POST", "/api/generate", generate(OTHER))
        self.assertEqual(status, 503, text)
        self.assertIn("Retry-After", headers)
        self.assertIn("in use", text)

    def test_a_limit_that_is_no_amount_is_told_at_the_start(self):
        done = self.run_ingle("list", INGLE_MEMORY_LIMIT="much")
        self.assertEqual(done.code, 2)
        self.assertIn("'much' is no amount of memory", done.talk)


if __name__ == "__main__":
    unittest.main()
