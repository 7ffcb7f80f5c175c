#!/usr/bin/env python3
"""A router between networks: what does its ruleset do to packets that it forwards?

Reads jobs, one JSON object a line: {"rulesets": [[KIND, TEXT], ...], "interfaces": ["NAME=V4/LEN,V6/LEN",
...], "probes": [...]}. Writes one line for each: {"results": [...]} or {"error": TEXT}.

The router is a network namespace that forwards. Each of its interfaces is a veth pair whose far end lies in
a namespace of its own; there this program plays all machines of that network with raw frames. A probe is a
short conversation: the client's packet comes in by `iface`; whoever gets it on any far end answers to what
it sees; the client sends a second packet if the answer is the one that it waits for.

Nothing rests on a timeout. The program stays on one CPU, whose receive queue the kernel works off in order:
when the answer to an ARP request is back, all that was sent before it has been processed.
"""

import ctypes
import functools
import itertools
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from ipaddress import ip_interface

import frames
from frames import Packet

CLONE_NEWNET = 0x40000000
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
ETH_P_ALL = 3
NETLINK_NETFILTER, CT_DELETE, NLM_F_REQUEST_ACK = 12, 0x102, 5
ROUTER_MAC, FAR_MAC = b"\2\1\0\0\0\1", b"\2\2\0\0\0\1"
GIVE_UP = 10  # seconds, after which something is broken and no verdict is given
ROUTER_SYSCTLS = {
    "ipv4/ip_forward": 1,
    "ipv6/conf/all/forwarding": 1,
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/default/rp_filter": 0,
    "ipv4/conf/all/send_redirects": 0,
    "ipv4/conf/default/send_redirects": 0,
    "ipv4/icmp_ratemask": 0,
    "ipv6/icmp/ratelimit": 0,
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/default/router_solicitations": 0,
}
LOADERS = {
    "v4": "iptables-{}-restore",
    "v6": "ip6tables-{}-restore",
    "ipset": "ipset restore",
    "nft": "nft -f -",
}
_libc = ctypes.CDLL(None, use_errno=True)
_home = os.open("/proc/self/ns/net", os.O_RDONLY)


class Namespace:
    """A network namespace that lives as long as somebody holds it; `with` enters it."""

    def __init__(self):
        if _libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare: the lab needs root")
        self.fd = os.open("/proc/self/ns/net", os.O_RDONLY)
        _libc.setns(_home, CLONE_NEWNET)

    def __enter__(self):
        _libc.setns(self.fd, CLONE_NEWNET)

    def __exit__(self, *_):
        _libc.setns(_home, CLONE_NEWNET)

    def __del__(self):
        os.close(self.fd)


class Link:
    """An interface of the router, and the far end of its cable in a namespace of its own.

    With `asks`, the router resolves its neighbours by ARP; else it sends all frames to the far end.
    """

    def __init__(self, name, addresses, asks=False):
        self.name, self.addresses, self.asks = name, addresses, asks
        self.beacons = itertools.count()
        self.far = Namespace()

    def router_end(self):
        """The commands that make it, on the router's side."""
        far = f"/proc/{os.getpid()}/fd/{self.far.fd}"
        yield f"link add {self.name} address {mac(ROUTER_MAC)} type veth peer name far netns {far}"
        for address in self.addresses:
            yield f"addr add {address} dev {self.name}" + " nodad" * (address.version == 6)
        yield f"link set {self.name} up arp {'on' if self.asks else 'off'}"

    def connect(self):
        with self.far:
            ip("link set far up")
            self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.tap.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            self.tap.bind(("far", ETH_P_ALL))

    def send(self, packet):
        kind = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
        self.tap.send(ROUTER_MAC + FAR_MAC + kind.to_bytes(2) + packet)

    def settle(self, patience=GIVE_UP):
        """Wait until all that was sent, by this link or another, has been processed.

        An ARP request asks in the name of a new MAC address each time, so that its answer is known.
        """
        beacon = b"\2\3" + next(self.beacons).to_bytes(4)
        self.tap.send(ROUTER_MAC + FAR_MAC + frames.arp_request(beacon, self.addresses[0].ip))
        self.tap.settimeout(patience)
        while self.tap.recv(65535)[:6] != beacon:
            pass

    def received(self):
        """What has come out of the router by this link since the last call."""
        self.tap.setblocking(False)
        packets = []
        while True:
            try:
                packets.append(frames.parse(self.tap.recv(65535)))
            except BlockingIOError:
                return list(filter(None, packets))


