"""`ingle embed`: vectors of texts, alike for texts that mean the same."""
import json
import math
import unittest

from ingle import IngleTest, needs
from server import Server

MODEL = "all-minilm"


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b))


@needs(MODEL)
class Embed(IngleTest):
    def test_similar_sentences_are_closer_than_unrelated_ones(self):
        texts = ["How do I reset my password?", "I forgot my login and want a new one.",
                 "A recipe for apple pie with cinnamon", "Baking a dessert from fruit"]
        login, forgot, pie, dessert = self.ok("embed", MODEL, *texts).lines()
        self.assertEqual(len(login), 384)
        for vector in (login, forgot, pie, dessert):
            self.assertAlmostEqual(cosine(vector, vector), 1, places=5)
        for alike in (cosine(login, forgot), cosine(pie, dessert)):
            for other in (cosine(login, pie), cosine(login, dessert), cosine(forgot, pie), cosine(forgot, dessert)):
                self.assertGreater(alike, other + 0.2)

    def test_a_text_has_the_same_vector_wherever_it_comes_from(self):
        texts = ["one", "two words", "naïve café 東京"]
        lines = "".join(text + "\n" for text in texts)
        given = self.ok("embed", MODEL, *texts).data
        self.assertEqual(self.ok("embed", MODEL, text=lines).data, given)
        self.assertEqual(self.ok("embed", MODEL, "--file", self.write("texts.txt", lines)).data, given)
        rows = self.ok("embed", MODEL, "--json", *texts).lines()
        self.assertEqual([row["embedding"] for row in rows], [json.loads(line) for line in given.splitlines()])
        self.assertEqual([row["index"] for row in rows], [0, 1, 2])
        self.assertEqual([row["prompt_tokens"] for row in rows], [3, 4, 6])

    def test_fewer_dimensions_are_the_first_ones_made_of_length_1(self):
        whole = self.ok("embed", MODEL, "a text").json()
        short = self.ok("embed", MODEL, "--dimensions", "16", "a text").json()
        length = math.sqrt(cosine(whole[:16], whole[:16]))
        for a, b in zip(short, whole[:16]):
            self.assertAlmostEqual(a, b / length, places=5)
        self.assert_refused(self.run_ingle("embed", MODEL, "--dimensions", "385", "a text"), 2, "384")

    def test_a_text_that_is_too_long_is_refused_or_cut(self):
        long = "word " * 600
        self.assert_refused(self.run_ingle("embed", MODEL, long), 3, "602 tokens", "512", "--truncate")
        cut = self.ok("embed", MODEL, "--json", "--truncate", long).json()
        self.assertEqual(cut["prompt_tokens"], 512)
        self.assertEqual(cut["embedding"], self.ok("embed", MODEL, "word " * 510).json())

    def test_nothing_to_embed_is_wrong_usage(self):
        self.assert_refused(self.run_ingle("embed", MODEL), 2, "nothing to embed")

    def test_a_running_server_gives_the_same_vectors(self):
        alone = self.ok("embed", MODEL, "hello", "world", INGLE_THREADS="2").data
        server = Server(self)
        self.assertEqual(self.ok("embed", MODEL, "hello", "world", INGLE_THREADS="2").data, alone)
        self.assertEqual([row["name"] for row in server.json("GET", "/api/ps")["models"]], [MODEL + ":latest"])

    def test_an_encoder_answers_no_prompts_and_says_what_it_is_for(self):
        self.assert_refused(self.run_ingle("run", MODEL, "hello"), 3, "encoder", "embed")


if __name__ == "__main__":
    unittest.main()


INDEXED = "smollm2:135m"


@needs(MODEL)
@needs(INDEXED)
class Indexing(IngleTest):
    """Many connections that ask for the vectors of long lists keep nobody waiting."""

    def begin_indexing(self, server, n=52):
        body = json.dumps({"model": INDEXED, "input": ["the quick brown fox " * 400] * 64}).encode()
        head = (f"POST /v1/embeddings HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        connections = [server.connect() for _ in range(n)]
        for connection in connections:
            connection.sendall(head + body)
        while self.waiting(server) < n:
            pass
        return connections

    def waiting(self, server):
        metrics = server.request("GET", "/metrics")[2]
        return sum(float(line.split()[-1]) for line in metrics.splitlines()
                   if line.startswith(f'ingle_engine_requests{{model="{INDEXED}"'))

    def test_other_requests_are_answered_and_clients_that_leave_stop_the_work(self):
        server = Server(self)
        server.json("POST", "/api/generate", {"model": INDEXED})
        connections = self.begin_indexing(server)
        server.json("GET", "/api/tags")
        self.assertEqual(len(server.json("POST", "/api/embed", {"model": MODEL, "input": "a"})["embeddings"]), 1)
        server.json("POST", "/tokenize", {"model": INDEXED, "content": "a"})
        question = {"model": INDEXED, "max_tokens": 4, "messages": [{"role": "user", "content": "hello"}]}
        server.json("POST", "/v1/chat/completions", question)
        for connection in connections:
            connection.close()
        while self.waiting(server) > 0:
            pass

    def test_a_server_that_is_told_to_end_does_not_finish_what_nobody_waits_for(self):
        server = Server(self)
        server.json("POST", "/api/generate", {"model": INDEXED})
        for connection in self.begin_indexing(server):
            connection.close()
        server.process.terminate()
        self.assertEqual(server.process.wait(30), 0)
