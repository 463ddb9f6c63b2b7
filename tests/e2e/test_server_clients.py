"""The Python client of OpenAI against `ingle serve` with a real model, and an engine that dies."""
import json
import threading

from clients import needs_clients
from ingle import IngleTest, needs
from server import Server, kill

MODEL = "smollm2:135m"
CODER = "qwen2.5-coder:0.5b"
QUESTION = [{"role": "user", "content": "Say hello to Ann."}]


@needs(MODEL)
@needs_clients
class OpenAiClient(IngleTest):
    def setUp(self):
        super().setUp()
        import openai

        self.openai = openai
        self.server = Server(self)
        self.client = openai.OpenAI(base_url=self.server.url + "/v1", api_key="unused", max_retries=0)
        self.addCleanup(self.client.close)

    def test_a_whole_answer_has_text_usage_and_headers(self):
        raw = self.client.chat.completions.with_raw_response.create(model=MODEL, messages=QUESTION, max_tokens=8, temperature=0, seed=1)
        self.assertEqual(raw.headers["x-ingle-route"], "local")
        self.assertTrue(raw.headers["x-request-id"])
        answer = raw.parse()
        self.assertTrue(answer.choices[0].message.content)
        self.assertLessEqual(answer.usage.completion_tokens, 8)
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        again = self.client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=8, temperature=0)
        self.assertEqual(again.choices[0].message.content, answer.choices[0].message.content)
        self.assertGreater(again.usage.prompt_tokens_details.cached_tokens, 0)

    def test_a_stream_is_the_same_text_and_ends_with_usage(self):
        whole = self.client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=12, temperature=0)
        chunks = list(self.client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=12, temperature=0, stream=True,
                                                          stream_options={"include_usage": True}))
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[-2].choices[0].finish_reason, whole.choices[0].finish_reason)
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage.completion_tokens, whole.usage.completion_tokens)
        self.assertEqual(chunks[-1].model_extra["ingle"]["route"], "local")

    def test_log_probabilities_come_with_their_alternatives(self):
        answer = self.client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=3, temperature=0, logprobs=True, top_logprobs=2)
        tokens = answer.choices[0].logprobs.content
        self.assertEqual(len(tokens), answer.usage.completion_tokens)
        self.assertEqual(tokens[0].token, tokens[0].top_logprobs[0].token)
        self.assertEqual(len(tokens[0].top_logprobs), 2)

    @needs(CODER)
    def test_an_answer_keeps_to_a_schema(self):
        schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}
        for format in ({"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}, {"type": "json_object"}):
            answer = self.client.chat.completions.create(
                model=CODER, messages=[{"role": "user", "content": "Ann is 7. As JSON."}], max_tokens=200, temperature=0, response_format=format)
            self.assertEqual(answer.choices[0].finish_reason, "stop")
            value = json.loads(answer.choices[0].message.content)
            self.assertIsInstance(value, dict)
            if format["type"] == "json_schema":
                self.assertIsInstance(value["age"], int)

    def test_several_answers_come_interleaved_and_each_can_be_had_alone(self):
        ask = lambda **more: self.client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=6, temperature=1, **more)
        texts = {0: "", 1: "", 2: ""}
        for chunk in ask(n=3, seed=4, stream=True):
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
        for index, text in texts.items():
            self.assertEqual(ask(seed=4 + index).choices[0].message.content, text)

    def test_plain_texts_are_gone_on_with(self):
        ask = lambda **more: self.client.completions.create(model=MODEL, prompt=["One, two,", "Red, green,"], max_tokens=5, temperature=0, **more)
        whole = ask()
        self.assertEqual([choice.index for choice in whole.choices], [0, 1])
        texts = {0: "", 1: ""}
        for chunk in ask(stream=True):
            for choice in chunk.choices:
                texts[choice.index] += choice.text
        self.assertEqual([texts[0], texts[1]], [choice.text for choice in whole.choices])
        with self.assertRaises(self.openai.BadRequestError):
            ask(best_of=2)

    def test_responses_are_kept_and_gone_on_with(self):
        first = self.client.responses.create(model=MODEL, input="Say hello to Ann.", max_output_tokens=8, temperature=0)
        with self.client.responses.stream(model=MODEL, input="And to Bob.", max_output_tokens=8, previous_response_id=first.id) as stream:
            final = [event for event in stream][-1].response
        self.assertEqual(final.previous_response_id, first.id)
        self.assertGreater(final.usage.input_tokens, first.usage.input_tokens)
        counted = self.client.responses.input_tokens.count(model=MODEL, input="And to Bob.", previous_response_id=first.id)
        self.assertEqual(counted.input_tokens, final.usage.input_tokens)
        self.assertEqual(self.client.responses.retrieve(first.id).output_text, first.output_text)
        with self.assertRaises(self.openai.BadRequestError) as caught:
            list(self.client.responses.retrieve(first.id, stream=True))
        self.assertEqual(caught.exception.param, "stream")
        self.client.responses.delete(first.id)
        with self.assertRaises(self.openai.NotFoundError):
            self.client.responses.create(model=MODEL, input="And?", previous_response_id=first.id)

    @needs("all-minilm")
    def test_embeddings_are_of_length_one(self):
        answer = self.client.embeddings.create(model="all-minilm", input=["a cat", "a kitten", "a tax form"])
        dot = lambda a, b: sum(x * y for x, y in zip(a, b))
        cat, kitten, tax = (item.embedding for item in answer.data)
        self.assertAlmostEqual(dot(cat, cat), 1, places=4)
        self.assertGreater(dot(cat, kitten), dot(cat, tax))
        self.assertGreater(answer.usage.prompt_tokens, 0)
        with self.assertRaises(self.openai.BadRequestError) as caught:
            self.client.embeddings.create(model="all-minilm", input="cat " * 2000)
        self.assertEqual(caught.exception.code, "context_length_exceeded")

    def test_models_are_listed_and_shown(self):
        names = [model.id for model in self.client.models.list()]
        self.assertIn(MODEL, names)
        for name in (MODEL, MODEL.upper(), "library/" + MODEL):
            self.assertEqual(self.client.models.retrieve(name).id, MODEL)
        with self.assertRaises(self.openai.NotFoundError):
            self.client.models.retrieve("nobody")

    def test_errors_are_the_ones_that_clients_know(self):
        ask = self.client.chat.completions.create
        with self.assertRaises(self.openai.NotFoundError) as caught:
            ask(model="nobody", messages=QUESTION)
        self.assertEqual(caught.exception.code, "model_not_found")
        with self.assertRaises(self.openai.BadRequestError) as caught:
            ask(model=MODEL, messages=QUESTION, n=1000)
        self.assertEqual(caught.exception.param, "n")
        with self.assertRaises(self.openai.BadRequestError) as caught:
            ask(model=MODEL, messages=[{"role": "user", "content": "word " * 20000}])
        self.assertEqual(caught.exception.code, "context_length_exceeded")

    def test_four_clients_share_one_engine(self):
        texts = {}

        def ask(index):
            answer = self.client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=40, temperature=0)
            texts[index] = answer.choices[0].message.content

        threads = [threading.Thread(target=ask, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(texts), 4)
        self.assertEqual(len(set(texts.values())), 1)  # results do not depend on company
        self.assertEqual(len(self.server.roles("engine")), 1)

    def test_an_engine_that_is_killed_ends_its_stream_with_a_typed_error_and_nothing_else(self):
        stream = self.client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Write a long story."}], stream=True,
                                                     max_tokens=4000, temperature=0, extra_body={"repeat_penalty": 1.3})
        seen = 0
        with self.assertRaises(self.openai.APIError) as caught:
            for _ in stream:
                seen += 1
                if seen == 5:
                    kill(self.server.roles("engine")[0])
        self.assertGreaterEqual(seen, 5)
        self.assertEqual(caught.exception.body["type"], "unavailable_error")
        self.assertIsNone(self.server.process.poll())
        self.assertEqual(self.server.json("GET", "/health"), {"status": "ok"})
        answer = self.client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=3)
        self.assertTrue(answer.choices[0].message.content)
