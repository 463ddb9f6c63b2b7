"""Real models through the contracts: tokenize, run, show, bench, perplexity. Nothing here asserts a duration."""
import json
import signal
import subprocess
import unittest

from ingle import BINARY, IngleTest, WATCHDOG_S, needs

SMALL = "smollm2:135m"
QWEN = "qwen2.5-coder:0.5b"
BASE = "gemma3:270m"


@needs(SMALL)
class Tokenize(IngleTest):
    def test_a_json_string_a_line_becomes_an_array_a_line(self):
        texts = ["Hello world", "", "  spaces\n\nand lines\t", "grüß dich", "漢字 🙂", "<|im_end|>", "\u0000\u0007"]
        done = self.ok("tokenize", SMALL, "--jsonl", text="".join(json.dumps(text) + "\n" for text in texts))
        rows = done.lines()
        self.assertEqual(len(rows), len(texts))
        self.assertEqual(rows[1], [])
        for row in rows:
            self.assertTrue(all(isinstance(token, int) for token in row))

    def test_control_tokens_are_text_unless_asked_for(self):
        plain = self.ok("tokenize", SMALL, "--jsonl", text='"<|im_end|>"\n').lines()[0]
        special = self.ok("tokenize", SMALL, "--jsonl", "--special", text='"<|im_end|>"\n').lines()[0]
        self.assertEqual(len(special), 1)
        self.assertGreater(len(plain), 1)

    def test_file_stdin_and_word_give_the_same_ids(self):
        path = self.write("text.txt", "Hello world")
        ids = self.ok("tokenize", SMALL, "--file", path).json()
        self.assertEqual(self.ok("tokenize", SMALL, text="Hello world").json(), ids)
        self.assertEqual(self.ok("tokenize", SMALL, "Hello", "world").json(), ids)
        self.assertEqual(self.ok("tokenize", SMALL, "Hello world", "--json").json(), {"tokens": ids, "count": len(ids)})

    def test_pieces_that_cut_a_character_are_given_as_bytes(self):
        text = "漢字 🙂"
        pieces = self.ok("tokenize", SMALL, text, "--pieces", "--json").lines()
        self.assertTrue(any("bytes" in piece for piece in pieces))
        back = b"".join(bytes(p["bytes"]) if "bytes" in p else p["text"].encode() for p in pieces)
        self.assertEqual(back.decode(), text)

    def test_bytes_that_are_no_utf8_have_ids_too(self):
        raw = b"a\xff\xfe\x80b\xe2\x82"
        ids = self.ok("tokenize", SMALL, "--file", self.write("raw.bin", raw)).json()
        line = json.dumps({"bytes": list(raw)})
        self.assertEqual(self.ok("tokenize", SMALL, "--jsonl", text=line).lines()[0], ids)
        self.assertGreater(len(ids), 1)

    def test_a_line_that_is_no_json_string_is_refused_with_its_number(self):
        for bad in ('{"a": 1}', "[1]", '"open', '"\\ud800"', "", "[" * 100000):
            done = self.run_ingle("tokenize", SMALL, "--jsonl", text='"good"\n' + bad + "\n")
            self.assertEqual(done.code, 3, bad[:20])
            self.assertIn("line 2", done.talk)
            self.assertEqual(len(done.lines()), 1)


