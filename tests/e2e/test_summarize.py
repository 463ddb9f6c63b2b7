"""Meetings through the contract: what is cited exists, and numbers stand in the cited turns, whatever the model says."""
import json
import re
import unittest

from ingle import IngleTest, needs

MODEL = "qwen2.5-coder:0.5b"
TURNS = [
    ("Anna", "Okay, the heater in the hall. It broke again last night."),
    ("Ben", "I called the plumber. A new heater costs 900 euros, plus 120 for taking the old one away."),
    ("Anna", "Hm, that is more than I thought. We have only 1,000 euros left this quarter."),
    ("Carl", "The old heater is from 1998, I would not repair it. Spare parts are hard to find."),
    ("Anna", "Agreed then, we buy a new heater. Ben, can you order it by Friday?"),
    ("Ben", "Yes, I will order the heater tomorrow and send the invoice to Carl."),
    ("Carl", "One more thing. Do we know whether the insurance pays for the water damage?"),
    ("Anna", "No, I don't know. I'll ask the insurance company next week."),
]


def as_text():
    return "Weekly meeting\n\n" + "\n".join(f"{speaker}: {text}" for speaker, text in TURNS)


def as_vtt():
    cues = [f"00:{i:02}.000 --> 00:{i + 1:02}.000\n<v {speaker}>{text}\n" for i, (speaker, text) in enumerate(TURNS)]
    return "WEBVTT\n\n" + "\n".join(cues)


def as_json():
    return json.dumps([{"speaker": speaker, "content": text} for speaker, text in TURNS])


@needs(MODEL)
class Summarize(IngleTest):
    def check(self, summary):
        self.assertEqual(list(summary), ["file", "topics", "summary", "decisions", "actions", "questions"])
        for name in ("topics", "summary", "decisions", "actions", "questions"):
            for point in summary[name]:
                self.assertTrue(point["cites"], point)
                self.assertTrue(all(0 <= cite < len(TURNS) for cite in point["cites"]), point)
                cited = " ".join(" ".join(TURNS[cite]) for cite in point["cites"])
                for number in re.findall(r"\d+(?:[.,]\d+)*", point.get("text", "")):
                    self.assertIn(number, re.findall(r"\d+(?:[.,]\d+)*", cited), point)

    def test_every_form_gives_points_with_real_cites(self):
        for name, content in (("m.txt", as_text()), ("m.vtt", as_vtt()), ("m.json", as_json())):
            with self.subTest(name):
                path = self.write(name, content)
                summary = self.ok("summarize", path, "--model", MODEL, "--json", "--threads", "2").json()
                self.check(summary)
                self.assertEqual(summary["file"], path)
                self.assertTrue(summary["summary"])
                order = [action for action in summary["actions"] if action["owner"] == "Ben" and action["due"] == "tomorrow"]
                self.assertEqual(len(order), 1, summary["actions"])
                self.assertIn(5, order[0]["cites"])

    def test_actions_only_and_for_people(self):
        path = self.write("m.txt", as_text())
        summary = self.ok("summarize", path, "--style", "actions", "--model", MODEL, "--json", "--threads", "2").json()
        self.check(summary)
        self.assertEqual(summary["summary"], [])
        page = self.ok("summarize", path, "--style", "actions", "--model", MODEL, "--threads", "2").data
        self.assertIn("Actions", page)
        self.assertIn("[5]", page)

    def test_what_is_no_transcript_is_refused_with_a_reason(self):
        for name, content in (("empty.txt", ""), ("broken.json", '[{"speaker": "Anna"'), ("binary.txt", "Anna: a\0b")):
            with self.subTest(name):
                done = self.run_ingle("summarize", self.write(name, content), "--model", MODEL, "--json")
                self.assertEqual(done.code, 3, done.talk)
                self.assertEqual(done.data, "")
        self.assertEqual(self.run_ingle("summarize", self.write("m.txt", as_text()), "--style", "poem").code, 2)


if __name__ == "__main__":
    unittest.main()
