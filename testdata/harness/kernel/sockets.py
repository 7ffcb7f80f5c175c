#!/usr/bin/env python3
"""Whose are the answers that come to a UDP socket, for rules on INPUT?

Called in a network namespace of its own. Reads jobs, one JSON object a line: {"rules": TEXT of nft, "uid", "gid",
"family": 4 or 6, "connected": true or false}. Writes for each whether the answer came back.

The far end of a veth pair, in a second namespace, echoes what it gets. A client sends one datagram by a socket of
its own, and waits for the answer until what the far end sends after it, to a socket that no rule is about, is here.
"""

import ctypes
import json
import socket
import subprocess
import sys

FAR = {4: "192.0.2.1", 6: "2001:db8::1"}
DNS, BEACON = 53, 54
PATIENCE = 10  # seconds, after which something is broken and no answer is given
_libc = ctypes.CDLL(None)
ECHO = """
import select, socket
sockets = []
for family, address in (socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"):
    for port in 53, 54:
        sockets.append(socket.socket(family, socket.SOCK_DGRAM))
        sockets[-1].bind((address, port))
print("ready", flush=True)
while True:
    for ready in sorted(select.select(sockets, [], [])[0], key=lambda it: it.getsockname()[1]):
        ready.sendto(*ready.recvfrom(100))
"""


def run(*command, text=""):
    subprocess.run(command, input=text, text=True, check=True)


def ip(*commands, within=()):
    run(*within, "ip", "-batch", "-", text="\n".join(commands))


def client(family, uid=0, gid=0):
    """A socket of a user and a group; only the filesystem ids change, so that capabilities stay."""
    _libc.setfsgid(gid)
    _libc.setfsuid(uid)
    try:
        return socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    finally:
        _libc.setfsuid(0)
        _libc.setfsgid(0)


def comes_back(job):
    run("nft", "-f", "-", text="flush ruleset\n" + job["rules"])
    far = FAR[job["family"]]
    with client(job["family"], job["uid"], job["gid"]) as asker, client(job["family"]) as beacon:
        if job["connected"]:
            asker.connect((far, DNS))
            asker.send(b"first")
        else:
            asker.sendto(b"first", (far, DNS))
        beacon.settimeout(PATIENCE)
        # Twice: the far end has answered the first packet when it answers the second beacon.
        for _ in range(2):
            beacon.sendto(b"second", (far, BEACON))
            beacon.recv(100)
        asker.setblocking(False)
        try:
            return asker.recv(100) == b"first"
        except BlockingIOError:
            return False


def main():
    with subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"], stdout=subprocess.PIPE) as far:
        far.stdout.readline()
        within = ["nsenter", f"--net=/proc/{far.pid}/ns/net"]
        ip("link set lo up", f"link add eth0 type veth peer name eth0 netns {far.pid}", "link set eth0 up")
        ip("addr add 192.0.2.10/24 dev eth0", "addr add 2001:db8::10/64 dev eth0 nodad")
        ip("link set lo up", "link set eth0 up", within=within)
        ip("addr add 192.0.2.1/24 dev eth0", "addr add 2001:db8::1/64 dev eth0 nodad", within=within)
        with subprocess.Popen([*within, sys.executable, "-c", ECHO], stdout=subprocess.PIPE) as echo:
            echo.stdout.readline()
            try:
                for line in sys.stdin:
                    print(json.dumps(comes_back(json.loads(line))), flush=True)
            finally:
                echo.kill()
                far.kill()


if __name__ == "__main__":
    main()
