"""A host and all that a tunnel needs of the network, each in a private network namespace of its own.

Called in new namespaces of network and mounts as `edge.py FWLINT`, with a job on standard input:
`{"host": [commands], "network": [commands], "answers": {"A name": [values]}, "serves": [[protocol, port]], "arguments": []}`.
The commands are run by a shell in the one or the other before fwlint scans the host. Answers with
`{"status", "stdout", "stderr"}`.

The network answers questions for names over UDP and TCP, makes connections of TCP, and negotiates versions of QUIC.
"""

import ipaddress
import json
import selectors
import socket
import struct
import subprocess
import sys
import threading

RESOLVER = "192.0.2.53"
KINDS = {1: "A", 28: "AAAA", 33: "SRV"}
# A long header with the reserved version 0, and the versions that are spoken: 1 and 2.
NEGOTIATION, VERSIONS = b"\x80\0\0\0\0", struct.pack(">II", 1, 0x6B3343CF)


def name_at(message: bytes, at: int) -> tuple[str, int]:
    labels = []
    while length := message[at]:
        labels.append(message[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels), at + 1


def packed(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def data(kind: str, value: str) -> bytes:
    if kind == "SRV":
        host, port = value.rsplit(":", 1)
        return struct.pack(">HHH", 1, 1, int(port)) + packed(host)
    return ipaddress.ip_address(value).packed


def answer(message: bytes, answers: dict) -> bytes:
    """What a resolver says (RFC 1035, section 4.1): NXDOMAIN for names of which nothing is known."""
    name, end = name_at(message, 12)
    number, _ = struct.unpack_from(">HH", message, end)
    kind = KINDS.get(number, "")
    values = answers.get(f"{kind} {name}", [])
    is_known = any(question.endswith(f" {name}") for question in answers)
    flags = 0x8180 | (0 if is_known else 3)
    records = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", number, 1, 60, len(data(kind, value))) + data(kind, value) for value in values
    )
    return message[:2] + struct.pack(">HHHHH", flags, 1, len(values), 0, 0) + message[12 : end + 4] + records


def negotiate(message: bytes) -> bytes | None:
    """The versions, for a packet of an unknown one that is long enough (RFC 9000, sections 6 and 17.2.1)."""
    if len(message) < 1200 or not message[0] & 0x80 or message[1:5] == struct.pack(">I", 1):
        return None
    length = message[5]
    destination = message[6 : 6 + length]
    source = message[7 + length : 7 + length + message[6 + length]]
    ids = b"".join(bytes([len(each)]) + each for each in (source, destination))
    return NEGOTIATION + ids + VERSIONS


def listen(kind: int, address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, kind)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(256)
    return sock


def talk(connection: socket.socket, port: int, answers: dict) -> None:
    with connection:
        if port == 53 and (length := connection.recv(2)):
            message = connection.recv(struct.unpack(">H", length)[0])
            said = answer(message, answers)
            connection.sendall(struct.pack(">H", len(said)) + said)
        connection.settimeout(10)
        connection.recv(1)


def serve(job: dict) -> None:
    """Serves for as long as it lives. Over UDP each address has a socket of its own, so that answers come from it."""
    selector = selectors.DefaultSelector()
    answers = job["answers"]
    for protocol, port in job["serves"]:
        if protocol == "tcp":
            sockets = [listen(socket.SOCK_STREAM, "::", port)]
        else:
            sockets = [listen(socket.SOCK_DGRAM, address, port) for address in job["addresses"]]
        for sock in sockets:
            sock.setblocking(protocol == "tcp")
            selector.register(sock, selectors.EVENT_READ, (protocol, port))
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            protocol, port = key.data
            if protocol == "tcp":
                connection, _ = key.fileobj.accept()
                threading.Thread(target=talk, args=(connection, port, answers), daemon=True).start()
                continue
            message, sender = key.fileobj.recvfrom(4096)
            said = answer(message, answers) if port == 53 else negotiate(message)
            if said:
                key.fileobj.sendto(said, sender)


def run(command: str, within: list[str]) -> None:
    subprocess.run([*within, "sh", "-euc", command], check=True, capture_output=True, text=True)


def main() -> None:
    job = json.loads(sys.stdin.read())
    if sys.argv[1] == "--serve":
        serve(job)
    with subprocess.Popen(["unshare", "--net", "sleep", "infinity"]) as network:
        try:
            print(json.dumps(scan(job, ["nsenter", f"--net=/proc/{network.pid}/ns/net"], network.pid)))
        finally:
            network.kill()


def scan(job: dict, within: list[str], number: int) -> dict:
    values = [value for question, values in job["answers"].items() if not question.startswith("SRV") for value in values]
    job["addresses"] = sorted({RESOLVER, "1.1.1.1", *values})
    # The namespace is there once its process has left this one.
    wait = f"while [ /proc/{number}/ns/net -ef /proc/$$/ns/net ]; do sleep 0.05; done; "
    run(wait + f"ip link add eth0 type veth peer name eth0 netns {number}", [])
    own = "ip link set lo up; ip link set eth0 up; sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0 "
    host = "ip addr add 192.0.2.10/24 dev eth0; ip addr add 2001:db8::10/64 dev eth0 nodad; "
    ways = "ip route add default via 192.0.2.1; ip route add default via 2001:db8::1"
    there = "ip addr add 192.0.2.1/24 dev eth0; ip addr add 2001:db8::1/64 dev eth0 nodad"
    run(f"{own}; {there}; " + "; ".join(f"ip addr add {address} dev lo" for address in job["addresses"]), within)
    run(f"{own}; {host}{ways}", [])
    serving = [*within, sys.executable, __file__, "--serve"]
    with subprocess.Popen(serving, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            json.dump(job, server.stdin)
            server.stdin.close()
            assert server.stdout.readline() == "ready\n"
            for command in job["network"]:
                run(command, within)
            for command in job["host"]:
                run(command, [])
            command = [sys.argv[1], "scan", "--probe", "--yes", "--resolver", RESOLVER, "--format", "json", *job["arguments"]]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
        finally:
            server.kill()


main()
