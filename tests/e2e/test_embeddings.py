"""Embeddings through the server: the vectors of all-minilm against those of its authors' weights in float64, and what
models of either kind say when they are asked for the other kind's work."""
import json
import math
import unittest

from ingle import ROOT, IngleTest, needs
from server import Server

VECTORS = json.loads((ROOT / "tests" / "embeddings" / "all-minilm.json").read_text(encoding="utf-8"))


def cosine(a, b):
    lengths = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths


class Embeddings(IngleTest):
    def embed(self, server, model, texts, status=200):
        return server.json("POST", "/v1/embeddings", {"model": model, "input": texts}, status=status)

    @needs("all-minilm")
    def test_all_minilm_has_the_vectors_of_its_weights(self):
        server = Server(self)
        cases = VECTORS["cases"]
        answer = self.embed(server, "all-minilm", [case["text"] for case in cases])
        self.assertEqual([row["index"] for row in answer["data"]], list(range(len(cases))))
        for case, row in zip(cases, answer["data"], strict=True):
            self.assertGreater(cosine(case["vector"], row["embedding"]), 0.999999, case["text"])
            self.assertAlmostEqual(sum(x * x for x in row["embedding"]), 1, places=5)
        self.assertEqual(answer["usage"]["prompt_tokens"], sum(case["tokens"] for case in cases))

    @needs("all-minilm")
    def test_a_text_has_the_same_bits_alone_and_among_others(self):
        server = Server(self)
        texts = [case["text"] for case in VECTORS["cases"]]
        together = self.embed(server, "all-minilm", texts)["data"]
        for text, row in zip(texts, together, strict=True):
            self.assertEqual(self.embed(server, "all-minilm", text)["data"][0]["embedding"], row["embedding"], text)

    @needs("all-minilm")
    def test_an_encoder_does_not_chat_and_a_text_that_does_not_fit_is_refused_with_both_counts(self):
        server = Server(self)
        chat = {"model": "all-minilm", "messages": [{"role": "user", "content": "Hello"}]}
        refused = server.json("POST", "/v1/chat/completions", chat, status=400)
        self.assertIn("encoder", refused["error"]["message"])
        refused = self.embed(server, "all-minilm", "word " * 600, status=400)
        self.assertIn("602", refused["error"]["message"])
        self.assertIn("512", refused["error"]["message"])

    @needs("smollm2:135m")
    def test_a_model_that_generates_has_the_state_of_its_last_token(self):
        server = Server(self)
        rows = self.embed(server, "smollm2:135m", ["A man is eating food.", "A man is eating food.", "Hello"])["data"]
        self.assertEqual(len(rows[0]["embedding"]), 576)
        self.assertAlmostEqual(sum(x * x for x in rows[0]["embedding"]), 1, places=5)
        self.assertEqual(rows[0]["embedding"], rows[1]["embedding"])
        self.assertNotEqual(rows[0]["embedding"], rows[2]["embedding"])


if __name__ == "__main__":
    unittest.main()