class Lab:
    """A router with its networks and rules."""

    def __init__(self, interfaces):
        self.links = {}
        for text in interfaces:
            name, _, addresses = text.partition("=")
            self.links[name] = Link(name, [ip_interface(each) for each in addresses.split(",")])
        self.beacon = Link("beacon", [ip_interface("169.254.255.1/30")], asks=True)
        self.router = Namespace()
        with self.router:
            for name, value in ROUTER_SYSCTLS.items():
                with open(f"/proc/sys/net/{name}", "w") as file:
                    file.write(str(value))
            self.conntrack = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
            links = self.beacon, *self.links.values()
            ends = (command for link in links for command in link.router_end())
            ip("link set lo up", *ends, *self.routes())
        for link in links:
            link.connect()
        self.await_links()

    def routes(self):
        """The first interface leads to the rest of the world."""
        first = next(iter(self.links.values()))
        for address in first.addresses:
            gateway = next(host for host in address.network.hosts() if host != address.ip)
            yield f"route add {'default' if address.version == 4 else '::/0'} via {gateway} dev {first.name}"

    def await_links(self):
        """The kernel brings links and addresses up some time after it was told to."""
        until(self.beacon_works)
        for link in self.links.values():
            for own in link.addresses:
                asker = next(host for host in own.network.hosts() if host != own.ip)
                until(functools.partial(self.gets, link, frames.Probe.echo(asker, own.ip)))

    def beacon_works(self):
        try:
            self.beacon.settle(patience=0.01)
        except TimeoutError:
            return False
        return True

    def gets(self, link, ping):
        """Does the answer to a ping come back?"""
        return any(packet.answers(ping) for packet in self.exchange(link, ping.packet(1))[link.name])

    def load(self, rulesets, backend):
        """Load rulesets with the system's own tools."""
        with self.router, tempfile.TemporaryDirectory() as scratch:
            environment = os.environ | {"XTABLES_LOCKFILE": f"{scratch}/lock"}
            for kind, text in rulesets:
                kind, _, fixed = kind.partition("-")
                command = LOADERS[kind].format(fixed or backend).split()
                subprocess.run(
                    command, input=text, text=True, check=True, capture_output=True, env=environment
                )

    def exchange(self, link, packet):
        """Send a packet; what comes out of the router, by interface. Twice, as there may be answers."""
        link.send(packet)
        self.beacon.settle()
        self.beacon.settle()
        return {name: each.received() for name, each in self.links.items()}

    def forget_flows(self):
        """So that the next packet begins a new one."""
        self.conntrack.send(struct.pack("=IHHIIBBH", 20, CT_DELETE, NLM_F_REQUEST_ACK, 1, 0, 0, 0, 0))
        self.conntrack.recv(4096)

    def ask(self, raw):
        """The fate of one probe, in the words of `fwlint trace --packets`."""
        self.forget_flows()
        probe = frames.Probe.read(raw)
        link = self.links[raw["iface"]]
        fate = {"ingress": "dropped", "reply": None, "followup": None, "verdict": "blocked"}
        seen = self.exchange(link, probe.packet(1))
        out = ((name, packet) for name, packets in seen.items() for packet in packets)
        name, first = next(((name, packet) for name, packet in out if packet.carries(probe, 1)), (None, None))
        if not first:
            if any(packet.rejects(probe) for packet in seen[link.name]):
                fate["ingress"] = "rejected"
            return fate
        fate |= {"ingress": "accepted", "verdict": "open"}
        if not probe.converses:
            return fate
        seen = self.exchange(self.links[name], first.answer())
        fate |= {"reply": "blocked", "verdict": "blocked"}
        if any(packet.answers(probe) for packet in seen[link.name]):
            seen = self.exchange(link, probe.packet(2))
            passed = any(packet.carries(probe, 2) and packet.flow == first.flow for packet in seen[name])
            fate |= {"reply": "delivered", "followup": "passed" if passed else "blocked"}
            fate["verdict"] = "open" if passed else "blocked"
        return fate


def until(is_ready):
    deadline = time.monotonic() + GIVE_UP
    while not is_ready():
        if time.monotonic() > deadline:
            raise TimeoutError("the links do not come up")
        time.sleep(0.001)


def mac(octets):
    return octets.hex(":")


def ip(*commands):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


def answer(job, backend):
    lab = Lab(job["interfaces"])
    try:
        lab.load(job["rulesets"], backend)
    except subprocess.CalledProcessError as error:
        return {"error": (error.stderr or error.stdout).strip()}
    return {"results": [lab.ask(probe) for probe in job["probes"]]}


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), sys.argv[1])), flush=True)


if __name__ == "__main__":
    main()
