"""Open WebUI, unmodified, as a server of its own: it lists and chats through its Ollama connection and through its OpenAI connection."""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest

from program import CODER, EMBEDDER, HELLO, MODEL, OSLO, SCHEMA, WEATHER, ProgramTest

PATIENCE_S = 300  # it reads a gigabyte of Python when it starts


class OpenWebUi(ProgramTest):
    """One start for all tests: it takes a while."""

    def setUp(self):
        super().setUp()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        settings = {
            "DATA_DIR": str(self.home / "webui"), "WEBUI_AUTH": "False", "WEBUI_SECRET_KEY": "for-a-test", "OFFLINE_MODE": "True", "HF_HUB_OFFLINE": "1",
            "OLLAMA_BASE_URL": self.server.url, "OPENAI_API_BASE_URL": self.openai_url, "OPENAI_API_KEY": "none",
            "RAG_EMBEDDING_ENGINE": "ollama", "RAG_EMBEDDING_MODEL": EMBEDDER, "RAG_OLLAMA_BASE_URL": self.server.url,
            "ANONYMIZED_TELEMETRY": "False", "SCARF_NO_ANALYTICS": "true", "DO_NOT_TRACK": "true", "USER_AGENT": "test"}
        (self.home / "webui").mkdir()
        log = open(self.home / "webui.log", "w+b")  # noqa: SIM115 (closed with the test)
        self.addCleanup(log.close)
        self.process = subprocess.Popen(
            [pathlib.Path(sys.executable).parent / "open-webui", "serve", "--host", "127.0.0.1", "--port", str(self.port)],
            env={**os.environ, **settings}, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.home)
        self.addCleanup(self.end)
        self.key = self.sign_in()
        configured = self.call("POST", "/openai/config/update", {
            "ENABLE_OPENAI_API": True, "OPENAI_API_BASE_URLS": [self.openai_url], "OPENAI_API_KEYS": ["none"],
            "OPENAI_API_CONFIGS": {"0": {"enable": True, "prefix_id": "openai"}}})
        self.assertEqual(configured["OPENAI_API_CONFIGS"]["0"]["prefix_id"], "openai")
        self.models = [model["id"] for model in self.call("GET", "/api/models")["data"]]

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def sign_in(self):
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.call("POST", "/api/v1/auths/signin", {"email": "", "password": ""}, key=None)["token"]
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self.home / "webui.log").read_text(errors="replace")[-4000:]) from None
                time.sleep(1)

    def call(self, method, path, body=None, status=200, key="own"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            headers = {"Content-Type": "application/json"}
            if key:
                headers["Authorization"] = f"Bearer {self.key}"
            connection.request(method, path, body=json.dumps(body) if body is not None else None, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        self.assertEqual(answer.status, status, f"{method} {path}: {text}")
        return text if answer.headers.get_content_type() == "text/event-stream" else json.loads(text)

    def chat(self, model, messages=HELLO, stream=False, status=200, **fields):
        answer = self.call("POST", "/api/chat/completions", {"model": model, "messages": messages, "stream": stream, "max_tokens": 60,
                                                             "temperature": 0, **fields}, status)
        if not stream:
            return answer
        lines = [line[6:] for line in answer.splitlines() if line.startswith("data: ")]
        self.assertEqual(lines[-1], "[DONE]")
        return [json.loads(line) for line in lines[:-1]]

    def test_it_works_through_both_connections(self):
        for prefix in ("", "openai."):
            with self.subTest(connection=prefix or "ollama"):
                for name in (MODEL, CODER, EMBEDDER + ":latest"):
                    self.assertIn(prefix + name, self.models)
                self.chats(prefix + MODEL)
                self.calls_tools(prefix + CODER)
                self.keeps_to_json(prefix + CODER)
                vectors = self.call("POST", "/api/embeddings", {"model": f"{prefix}{EMBEDDER}:latest", "input": [
                    "Oslo is cold in winter.", "The cat sleeps on the sofa.", "What is the weather like in Norway?"]})["data"]
                self.assert_near(*[row["embedding"] for row in vectors])
                self.tells_errors(prefix + MODEL)
        self.serves_what_it_passes_on()

    def chats(self, model):
        answer = self.chat(model, max_tokens=8)
        self.assertTrue(answer["choices"][0]["message"]["content"])
        self.assertEqual(answer["choices"][0]["finish_reason"], "length")
        self.assertEqual(answer["usage"]["completion_tokens"], 8)
        chunks = self.chat(model, max_tokens=8, stream=True, stream_options={"include_usage": True})
        self.assertTrue("".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk.get("choices")))
        self.assertEqual(next(chunk["usage"]["completion_tokens"] for chunk in chunks if chunk.get("usage")), 8)

    def calls_tools(self, model):
        choice = self.chat(model, OSLO, tools=[WEATHER], tool_choice="required")["choices"][0]
        call = choice["message"]["tool_calls"][0]
        self.assertEqual((call["function"]["name"], set(json.loads(call["function"]["arguments"]))), ("get_weather", {"city"}))
        told = [*OSLO, choice["message"], {"role": "tool", "tool_call_id": call["id"], "content": "3 degrees"}]
        self.assertTrue(self.chat(model, told)["choices"][0]["message"]["content"])

    def keeps_to_json(self, model):
        found = self.chat(model, OSLO, response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}})
        self.assertEqual(set(json.loads(found["choices"][0]["message"]["content"])), {"city", "warm"})

    def tells_errors(self, model):
        self.assertIn("tokens", json.dumps(self.chat(model, [{"role": "user", "content": "word " * 60000}], status=400)))
        self.chat("no-such-model", status=400)

    def serves_what_it_passes_on(self):
        """Its own copies of Ollama's and Anthropic's interfaces, which reach ours."""
        self.assertIn(MODEL, [model["name"] for model in self.call("GET", "/ollama/api/tags")["models"]])
        self.assertIn("version", self.call("GET", "/ollama/api/version"))
        self.assertEqual(len(self.call("POST", "/ollama/api/embed", {"model": f"{EMBEDDER}:latest", "input": "Oslo"})["embeddings"][0]), 384)
        self.assertIn("modelfile", self.call("POST", "/ollama/api/show", {"model": MODEL}))
        self.assertTrue(self.call("GET", "/ollama/api/ps")["models"])
        answer = self.call("POST", "/api/v1/messages", {"model": f"openai.{MODEL}", "messages": HELLO, "max_tokens": 8})
        self.assertTrue(answer["content"][0]["text"])


if __name__ == "__main__":
    unittest.main()
