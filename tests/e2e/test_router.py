"""The model auto against a second Inglenook that plays the cloud: what stays here, what goes there, and what may not."""
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

from ingle import BINARY, IngleTest, needs

LOCAL = "qwen2.5-coder:0.5b"
CLOUD = "smollm2:135m"
IBAN = "DE89 3704 0044 0532 0130 00"
EASY = "What is the capital of France?"
HARD = "Who discovered the mineral kermesite, and in which year? Answer in one short sentence."


class Router(IngleTest):
    def setUp(self):
        super().setUp()
        self.cloud_home = pathlib.Path(tempfile.mkdtemp(prefix="ingle-cloud-"))
        self.addCleanup(shutil.rmtree, self.cloud_home, ignore_errors=True)

    def start_cloud(self):
        environment = dict(self.environment(), INGLE_HOME=str(self.cloud_home))
        server = subprocess.Popen([BINARY, "serve", "--host", "127.0.0.1:0", "--json"], env=environment,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.addCleanup(self.stop, server)
        address = json.loads(server.stdout.readline())
        return next(value for value in address.values() if isinstance(value, str) and value.startswith("http"))

    @staticmethod
    def stop(server):
        server.send_signal(signal.SIGINT)
        server.wait(60)
        server.stdout.close()

    def policy(self, address, more=""):
        self.write("policy.toml", f"""
[provider.house]
base_url = "{address}/v1"
model = "{CLOUD}"
usd_per_million_in = 1
usd_per_million_out = 2
[route]
local_model = "{LOCAL}"
{more}""")

    def ask(self, text, *more, **named):
        answer = self.ok("run", "auto", text, "--temperature", "0", "--max-tokens", "40", "--json", *more, **named).json()
        self.assertTrue(answer["text"])
        return answer, self.ok("route", "explain", answer["id"], "--json").json()

    @needs(LOCAL)
    @needs(CLOUD)
    def test_the_easy_stays_the_hard_goes_and_the_private_never(self):
        self.policy(self.start_cloud())
        easy, why_easy = self.ask(EASY)
        self.assertEqual(easy["route"], "local")
        self.assertIn("Paris", easy["text"])
        self.assertEqual(why_easy["decided_by"], "confidence")
        self.assertGreater(why_easy["confidence"], why_easy["threshold"])

        hard, why_hard = self.ask(HARD)
        self.assertEqual(hard["route"], "cloud:house")
        self.assertEqual(why_hard["route"], "cloud:house")
        self.assertLess(why_hard["confidence"], why_hard["threshold"])
        self.assertGreater(why_hard["bytes_out"], 0)
        self.assertGreater(why_hard["cost_usd"], 0)

        private, why_private = self.ask(f"{HARD} The account is {IBAN}.")
        self.assertEqual(private["route"], "local")
        self.assertEqual(why_private["decided_by"], "gate")
        self.assertEqual(why_private["findings"], [{"kind": "iban", "count": 1}])
        self.assertEqual(why_private["bytes_out"], 0)

        log = self.ok("route", "log", "--json").json()["decisions"]
        self.assertEqual([row["id"] for row in log], [private["id"], hard["id"], easy["id"]])
        left = self.ok("route", "left", "--json").json()
        self.assertEqual([row["request_id"] for row in left["left"]], [hard["id"]])
        self.assertEqual(left["totals"], {"bytes_out": why_hard["bytes_out"], "text_bytes_out": why_hard["bytes_out"],
                                          "requests": 1, "blocked": 1})
        self.assert_no_text_in_ledger("kermesite", "France", "DE89", "Paris")

    @needs(LOCAL)
    @needs(CLOUD)
    def test_offline_and_without_a_policy_nothing_leaves(self):
        self.policy(self.start_cloud(), "threshold = 1\n")
        self.ok("offline", "on")
        self.assertEqual(self.ok("offline", "status", "--json").json(), {"offline": True, "by_setting": False})
        answer, why = self.ask(HARD)
        self.assertEqual((answer["route"], why["decided_by"]), ("local", "offline"))
        self.ok("offline", "off")
        (self.home / "policy.toml").rename(self.home / "away")
        answer, why = self.ask(HARD)
        self.assertEqual((answer["route"], why["decided_by"]), ("local", "policy"))
        self.assertEqual(self.ok("route", "left", "--json").json()["left"], [])
        (self.home / "away").rename(self.home / "policy.toml")
        answer, why = self.ask(HARD)
        self.assertEqual((answer["route"], why["decided_by"]), ("cloud:house", "confidence"))

    @needs(LOCAL)
    def test_a_cloud_that_is_away_costs_nobody_an_answer(self):
        self.policy("http://127.0.0.1:9", "threshold = 1\n")
        answer, why = self.ask(HARD)
        self.assertEqual((answer["route"], why["decided_by"]), ("local", "provider"))

    def test_a_broken_policy_is_shown_with_its_line(self):
        self.write("policy.toml", "[route]\ntreshold = 0.5\n")
        done = self.run_ingle("route", "policy")
        self.assertEqual(done.code, 1)
        self.assertIn("line 2", done.talk)
        self.assertIn("nothing can leave", done.data)

    def assert_no_text_in_ledger(self, *words):
        database = sqlite3.connect(self.home / "ledger.db")
        self.addCleanup(database.close)
        everything = "\n".join(database.iterdump())
        self.assertIn("cloud request", everything)
        for word in words:
            self.assertNotIn(word, everything)
        self.assertEqual(os.stat(self.home / "ledger.db").st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
