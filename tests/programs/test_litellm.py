"""litellm, unmodified, through five of its providers."""
import json
import os
import unittest

from program import CODER, EMBEDDER, HELLO, MODEL, OSLO, SCHEMA, WEATHER, ProgramTest

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # its list of prices comes from the network otherwise
import litellm  # noqa: E402

CUT = {"ollama": "stop"}  # what litellm itself makes of every answer of /api/generate
TEXTS = ["Oslo is cold in winter.", "The cat sleeps on the sofa.", "What is the weather like in Norway?"]


class LiteLlm(ProgramTest):
    def setUp(self):
        super().setUp()
        url = self.server.url
        self.providers = {"openai": self.openai_url, "lm_studio": self.openai_url, "ollama_chat": url, "ollama": url, "anthropic": url}

    def ask(self, provider, model=MODEL, messages=HELLO, **fields):
        fields = {"temperature": 0, "max_tokens": 8, **fields}
        return litellm.completion(model=f"{provider}/{model}", messages=messages, api_base=self.providers[provider], api_key="none",
                                  timeout=600, num_retries=0, **fields)

    def test_chat(self):
        for provider in self.providers:
            with self.subTest(provider=provider):
                answer = self.ask(provider)
                self.assertTrue(answer.choices[0].message.content)
                self.assertEqual(answer.choices[0].finish_reason, CUT.get(provider, "length"))
                self.assertEqual(answer.usage.completion_tokens, 8)
                self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + 8)

    def test_stream(self):
        for provider in self.providers:
            with self.subTest(provider=provider):
                whole = self.ask(provider).choices[0].message.content
                pieces = list(self.ask(provider, stream=True, stream_options={"include_usage": True}))
                self.assertEqual("".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices), whole)
                self.assertEqual([piece.choices[0].finish_reason for piece in pieces if piece.choices and piece.choices[0].finish_reason], [CUT.get(provider, "length")])
                self.assertEqual(next(piece.usage for piece in pieces if getattr(piece, "usage", None)).completion_tokens, 8)

    def test_tools_are_called_and_answered(self):
        for provider in ("openai", "lm_studio", "ollama_chat", "anthropic"):
            with self.subTest(provider=provider):
                answer = self.ask(provider, CODER, OSLO, tools=[WEATHER], tool_choice="required", max_tokens=60)
                call = answer.choices[0].message.tool_calls[0]
                self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
                self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("get_weather", {"city": "Oslo"}))
                told = [*OSLO, answer.choices[0].message.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": "3 degrees"}]
                self.assertTrue(self.ask(provider, CODER, told, tools=[WEATHER]).choices[0].message.content)
                pieces = list(self.ask(provider, CODER, OSLO, tools=[WEATHER], tool_choice="required", max_tokens=60, stream=True))
                rebuilt = litellm.stream_chunk_builder(pieces).choices[0].message.tool_calls[0].function
                self.assertEqual((rebuilt.name, json.loads(rebuilt.arguments)), ("get_weather", {"city": "Oslo"}))

    def test_json(self):
        schema = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
        for provider in ("openai", "lm_studio", "ollama_chat", "ollama"):
            with self.subTest(provider=provider):
                found = json.loads(self.ask(provider, CODER, OSLO, response_format=schema, max_tokens=60).choices[0].message.content)
                self.assertEqual(set(found), {"city", "warm"})
                found = json.loads(self.ask(provider, CODER, [{"role": "user", "content": "Oslo as JSON: {\"city\": ...}"}], max_tokens=120,
                                            response_format={"type": "json_object"}).choices[0].message.content)
                self.assertIsInstance(found, dict)

    def test_embeddings(self):
        for provider in ("openai", "ollama"):
            with self.subTest(provider=provider):
                answer = litellm.embedding(model=f"{provider}/{EMBEDDER}", input=TEXTS, api_base=self.providers[provider], api_key="none")
                self.assert_near(*[row["embedding"] for row in answer.data])
                self.assertGreater(answer.usage.prompt_tokens, 10)

    def test_rerank(self):
        answer = litellm.rerank(model=f"hosted_vllm/{EMBEDDER}", query=TEXTS[2], documents=TEXTS[:2], top_n=2,
                                api_base=self.server.url, api_key="none")
        self.assertEqual([row["index"] for row in answer.results], [0, 1])

    def test_models(self):
        self.assertIn(MODEL, litellm.get_valid_models(check_provider_endpoint=True, custom_llm_provider="openai", api_base=self.server.url, api_key="none"))
        os.environ["OLLAMA_API_BASE"] = self.server.url
        self.addCleanup(os.environ.pop, "OLLAMA_API_BASE")
        self.assertTrue(litellm.get_model_info(f"ollama/{CODER}")["supports_function_calling"])

    def test_completion_and_responses(self):
        answer = litellm.text_completion(model=f"text-completion-openai/{MODEL}", prompt="Once upon a", api_base=self.openai_url, api_key="none",
                                         max_tokens=8, temperature=0)
        self.assertTrue(answer.choices[0].text)
        answer = litellm.responses(model=f"openai/{MODEL}", input="Say hello to Ann.", api_base=self.openai_url, api_key="none",
                                   max_output_tokens=16, temperature=0)
        self.assertTrue(answer.output[0].content[0].text)

    def test_errors(self):
        for provider in self.providers:
            with self.subTest(provider=provider):
                with self.assertRaises((litellm.NotFoundError, litellm.APIConnectionError)) as caught:
                    self.ask(provider, "no-such-model")
                self.assertIn("no-such-model", str(caught.exception))
        for provider in ("openai", "anthropic"):
            with self.subTest(provider=provider):
                with self.assertRaises(litellm.BadRequestError):
                    self.ask(provider, messages=[{"role": "user", "content": "word " * 60000}])


if __name__ == "__main__":
    unittest.main()
