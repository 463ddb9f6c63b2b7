"""Ollama's clients for Python and JavaScript, unmodified, against `ingle serve` with a real model and a folder as Ollama fills it."""
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import unittest

import ingle
from clients import needs_clients
from ingle import IngleTest, copy_model, needs
from server import Server

MODEL = "smollm2:135m"
CODER = "qwen2.5-coder:0.5b"
QUESTION = [{"role": "user", "content": "Say hello to Ann."}]
BRIEF = {"temperature": 0, "num_predict": 8}
NODE_CLIENTS = ingle.ROOT / "tests" / "clients"


def weights_of(manifest):
    return next(layer for layer in json.loads(manifest.read_text())["layers"] if layer["mediaType"].endswith(".model"))


class OllamaTest(IngleTest):
    shared_models = False

    def setUp(self):
        super().setUp()
        self.models = self.home / "models"
        self.manifest = copy_model(self.models, MODEL)


@needs(MODEL)
@needs_clients
class PythonClient(OllamaTest):
    def setUp(self):
        super().setUp()
        import ollama

        self.ollama = ollama
        self.server = Server(self)
        self.client = ollama.Client(host=self.server.url)
        self.addCleanup(self.client._client.close)

    def refused(self, status, *words):
        test = self

        class Caught:
            def __enter__(self):
                self.context = test.assertRaises(test.ollama.ResponseError)
                self.caught = self.context.__enter__()

            def __exit__(self, *what):
                ended = self.context.__exit__(*what)
                test.assertEqual(self.caught.exception.status_code, status, self.caught.exception.error)
                for word in words:
                    test.assertIn(word, self.caught.exception.error)
                return ended

        return Caught()

    def test_chat_and_generate_answer_whole_and_in_pieces(self):
        whole = self.client.chat(model=MODEL, messages=QUESTION, options=BRIEF)
        self.assertTrue(whole.done)
        self.assertGreater(whole.eval_count, 0)
        self.assertGreater(whole.total_duration, whole.eval_duration)
        pieces = list(self.client.chat(model=MODEL, messages=QUESTION, options=BRIEF, stream=True))
        self.assertEqual("".join(piece.message.content for piece in pieces), whole.message.content)
        self.assertEqual(pieces[-1].done_reason, whole.done_reason)
        answer = self.client.generate(model=MODEL, prompt="Say hello to Ann.", options=BRIEF)
        self.assertEqual(answer.response, whole.message.content)
        raw = self.client.generate(model=MODEL, prompt="Once upon a", raw=True, options=BRIEF)
        self.assertTrue(raw.response)
        self.assertIsNone(raw.context)

    def test_a_generation_goes_on_after_the_context_of_an_earlier_one(self):
        first = self.client.generate(model=MODEL, prompt="My name is Bob.", options=BRIEF)
        self.assertEqual(len(first.context), first.prompt_eval_count + first.eval_count)
        second = self.client.generate(model=MODEL, prompt="Who am I?", context=first.context, options=BRIEF)
        self.assertEqual(second.context[:len(first.context)], first.context)
        with self.refused(400, "vocabulary"):
            self.client.generate(model=MODEL, prompt="x", context=[10**9])

    def test_a_template_of_the_request_is_rendered_where_it_is_jinja(self):
        plain = "{% for m in messages %}{{ m.content }}{% endfor %}"
        answer = self.client.generate(model=MODEL, prompt="Once upon a", template=plain, options=BRIEF)
        raw = self.client.generate(model=MODEL, prompt="Once upon a", raw=True, options=BRIEF)
        self.assertEqual(answer.response, raw.response)
        with self.refused(501, "Go's template language"):
            self.client.generate(model=MODEL, prompt="x", template="{{ .Prompt }}")
        for broken in ("{{ 'a' * 1000000000000 }}", "{{ ''.nosuch() }}", "{{ nosuch.a }}", "{{ range(1000000000) }}", "{{ 1 // 0 }}"):
            with self.refused(400, "the template of the request"):
                self.client.generate(model=MODEL, prompt="x", template=broken)
        with self.refused(400, "template"):
            self.client.generate(model=MODEL, prompt="x", template="{% for %}")

    @needs(CODER)
    def test_a_model_that_was_trained_for_it_fills_in_before_a_suffix(self):
        copy_model(self.models, CODER)
        answer = self.client.generate(model=CODER, prompt="def add(a, b):\n    return ", suffix="\n\nprint(add(1, 2))\n", options=BRIEF)
        self.assertTrue(answer.response.startswith("a + b"), answer.response)
        self.assertIn("insert", self.client.show(CODER).capabilities)
        with self.refused(400, "suffix"):
            self.client.generate(model=MODEL, prompt="a", suffix="b")

    def test_tools_are_called_and_answered(self):
        def greet(name: str) -> str:
            """Greets somebody.

            Args:
              name: who it is
            """
            return f"hello {name}"

        answer = self.client.chat(model=MODEL, messages=QUESTION, tools=[greet], options={"temperature": 0, "num_predict": 100})
        messages = [*QUESTION, answer.message]
        if answer.message.tool_calls:
            self.assertEqual(answer.message.tool_calls[0].function.name, "greet")
            messages.append({"role": "tool", "tool_name": "greet", "content": greet(**answer.message.tool_calls[0].function.arguments)})
        self.assertTrue(self.client.chat(model=MODEL, messages=messages, options=BRIEF).done)

    def test_format_keeps_to_a_schema(self):
        schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
        for format in (schema, "json"):
            answer = self.client.chat(model=MODEL, messages=QUESTION, format=format, options={"num_predict": 300, "seed": 2})
            self.assertTrue(answer.message.content.startswith("{"), answer.message.content)
            if answer.done_reason == "stop":
                self.assertIsInstance(json.loads(answer.message.content), dict)
        with self.refused(400, "invalid format"):
            self.post("/api/chat", {"model": MODEL, "messages": QUESTION, "format": "xml"})

    def post(self, path, body):
        """For what the client has no words for."""
        got, _, text = self.server.request("POST", path, body)
        if got >= 400:
            raise self.ollama.ResponseError(text, got)
        return json.loads(text)

    def test_texts_become_vectors_of_length_one(self):
        answer = self.client.embed(model=MODEL, input=["a dog", "a cat", "a dog"])
        self.assertEqual(len(answer.embeddings), 3)
        self.assertEqual(answer.embeddings[0], answer.embeddings[2])
        self.assertAlmostEqual(sum(x * x for x in answer.embeddings[0]), 1, places=4)
        self.assertGreater(answer.prompt_eval_count, 0)
        self.assertEqual(len(self.client.embed(model=MODEL, input="a dog", dimensions=8).embeddings[0]), 8)
        self.assertEqual(self.client.embed(model=MODEL, input=[]).embeddings, [])
        self.assertEqual(len(self.client.embeddings(model=MODEL, prompt="a dog").embedding), len(answer.embeddings[0]))
        long = "word " * 9000
        self.assertEqual(len(self.client.embed(model=MODEL, input=long).embeddings), 1)
        with self.refused(400, "tokens"):
            self.client.embed(model=MODEL, input=long, truncate=False)

    def test_what_is_too_long_is_refused_with_both_counts_or_loses_its_oldest_messages(self):
        old = [{"role": "user", "content": "word " * 900}, {"role": "assistant", "content": "yes"}] * 6
        body = {"model": MODEL, "messages": [*old, *QUESTION], "stream": False, "options": BRIEF}
        with self.refused(400, "4096"):
            self.post("/api/chat", body)
        status, headers, text = self.server.request("POST", "/api/chat", {**body, "truncate": True})
        self.assertEqual(status, 200, text)
        self.assertGreater(int(headers["X-Ingle-Truncated"]), 0)
        self.assertLessEqual(json.loads(text)["prompt_eval_count"], 4096)

    def test_models_are_loaded_listed_and_unloaded(self):
        self.assertEqual(self.client.list().models[0].model, MODEL)
        self.assertEqual(self.client.generate(model=MODEL, keep_alive="10m").done_reason, "load")
        running = self.client.ps().models
        self.assertEqual([model.model for model in running], [MODEL])
        self.assertGreater(running[0].size, 0)
        self.assertGreater(running[0].context_length, 0)
        self.assertIn(MODEL, self.ok("ps").data)
        self.assertEqual(self.client.generate(model=MODEL, keep_alive=0).done_reason, "unload")
        self.assertEqual(self.client.ps().models, [])
        with self.refused(400, "missing unit"):
            self.client.generate(model=MODEL, keep_alive="300")

    def test_a_model_is_shown_with_all_that_its_file_says(self):
        shown = self.client.show(MODEL)
        self.assertEqual(shown.details.family, "llama")
        self.assertEqual(shown.modelinfo["general.architecture"], "llama")
        self.assertEqual(shown.modelinfo["tokenizer.ggml.tokens"], [])
        self.assertIn("{%", shown.template)
        self.assertIn("completion", shown.capabilities)
        verbose = self.post("/api/show", {"name": MODEL, "verbose": True})
        self.assertEqual(len(verbose["model_info"]["tokenizer.ggml.tokens"]), shown.modelinfo["llama.vocab_size"])
        self.assertIn({"name": "output_norm.weight", "type": "F32", "shape": [576]}, verbose["tensors"])

    def test_a_model_of_another_one_has_its_own_words_in_every_dialect(self):
        statuses = [part.status for part in self.client.create(
            "pirate", from_=MODEL, system="Always say ARR.", parameters={"temperature": 0, "num_predict": 8, "stop": ["zz"]},
            messages=[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ARR hi"}], license="none", stream=True)]
        self.assertEqual(statuses[-2:], ["writing manifest", "success"])
        self.assertTrue(statuses[0].startswith("using existing layer sha256:"), statuses)
        self.assertTrue(any(status.startswith("creating new layer sha256:") for status in statuses), statuses)
        asked = [{"role": "user", "content": "Who are you?"}]
        answer = self.client.chat("pirate", asked)
        self.assertEqual(answer.eval_count, 8)
        words = [{"role": "system", "content": "Always say ARR."}, {"role": "user", "content": "hi"},
                 {"role": "assistant", "content": "ARR hi"}, *asked]
        same = self.client.chat(MODEL, words, options=BRIEF)
        self.assertEqual(answer.message.content, same.message.content)
        self.assertEqual(answer.prompt_eval_count, same.prompt_eval_count)
        openai = self.post("/v1/chat/completions", {"model": "pirate", "messages": asked, "temperature": 0, "max_tokens": 8})
        self.assertEqual(openai["choices"][0]["message"]["content"], answer.message.content)
        shown = self.post("/api/show", {"model": "pirate"})
        self.assertEqual(shown["system"], "Always say ARR.")
        self.assertIn("num_predict                    8", shown["parameters"])
        self.assertEqual(len(shown["messages"]), 2)
        # The same file, so the same weights; a second blob would be a second copy.
        self.assertEqual(shown["model_info"], self.post("/api/show", {"model": MODEL})["model_info"])

    def test_a_model_of_an_uploaded_file_is_looked_at_before_it_is_listed(self):
        weights = weights_of(self.manifest)
        source = self.models / "blobs" / weights["digest"].replace(":", "-")
        changed = pathlib.Path(self.home) / "other.gguf"
        shutil.copy(source, changed)
        with open(changed, "ab") as file:
            file.write(b"\0" * 32)  # another digest
        digest = self.client.create_blob(changed)
        self.assertEqual(digest, "sha256:" + hashlib.sha256(changed.read_bytes()).hexdigest())
        self.assertEqual(self.server.request("HEAD", f"/api/blobs/{digest}")[0], 200)
        statuses = [part.status for part in self.client.create("mine", files={"other.gguf": digest}, stream=True)]
        self.assertEqual(statuses[0], "parsing GGUF")
        self.assertEqual(statuses[-1], "success")
        self.assertTrue(self.client.chat("mine", QUESTION, options=BRIEF).message.content)
        junk = pathlib.Path(self.write("junk.gguf", b"GGUF" + (3).to_bytes(4, "little") + b"and nothing that fits"))
        with self.refused(400, "not in GGUF format"):
            self.client.create("junk", files={"junk.gguf": self.client.create_blob(junk)})
        with self.refused(400, "not found"):
            self.client.create("none", files={"x.gguf": "sha256:" + "a" * 64})
        self.assertEqual({model.model for model in self.client.list().models}, {MODEL, "mine:latest"})
        self.client.delete("mine")
        self.assertEqual(self.server.request("HEAD", f"/api/blobs/{digest}")[0], 404)

    def test_blobs_are_taken_under_their_digest_and_nothing_else(self):
        digest = "sha256:" + hashlib.sha256(b"abc").hexdigest()
        self.assertEqual(self.server.request("HEAD", f"/api/blobs/{digest}")[0], 404)
        self.assertEqual(self.server.request("POST", f"/api/blobs/{digest}", b"abcd")[0], 400)
        self.assertEqual(self.server.request("POST", f"/api/blobs/{digest}", b"abc")[0], 201)
        self.assertEqual(self.server.request("POST", f"/api/blobs/{digest}", b"abc")[0], 200)
        for wrong in ("sha256:abc", "sha512:" + "a" * 128, "..%2f..%2fetc%2fpasswd", "a" * 64):
            self.assertEqual(self.server.request("POST", f"/api/blobs/{wrong}", b"abc")[0], 400, wrong)
        self.assertEqual(list((self.models / ".ingle" / "partial").glob("upload-*")), [])
        # A client that goes away on the way leaves nothing either.
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=ingle.WATCHDOG_S)
        connection.putrequest("POST", "/api/blobs/sha256:" + "b" * 64)
        connection.putheader("Content-Length", str(64 << 20))
        connection.endheaders()
        connection.send(b"x" * (1 << 20))
        connection.close()
        self.assertEqual(self.server.request("POST", f"/api/blobs/{digest}", b"abc")[0], 200)

    def test_a_copy_is_the_same_model_under_another_name(self):
        self.assertEqual(self.client.copy(MODEL, "team/mine:v1").status, "success")
        digests = {model.model: model.digest for model in self.client.list().models}
        self.assertEqual(digests["team/mine:v1"], digests[MODEL])
        self.assertTrue(self.client.generate("team/mine:v1", "hi", options=BRIEF).response)
        with self.refused(404, "model 'none' not found"):
            self.client.copy("none", "x")
        with self.refused(400, 'destination "a b" is invalid'):
            self.client.copy(MODEL, "a b")

    def test_an_installed_model_needs_no_pull_and_can_be_deleted(self):
        statuses = [progress.status for progress in self.client.pull(MODEL, stream=True)]
        self.assertEqual(statuses[-1], "success")
        self.assertEqual(self.client.delete(MODEL).status, "success")
        self.assertEqual(self.client.list().models, [])
        with self.refused(404, f"model '{MODEL}' not found"):
            self.client.delete(MODEL)
        with self.refused(404, f"model '{MODEL}' not found"):
            self.client.chat(model=MODEL, messages=QUESTION)
        self.assertTrue(any((self.models / "blobs").iterdir()))  # not ours to prune

    def test_what_cannot_be_done_is_said_in_ollamas_words(self):
        with self.refused(400, f'"{MODEL}" does not support thinking'):
            self.client.chat(model=MODEL, messages=QUESTION, think=True)
        with self.refused(400, 'option "temperature" must be of type float32'):
            self.client.chat(model=MODEL, messages=QUESTION, options={"temperature": "hot"})
        with self.refused(501, "pushed"):
            self.client.push(MODEL)
        with self.refused(501, "quantize"):
            self.client.create("x", from_=MODEL, quantize="q4_K_M")
        self.assertEqual(self.server.request("POST", "/api/chat", "")[2], '{"error":"missing request body"}')
        for method, path in (("HEAD", "/"), ("HEAD", "/api/tags"), ("HEAD", "/api/version"), ("GET", "/api/ps")):
            self.assertEqual(self.server.request(method, path)[0], 200, path)


@needs(MODEL)
@unittest.skipUnless((NODE_CLIENTS / "node_modules").is_dir() or os.environ.get("INGLE_REQUIRE_MODELS") == "1",
                     "the clients are not in tests/clients")
class JavaScriptClient(OllamaTest):
    def test_every_call_of_the_client_is_answered(self):
        server = Server(self)
        done = subprocess.run(["node", str(NODE_CLIENTS / "ollama.mjs"), server.url, MODEL], capture_output=True, text=True,
                              timeout=ingle.WATCHDOG_S, env=ingle.CLEAN_ENVIRONMENT, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "ok\n"), done.stderr)


@needs(MODEL)
class FolderOfOllama(OllamaTest):
    """OLLAMA_MODELS: a folder that Ollama filled, with layers that Inglenook does not make."""

    def setUp(self):
        super().setUp()
        manifest = json.loads(self.manifest.read_text())

        def layer(kind, text):
            digest = hashlib.sha256(text.encode()).hexdigest()
            (self.models / "blobs" / f"sha256-{digest}").write_text(text)
            return {"mediaType": f"application/vnd.ollama.image.{kind}", "digest": f"sha256:{digest}", "size": len(text)}

        manifest["layers"] += [layer("template", "{{ .System }}{{ .Prompt }}"), layer("system", "Be brief."),
                               layer("params", '{"num_predict":3,"temperature":0}')]
        place = self.models / "manifests" / "registry.ollama.ai" / "somebody" / "Mixed-Case_1.5"
        place.mkdir(parents=True)
        (place / "latest").write_text(json.dumps(manifest))
        self.elsewhere = self.home / "ollama"
        self.models.rename(self.elsewhere)

    def test_is_used_as_it_is_and_what_is_there_stays(self):
        before = sorted(path.name for path in self.elsewhere.rglob("*"))
        server = Server(self, OLLAMA_MODELS=str(self.elsewhere))
        answer = server.json("POST", "/api/chat", {"model": "somebody/mixed-case_1.5", "messages": QUESTION, "stream": False})
        self.assertEqual(answer["eval_count"], 3)
        shown = server.json("POST", "/api/show", {"model": "somebody/Mixed-Case_1.5"})
        self.assertEqual(shown["system"], "Be brief.")
        self.assertIn("{%", shown["template"])
        created = server.json("POST", "/api/create", {"model": "mine", "from": "somebody/Mixed-Case_1.5", "stream": False,
                                                      "template": shown["template"], "system": "Be long."})
        self.assertEqual(created, {"status": "success"})
        server.json("DELETE", "/api/delete", {"model": "mine"})
        self.assertEqual([name for name in before if not any(self.elsewhere.rglob(name))], [])
        server.json("DELETE", "/api/delete", {"model": "somebody/Mixed-Case_1.5"})
        self.assertTrue(all((self.elsewhere / "blobs" / name).exists() for name in before if name.startswith("sha256-")))


@needs(MODEL)
class Modelfiles(OllamaTest):
    """`ingle create` and `ingle cp`: what they make is what /api/create and /api/copy make."""

    FILE = ("# brief\nFROM smollm2:135m\nPARAMETER temperature 0\nparameter num_predict 4\nPARAMETER stop \"END OF TEXT\"\n"
            'SYSTEM """\nAnswer in\none line.\n"""\nMESSAGE user Hello\nMESSAGE assistant "Hi"\nLICENSE mine\n')

    def made(self, text, *words, name="mine"):
        return self.ok("create", name, "-f", "-", *words, text=text)

    def test_a_model_of_another_one_shares_its_weights_and_has_its_own_words(self):
        self.assertEqual(self.made(self.FILE).talk, "made mine:latest from smollm2:135m: ingle run mine:latest\n")
        server = Server(self)
        mine, base = (server.json("POST", "/api/show", {"model": name}) for name in ("mine", MODEL))
        self.assertEqual(mine["system"], "\nAnswer in\none line.\n")
        self.assertEqual(mine["messages"], [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}])
        self.assertRegex(mine["parameters"], r'num_predict +4\n')
        self.assertIn("END OF TEXT", mine["parameters"])
        self.assertEqual(mine["model_info"], base["model_info"])
        answer = server.json("POST", "/api/chat", {"model": "mine", "messages": QUESTION, "stream": False})
        self.assertEqual(answer["eval_count"], 4)
        again = server.json("POST", "/api/create", {
            "model": "same", "from": MODEL, "stream": False, "system": "\nAnswer in\none line.\n", "license": ["mine"],
            "messages": mine["messages"], "parameters": {"temperature": 0, "num_predict": 4, "stop": ["END OF TEXT"]}})
        self.assertEqual(again, {"status": "success"})
        ids = {model["name"]: model["digest"] for model in server.json("GET", "/api/tags")["models"]}
        self.assertEqual(ids["mine:latest"], ids["same:latest"])

    def test_what_show_prints_makes_the_same_model_again(self):
        self.made(self.FILE)
        server = Server(self)
        shown = server.json("POST", "/api/show", {"model": "mine"})
        self.made(shown["modelfile"], name="again")
        again = server.json("POST", "/api/show", {"model": "again"})
        for part in ("system", "messages", "parameters", "template"):
            self.assertEqual(again.get(part), shown.get(part), part)

    def test_a_model_of_a_file_named_from_the_modelfiles_folder(self):
        source = self.models / "blobs" / weights_of(self.manifest)["digest"].replace(":", "-")
        folder = self.home / "work"
        folder.mkdir()
        shutil.copy(source, folder / "my model.gguf")
        (folder / "Modelfile").write_text('FROM "./my model.gguf"\nPARAMETER num_predict 3')
        made = self.ok("create", "of:file", "-f", str(folder / "Modelfile"), "--json").json()
        self.assertEqual(made, {"name": "of:file", "from": "./my model.gguf", "digest": made["digest"], "weights": weights_of(self.manifest)["digest"],
                                "size": source.stat().st_size})
        self.assertIn("of:file", self.ok("list").data)

    def test_what_cannot_be_made_is_refused_with_the_reason_and_leaves_nothing(self):
        junk = self.write("junk.gguf", b"GGUF" + (3).to_bytes(4, "little") + b"and nothing that fits")
        before = sorted(path.name for path in self.models.rglob("sha256-*"))
        for text, code, told in (("", 3, "there is no FROM"), ("FROM smollm2:135m\nADAPTER ./a.gguf", 3, "line 2: adapter: this version has no adapters"),
                                 (self.FILE + "TEMPLATE {{ .Prompt }}", 3, "Jinja"), (self.FILE + "PARAMETER heat 1", 3, "line 13"),
                                 (self.FILE + "PARAMETER top_p high", 2, "top_p"), (self.FILE + 'SYSTEM """x', 3, "does not end"),
                                 (f"FROM {junk}", 3, "junk.gguf"), (f"FROM {self.home}", 3, "is a folder"),
                                 ("FROM ./none.gguf", 1, "none.gguf"), (b"GGUF\xff", 3, "UTF-8")):
            self.assert_refused(self.run_ingle("create", "mine", "-f", "-", text=text), code, told)
        self.assert_refused(self.run_ingle("create", "mine", "-f", "-", text="FROM no/such", INGLE_OFFLINE="1"), 1, "no/such")
        self.assert_refused(self.run_ingle("create", "a:b:c", "-f", "-", text=self.FILE), 2, "name")
        self.assert_refused(self.run_ingle("create", "mine", "-q", "q4_0"), 3, "does not quantize")
        self.assertEqual(sorted(path.name for path in self.models.rglob("sha256-*")), before)
        self.assertEqual([row["name"] for row in self.ok("list", "--json").lines()], [MODEL])

    def test_a_copy_is_another_name_for_the_same_weights(self):
        done = self.ok("cp", MODEL, "gpt-3.5-turbo", "--json").json()
        self.assertEqual((done["name"], done["source"]), ("gpt-3.5-turbo:latest", MODEL))
        rows = {row["name"]: row for row in self.ok("list", "--json").lines()}
        self.assertEqual(rows[MODEL]["id"], rows["gpt-3.5-turbo:latest"]["id"])
        self.ok("rm", "gpt-3.5-turbo")
        self.ok("show", MODEL)
        self.assert_refused(self.run_ingle("cp", "no-such-model", "x"), 1, "no-such-model")
        self.assert_refused(self.run_ingle("cp", MODEL, "../x"), 2, "not a model's name")
        self.assert_refused(self.run_ingle("cp", MODEL), 2, "DESTINATION")


