"""What commands tell people of models, of their memory and of names that do not exist: in words, in 80 columns, and the same everywhere."""
import os
import pty
import subprocess
import unittest

from ingle import BINARY, IngleTest, WATCHDOG_S, needs
from server import Server

MODEL = "smollm2:135m"
FAMILY = "smollm2"  # in the catalog another model of it, which is not installed
HELLO = [{"role": "user", "content": "Hello"}]


@needs(MODEL)
class Screens(IngleTest):
    def test_ps_tells_memory_and_time_in_words(self):
        server = Server(self)
        self.assertIn("no model is loaded", self.ok("ps").talk)
        server.json("POST", "/api/generate", {"model": MODEL})
        screen = self.ok("ps").data
        self.assertRegex(screen, r"4 minutes from now|5 minutes from now")
        self.assertEqual(screen.splitlines()[0].split(), ["NAME", "MEMORY", "AT", "MOST", "KV", "CONTEXT", "UNTIL"])
        for line in screen.splitlines():
            self.assertLessEqual(len(line), 80)
        row = self.ok("ps", "--json").json()
        self.assertRegex(row["expires_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        server.json("POST", "/api/generate", {"model": MODEL, "keep_alive": -1})
        self.assertIn("Forever", self.ok("ps").data)
        # What show foretold is what it takes.
        memory = self.ok("show", MODEL, "--json", INGLE_THREADS="2").json()["memory"]
        self.assertEqual(memory["total"], memory["weights"] + memory["kv_cache"] + memory["work"])
        self.assertEqual((memory["total"], memory["kv_cache"], memory["context"]), (row["size_planned"], row["size_kv"], row["context_length"]))

    def test_show_tells_what_memory_a_model_takes_and_what_would_be_refused(self):
        screen = self.ok("show", MODEL).data
        self.assertRegex(screen, r"memory +\d+ MB at most: weights \d+ MB, KV cache \d+ MB, work \d+ MB")
        self.assertRegex(screen, r"KV cache +\d+ kB a token, \d+ MB a context of 4096 tokens, room for 8")
        self.assertNotIn("refused", screen)
        short = self.ok("show", MODEL, "--json", INGLE_MEMORY_LIMIT="210MB").json()["memory"]
        self.assertGreater(short["context_now"], 0)
        self.assertLess(short["context_now"], short["context"])
        self.assertIn("cannot be loaded with the settings", self.ok("show", MODEL, INGLE_MEMORY_LIMIT="100MB").data)

    def test_a_digest_is_the_same_everywhere(self):
        server = Server(self)
        server.json("POST", "/api/generate", {"model": MODEL})
        digests = [next(row["digest"] for row in server.json("GET", path)["models"] if row["name"] == MODEL) for path in ("/api/tags", "/api/ps")]
        digests.append(next(row["digest"] for row in self.ok("list", "--json").lines() if row["name"] == MODEL))
        digests += [self.ok(*words, "--json").json()["digest"] for words in (("show", MODEL), ("ps",))]
        self.assertEqual(len(set(digests)), 1, digests)

    def test_a_name_that_is_not_there_is_answered_with_the_one_that_is_in_every_dialect(self):
        server = Server(self)
        proposal = f"did you mean '{MODEL}', which is installed?"
        for path, body in (("/v1/chat/completions", {"model": FAMILY, "messages": HELLO}), ("/v1/completions", {"model": FAMILY, "prompt": "a"}),
                           ("/v1/messages", {"model": FAMILY, "messages": HELLO, "max_tokens": 2}), ("/completion", {"model": FAMILY, "prompt": "a"}),
                           ("/v1/embeddings", {"model": FAMILY, "input": "a"}), ("/api/v0/chat/completions", {"model": FAMILY, "messages": HELLO}),
                           ("/v1/models/" + FAMILY, None), ("/api/v0/models/" + FAMILY, None)):
            with self.subTest(path=path):
                status, _, text = server.request("GET" if body is None else "POST", path, body)
                self.assertEqual(status, 404, text)
                self.assertIn(f"model '{FAMILY}' not found", text)
                self.assertIn(proposal, text)
        # Word for word as Ollama says it.
        self.assertEqual(server.json("POST", "/api/chat", {"model": FAMILY, "messages": HELLO}, status=404), {"error": f"model '{FAMILY}' not found"})
        self.assert_refused(self.run_ingle("show", FAMILY), 1, f"model '{FAMILY}' not found", proposal)

    def test_what_is_installed_is_named_before_something_large_is_pulled(self):
        done = self.run_ingle("run", FAMILY, "hello", INGLE_OFFLINE="1")
        self.assertEqual(done.code, 1, done.talk)
        self.assertIn(f"note: '{FAMILY}' means smollm2:1.7b", done.talk)
        self.assertIn(f"installed: {MODEL}", done.talk)
        # A tag leaves no doubt.
        self.assertNotIn("note:", self.run_ingle("run", "smollm2:1.7b", "hello", INGLE_OFFLINE="1").talk)

    def test_a_person_is_asked(self):
        person, terminal = pty.openpty()
        command = subprocess.Popen([BINARY, "run", FAMILY], stdin=terminal, stdout=terminal, stderr=terminal, env=self.environment(INGLE_OFFLINE="1"))
        os.close(terminal)
        self.addCleanup(os.close, person)
        said = b""
        while b"[y/N] " not in said:
            said += os.read(person, 4096)
        self.assertIn(b"(1.1 GB)", said)
        os.write(person, b"n\n")
        while b"hint" not in said:
            said += os.read(person, 4096)
        self.assertIn(MODEL, said.decode())
        self.assertEqual(command.wait(WATCHDOG_S), 130)


if __name__ == "__main__":
    unittest.main()