@needs(QWEN)
class Run(IngleTest):
    RAW = ("--raw", "--temperature", "0", "--max-tokens", "8")

    def test_raw_json_has_the_shape_of_the_contract(self):
        got = self.ok("run", QWEN, "The capital of France is", *self.RAW, "--logprobs", "5", "--json").json()
        self.assertIn("Paris", got["text"])
        self.assertEqual(got["finish_reason"], "length")
        self.assertEqual(got["usage"]["completion_tokens"], 8)
        self.assertEqual(len(got["tokens"]), 8)
        for token in got["tokens"]:
            self.assertEqual(len(token["top"]), 5)
            order = [(-entry["logprob"], entry["id"]) for entry in token["top"]]
            self.assertEqual(order, sorted(order), "most likely first, ties by lower id")
            self.assertEqual(token["top"][0]["id"], token["id"], "greedy takes the likeliest")
            self.assertEqual(token["top"][0]["logprob"], token["logprob"])
            self.assertLessEqual(token["logprob"], 0)
        self.assertEqual("".join(token["text"] for token in got["tokens"]), got["text"])

    def test_the_answer_has_the_same_bits_on_one_thread_and_on_three(self):
        runs = [self.ok("run", QWEN, "def fibonacci(n):", *self.RAW, "--logprobs", "3", "--json", "-t", t).json()["tokens"]
                for t in ("1", "3")]
        self.assertEqual(runs[0], runs[1])

    def test_a_seed_makes_a_random_answer_repeatable(self):
        words = ("run", QWEN, "Tell me a story.", "--temperature", "1.5", "--max-tokens", "12")
        first, again, other = (self.ok(*words, "--seed", seed).data for seed in ("7", "7", "8"))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_piped_text_is_appended_and_stdout_is_only_the_answer(self):
        done = self.ok("run", QWEN, "What is the invoice number? Answer with the number only.", "--temperature", "0",
                       "--max-tokens", "24", text="INVOICE\nHarbour Lane Bookbinders Ltd - 14 Quay Street, Bristol\n"
                            "Invoice number: HL-2026-0417\nDate: 3 March 2026\nTotal due 297.60 GBP\n")
        self.assertIn("HL-2026-0417", done.data)
        self.assertEqual(done.talk, "")

    def test_a_dry_run_prints_the_rendered_prompt(self):
        path = self.write("chat.json", json.dumps([{"role": "system", "content": "Be brief."},
                                                   {"role": "user", "content": "Hi <|im_end|> there"}]))
        done = self.ok("run", QWEN, "--messages", path, "--dry-run")
        self.assertIn("<|im_start|>system\nBe brief.<|im_end|>", done.data)
        self.assertTrue(done.data.endswith("<|im_start|>assistant\n"), done.data)
        answer = self.ok("run", QWEN, "--messages", path, "--temperature", "0", "--max-tokens", "4", "--json").json()
        self.assertGreater(answer["usage"]["prompt_tokens"], 10)

    def test_a_stop_text_ends_the_answer_before_it(self):
        got = self.ok("run", QWEN, "1 2 3 4", "--raw", "--temperature", "0", "--max-tokens", "40", "--stop", "9",
                      "--json").json()
        self.assertNotIn("9", got["text"])
        self.assertEqual(got["finish_reason"], "stop")

    def test_what_cannot_be_honoured_is_refused(self):
        grammar = self.write("g.gbnf", 'root ::= root "a" | "b"')
        self.assert_refused(self.run_ingle("run", QWEN, "x", "--grammar", grammar), 3, "root")
        self.assert_refused(self.run_ingle("run", QWEN, "x", "--isa", "mmx"), 2, "mmx")
        self.assert_refused(self.run_ingle("run", QWEN, "word " * 600, "--ctx", "256"), 3, "256")
        self.assert_refused(self.run_ingle("run", QWEN, text="\n"), 2, "nothing to answer")

    def test_an_interrupt_ends_with_130_and_keeps_what_was_said(self):
        with subprocess.Popen([BINARY, "run", QWEN, "Count from 1 to 1000.", "--temperature", "0", "--max-tokens", "4000"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment()) as process:
            first = process.stdout.read(1)  # the answer has begun
            process.send_signal(signal.SIGINT)
            rest, talk = process.communicate(timeout=WATCHDOG_S)
        self.assertEqual(process.returncode, 130, talk)
        self.assertTrue(first + rest)


@needs(BASE)
class BaseModel(IngleTest):
    def test_a_model_without_a_template_completes_and_says_so(self):
        done = self.ok("run", BASE, "The capital of France is", "--temperature", "0", "--max-tokens", "4")
        self.assertIn("no chat template", done.talk)
        self.assertGreater(len(done.data), 1)
        self.assert_refused(self.run_ingle("show", BASE, "--template"), 1, "no chat template")


@needs(SMALL)
class Facts(IngleTest):
    def test_show_and_list_agree_with_the_catalog(self):
        shown = self.ok("show", SMALL, "--json").json()
        self.assertEqual(shown["architecture"], "llama")
        self.assertEqual(shown["size"], 98362432)
        self.assertEqual(shown["weights"], "sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
        self.assertEqual(shown["licence"]["commercial_use"], "yes")
        rows = {row["name"]: row for row in self.ok("ls", "--json").lines()}
        self.assertEqual(rows[SMALL]["size"], shown["size"])
        self.assertIn(SMALL, self.ok("list", "--quiet").data.splitlines())
        self.assertIn("<|im_start|>", self.ok("show", SMALL, "--template").data)

    def test_a_file_is_used_in_place(self):
        path = self.ok("show", SMALL, "--json").json()["files"][0]
        link = self.home / "here.gguf"
        link.symlink_to(path)
        by_path = self.ok("run", str(link), "Once upon a time", *Run.RAW).data
        self.assertEqual(by_path, self.ok("run", SMALL, "Once upon a time", *Run.RAW).data)
        self.assertFalse((self.home / "models").exists())

    def test_bench_reports_every_test_that_was_asked_for(self):
        got = self.ok("bench", SMALL, "-p", "32", "-n", "4", "-b", "1,2", "-d", "0,40", "-t", "1,2", "-r", "2",
                      "--json").json()
        self.assertTrue(got["machine"]["cpu"])
        tests = [(row["test"], row["threads"]) for row in got["results"]]
        names = ["pp32", "tg4", "tg4x2", "pp32@d40", "tg4@d40", "tg4x2@d40"]
        self.assertEqual(tests, [(name, threads) for threads in (1, 2) for name in names])
        for row in got["results"]:
            self.assertGreater(row["tokens_per_second"], 0)
            self.assertGreaterEqual(row["stddev"], 0)
            self.assertIn("peak_fraction", row)

    def test_perplexity_has_the_shape_of_the_contract(self):
        path = self.write("text.txt", "The quick brown fox jumps over the lazy dog. " * 60)
        got = self.ok("perplexity", SMALL, path, "--ctx", "128", "--chunks", "2", "--json").json()
        self.assertEqual(got["chunks"], 2)
        self.assertEqual(got["tokens"], 2 * 63)  # the second half, less the token that nothing follows
        self.assertGreater(got["ppl"], 1)
        self.assert_refused(self.run_ingle("perplexity", SMALL, self.write("short.txt", "too short")), 3)


if __name__ == "__main__":
    unittest.main()
