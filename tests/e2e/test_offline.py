"""The offline switch: what a running server was sending ends, and its process with a way out is gone."""
import os
import select
import shutil
import socket
import ssl
import tempfile
import threading
import unittest

import server as servers
from ingle import IngleTest, WATCHDOG_S


class SilentIndex:
    """Takes connections and never answers."""

    def __init__(self, test):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.asked = threading.Event()
        self.clients = []
        test.addCleanup(self.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.clients.append(client)
            if client.recv(1):
                self.asked.set()

    def environment(self):
        port = self.socket.getsockname()[1]
        return {"PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple", "PIP_CONFIG_FILE": "/dev/null",
                "PIP_EXTRA_INDEX_URL": "", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def close(self):
        self.socket.close()
        for client in self.clients:
            client.close()


class Offline(IngleTest):
    shared_models = False

    def test_the_switch_ends_what_a_server_is_sending_and_the_process_that_sent_it(self):
        index = SilentIndex(self)
        server = servers.Server(self, **index.environment())
        answers = []
        pull = threading.Thread(target=lambda: answers.append(
            server.request("POST", "/api/pull", {"model": "smollm2:135m", "stream": False}, server.owner())))
        pull.start()
        self.assertTrue(index.asked.wait(WATCHDOG_S))
        (online,) = server.roles("egress")
        ended = os.pidfd_open(online)
        self.addCleanup(os.close, ended)
        self.ok("offline", "on")
        waiting = select.poll()
        waiting.register(ended, select.POLLIN)
        # The index never answers, and downloads are patient for longer than this.
        self.assertTrue(waiting.poll(20_000), "the process that can connect goes on")
        pull.join(WATCHDOG_S)
        self.assertEqual(len(answers), 1)
        self.assertGreaterEqual(answers[0][0], 400, answers)
        self.assertIn("offline", answers[0][2])

    def test_a_locked_server_reads_the_certificates_that_the_settings_name(self):
        folder = tempfile.mkdtemp(prefix="ingle-ca-")
        self.addCleanup(shutil.rmtree, folder)
        bundle = ssl.get_default_verify_paths().cafile
        if bundle is None:
            self.skipTest("this machine has no bundle of certificates to copy")
        own = shutil.copy(bundle, folder)
        index = SilentIndex(self)
        server = servers.Server(self, SSL_CERT_FILE=own, **index.environment())
        answers = []
        pull = threading.Thread(target=lambda: (answers.append(
            server.request("POST", "/api/pull", {"model": "smollm2:135m", "stream": False}, server.owner())),
            index.asked.set()))
        pull.start()
        self.assertTrue(index.asked.wait(WATCHDOG_S))
        self.assertEqual(answers, [], "it did not get as far as asking the index")
        self.ok("offline", "on")
        pull.join(WATCHDOG_S)


if __name__ == "__main__":
    unittest.main()
