"""What whoever runs `ingle serve` relies on: its log, /metrics, SIGHUP, a service manager's socket, the end by SIGTERM."""
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from ingle import BINARY, WATCHDOG_S, IngleTest, needs
from server import Server

MODEL = "smollm2:135m"
SECRET = "the-canary-that-no-log-may-sing-of"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def wait_until(is_so, what):
    end = time.monotonic() + WATCHDOG_S
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"never: {what}")
        time.sleep(0.01)


def open_stream(server, tokens, model="echo"):
    body = {"model": model, "stream": True, "max_tokens": tokens, "temperature": 0, "messages": [{"role": "user", "content": "Tell me a story"}]}
    return urllib.request.urlopen(urllib.request.Request(server.url + "/v1/chat/completions", data=json.dumps(body).encode(),
                                                         headers={"Content-Type": "application/json"}), timeout=WATCHDOG_S)


class Log(IngleTest):
    @needs(MODEL)
    def test_a_request_is_a_line_with_its_numbers_its_trace_and_none_of_its_words(self):
        server = Server(self)
        status, headers, _ = server.request("POST", "/v1/chat/completions",
                                            {"model": MODEL, "max_tokens": 4, "temperature": 0, "messages": [{"role": "user", "content": SECRET}]},
                                            {"traceparent": TRACE})
        self.assertEqual(status, 200)
        self.assertEqual(headers["traceparent"], TRACE)
        path = self.home / "logs" / "server.jsonl"

        def lines():
            return [json.loads(line) for line in path.read_text().splitlines()]

        wait_until(lambda: any(line["event"] == "request" for line in lines()), "a line of the request")
        request = next(line for line in lines() if line["event"] == "request")
        self.assertEqual(request["request_id"], headers["x-request-id"])
        self.assertEqual(request["model"], MODEL)
        self.assertEqual(request["completion_tokens"], 4)
        self.assertEqual(request["trace_id"], TRACE.split("-")[1])
        self.assertIn("model_loaded", [line["event"] for line in lines()])
        self.assertNotIn(SECRET, path.read_text())
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        _, _, metrics = server.request("GET", "/metrics")
        self.assertIn(f'ingle_generated_tokens_total{{model="{MODEL}"}} 4\n', metrics)
        self.assertIn(f'ingle_engine_requests{{model="{MODEL}",state="running"}} 0\n', metrics)
        self.assertNotIn(SECRET, metrics)
        self.assertIn("4 written", self.ok("logs", "--request", request["request_id"]).data)
        self.assertEqual(self.ok("logs", "--errors", "--json").data, "")


    def test_a_log_that_was_moved_or_removed_comes_back_and_is_followed(self):
        server = Server(self, "--engine", "echo")
        log = self.home / "logs" / "server.jsonl"
        following = subprocess.Popen([BINARY, "logs", "-f", "--json"], env=self.environment(), stdout=subprocess.PIPE, text=True)
        self.addCleanup(following.stdout.close)
        self.addCleanup(following.kill)

        def follow_to(what):
            while what not in following.stdout.readline():
                pass

        for number, harm in enumerate((lambda: None, lambda: os.truncate(log, 0), lambda: log.rename(log.with_suffix(".moved")), log.unlink,
                                       lambda: shutil.rmtree(log.parent))):
            harm()
            server.request("GET", "/api/tags", headers={"X-Request-Id": f"after-{number}"})
            follow_to(f"after-{number}")
            self.assertIn(f"after-{number}", log.read_text())
        following.send_signal(signal.SIGINT)
        self.assertEqual(following.wait(WATCHDOG_S), 0)


