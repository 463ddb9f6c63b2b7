"""How the end-to-end tests drive the real binary. Python's standard library only."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("INGLE_BINARY", str(ROOT / "build" / "dev" / "ingle"))
TEST_HOME = pathlib.Path(
    os.environ.get("INGLE_TEST_HOME")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "ingle-test")
WATCHDOG_S = 600  # far beyond what anything here takes; it only ends what hangs

# What the machine that runs the tests may have set must not change them.
CLEAN_ENVIRONMENT = {name: value for name, value in os.environ.items()
                     if not name.startswith(("INGLE_", "OLLAMA_")) and name not in ("HF_ENDPOINT", "NO_COLOR")}


class Finished:
    def __init__(self, code, data, talk):
        self.code, self.data, self.talk = code, data, talk

    def json(self):
        return json.loads(self.data)

    def lines(self):
        return [json.loads(line) for line in self.data.splitlines()]


def installed_models():
    manifests = TEST_HOME / "models" / "manifests"
    return {f"{path.parent.name}:{path.name}" for path in manifests.glob("*/library/*/*")} if manifests.is_dir() else set()


def needs(model):
    """Skips where ./test has not pulled the models. ./test itself pulls them first and lets none be missing."""
    return unittest.skipUnless(is_there(model), f"{model} is not in {TEST_HOME}")


def is_there(model):
    if (model if ":" in model else model + ":latest") in installed_models():
        return True
    if os.environ.get("INGLE_REQUIRE_MODELS") == "1":
        raise RuntimeError(f"{model} is not in {TEST_HOME}, and INGLE_REQUIRE_MODELS=1 says that it must be")
    return False


def copy_model(models, name):
    """A models folder of the test's own, so that it can delete: as Ollama fills it, blobs linked."""
    model, tag = name.split(":")
    manifest = next((TEST_HOME / "models" / "manifests").glob(f"*/library/{model}/{tag}"))
    place = models / manifest.relative_to(TEST_HOME / "models")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(manifest, place)
    (models / "blobs").mkdir(exist_ok=True)
    layers = json.loads(manifest.read_text())
    for layer in [*layers["layers"], layers["config"]]:
        blob = layer["digest"].replace(":", "-")
        source, target = TEST_HOME / "models" / "blobs" / blob, models / "blobs" / blob
        if target.exists():
            continue
        try:
            os.link(source, target)
        except OSError:
            shutil.copy(source, target)
    return place


class IngleTest(unittest.TestCase):
    """A fresh INGLE_HOME for every test; models are read from the shared test home unless a test says otherwise."""

    shared_models = True

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="ingle-e2e-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)

    def environment(self, **extra):
        environment = dict(CLEAN_ENVIRONMENT, INGLE_HOME=str(self.home), INGLE_DISCOVER="0")
        environment.update(extra)
        if self.shared_models:
            environment["OLLAMA_MODELS"] = str(TEST_HOME / "models")
        return environment

    def run_ingle(self, *words, text=b"", **extra):
        """Runs to the end; stdin is `text`, never a terminal."""
        if isinstance(text, str):
            text = text.encode()
        done = subprocess.run([BINARY, *words], input=text, capture_output=True, timeout=WATCHDOG_S,
                              env=self.environment(**extra), check=False)
        return Finished(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace"))

    def ok(self, *words, **named):
        done = self.run_ingle(*words, **named)
        self.assertEqual(done.code, 0, f"{words}: {done.talk}")
        return done

    def write(self, name, content):
        path = self.home / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def assert_refused(self, done, code, *words):
        """One clear error: the right exit code, what and where, nothing on stdout, no stack trace."""
        self.assertEqual(done.code, code, done.talk)
        self.assertEqual(done.data, "")
        self.assertEqual(done.talk.count("error: "), 1, done.talk)
        self.assertLess(len(done.talk.splitlines()), 6, done.talk)
        for word in words:
            self.assertIn(word, done.talk)