class Variables(IngleTest):
    """OLLAMA_*: what Ollama's users have in unit files and compose files must not keep a server from starting."""

    shared_models = False

    def test_what_means_nothing_here_is_told_and_left_aside(self):
        odd = {"OLLAMA_KV_CACHE_TYPE": "q4_0", "OLLAMA_KEEP_ALIVE": "soon", "OLLAMA_NUM_PARALLEL": '"2"'}
        told = self.ok("config", **odd).data
        self.assertIn("# note: OLLAMA_KV_CACHE_TYPE: 'q4_0'", told)
        self.assertIn("# note: OLLAMA_KEEP_ALIVE: 'soon'", told)
        self.assertRegex(told, r"parallel +INGLE_PARALLEL +2 +from OLLAMA_NUM_PARALLEL")
        self.assertEqual(Server(self, "--engine", "echo", **odd).request("GET", "/")[2], "Ollama is running")
        self.assertEqual(self.run_ingle("config", INGLE_KEEP_ALIVE="soon").code, 2)

    def test_uploads_that_no_model_was_made_of_go_when_a_server_starts_unless_noprune(self):
        old, young = (f"sha256:{hashlib.sha256(text).hexdigest()}" for text in (b"old", b"young"))
        server = Server(self, "--engine", "echo")
        for digest, text in ((old, b"old"), (young, b"young")):
            self.assertEqual(server.request("POST", f"/api/blobs/{digest}", text)[0], 201)
        server.close()
        file = self.home / "models" / "blobs" / old.replace(":", "-")
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 2 * 3600))
        for setting, there in (({"OLLAMA_NOPRUNE": "1"}, 200), ({}, 404)):
            server = Server(self, "--engine", "echo", **setting)
            self.assertEqual(server.request("HEAD", f"/api/blobs/{old}")[0], there, setting)
            self.assertEqual(server.request("HEAD", f"/api/blobs/{young}")[0], 200)
            server.close()

    def test_pages_of_desktop_programs_may_ask_and_other_pages_may_not(self):
        server = Server(self, "--engine", "echo", OLLAMA_ORIGINS="chrome-extension://*,http://localhost:5173")
        for origin, status in (("app://obsidian.md", 200), ("tauri://localhost", 200), ("vscode-webview://1a2b", 200),
                               ("chrome-extension://abc", 200), ("http://localhost:5173", 200), ("moz-extension://abc", 403),
                               ("http://localhost:3000", 403), ("http://app.example", 403), ("file://", 403), ("null", 403)):
            got, headers, _ = server.request("GET", "/api/version", headers={"Origin": origin})
            self.assertEqual((got, headers.get("Access-Control-Allow-Origin")), (status, origin if status == 200 else None), origin)


if __name__ == "__main__":
    unittest.main()
