"""Commands work with the models of the running server, and print what they print without it."""
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time
import unittest

from ingle import BINARY, IngleTest, WATCHDOG_S, copy_model, needs
from server import Server

MODEL = "smollm2:135m"
STORY = ("run", MODEL, "Tell me a story", "--seed", "7", "-n", "40", "--temperature", "0.9")
ENDLESS = ("run", MODEL, "1, 2, 3, 4, 5, 6, 7, 8, 9, 10,", "--raw", "--temperature", "0", "-n", "3000")  # goes on counting
SCHEMA = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
          "required": ["name", "age"], "additionalProperties": False}


def wait_until(test, condition):
    deadline = time.monotonic() + WATCHDOG_S
    while not condition():
        test.assertLess(time.monotonic(), deadline)
        time.sleep(0.02)


@needs(MODEL)
class Attach(IngleTest):
    def environment(self, **extra):
        return super().environment(**{"INGLE_THREADS": "2", **extra})

    def loaded(self, server):
        return [row["name"] for row in server.json("GET", "/api/ps")["models"]]

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

    def assert_same_with_server(self, *words):
        """The same bytes alone, from a model that the server loads for it, and from one that it has; never a second copy."""
        without_ids = lambda data: re.sub(r"cli-[0-9a-f]+-[0-9a-f]+", "cli-", data)
        alone = without_ids(self.ok(*words).data)
        server = Server(self)
        self.assertEqual(without_ids(self.ok(*words).data), alone)
        self.assertEqual(len(self.loaded(server)), 1)
        engines = server.roles("engine")
        self.assertEqual(without_ids(self.ok(*words).data), alone, "of a model that is loaded")
        self.assertEqual(server.roles("engine"), engines)
        server.close()

    def test_auto_is_answered_by_the_servers_model(self):
        self.write("config.toml", "")
        self.assert_same_with_server("run", "auto", "What is the capital of France?", "--seed", "4", "-n", "12")

    def test_a_meeting_is_summarized_by_the_servers_model(self):
        meeting = self.write("meeting.txt", "Anna: We ship the new release on Friday.\nBen: I will write the notes by Thursday.\n"
                             "Anna: Good. The budget is 4000 euros.\n")
        self.assert_same_with_server("summarize", meeting, "--model", MODEL, "--json")

    @needs("qwen2.5-coder:0.5b")
    def test_fields_are_read_by_the_servers_model(self):
        schema = self.write("fields.json", json.dumps({"type": "object", "properties": {"customer": {"type": "string"}, "city": {"type": "string"}}}))
        letter = self.write("letter.txt", "Dear Ms Holm,\nyour parcel for Lindgren Tools was sent to Bergen on 3 May.\n")
        self.assert_same_with_server("extract", letter, "--schema", schema, "--model", "qwen2.5-coder:0.5b", "--json")

    def test_tokens_are_counted_by_a_model_that_the_server_has(self):
        words = ("tokenize", MODEL, "Hello <|im_end|> world", "--special")
        alone = self.ok(*words).data
        server = Server(self)
        self.assertEqual(self.ok(*words).data, alone)
        self.assertEqual(self.loaded(server), [], "a vocabulary is no reason to load a model")
        self.ok(*STORY)
        self.assertEqual(self.ok(*words).data, alone)
        self.assertEqual(self.ok(*words, "--no-server").data, alone)

    def test_other_settings_are_answered_by_a_model_of_the_command(self):
        server = Server(self)
        for words, extra in (((*STORY, "--ctx", "300"), {}), ((*STORY, "--threads", "1"), {}), ((*STORY, "--kv", "i8"), {}),
                             ((*STORY, "--isa", "scalar", "-n", "2"), {}), ((*STORY, "--no-server"), {}),
                             (STORY, {"INGLE_NO_SERVER": "1"})):
            self.ok(*words, **extra)
            self.assertEqual(self.loaded(server), [], words)
        self.ok(*STORY)
        self.assertEqual(self.loaded(server), [MODEL])

    def test_a_server_that_was_out_of_descriptors_serves_commands_again(self):
        server = Server(self)
        pid = server.process.pid
        name = f"attach-{pid}.sock"
        usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        taken = {int(number) for number in os.listdir(f"/proc/{pid}/fd")}
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(set(range(len(taken) + 1)) - taken), usual[1]))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as first:
            first.connect(str(self.home / "run" / name))  # the server has a descriptor for this one already
            command = self.start(*STORY)
            self.addCleanup(command.communicate)
            self.addCleanup(command.kill)
            # Its socket, and those of the two connections on the server's side.
            wait_until(self, lambda: pathlib.Path("/proc/net/unix").read_bytes().count(name.encode()) == 3)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
            command.wait(WATCHDOG_S)
        self.assertEqual(command.returncode, 0)
        self.assertEqual(self.loaded(server), [MODEL])

    def test_ctrl_c_ends_the_answer_in_the_server_too(self):
        server = Server(self)
        command = self.start(*ENDLESS)
        with command:
            self.assertTrue(command.stdout.read(1))
            wait_until(self, lambda: self.running(server) == 1)
            command.send_signal(signal.SIGINT)
            out, talk = command.communicate(timeout=WATCHDOG_S)
        self.assertEqual(command.returncode, 130, talk)
        self.assertIn(b"interrupted", talk)
        wait_until(self, lambda: self.running(server) == 0)
        self.ok(*STORY)

    def test_a_command_that_is_killed_costs_only_its_own_answer(self):
        server = Server(self)
        expected = self.ok(*STORY).data
        command = self.start(*ENDLESS)
        with command:
            self.assertTrue(command.stdout.read(1))
            wait_until(self, lambda: self.running(server) == 1)
            command.kill()
        wait_until(self, lambda: self.running(server) == 0)
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
        expected = self.ok("run", MODEL, "Count", "-n", "60", "--seed", "1").data
        command = self.start("run", MODEL, "Count", "-n", "60", "--seed", "1")
        with command:
            first = command.stdout.read(1)
            server.process.send_signal(signal.SIGTERM)
            out, talk = command.communicate(timeout=WATCHDOG_S)
        self.assertEqual(command.returncode, 0, talk)
        self.assertEqual((first + out).decode(), expected)


@needs(MODEL)
class Removed(IngleTest):
    shared_models = False

    def test_the_server_lets_go_of_a_model_that_is_removed(self):
        copy_model(self.home / "models", MODEL)
        server = Server(self)
        self.ok("run", MODEL, "hello", "-n", "2", INGLE_THREADS="2")
        self.assertEqual(len(server.roles("engine")), 1)
        self.ok("rm", MODEL)
        wait_until(self, lambda: server.json("GET", "/api/ps")["models"] == [] and server.roles("engine") == [])


if __name__ == "__main__":
    unittest.main()
