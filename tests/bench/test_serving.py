"""bench/serve against a small server of its own, and its pure parts."""

import asyncio
import json
import pathlib
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

from serving import plot, report  # noqa: E402
from serving.client import Server, ask  # noqa: E402
from serving.scenarios import SCENARIOS, Load, Prompts  # noqa: E402


class FakeServer:
    """Speaks OpenAI's stream; a word of the prompt is a token, and the template adds seven. Knows what it was asked."""

    def __init__(self, answer=None):
        self.answer = answer
        self.asked = []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return Server("fake", f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}", "m")

    async def __aexit__(self, *_):
        self.server.close()

    async def serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(next(line for line in head.split("\r\n") if line.startswith("Content-Length")).split(":")[1])
        body = json.loads(await reader.readexactly(length))
        self.asked.append(body)
        writer.write(self.answer or self.stream(body))
        await writer.drain()
        writer.close()

    @staticmethod
    def stream(body):
        words = sum(len(m["content"].split()) for m in body["messages"])
        events = [{"choices": [{"delta": {"role": "assistant"}}]}]
        events += [{"choices": [{"delta": {"content": f"w{i} "}}]} for i in range(body["max_tokens"])]
        events += [{"choices": [], "usage": {"prompt_tokens": words + 7, "completion_tokens": body["max_tokens"],
                                             "prompt_tokens_details": {"cached_tokens": 3}}}]
        data = "".join(f"data: {json.dumps(e)}\n\n" for e in events) + "data: [DONE]\n\n"
        # Cut in the middle of lines: a chunk is no event.
        pieces = [data[i:i + 50] for i in range(0, len(data), 50)]
        chunks = "".join(f"{len(p):x}\r\n{p}\r\n" for p in pieces) + "0\r\n\r\n"
        return ("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks).encode()


SMALL = Load(clients=3, requests=2, prompt_tokens=40, max_tokens=5, rate=50, seconds=0.2, long_tokens=300, decoders=2,
             system_tokens=100, short_tokens=32, repeats=2)


class Loads(unittest.IsolatedAsyncioTestCase):
    async def test_a_stream_is_read_across_chunks_and_counted(self):
        async with FakeServer() as server:
            answer = await ask(server, [{"role": "user", "content": "a b c"}], 4)
        self.assertTrue(answer.ok, answer.error)
        self.assertEqual(answer.text, "w0 w1 w2 w3 ")
        self.assertEqual((answer.prompt_tokens, answer.tokens, answer.cached_tokens), (10, 4, 3))
        self.assertEqual(len(answer.pieces), 4)
        self.assertEqual(len(answer.gaps), 3)

    async def test_what_a_server_refuses_or_breaks_off_is_an_error_and_no_exception(self):
        refusals = {b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nbusy": "status 429: busy",
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\ndata": "IncompleteReadError",
                    b"HTTP/1.1 200 OK\r\n\r\ndata: {\"error\": {\"message\": \"full\"}}\n\n": "full",
                    b"HTTP/1.1 200 OK\r\n\r\ndata: [DONE]\n\n": "no text"}
        for reply, expected in refusals.items():
            async with FakeServer(reply) as server:
                answer = await ask(server, [], 4)
            self.assertFalse(answer.ok)
            self.assertIn(expected, answer.error)
        self.assertFalse((await ask(Server("none", "http://127.0.0.1:1", "m"), [], 1)).ok)

    async def test_prompts_have_the_length_that_was_asked_for_and_are_new_in_every_round(self):
        fake = FakeServer()
        async with fake as server:
            prompts = Prompts(SMALL, server)
            await prompts.measure()
            answer = await ask(server, prompts.of_length(40, "x"), 1)
        self.assertEqual(answer.prompt_tokens, 40)
        self.assertNotEqual(prompts.words(20, "closed", 0), prompts.words(20, "closed", 1))
        self.assertEqual(prompts.words(20, "closed", 0), Prompts(SMALL, None).words(20, "closed", 0))

    async def test_every_scenario_gives_figures_that_can_be_told_and_drawn(self):
        rounds = {}
        async with FakeServer() as server:
            prompts = Prompts(SMALL, server)
            await prompts.measure()
            for name, scenario in SCENARIOS.items():
                rounds[name] = {"fake": [await scenario(server, SMALL, prompts, 0)]}
        for name, by_server in rounds.items():
            self.assertEqual(by_server["fake"][0]["failed"], [], name)
            text = report.text(name, {"fake": report.summary(name, by_server["fake"])})
            self.assertIn("fake: failed 0", text)
        drawn = xml.etree.ElementTree.fromstring(plot.svg({"rounds": rounds}))
        self.assertGreater(len(drawn.findall("{*}polyline")), 5)
        self.assertEqual(len(rounds["closed"]["fake"][0]["answers"]), 6)
        self.assertEqual(rounds["shared"]["fake"][0]["pairs"][0]["cached_tokens"], 3)

    async def test_a_scenario_over_a_server_that_fails_says_so(self):
        async with FakeServer(b"HTTP/1.1 500 Oh\r\n\r\n") as server:
            prompts = Prompts(SMALL, server)
            for name, scenario in SCENARIOS.items():
                result = await scenario(server, SMALL, prompts, 0)
                self.assertTrue(result["failed"], name)
                self.assertEqual(report.summary(name, [result])["failed"], len(result["failed"]))


class Figures(unittest.TestCase):
    def test_a_percentile_is_a_value_that_was_measured(self):
        values = list(range(1, 101))
        self.assertEqual([report.percentile(values, p) for p in (50, 90, 99)], [50, 90, 99])
        self.assertEqual(report.percentile([3.0], 99), 3.0)
        self.assertIsNone(report.percentile([], 50))


if __name__ == "__main__":
    unittest.main()
