"""Token ids of the real vocabularies, against those that their makers' tools give (tests/tokenizer/*.json)."""
import json
import unittest

from ingle import ROOT, IngleTest, is_there


class TokenizerVectors(IngleTest):
    def check(self, name):
        vectors = json.loads((ROOT / "tests" / "tokenizer" / f"{name}.json").read_text(encoding="utf-8"))
        if not is_there(vectors["model"]):
            self.skipTest(f"{vectors['model']} is not pulled")
        for special in (False, True):
            cases = [case for case in vectors["cases"] if case["special"] == special]
            lines = [json.dumps(case["text"] if "text" in case else {"bytes": case["bytes"]}) for case in cases]
            flags = ["--special"] if special else []
            rows = self.ok("tokenize", vectors["model"], "--jsonl", *flags, text="\n".join(lines) + "\n").lines()
            self.assertEqual(len(rows), len(cases))
            for line, case, ids in zip(lines, cases, rows):
                self.assertEqual(ids, case["ids"], f"{line} special={special}")

    def lines(self, model, rows, *flags):
        text = "\n".join(json.dumps(row) for row in rows) + "\n"
        return self.ok("tokenize", model, "--jsonl", *flags, text=text).lines()

    def test_all_minilm(self):
        self.check("all-minilm")

    def test_all_minilm_as_it_reads_texts_and_pairs(self):
        vectors = json.loads((ROOT / "tests" / "tokenizer" / "all-minilm.json").read_text(encoding="utf-8"))
        if not is_there(vectors["model"]):
            self.skipTest(f"{vectors['model']} is not pulled")
        framed, pairs = vectors["framed"], vectors["pairs"]
        self.assertEqual(self.lines("all-minilm", [case["text"] for case in framed], "--frame"),
                         [case["ids"] for case in framed])
        self.assertEqual(self.lines("all-minilm", [[case["text"], case["second"]] for case in pairs], "--frame"),
                         [case["ids"] for case in pairs])

    def test_smollm2_135m(self):
        self.check("smollm2-135m")

    def test_gemma3_270m(self):
        self.check("gemma3-270m")

    def test_qwen_0_5b(self):
        self.check("qwen2.5-coder-0.5b")

    def test_qwen_1_5b(self):
        self.check("qwen2.5-coder-1.5b")


if __name__ == "__main__":
    unittest.main()
