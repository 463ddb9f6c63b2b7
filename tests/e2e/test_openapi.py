"""Requests to a running server and its answers against its own OpenAPI document; llama-server's and LM Studio's endpoints."""
import json
import unittest

from ingle import IngleTest, needs
from openapi import Document, faults
from server import Server

MESSAGES = [{"role": "user", "content": "Say hello."}]


class Validator(unittest.TestCase):
    def test_it_finds_what_is_wrong(self):
        schema = {"type": "object", "required": ["a"], "properties": {
            "a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "b": {"type": "array", "items": {"type": "string"}}}}
        self.assertEqual(faults({"a": None, "b": ["x"], "c": 1}, schema), [])
        for bad in ({}, {"a": "x"}, {"a": True}, {"a": 1, "b": [1]}, []):
            self.assertNotEqual(faults(bad, schema), [], bad)


@needs("qwen2.5-coder:0.5b")
class Endpoints(IngleTest):
    MODEL = "qwen2.5-coder:0.5b"

    def setUp(self):
        super().setUp()
        self.server = Server(self)
        self.document = Document(self.server.json("GET", "/openapi.json"))

    def ask(self, method, path, body=None):
        """An answer of 200, and both ways as the document says."""
        if body is not None:
            self.document.check_request(self, method, path, body)
        answer = self.server.json(method, path, body)
        self.document.check_answer(self, method, path, answer)
        return answer

    def test_answers_are_what_the_document_says(self):
        short = {"model": self.MODEL, "messages": MESSAGES, "max_tokens": 3}
        self.ask("POST", "/v1/chat/completions", short)
        self.ask("POST", "/v1/chat/completions", dict(short, logprobs=True, top_logprobs=2))
        self.ask("POST", "/v1/chat/completions", {"model": self.MODEL, "messages": MESSAGES, "tool_choice": "required",
                                                  "tools": [{"type": "function", "function": {"name": "wave"}}]})
        self.ask("POST", "/v1/completions", {"model": self.MODEL, "prompt": "a", "max_tokens": 2, "logprobs": 1})
        response = self.ask("POST", "/v1/responses", {"model": self.MODEL, "input": "Say hello.", "max_output_tokens": 3})
        self.ask("POST", "/v1/responses/input_tokens", {"model": self.MODEL, "input": "Say hello."})
        self.ask("POST", "/v1/chat/completions/input_tokens", short)
        self.ask("GET", "/v1/responses/" + response["id"])
        self.ask("GET", f"/v1/responses/{response['id']}/input_items")
        self.ask("DELETE", "/v1/responses/" + response["id"])
        self.ask("POST", "/embedding", {"model": self.MODEL, "content": ["a", "b"]})
        self.ask("POST", "/v1/messages", short)
        self.ask("POST", "/v1/messages/count_tokens", short)
        self.ask("POST", "/api/v0/chat/completions", short)
        self.ask("POST", "/api/chat", {"model": self.MODEL, "messages": MESSAGES, "stream": False, "options": {"num_predict": 3}})
        self.ask("POST", "/api/generate", {"model": self.MODEL, "prompt": "a", "stream": False, "options": {"num_predict": 3}})
        self.ask("POST", "/completion", {"model": self.MODEL, "prompt": "a", "n_predict": 3, "n_probs": 1})
        tokens = self.ask("POST", "/tokenize", {"model": self.MODEL, "content": "a b"})["tokens"]
        self.assertEqual(self.ask("POST", "/detokenize", {"model": self.MODEL, "tokens": tokens})["content"], "a b")
        self.ask("POST", "/apply-template", {"model": self.MODEL, "messages": MESSAGES})
        self.ask("POST", "/v1/embeddings", {"model": self.MODEL, "input": ["a", "b"]})
        for path in ("/v1/models", "/v1/models/" + self.MODEL, "/models", "/props", "/slots", "/health", "/api/tags", "/api/ps",
                     "/api/status", "/api/version", "/api/v0/models", "/api/v0/models/" + self.MODEL, "/api/v1/models"):
            self.ask("GET", path)

    def test_documents_are_answered_as_the_document_says(self):
        for path, options, text in (
                ("/v1/extract", {"preset": "invoice"}, "Invoice\nInvoice number: 17\nDate: 2026-01-02\nTotal: 12.00 EUR\n"),
                ("/v1/summarize", {}, "Ann: We ship on Friday.\nBob: I write the notes by Monday.\n")):
            parts = (("file", '; filename="a.txt"', text), ("options", "", json.dumps(dict(options, model=self.MODEL))))
            body = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'
                           for name, more, value in parts) + "--b--\r\n"
            status, _, answer = self.server.request("POST", path, body, {"Content-Type": "multipart/form-data; boundary=b"})
            self.assertEqual(status, 200, answer)
            self.document.check_answer(self, "POST", path, json.loads(answer))

    def test_errors_are_what_the_document_says(self):
        for path in ("/v1/chat/completions", "/v1/messages", "/api/chat", "/completion", "/api/v1/chat"):
            self.document.check_error(self, "POST", path, self.server.json("POST", path, {"stream": "x"}, status=400))
        self.document.check_error(self, "GET", "/ingle/v1/status", self.server.json("GET", "/ingle/v1/status", status=401))

    def test_llama_servers_state_follows_the_model(self):
        self.assertEqual(self.server.json("GET", f"/props?model={self.MODEL}")["is_sleeping"], True)
        self.ask("POST", "/models/load", {"model": self.MODEL})
        self.assertEqual(self.server.json("GET", "/props")["is_sleeping"], False)
        loaded = {one["id"]: one["status"]["value"] for one in self.server.json("GET", "/models")["data"]}
        self.assertEqual(loaded[self.MODEL], "loaded")
        self.assertEqual({slot["is_processing"] for slot in self.server.json("GET", "/slots")}, {False})
        self.ask("POST", "/models/unload", {"model": self.MODEL})
        self.assertEqual(self.server.json("GET", f"/props?model={self.MODEL}")["is_sleeping"], True)

    def test_code_between_two_texts_is_filled_in(self):
        body = {"model": self.MODEL, "input_prefix": "def add(a, b):\n    return ", "input_suffix": "\n\nprint(add(1, 2))\n",
                "n_predict": 8, "temperature": 0}
        self.assertTrue(self.ask("POST", "/infill", body)["content"].startswith("a + b"))
        with_files = {**body, "input_extra": [{"filename": "notes.txt", "text": "numbers"}], "response_fields": ["content"]}
        self.assertEqual(list(self.ask("POST", "/infill", with_files)), ["content"])

    def test_a_chat_of_lm_studio_is_gone_on_with_and_streams_its_events(self):
        body = {"model": self.MODEL, "input": "My name is Ada. Say hello.", "temperature": 0, "max_output_tokens": 24}
        first = self.ask("POST", "/api/v1/chat", body)
        more = {**body, "input": "What is my name? One word.", "previous_response_id": first["response_id"]}
        self.assertIn("Ada", self.ask("POST", "/api/v1/chat", more)["output"][0]["content"])
        status, headers, text = self.server.request("POST", "/api/v1/chat", {**more, "stream": True})
        self.assertEqual((status, headers["Content-Type"].split(";")[0]), (200, "text/event-stream"))
        events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
        self.assertEqual([events[0]["type"], events[-1]["type"]], ["chat.start", "chat.end"])
        words = "".join(event["content"] for event in events if event["type"] == "message.delta")
        self.assertEqual(words, events[-1]["result"]["output"][0]["content"])

    def test_what_is_not_here_says_why(self):
        for method, path in (("POST", "/props"), ("POST", "/slots/0"), ("POST", "/v1/chat/completions/control")):
            self.assertIn("501", self.document.operation(method, path.replace("/0", "/x"))["responses"])
            error = self.server.json(method, path, {}, status=501)["error"]
            self.assertIn("type", error)


@needs("all-minilm")
class Ranks(IngleTest):
    def test_documents_are_ranked_by_the_cosine_of_their_embeddings(self):
        server = Server(self)
        documents = ["Bread is baked from flour.", "The giant panda is a bear that eats bamboo.", "Paris is a city."]
        body = {"model": "all-minilm", "query": "What is a panda?", "documents": documents, "top_n": 2}
        answer = server.json("POST", "/v1/rerank", body)
        Document(server.json("GET", "/openapi.json")).check_answer(self, "POST", "/v1/rerank", answer)
        self.assertEqual((answer["method"], len(answer["results"]), answer["results"][0]["index"]), ("cosine", 2, 1))
        vectors = server.json("POST", "/embedding", {"model": "all-minilm", "content": ["a", "b"]})
        self.assertEqual([len(one["embedding"][0]) for one in vectors], [384, 384])


if __name__ == "__main__":
    unittest.main()
