"""What the server does without being told: nothing of a prompt in a log or error, no core dumps, no keys where other processes see them, private files,
this machine only."""
import json
import os
import pathlib
import ssl
import stat
import unittest
import urllib.request

from ingle import WATCHDOG_S, IngleTest, needs
from server import Server

CANARY = "canary-7f3a91c2-sings"


def chat(text, **more):
    return {"model": "any", "messages": [{"role": "user", "content": text}], "max_tokens": 1, **more}


class SafeDefaults(IngleTest):
    shared_models = False

    def process_ids(self, server):
        found = [server.process.pid]
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                parent = next(line for line in status.read_text().splitlines() if line.startswith("PPid:"))
            except OSError:
                continue
            if int(parent.split()[1]) in found:
                found.append(int(status.parent.name))
        return found

    def test_it_listens_on_this_machine_and_opens_nothing_else(self):
        self.assertTrue(self.ok("config", "host").data.startswith("127.0.0.1:"))
        server = Server(self, "--engine", "echo")
        self.assertEqual(server.address["host"], "127.0.0.1")
        listening = [line.split()[1] for line in pathlib.Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines()[1:]
                     if line.split()[3] == "0A" and line.split()[1].endswith(f":{server.port:04X}")]
        self.assertEqual(listening, [f"0100007F:{server.port:04X}"])

    def test_the_address_that_it_prints_can_be_used(self):
        for words in ((), ("--tls", "local")):
            server = Server(self, "--engine", "echo", "--host", "127.0.0.2:0", *words)
            self.assertIn("//127.0.0.2:", server.url)
            trust = ssl.create_default_context(cafile=str(self.home / "keys" / "ca.pem")) if words else None
            with urllib.request.urlopen(server.url + "/api/tags", timeout=WATCHDOG_S, context=trust) as answer:
                self.assertEqual(answer.status, 200)
            self.ok("ps")
            server.close()

    def test_no_process_dumps_core_or_has_a_key_in_its_arguments_or_environment(self):
        secret = self.ok("token", "create").data.strip()
        server = Server(self, "--engine", "echo", "--tls", "local")
        app_key = (self.home / "keys" / "app").read_text().strip()
        ca_key = (self.home / "keys" / "ca-key.pem").read_text().split("\n")[1]
        for pid in self.process_ids(server):
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
            if "spawner" not in pathlib.Path(f"/proc/{pid}/comm").read_text():
                self.assertEqual(core.split()[4:6], ["0", "0"], pid)
            for name in ("cmdline", "environ"):
                try:
                    text = pathlib.Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
                except PermissionError:
                    continue  # then nobody else reads it either
                for key in (secret, app_key, ca_key):
                    self.assertNotIn(key, text, (pid, name))

    def test_prompts_stand_in_no_log_error_or_file(self):
        server = Server(self, "--engine", "echo", INGLE_ROLE_STDERR="1")
        bodies = [chat(CANARY), chat(CANARY, max_tokens=-7), chat(CANARY, temperature=CANARY), chat(CANARY, tools=CANARY),
                  chat(CANARY, grammar="root ::= ("), {**chat(CANARY), "model": "../x"}, {**chat(CANARY), "messages": [{"role": CANARY, "content": CANARY}]},
                  {**chat(CANARY), "response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": {"type": CANARY}}}}]
        raw = [json.dumps(chat(CANARY))[:-1], json.dumps(chat(CANARY)) + "x", '{"model": "any", "messages": "' + CANARY + "\x01"]
        for path in ("/v1/chat/completions", "/v1/messages", "/api/chat"):
            for body in [*map(json.dumps, bodies), *raw]:
                status, headers, text = server.request("POST", path, body, {"Content-Type": "application/json", "X-Canary": CANARY})
                self.assertNotIn(CANARY, str(headers))
                if status >= 400 and f'"{CANARY}"' not in body.replace(f'"content": "{CANARY}"', ""):
                    self.assertNotIn(CANARY, text, (path, body))
        for path in ("/completion", "/api/generate", "/tokenize"):
            server.request("POST", path, {"model": "any", "prompt": CANARY, "content": CANARY, "n_predict": 1, "options": {"num_predict": 1}})
        server.request("GET", f"/v1/models/{CANARY}")
        server.request("GET", f"/api/tags?key={CANARY}")
        server.close()
        self.assertEqual(self.files_with(CANARY), [])

    def files_with(self, words):
        return [str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]

    def test_files_are_their_owners(self):
        os.umask(old := os.umask(0))
        self.addCleanup(os.umask, old)
        os.umask(0)
        self.ok("token", "create")
        server = Server(self, "--engine", "echo", "--tls", "local")
        open_files = []
        for path in self.home.rglob("*"):
            mode = path.lstat().st_mode
            if path.name in ("serve.log", "ca.pem", "server.pem") or stat.S_ISDIR(mode):
                continue  # made by this test; no secrets
            if mode & 0o077 and path.relative_to(self.home).parts[0] in ("keys", "chats.db", "run", "ledger.db", "chats"):
                open_files.append((str(path.relative_to(self.home)), oct(mode)))
        self.assertEqual(open_files, [])
        self.assertEqual((self.home / "keys").stat().st_mode & 0o077, 0)
        server.close()

    def test_the_limits_are_told(self):
        limits = {row["limit"]: row["value"] for row in self.ok("serve", "--print-limits", "--json").lines()}
        self.assertGreater(len(limits), 20)
        self.assertEqual((limits["header"], limits["depth of JSON"], limits["JSON body"]), (32 * 1024, 128, 16 << 20))
        self.assertIn("431", self.ok("serve", "--print-limits").data)


@unittest.skipUnless(os.path.isdir("/proc/self"), "needs /proc")
class WithAModel(IngleTest):
    @needs("smollm2:135m")
    def test_an_engine_that_answers_leaves_nothing_of_the_prompt(self):
        server = Server(self, INGLE_ROLE_STDERR="1", INGLE_LOG="stderr")
        self.assertEqual(server.request("POST", "/v1/chat/completions", {**chat(CANARY), "model": "smollm2:135m"})[0], 200)
        engines = server.roles("engine")
        self.assertTrue(engines)
        for pid in engines:
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            self.assertEqual(next(line for line in limits.splitlines() if line.startswith("Max core file size")).split()[4:6], ["0", "0"])
        server.close()
        for path in self.home.rglob("*"):
            if path.is_file():
                self.assertNotIn(CANARY.encode(), path.read_bytes(), path)


if __name__ == "__main__":
    unittest.main()
