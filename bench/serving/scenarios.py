"""The loads. Each is a coroutine over one server that answers figures and the answers they come from.

A prompt is random words, so that no cache knows it and every server of a run reads the same: the words come from the seed,
the round and the place in the load. Lengths are counted by the server itself, which is asked once how long a word is.
"""

import asyncio
import dataclasses
import random
import time

from serving.client import ask

WORDS = ("time year people way day man thing woman life child world school state family student group country problem hand part "
         "place case week company system program question work number night point home water room mother area money story fact "
         "month lot right study book eye job word business issue side kind head house service friend father power hour game "
         "line end member law car city name team minute idea body back parent face level office door health person art war "
         "history party result change morning reason research girl guy moment air teacher force order table tree stone river").split()


@dataclasses.dataclass
class Load:
    """What a run asks for; times in seconds."""

    clients: int = 8
    requests: int = 2          # of each client in a round
    prompt_tokens: int = 128
    max_tokens: int = 64
    rate: float = 2.0          # of an open loop, requests a second
    seconds: float = 20.0
    long_tokens: int = 4000
    decoders: int = 4
    system_tokens: int = 2000
    short_tokens: int = 64
    repeats: int = 5           # in a round, of single requests
    seed: int = 1
    completions: bool = False  # no chat: the prompt as it is
    fields: dict = dataclasses.field(default_factory=dict)


class Prompts:
    def __init__(self, load, server):
        self.load, self.server = load, server
        self.overhead, self.per_word = 30.0, 1.0

    async def measure(self):
        """How many tokens the template adds, and a word has."""
        lengths = []
        for n in (16, 272):
            answer = await ask(self.server, self.wrap(self.words(n, "length")), 1, self.load.fields)
            if not answer.prompt_tokens:
                raise SystemExit(f"{self.server.name} does not answer: {answer.error or 'it tells no usage'}")
            lengths.append(answer.prompt_tokens)
        self.per_word = (lengths[1] - lengths[0]) / 256
        self.overhead = lengths[0] - 16 * self.per_word

    def words(self, n, *key):
        chosen = random.Random(repr((self.load.seed, key)))
        return " ".join(chosen.choice(WORDS) for _ in range(n))

    def wrap(self, text, system=None):
        if self.load.completions:
            return f"{system}\n\n{text}" if system else text
        return ([{"role": "system", "content": system}] if system else []) + [{"role": "user", "content": text}]

    def of_length(self, n_tokens, *key):
        return self.wrap(self.words(max(1, round((n_tokens - self.overhead) / self.per_word)), *key))


def summed(answers, begin):
    good = [a for a in answers if a.ok]
    seconds = max((a.ended for a in answers), default=begin) - begin
    return {"seconds": seconds, "failed": [a.error for a in answers if not a.ok],
            "tokens_per_second": sum(a.tokens for a in good) / seconds if seconds else 0.0,
            "answers": [figures(a, begin) for a in good]}


def figures(answer, begin):
    return {"start": answer.sent - begin, "ttft": answer.first, "e2e": answer.ended - answer.sent, "gaps": answer.gaps,
            "prompt_tokens": answer.prompt_tokens, "cached_tokens": answer.cached_tokens, "tokens": answer.tokens}


async def closed(server, load, prompts, round_):
    """N clients, each with its next request as soon as its last one was answered."""
    begin = time.perf_counter()

    async def client(i):
        return [await ask(server, prompts.of_length(load.prompt_tokens, "closed", round_, i, j), load.max_tokens, load.fields)
                for j in range(load.requests)]
    answers = await asyncio.gather(*(client(i) for i in range(load.clients)))
    return summed([a for some in answers for a in some], begin)


async def poisson(server, load, prompts, round_):
    """Requests that come when they come, whether the earlier ones are answered or not."""
    arrivals = random.Random(repr((load.seed, "poisson", round_)))
    begin, at, tasks = time.perf_counter(), 0.0, []

    async def later(delay, i):
        await asyncio.sleep(delay)
        return await ask(server, prompts.of_length(load.prompt_tokens, "poisson", round_, i), load.max_tokens, load.fields)
    while (at := at + arrivals.expovariate(load.rate)) < load.seconds:
        tasks.append(asyncio.ensure_future(later(at, len(tasks))))
    return summed(await asyncio.gather(*tasks), begin)


async def beside(server, load, prompts, round_):
    """A long prompt alone; then another while some decode: their gaps until its first token, and how long that took."""
    alone = await ask(server, prompts.of_length(load.long_tokens, "alone", round_), 1, load.fields)
    started = [asyncio.Event() for _ in range(load.decoders)]
    decoding = [asyncio.ensure_future(ask(server, prompts.of_length(load.prompt_tokens, "decoder", round_, i),
                                          load.max_tokens, load.fields, started[i].set)) for i in range(load.decoders)]
    for task, event in zip(decoding, started):
        waiter = asyncio.ensure_future(event.wait())
        await asyncio.wait([waiter, task], return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
    begin = time.perf_counter()
    long = await ask(server, prompts.of_length(load.long_tokens, "beside", round_), 1, load.fields)
    outlived = sum(not task.done() for task in decoding)
    answers = await asyncio.gather(*decoding)
    failed = [a.error for a in (alone, long, *answers) if not a.ok]
    if failed:
        return {"failed": failed}
    gaps = [b - a for answer in answers for a, b in zip(answer.pieces, answer.pieces[1:])
            if b > begin and a < long.pieces[0]]
    return {"failed": [], "ttft_alone": alone.first, "ttft_beside": long.first, "ratio": long.first / alone.first,
            "gaps": gaps, "decoders_that_outlived_it": outlived, "prompt_tokens": long.prompt_tokens,
            "cached_tokens": long.cached_tokens, "tokens_meanwhile": len(gaps)}


async def shared(server, load, prompts, round_):
    """Two requests under one long system prompt, one after the other."""
    rows = []
    for i in range(load.repeats):
        system = prompts.words(round(load.system_tokens / prompts.per_word), "system", round_, i)
        pair = [await ask(server, prompts.wrap(prompts.words(16, "user", round_, i, j), system), 1, load.fields)
                for j in range(2)]
        if not all(a.ok for a in pair):
            return {"failed": [a.error for a in pair if not a.ok]}
        rows.append({"first": pair[0].first, "second": pair[1].first, "ratio": pair[1].first / pair[0].first,
                     "prompt_tokens": pair[1].prompt_tokens, "cached_tokens": pair[1].cached_tokens})
    return {"failed": [], "pairs": rows}


async def first(server, load, prompts, round_):
    """A short prompt that nobody has asked before, then the very same again."""
    rows = []
    for i in range(load.repeats):
        prompt = prompts.of_length(load.short_tokens, "first", round_, i)
        pair = [await ask(server, prompt, 4, load.fields) for _ in range(2)]
        if not all(a.ok for a in pair):
            return {"failed": [a.error for a in pair if not a.ok]}
        rows.append({"cold": pair[0].first, "cached": pair[1].first, "prompt_tokens": pair[0].prompt_tokens,
                     "cached_tokens": pair[1].cached_tokens})
    return {"failed": [], "pairs": rows}


SCENARIOS = {"closed": closed, "poisson": poisson, "beside": beside, "shared": shared, "first": first}
