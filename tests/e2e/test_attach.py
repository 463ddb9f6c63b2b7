"""Commands work with the models of the running server, and print what they print without it."""
import json
import signal
import subprocess
import time
import unittest

from ingle import BINARY, IngleTest, WATCHDOG_S, needs
from server import Server

MODEL = "smollm2:135m"
STORY = ("run", MODEL, "Tell me a story", "--seed", "7", "-n", "40", "--temperature", "0.9")
ENDLESS = ("run", MODEL, "1, 2, 3, 4, 5, 6, 7, 8, 9, 10,", "--raw", "--temperature", "0", "-n", "3000")  # goes on counting
SCHEMA = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
          "required": ["name", "age"], "additionalProperties": False}


@needs(MODEL)
class Attach(IngleTest):
    def environment(self, **extra):
        return super().environment(**{"INGLE_THREADS": "2", **extra})

    def loaded(self, server):
        return [row["name"] for row in server.json("GET", "/api/ps")["models"]]

    def wait_until(self, condition):
        deadline = time.monotonic() + WATCHDOG_S
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def start(self, *words):
        return subprocess.Popen([BINARY, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, bufsize=0, env=self.environment())

    def running(self, server):
        return sum(slot["is_processing"] for slot in server.json("GET", "/slots"))

    def test_answers_are_the_same_bytes_with_and_without_a_server(self):
        schema = self.write("schema.json", json.dumps(SCHEMA))
        commands = [STORY, (*STORY, "--raw"), ("run", MODEL, "Who is Anna?", "--schema", schema, "--seed", "3"),
                    ("run", MODEL, "hello", "--dry-run"), ("run", MODEL, "hello", "--max-tokens", "5", "--stop", "e", "--seed", "2")]
        alone = [self.ok(*words).data for words in commands]
        server = Server(self)
        self.assertEqual([self.ok(*words).data for words in commands], alone)
        self.assertEqual(self.loaded(server), [MODEL])
        self.assertEqual([self.ok(*words).data for words in commands], alone, "of a model that is loaded")
        self.assertEqual(len(server.roles("engine")), 1)

    def test_tokens_and_their_probabilities_are_the_same_bits(self):
        words = (*STORY, "--json", "--logprobs", "5")
        alone = self.ok(*words).json()
        server = Server(self)
        attached = self.ok(*words).json()
        self.assertEqual(self.loaded(server), [MODEL])
        for name in ("model", "text", "finish_reason", "seed", "template", "tokens", "route"):
            self.assertEqual(attached[name], alone[name])
        self.assertEqual(list(attached), list(alone))

    def test_other_settings_are_answered_by_a_model_of_the_command(self):
        server = Server(self)
        for words, extra in (((*STORY, "--ctx", "300"), {}), ((*STORY, "--threads", "1"), {}), ((*STORY, "--kv", "i8"), {}),
                             ((*STORY, "--isa", "scalar", "-n", "2"), {}), ((*STORY, "--no-server"), {}),
                             (STORY, {"INGLE_NO_SERVER": "1"})):
            self.ok(*words, **extra)
            self.assertEqual(self.loaded(server), [], words)
        self.ok(*STORY)
        self.assertEqual(self.loaded(server), [MODEL])

    def test_ctrl_c_ends_the_answer_in_the_server_too(self):
        server = Server(self)
        command = self.start(*ENDLESS)
        with command:
            self.assertTrue(command.stdout.read(1))
            self.wait_until(lambda: self.running(server) == 1)
            command.send_signal(signal.SIGINT)
            out, talk = command.communicate(timeout=WATCHDOG_S)
        self.assertEqual(command.returncode, 130, talk)
        self.assertIn(b"interrupted", talk)
        self.wait_until(lambda: self.running(server) == 0)
        self.ok(*STORY)

    def test_a_command_that_is_killed_costs_only_its_own_answer(self):
        server = Server(self)
        expected = self.ok(*STORY).data
        command = self.start(*ENDLESS)
        with command:
            self.assertTrue(command.stdout.read(1))
            self.wait_until(lambda: self.running(server) == 1)
            command.kill()
        self.wait_until(lambda: self.running(server) == 0)
        self.assertEqual(self.ok(*STORY).data, expected)

    def test_a_command_that_does_not_read_holds_up_nobody(self):
        Server(self)
        expected = self.ok(*STORY).data
        command = self.start(*ENDLESS)
        with command:
            self.assertTrue(command.stdout.read(1))
            command.send_signal(signal.SIGSTOP)
            self.assertEqual(self.ok(*STORY).data, expected)
            command.send_signal(signal.SIGCONT)
            command.kill()

    def test_a_server_that_dies_is_told(self):
        server = Server(self)
        command = self.start(*ENDLESS)
        with command:
            self.assertTrue(command.stdout.read(1))
            server.process.kill()
            _, talk = command.communicate(timeout=WATCHDOG_S)
        self.assertEqual(command.returncode, 1, talk)
        self.assertIn(b"the server has ended", talk)
        self.ok(*STORY)  # the file that the killed one left stands in nobody's way

    def test_the_socket_is_the_users_alone_and_goes_with_the_server(self):
        server = Server(self)
        sockets = list((self.home / "run").glob("attach-*.sock"))
        self.assertEqual([path.name for path in sockets], [f"attach-{server.process.pid}.sock"])
        self.assertEqual(sockets[0].stat().st_mode & 0o777, 0o600)
        server.close()
        self.assertEqual(list((self.home / "run").glob("attach-*.sock")), [])

    def test_a_server_that_ends_lets_the_answer_of_a_command_finish(self):
        server = Server(self)
        expected = self.ok("run", MODEL, "Count", "-n", "200", "--seed", "1").data
        command = self.start("run", MODEL, "Count", "-n", "200", "--seed", "1")
        with command:
            first = command.stdout.read(1)
            server.process.send_signal(signal.SIGTERM)
            out, talk = command.communicate(timeout=WATCHDOG_S)
        self.assertEqual(command.returncode, 0, talk)
        self.assertEqual((first + out).decode(), expected)


if __name__ == "__main__":
    unittest.main()
