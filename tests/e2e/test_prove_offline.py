"""prove-offline: nothing gets out of any role, and a capture at the only way out sees no frame."""
import collections
import json
import os
import socket
import sys
import unittest

import edge
import ingle

ROLES = {"front", "engine", "parse", "egress"}
CONNECT = "import socket, sys; s = socket.socket(int(sys.argv[1])); s.setblocking(False); s.connect_ex((sys.argv[2], 443))"


class ProveOffline(ingle.IngleTest):
    shared_models = False

    def check(self, report):
        tried = collections.Counter(attempt["role"] for attempt in report["attempts"])
        self.assertEqual(set(tried), ROLES)
        for role, count in tried.items():
            self.assertGreaterEqual(count, 10, role)
        for attempt in report["attempts"]:
            self.assertEqual(set(attempt), {"role", "name", "outcome"})
            self.assertTrue(attempt["outcome"].startswith("blocked: "), attempt)
        self.assertEqual(report["escapes"], 0)

    def test_nothing_gets_out_of_any_role(self):
        self.check(self.ok("prove-offline", "--json").json())

    def test_people_get_a_table_of_each_role_and_a_summary(self):
        done = self.ok("prove-offline")
        for role in ROLES:
            self.assertIn(f"\n{role}: ", "\n" + done.data)
        self.assertIn("nothing got out", done.data)


class AtTheEdge(ingle.IngleTest):
    shared_models = False

    def setUp(self):
        super().setUp()
        try:
            self.edge = edge.Edge()
        except edge.Impossible as reason:
            self.skipTest(f"no network namespaces here: {reason}")
        self.addCleanup(self.edge.close)

    def connect(self, family, address):
        code, _, error, frames = self.edge.run(sys.executable, "-c", CONNECT, str(int(family)), address, wait_for_a_frame=True)
        self.assertEqual(code, 0, error)
        return frames

    def test_no_frame_leaves_while_every_role_tries(self):
        code, out, error, frames = self.edge.run(ingle.BINARY, "prove-offline", "--json", environment=self.environment())
        self.assertEqual(code, 0, error)
        report = json.loads(out)
        self.assertEqual(report["escapes"], 0)
        self.assertGreater(len(report["attempts"]), 100)
        self.assertEqual([frame.hex() for frame in frames], [])
        # The watcher was awake and the way was open: a program without locks is seen at once.
        for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
            if family == socket.AF_INET6 and not os.path.exists("/proc/net/if_inet6"):
                continue
            seen = self.connect(family, address)
            self.assertTrue(any(socket.inet_pton(family, address) in frame for frame in seen), address)


if __name__ == "__main__":
    unittest.main()
