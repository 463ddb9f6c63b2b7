"""The context of a request bounds that request and nobody else's, and nothing of a text is lost in silence."""
import unittest

from ingle import IngleTest, needs
from server import Server

MODEL = "smollm2:135m"
CONTEXT = 8192  # that it was made for


def words(n):
    return "word " * n


def completion(**fields):
    return {"model": MODEL, "prompt": "Once upon a time", "max_tokens": 2, "temperature": 0, **fields}


def chat(text, **fields):
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], "stream": False, **fields}


class Context(IngleTest):
    def setUp(self):
        super().setUp()
        self.server = Server(self)

    def refused(self, path, body):
        status, _, text = self.server.request("POST", path, body)
        self.assertEqual(status, 400, text)
        return text

    @needs(MODEL)
    def test_a_small_context_is_its_request_s_alone(self):
        limited = self.server.json("POST", "/api/chat", chat("Tell me a story.", options={"num_ctx": 64, "temperature": 0}))
        self.assertEqual(limited["done_reason"], "length")
        self.assertEqual(limited["prompt_eval_count"] + limited["eval_count"], 64)
        other = self.server.json("POST", "/v1/chat/completions", chat(words(1000), max_tokens=2))
        self.assertGreater(other["usage"]["prompt_tokens"], 1000)
        self.assertIn("holds 64", self.refused("/v1/chat/completions", chat(words(100), num_ctx=64)))

    @needs(MODEL)
    def test_a_text_that_is_too_long_is_told_in_the_client_s_words(self):
        self.assertIn("'num_ctx': ", self.refused("/v1/chat/completions", chat(words(5000))))
        self.assertIn("'options.num_ctx': ", self.refused("/api/chat", chat(words(5000))))
        self.assertIn("at most 8192 fit this model", self.refused("/v1/chat/completions", chat(words(9000))))
        long = self.server.json("POST", "/v1/chat/completions", chat(words(5000), num_ctx=CONTEXT, max_tokens=1))
        self.assertGreater(long["usage"]["prompt_tokens"], 5000)

    @needs(MODEL)
    def test_more_than_the_model_was_made_for_is_refused_or_told(self):
        for path, body in (("/v1/completions", completion(num_ctx=100_000)),
                           ("/api/v1/models/load", {"model": MODEL, "context_length": 100_000})):
            text = self.refused(path, body)
            self.assertIn("100000", text)
            self.assertIn(str(CONTEXT), text)
        status, headers, text = self.server.request(
            "POST", "/api/chat", chat("Hi", options={"num_ctx": 100_000, "num_predict": 1}))
        self.assertEqual(status, 200, text)
        self.assertEqual({name.lower(): value for name, value in dict(headers).items()}["x-ingle-context"], str(CONTEXT))

    @needs(MODEL)
    def test_an_answer_that_has_begun_is_gone_on_with(self):
        messages = [{"role": "user", "content": "Count to five."}, {"role": "assistant", "content": "1, 2, 3,"}]
        body = {"model": MODEL, "messages": messages, "max_tokens": 3, "temperature": 0, "stream": False,
                "options": {"num_predict": 3, "temperature": 0}}
        openai = self.server.json("POST", "/v1/chat/completions", body)["choices"][0]["message"]["content"]
        self.assertIn("4", openai)
        self.assertEqual(self.server.json("POST", "/api/chat", body)["message"]["content"], openai)
        self.assertEqual(self.server.json("POST", "/v1/messages", body)["content"][0]["text"], openai)


if __name__ == "__main__":
    unittest.main()
