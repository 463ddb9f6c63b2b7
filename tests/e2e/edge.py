"""A machine with one network cable, and somebody who watches it.

`Edge` makes two network namespaces joined by a veth pair. Programs run in the inner one, which has addresses, a default route
and a known neighbour, so that every packet to anywhere would leave at once; the outer end is captured. Needs no rights where
user namespaces are allowed. This file runs itself inside the outer namespace and is spoken to in lines of JSON.
"""
import base64
import ctypes
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
PACKET_OUTGOING = 4
INSIDE, OUTSIDE = "02:00:00:00:00:01", "02:00:00:00:00:02"
QUIET_S = 0.5    # after which what is on its way has arrived
WATCHDOG_S = 600


class Impossible(Exception):
    """This machine does not allow it; the text says why."""


class Edge:
    """For tests: `run` a program behind the cable and learn which frames left meanwhile."""

    def __init__(self):
        try:
            self.process = subprocess.Popen(
                ["unshare", "--user", "--map-root-user", "--net", sys.executable, __file__],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        except FileNotFoundError as missing:
            raise Impossible(str(missing)) from missing
        hello = self.process.stdout.readline()
        if not hello:
            reason = self.process.stderr.read().strip()
            self.close()
            raise Impossible(reason or "namespaces cannot be made here")

    def close(self):
        self.process.stdin.close()
        self.process.wait(WATCHDOG_S)
        self.process.stdout.close()
        self.process.stderr.close()

    def run(self, *words, environment=None, wait_for_a_frame=False):
        """(exit code, stdout, stderr, frames)"""
        request = {"words": words, "environment": dict(os.environ if environment is None else environment),
                   "wait_for_a_frame": wait_for_a_frame}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.stderr.read())
        answer = json.loads(line)
        return answer["code"], answer["out"], answer["err"], [base64.b64decode(frame) for frame in answer["frames"]]


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def inner_namespace():
    """A process that holds the inner namespace and ends with this one."""
    ready, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) == 0:
            os.write(go, b"!")
        os.close(go)
        while True:
            signal.pause()
    os.close(go)
    if os.read(ready, 1) != b"!":
        sys.exit("a second network namespace cannot be made here")
    return pid


def quiet_kernel(inside):
    """IPv6 speaks by itself, unless told not to: no router solicitations, no link-local address, multicast reports once."""
    settings = {"net/ipv6/conf/all/accept_ra": 0, "net/ipv6/conf/all/router_solicitations": 0,
                "net/ipv6/conf/all/autoconf": 0, "net/ipv6/conf/all/accept_dad": 0, "net/ipv6/conf/default/accept_ra": 0,
                "net/ipv6/conf/default/router_solicitations": 0, "net/ipv6/conf/default/autoconf": 0,
                "net/ipv6/conf/default/accept_dad": 0, "net/ipv6/conf/default/addr_gen_mode": 1,
                "net/ipv6/conf/default/mldv2_unsolicited_report_interval": 1, "net/ipv6/mld_qrv": 1}
    script = "; ".join(f"echo {value} >/proc/sys/{name}" for name, value in settings.items())
    subprocess.run([*inside, "sh", "-c", script], check=False)  # an IPv4-only kernel has none of them


def lay_cable(holder):
    inside = ["nsenter", "-t", str(holder), "-n"]
    quiet_kernel(inside)
    ip("link", "add", "edge", "address", OUTSIDE, "type", "veth", "peer", "name", "home", "address", INSIDE, "netns", str(holder))
    ip("link", "set", "edge", "up")

    def at_home(*words):
        subprocess.run([*inside, "ip", *words], check=True)

    at_home("link", "set", "lo", "up")
    at_home("link", "set", "home", "up")
    at_home("address", "add", "10.77.0.2/24", "dev", "home")
    at_home("neighbour", "replace", "10.77.0.1", "lladdr", OUTSIDE, "nud", "permanent", "dev", "home")
    at_home("route", "add", "default", "via", "10.77.0.1")
    if pathlib.Path("/proc/net/if_inet6").exists():
        at_home("-6", "address", "add", "2001:db8:77::2/64", "dev", "home", "nodad")
        at_home("-6", "neighbour", "replace", "2001:db8:77::1", "lladdr", OUTSIDE, "nud", "permanent", "dev", "home")
        at_home("-6", "route", "add", "default", "via", "2001:db8:77::1")
    return inside


def frames_until_quiet(capture, at_least=0):
    frames = []
    while True:
        patience = WATCHDOG_S if len(frames) < at_least else QUIET_S
        if not select.select([capture], [], [], patience)[0]:
            return frames
        frame, source = capture.recvfrom(65536)
        if source[2] != PACKET_OUTGOING:
            frames.append(frame)


def main():
    inside = lay_cable(inner_namespace())
    capture = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    capture.bind(("edge", 0))
    frames_until_quiet(capture)  # what the kernel itself says about new addresses
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        done = subprocess.run([*inside, *request["words"]], env=request["environment"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=WATCHDOG_S, check=False)
        frames = frames_until_quiet(capture, at_least=1 if request["wait_for_a_frame"] else 0)
        print(json.dumps({"code": done.returncode, "out": done.stdout.decode(), "err": done.stderr.decode("utf-8", "replace"),
                          "frames": [base64.b64encode(frame).decode() for frame in frames]}), flush=True)


if __name__ == "__main__":
    main()
