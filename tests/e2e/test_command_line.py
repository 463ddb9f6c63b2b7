"""What needs no model: help, settings, completion, wrong usage, files that are no models."""
import os
import random
import struct
import subprocess

from ingle import BINARY, IngleTest


class CommandLine(IngleTest):
    shared_models = False

    def verbs(self):
        return self.ok("help", "--json").lines()

    def test_every_verb_explains_itself_on_stdout(self):
        names = {verb["verb"] for verb in self.verbs()}
        self.assertLessEqual({"run", "pull", "list", "show", "rm", "tokenize", "perplexity", "bench", "doctor", "config"},
                             names)
        for name in names:
            for words in ((name, "--help"), ("help", name)):
                done = self.ok(*words)
                self.assertIn(f"Usage: ingle {name}", done.data)
                self.assertEqual(done.talk, "")

    def test_every_verb_has_a_json_form(self):
        for verb in self.verbs():
            self.assertIn("--json", [option["names"] for option in verb["options"]], verb["verb"])

    def test_wrong_usage_exits_with_2_and_names_the_remedy(self):
        self.assert_refused(self.run_ingle("pul"), 2, "did you mean 'ingle pull'?")
        self.assert_refused(self.run_ingle("list", "--jsn"), 2, "did you mean --json?")
        for verb, word, meant in (("token", "creat", "create"), ("route", "polcy", "policy"), ("offline", "stats", "status"), ("grammar", "chek", "check"),
                                  ("eval", "invoice", "invoices"), ("completion", "bas", "bash")):
            self.assert_refused(self.run_ingle(verb, word), 2, f"did you mean 'ingle {verb} {meant}'?")
        self.assert_refused(self.run_ingle("token", "xyz"), 2, "it takes create, list, revoke")
        self.assert_refused(self.run_ingle("run"), 2, "MODEL is missing")
        self.assert_refused(self.run_ingle("run", "m", "x", "--temperature", "hot"), 2, "--temperature", "hot")
        self.assert_refused(self.run_ingle("show", "a", "b"), 2, "one word too many")
        self.assertEqual(self.run_ingle().code, 2)

    def test_a_shape_is_measured_without_a_model_and_leaves_nothing_behind(self):
        got = self.ok("bench", "--shape", "smollm2-135m:q4_0", "-p", "8", "-n", "2", "-r", "1", "--json").json()
        self.assertEqual([row["test"] for row in got["results"]], ["pp8", "tg2"])
        self.assertEqual(got["model"]["quantization"], "Q4_0")
        self.assertGreater(got["loads"][0]["seconds"], 0)
        self.assertEqual(os.listdir(self.home / "tmp"), [])

    def test_bench_refuses_what_does_not_go_together(self):
        self.assert_refused(self.run_ingle("bench", "m.gguf", "--gemm"), 2, "exclude each other")
        self.assert_refused(self.run_ingle("bench", "--shape", "llama9-1t"), 2, "llama3-8b")
        self.assert_refused(self.run_ingle("bench", "--write-shape", "x.gguf"), 2, "--shape")
        self.assert_refused(self.run_ingle("bench", "m.gguf", "--json", "--csv"), 2, "exclude each other")

    def test_a_shape_is_not_written_over_a_file(self):
        there = self.home / "model.gguf"
        there.write_text("precious")
        self.assert_refused(self.run_ingle("bench", "--shape", "smollm2-135m:q4_0", "--write-shape", str(there)), 3,
                            "is there already")
        self.assertEqual(there.read_text(), "precious")

    def test_version_is_one_line(self):
        self.assertRegex(self.ok("--version").data, r"\Aingle \d+\.\d+\.\d+\n\Z")

    def test_completion_scripts_are_valid(self):
        script = self.ok("completion", "bash").data
        subprocess.run(["bash", "-n"], input=script.encode(), check=True, timeout=60)
        check = script + '\nCOMP_WORDS=(ingle sh); COMP_CWORD=1; _ingle; echo "${COMPREPLY[@]}"\n'
        shown = subprocess.run(["bash", "--norc"], input=check.encode(), capture_output=True, check=True, timeout=60)
        self.assertEqual(shown.stdout.decode().strip(), "show")

    def test_the_manual_page_names_every_verb(self):
        page = self.ok("man").data
        for verb in self.verbs():
            name = verb["verb"].replace("-", "\\-")  # roff would make a hyphen of it
            self.assertIn(f".SS {name}\n", page)

    def test_config_tells_value_and_origin(self):
        self.write("config.toml", "threads = 2\ncontext = 1024\n")
        rows = {row["name"]: row for row in self.ok("config", "--json", INGLE_CONTEXT="2048").lines()}
        self.assertEqual((rows["threads"]["value"], rows["threads"]["origin"]), ("2", "file"))
        self.assertEqual((rows["context"]["value"], rows["context"]["from"]), ("2048", "INGLE_CONTEXT"))
        self.assertEqual(rows["home"]["value"], str(self.home))
        self.assertEqual(self.ok("config", "threads").data, "2\n")

    def test_a_setting_has_one_variable_and_a_misspelt_one_is_told(self):
        done = self.ok("config", "memory", INGLE_MEMORY="300MB", INGLE_PARALEL="3")
        self.assertEqual(done.data, "300MB\n")
        self.assertEqual(done.talk, "note: INGLE_PARALEL is no setting: did you mean INGLE_PARALLEL?\n")
        self.assertIn("memory", self.run_ingle("config", INGLE_MEMORY="banana").talk)
        told = self.ok("config").data
        self.assertRegex(told, r"threads +INGLE_THREADS +0 \(one a physical core\)")
        for row in self.ok("config", "--json").lines():
            self.assertEqual(row["environment"][0], "INGLE_" + row["name"].upper())
            self.assertIn(row["environment"][0], told)

    def test_a_broken_config_file_is_named_with_its_line(self):
        self.write("config.toml", "threads = 2\ncontxt = 5\n")
        self.assert_refused(self.run_ingle("list"), 2, "config.toml, line 2", "did you mean 'context'?")
        self.ok("help")

    def test_an_empty_store_lists_nothing_and_says_what_to_do(self):
        done = self.ok("list")
        self.assertEqual(done.data, "")
        self.assertIn("ingle pull", done.talk)
        self.assertEqual(self.ok("list", "--json").data, "")
        available = {row["name"] for row in self.ok("list", "--available", "--json").lines()}
        self.assertLessEqual({"smollm2:135m", "gemma3:270m", "qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b"}, available)

    def test_a_name_that_is_not_installed_is_answered_with_the_next_step(self):
        self.assert_refused(self.run_ingle("show", "smollm2:135m"), 1, "smollm2:135m", "ingle pull")
        self.assert_refused(self.run_ingle("show", "smolm2:135m"), 1, "smollm2:135m")
        self.assert_refused(self.run_ingle("rm", "smollm2:135m"), 1, "smollm2:135m")
        self.assert_refused(self.run_ingle("run", "no-such-model", "hello"), 1, "no-such-model")

    def test_doctor_reports_each_check(self):
        rows = {row["check"]: row for row in self.ok("doctor", "--json").lines()}
        for check in ("version", "processor", "memory", "home", "models", "network"):
            self.assertIn(rows[check]["status"], ("ok", "warning"), rows[check])

    def test_a_reader_that_goes_away_ends_the_program_quietly(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([BINARY, "help"], stdout=writer, stderr=subprocess.PIPE, env=self.environment(), timeout=60,
                              check=False)
        os.close(writer)
        self.assertGreaterEqual(done.returncode, 0, "ended by a signal")
        self.assertEqual(done.stderr, b"")


class BrokenFiles(IngleTest):
    shared_models = False
    VERBS = (("show",), ("tokenize",), ("run",))

    def refuse(self, content, *words):
        path = self.write("broken.gguf", content)
        for verb in self.VERBS:
            self.assert_refused(self.run_ingle(*verb, path, text="hello"), 3, "broken.gguf", *words)

    def test_bytes_that_are_no_gguf(self):
        self.refuse(b"")
        self.refuse(b"GGUF")
        self.refuse(b"not a model at all, only some text that someone renamed")
        self.refuse(random.Random(1).randbytes(4096))

    def test_counts_that_the_file_cannot_hold(self):
        self.refuse(b"GGUF" + struct.pack("<IQQ", 3, 2**63, 1))
        self.refuse(b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60))

    def test_an_unknown_version(self):
        self.refuse(b"GGUF" + struct.pack("<IQQ", 99, 0, 0))

    def test_an_architecture_that_does_not_exist(self):
        key, value = b"general.architecture", b"no_such_thing"
        entry = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(value)) + value
        self.refuse(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + entry, "no_such_thing")

    def test_paths_that_are_no_files(self):
        self.assert_refused(self.run_ingle("show", "./nothing.gguf"), 1, "nothing.gguf")
        self.assert_refused(self.run_ingle("show", str(self.home) + "/"), 2, "folder")
        split = self.write("big-00001-of-00003.gguf", b"GGUF")
        self.assert_refused(self.run_ingle("run", split, "x"), 1, "big-00002-of-00003.gguf")
