"""The conversation of `ingle run` through a pseudo-terminal, as a person at the keyboard sees it."""
import os
import pty
import re
import select
import signal
import stat
import time
import unittest

from ingle import BINARY, IngleTest, WATCHDOG_S, needs

MODEL = "smollm2:135m"
PROMPT = ">>> "
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Terminal:
    """A child process on a terminal of its own; expect() waits for text, however long that takes."""

    def __init__(self, words, environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(BINARY, [BINARY, *words], dict(environment, TERM="xterm", LANG="C.UTF-8"))
        self.seen = ""
        self.read_to = 0
        self.code = None

    def expect(self, text):
        end = time.monotonic() + WATCHDOG_S
        while True:
            plain = ESCAPES.sub("", self.seen)
            at = plain.find(text, self.read_to)
            if at >= 0:
                shown = plain[self.read_to:at]
                self.read_to = at + len(text)
                return shown
            if time.monotonic() > end or not self._more():
                raise AssertionError(f"'{text}' did not come; the screen shows:\n{plain[-2000:]}")

    def _more(self):
        if not select.select([self.fd], [], [], WATCHDOG_S)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += data.decode("utf-8", "replace")
        return bool(data)

    def type(self, text):
        os.write(self.fd, text.encode())

    def line(self, text):
        self.type(text + "\r")

    def finish(self):
        while self._more():
            pass
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        os.close(self.fd)
        self.pid = None
        return self.code

    def abandon(self):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.fd)


def terminals_exist():
    """Some containers have no /dev/pts."""
    try:
        for fd in os.openpty():
            os.close(fd)
        return True
    except OSError:
        return False


@needs(MODEL)
@unittest.skipUnless(terminals_exist(), "this machine has no pseudo-terminals")
class Conversation(IngleTest):
    def start(self, *words):
        terminal = Terminal(["run", MODEL, "--temperature", "0", *words], self.environment())
        self.addCleanup(terminal.abandon)
        terminal.expect(PROMPT)
        return terminal

    def test_answers_and_remembers_until_ctrl_d(self):
        terminal = self.start("--max-tokens", "16")
        terminal.line("My name is Ada.")
        terminal.expect(PROMPT)
        terminal.line("/show messages")
        shown = terminal.expect(PROMPT)
        self.assertIn("user: My name is Ada.", shown)
        self.assertIn("assistant: ", shown)
        terminal.type("\x04")
        self.assertEqual(terminal.finish(), 0)
        history = self.home / "history"
        self.assertIn("Ada", history.read_text())
        self.assertEqual(stat.S_IMODE(history.stat().st_mode), 0o600)

    def test_ctrl_c_stops_the_answer_and_not_the_program(self):
        terminal = self.start("--max-tokens", "3500")
        terminal.line("Write a very long story about a fox and a lighthouse.")
        terminal.expect("fox")  # our own line
        terminal.expect(" the ")  # the answer has begun
        terminal.type("\x03")
        terminal.expect("(stopped)")
        terminal.expect(PROMPT)
        terminal.line("/set max_tokens 4")
        terminal.expect("max_tokens is 4.")
        terminal.expect(PROMPT)
        terminal.line("Hello")
        terminal.expect(PROMPT)
        terminal.type("\x03")
        terminal.expect("Ctrl-D or /bye ends")
        terminal.expect(PROMPT)
        terminal.line("/bye")
        self.assertEqual(terminal.finish(), 0)

    def test_parameters_and_the_system_message_can_be_set(self):
        terminal = self.start()
        terminal.line("/set temprature 1")
        terminal.expect("did you mean 'temperature'?")
        terminal.line("/set parameter top_k 5")
        terminal.expect("top_k is 5.")
        terminal.line("/set")
        self.assertRegex(terminal.expect("/set NAME VALUE"), r"top_k +5\n")
        terminal.line("/system You are a pirate.")
        terminal.expect("The system message is set.")
        terminal.line("/show prompt")
        terminal.expect("<|im_start|>system\nYou are a pirate.<|im_end|>")
        terminal.line("/nonsense")
        terminal.expect("there is no command /nonsense")
        terminal.line("/?")
        terminal.expect("a message of several lines")
        terminal.line("/bye")
        self.assertEqual(terminal.finish(), 0)

    def test_a_saved_conversation_comes_back(self):
        terminal = self.start("--max-tokens", "4")
        terminal.line("Remember the number 4711.")
        terminal.expect(PROMPT)
        terminal.line("/save first")
        terminal.expect("Saved")
        terminal.line("/clear")
        terminal.expect("The conversation is empty.")
        terminal.line("/load first")
        terminal.expect("'first': 2 messages")
        terminal.line("/show messages")
        terminal.expect("user: Remember the number 4711.")
        terminal.line("/save ../first")
        terminal.expect("cannot be the name of a chat")
        terminal.line("/load nothing-like-it")
        terminal.expect("error: ")
        terminal.expect(PROMPT)
        terminal.line("/bye")
        self.assertEqual(terminal.finish(), 0)
        saved = self.home / "chats" / "first.json"
        self.assertEqual(stat.S_IMODE(saved.stat().st_mode), 0o600)

    def test_the_terminal_is_as_it_was_after_a_kill_at_the_prompt(self):
        terminal = self.start()
        os.kill(terminal.pid, signal.SIGTERM)
        while terminal._more():
            pass
        _, status = os.waitpid(terminal.pid, 0)
        terminal.pid = None
        self.assertEqual(os.waitstatus_to_exitcode(status), 130)
        self.assertIn("\x1b[?2004l", terminal.seen)

    def test_a_message_can_have_several_lines(self):
        terminal = self.start("--max-tokens", "2")
        terminal.line('"""first')
        terminal.expect("... ")
        terminal.line('second"""')
        terminal.expect(PROMPT)
        terminal.line("/show messages")
        terminal.expect("user: first\nsecond\n")
        terminal.line("/bye")
        self.assertEqual(terminal.finish(), 0)

    def test_a_paste_of_several_lines_is_one_message(self):
        terminal = self.start("--max-tokens", "2")
        terminal.type("\x1b[200~one\rtwo\rthree\x1b[201~")
        terminal.expect("[pasted 3 lines]")
        terminal.type("\r")
        terminal.expect(PROMPT)
        terminal.line("/show messages")
        terminal.expect("user: one\ntwo\nthree\n")
        terminal.line("/bye")
        self.assertEqual(terminal.finish(), 0)


if __name__ == "__main__":
    unittest.main()
