"""langchain-openai and langchain-ollama, unmodified."""
import unittest

import ollama
import openai
from langchain_core.messages import ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings
from program import CODER, EMBEDDER, MODEL, SCHEMA, ProgramTest

TEXTS = ["Oslo is cold in winter.", "The cat sleeps on the sofa."]
QUESTION = "What is the weather like in Norway?"


@tool
def get_weather(city: str) -> str:
    """How warm it is in a city."""
    return f"{city}: 3 degrees"


class LangChain(ProgramTest):
    def chats(self, model=MODEL, tokens=8):
        common = {"base_url": self.openai_url, "api_key": "none", "temperature": 0, "max_retries": 0}
        return {"openai": ChatOpenAI(model=model, max_tokens=tokens, stream_usage=True, **common),
                "responses": ChatOpenAI(model=model, max_tokens=max(16, tokens), use_responses_api=True, **common),
                "ollama": ChatOllama(model=model, base_url=self.server.url, temperature=0, num_predict=tokens, validate_model_on_init=True)}

    def test_chat(self):
        for name, chat in self.chats().items():
            with self.subTest(through=name):
                answer = chat.invoke("Say hello to Ann.")
                self.assertTrue(answer.text)
                self.assertGreaterEqual(answer.usage_metadata["output_tokens"], 1)
                self.assertEqual(answer.usage_metadata["total_tokens"], answer.usage_metadata["input_tokens"] + answer.usage_metadata["output_tokens"])

    def test_stream(self):
        for name, chat in self.chats().items():
            with self.subTest(through=name):
                whole = chat.invoke("Say hello to Ann.").text
                pieces = list(chat.stream("Say hello to Ann."))
                self.assertEqual("".join(piece.text for piece in pieces), whole)
                self.assertGreater(len(pieces), 2)
                total = sum(pieces[1:], pieces[0])
                self.assertGreater(total.usage_metadata["input_tokens"], 0)

    def test_several_at_once(self):
        for name, chat in self.chats().items():
            with self.subTest(through=name):
                answers = chat.batch([f"Count from {n}." for n in range(6)])
                self.assertTrue(all(answer.text for answer in answers))

    def test_tools_are_called_and_answered(self):
        for name, chat in self.chats(CODER, 60).items():
            with self.subTest(through=name):
                chosen = {} if name == "ollama" else {"tool_choice": "get_weather"}
                question = "Call get_weather for Oslo."
                answer = chat.bind_tools([get_weather], **chosen).invoke(question)
                self.assertTrue(answer.tool_calls, answer)
                call = answer.tool_calls[0]
                self.assertEqual(call["name"], "get_weather")
                self.assertIn("city", call["args"])
                told = [("human", question), answer, ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])]
                self.assertTrue(chat.invoke(told).text)
                pieces = list(chat.bind_tools([get_weather], **chosen).stream(question))
                self.assertEqual(sum(pieces[1:], pieces[0]).tool_calls[0]["args"], call["args"])

    def test_json(self):
        for name, chat in self.chats(CODER, 60).items():
            with self.subTest(through=name):
                for method in ("json_schema", "function_calling"):
                    if (name, method) == ("ollama", "function_calling"):
                        continue  # langchain-ollama does not send tool_choice: nothing has to be called
                    found = chat.with_structured_output(SCHEMA, method=method).invoke("Oslo has 3 degrees. Is Oslo warm?")
                    self.assertEqual(set(found), {"city", "warm"})
                found = chat.with_structured_output(None, method="json_mode").invoke("Answer with JSON: {\"city\": \"Oslo\"}")
                self.assertIsInstance(found, dict)

    def test_embeddings(self):
        for embedder in (OllamaEmbeddings(model=EMBEDDER, base_url=self.server.url),
                         OpenAIEmbeddings(model=EMBEDDER, base_url=self.openai_url, api_key="none", check_embedding_ctx_length=False)):
            with self.subTest(through=type(embedder).__name__):
                self.assert_near(*embedder.embed_documents(TEXTS), embedder.embed_query(QUESTION))

    def test_completions(self):
        for model in (OllamaLLM(model=MODEL, base_url=self.server.url, num_predict=8, temperature=0),
                      OpenAI(model=MODEL, base_url=self.openai_url, api_key="none", max_tokens=8, temperature=0)):
            with self.subTest(through=type(model).__name__):
                self.assertEqual("".join(model.stream("Once upon a time")), model.invoke("Once upon a time"))

    def test_logprobs(self):
        chat = self.chats()["openai"].bind(logprobs=True, top_logprobs=2)
        rows = chat.invoke("Say hello to Ann.").response_metadata["logprobs"]["content"]
        self.assertEqual(len(rows[0]["top_logprobs"]), 2)

    def test_errors(self):
        with self.assertRaises(ValueError) as caught:  # it looks into the list of models
            ChatOllama(model="no-such-model", base_url=self.server.url, validate_model_on_init=True)
        self.assertIn("no-such-model", str(caught.exception))
        with self.assertRaises(ollama.ResponseError) as refused:
            ChatOllama(model="no-such-model", base_url=self.server.url).invoke("hello")
        self.assertEqual(refused.exception.status_code, 404)
        for responses in (False, True):
            chat = ChatOpenAI(model="no-such-model", base_url=self.openai_url, api_key="none", max_retries=0, use_responses_api=responses)
            with self.assertRaises(openai.NotFoundError):
                chat.invoke("hello")
        with self.assertRaises(openai.BadRequestError) as refused:
            self.chats()["openai"].invoke("word " * 60000)
        self.assertEqual(refused.exception.code, "context_length_exceeded")


if __name__ == "__main__":
    unittest.main()