class Signals(IngleTest):
    def status(self, server, host):
        return server.request("GET", "/health", headers={"Host": host})[0]

    def test_a_hangup_reads_the_settings_anew_and_no_stream_ends(self):
        server = Server(self, "--engine", "echo")
        self.write("config.toml", 'hosts = "house.example"\nthreads = 3\n')
        self.assertEqual(self.status(server, "house.example"), 403)
        with open_stream(server, 10) as stream:
            first = stream.readline()
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: self.status(server, "house.example") == 200, "the new name of the host")
            rest = stream.read()
        self.assertTrue(first.startswith(b"data: "))
        self.assertTrue(rest.rstrip().endswith(b"data: [DONE]"))
        # A file with a fault changes nothing, and both who looks and the log are told which.
        for text, told in (("kep_alive = \"1h\"\n", ("line 1", "kep_alive", "did you mean 'keep_alive'?")),
                           ("offline = false\nkeep_alive = \"7x\"\n", ("config.toml, line 2, keep_alive", "'7x'"))):
            self.write("config.toml", text)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda told=told: all(word in server.said() for word in told), "a refused reload")
        log = self.home / "logs" / "server.jsonl"
        wait_until(lambda: "line 2, keep_alive" in log.read_text(), "the refused reload in the log")
        self.assertEqual(self.status(server, "house.example"), 200)

    def test_the_end_lets_streams_end(self):
        server = Server(self, "--engine", "echo")
        with open_stream(server, 12) as stream:
            stream.readline()
            server.process.send_signal(signal.SIGTERM)
            self.assertTrue(stream.read().rstrip().endswith(b"data: [DONE]"))
        self.assertEqual(server.process.wait(WATCHDOG_S), 0)


    @needs(MODEL)
    def test_a_signal_to_every_process_lets_streams_of_a_model_end(self):
        server = Server(self)
        server.json("POST", "/api/generate", {"model": MODEL})
        processes = server.processes()
        self.assertIn("ingle-engine", [name for _, name in processes])
        with open_stream(server, 100, MODEL) as stream:
            while b'"content":" ' not in stream.readline():
                pass  # what has not begun would have a second chance
            for pid, _ in processes:
                os.kill(pid, signal.SIGTERM)
            rest = stream.read()
        self.assertNotIn(b'"error"', rest)
        self.assertTrue(rest.rstrip().endswith(b"data: [DONE]"))
        self.assertEqual(server.process.wait(WATCHDOG_S), 0)
        self.assertEqual([pid for pid, _ in processes if os.path.exists(f"/proc/{pid}")], [])

    @needs(MODEL)
    def test_an_engine_that_does_not_answer_does_not_keep_the_server_from_ending(self):
        server = Server(self)
        server.json("POST", "/api/generate", {"model": MODEL})
        with open_stream(server, 2000, MODEL) as stream:
            stream.readline()
            (engine,) = server.roles("engine")
            os.kill(engine, signal.SIGSTOP)
            command = subprocess.Popen([BINARY, "run", MODEL, "Tell me a story", "-n", "2000"], env=self.environment(INGLE_THREADS="2"),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(command.wait)
            self.addCleanup(command.kill)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(WATCHDOG_S), 0)
            self.assertFalse(os.path.exists(f"/proc/{engine}"))

    @needs(MODEL)
    def test_a_stopped_spawner_does_not_keep_the_server_from_ending_and_does_not_stay(self):
        for how in ("loaded", "asked twice", "killed"):
            server = Server(self)
            server.json("POST", "/api/generate", {"model": MODEL})
            processes = [pid for pid, _ in server.processes()]
            with open_stream(server, 2000, MODEL) as stream:
                stream.readline()
                if how == "loaded":
                    stream.close()
                os.kill(server.roles("spawner")[0], signal.SIGSTOP)
                if how == "killed":
                    server.process.kill()
                else:
                    server.process.send_signal(signal.SIGTERM)
                if how == "asked twice":
                    wait_until(lambda: "ending" in json.loads((self.home / "run" / "server.json").read_text()), "the end begins")
                    server.process.send_signal(signal.SIGTERM)
                code = server.process.wait(WATCHDOG_S)
            self.assertEqual(code, {"loaded": 0, "asked twice": 130, "killed": -signal.SIGKILL}[how])
            wait_until(lambda: not [pid for pid in processes if os.path.exists(f"/proc/{pid}")], f"the end of all processes, {how}")

    @needs(MODEL)
    def test_a_server_that_can_start_no_engine_any_more_ends_and_says_why(self):
        server = Server(self)
        server.json("POST", "/api/generate", {"model": MODEL})
        with open_stream(server, 2000, MODEL) as stream:
            while b'"content":" ' not in stream.readline():
                pass
            (spawner,) = server.roles("spawner")
            os.kill(spawner, signal.SIGKILL)
            self.assertIn(b'"error"', stream.read())
        self.assertEqual(server.process.wait(WATCHDOG_S), 1, "supervisors start what failed")
        self.assertEqual(server.said().strip().splitlines()[-2:], [
            "error: the process that starts engines has ended",
            "  hint: start Inglenook again; where memory is short the kernel ends processes, and its log says so"])
        self.assertIn('"event":"broken"', (self.home / "logs" / "server.jsonl").read_text())


class ServiceManager(IngleTest):
    def test_its_socket_is_used_and_it_is_told_how_things_stand(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(told.close)
        told.bind(str(self.home / "notify"))
        told.settimeout(WATCHDOG_S)
        # The shell's number is that of the program it becomes, and it puts the socket where systemd would.
        process = subprocess.Popen(
            ["sh", "-c", f'LISTEN_PID=$$ exec "$0" serve --engine echo --json 3<&{listener.fileno()}', BINARY],
            env=self.environment(LISTEN_FDS="1", NOTIFY_SOCKET=str(self.home / "notify")), pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        address = json.loads(process.stdout.readline())
        self.assertEqual(address["port"], listener.getsockname()[1])
        self.assertTrue(told.recv(1000).startswith(b"READY=1"))
        with urllib.request.urlopen(address["url"] + "/health", timeout=WATCHDOG_S) as answer:
            self.assertEqual(json.load(answer), {"status": "ok"})
        process.send_signal(signal.SIGHUP)
        self.assertTrue(told.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC="))
        self.assertEqual(told.recv(1000), b"READY=1")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(told.recv(1000), b"STOPPING=1")
        self.assertEqual(process.wait(WATCHDOG_S), 0)
