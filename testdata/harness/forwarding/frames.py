"""The packets of the forwarding lab: build them, read them, know them again after they were translated."""

import struct
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
CHECKSUM_OFFSET = {1: 2, 6: 16, 17: 6, 58: 2}
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32}
REQUEST, REPLY = {1: 8, 58: 128}, {1: 0, 58: 129}
ERRORS = {1: (3, 11, 12), 58: (1, 2, 3, 4)}
SERVER_START = 0x20000000


def checksum(data):
    """Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def ip_packet(src, dst, number, body):
    """An IP packet; the checksum of its body is filled in."""
    if src.version == 4:
        pseudo = struct.pack("!4s4sHH", src.packed, dst.packed, number, len(body)) if number != 1 else b""
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, number, 0)
        head += src.packed + dst.packed
        head = head[:10] + checksum(head).to_bytes(2) + head[12:]
    else:
        pseudo = struct.pack("!16s16sII", src.packed, dst.packed, len(body), number)
        head = struct.pack("!IHBB16s16s", 6 << 28, len(body), number, 64, src.packed, dst.packed)
    at = CHECKSUM_OFFSET[number]
    return head + body[:at] + (checksum(pseudo + body) or 0xFFFF).to_bytes(2) + body[at + 2 :]


def arp_request(asker_mac, target):
    """Who has the target? The answer goes to the asker's MAC address, which may be any."""
    head = struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
    return head + asker_mac + bytes(10) + target.packed


@dataclass(frozen=True)
class Packet:
    """What of a packet matters; for ICMP both ports are the echo identifier."""

    number: int
    src: IPv4Address | IPv6Address
    dst: IPv4Address | IPv6Address
    sport: int
    dport: int
    flags: int = 0
    seq: int = 0
    type: int = -1
    quoted: "Packet | None" = None

    @property
    def flow(self):
        return self.number, self.src, self.dst, self.sport, self.dport

    @property
    def back(self):
        """The flow of an answer to it."""
        return self.number, self.dst, self.src, self.dport, self.sport

    def carries(self, probe, place):
        """Is it the client's first or second packet, translated or not?"""
        return (self.number, self.type, self.seq) == (probe.number, probe.type, probe.tag(place))

    def answers(self, probe):
        """Is it the answer that the client waits for, from where it sent its packet to?"""
        expected = FLAGS["S"] | FLAGS["A"] if self.number == 6 else 0
        is_answer = self.type == REPLY.get(self.number, -1) and self.flags == expected
        return is_answer and self.flow == probe.back

    def rejects(self, probe):
        """Does it tell the client that its packet was rejected?"""
        if self.quoted:
            return self.dst == probe.src and self.quoted.flow == probe.flow
        return bool(self.flags & FLAGS["R"]) and self.flow == probe.back

    def answer(self):
        """The packet with which the server answers this one."""
        back = replace(self, src=self.dst, dst=self.src, sport=self.dport, dport=self.sport)
        if self.number == 6:
            back = replace(back, flags=FLAGS["S"] | FLAGS["A"], seq=SERVER_START)
        elif self.type >= 0:
            back = replace(back, type=REPLY[self.number])
        return back.build(acknowledged=self.seq + 1)

    def build(self, code=0, acknowledged=0):
        """Its bytes. UDP and ICMP carry `seq` as their payload."""
        if self.number == 6:
            head = struct.pack("!HHII", self.sport, self.dport, self.seq, acknowledged)
            head += struct.pack("!BBHHH", 5 << 4, self.flags, 65535, 0, 0)
        elif self.number == 17:
            head = struct.pack("!HHHHI", self.sport, self.dport, 12, 0, self.seq)
        else:
            head = struct.pack("!BBHHHI", self.type, code, 0, self.sport, 1, self.seq)
        return ip_packet(self.src, self.dst, self.number, head)


@dataclass(frozen=True)
class Probe(Packet):
    """A client's flow."""

    code: int = 0

    @classmethod
    def read(cls, raw):
        number = NUMBERS[raw["proto"]]
        flags = sum(FLAGS[letter] for letter in raw.get("flags", "S")) if number == 6 else 0
        kind = raw.get("type", REQUEST.get(number, -1))
        sport, dport = (raw["sport"], raw["dport"]) if kind < 0 else (7, 7)
        src, dst = ip_address(raw["src"]), ip_address(raw["dst"])
        return cls(number, src, dst, sport, dport, flags, type=kind, code=raw.get("code", 0))

    @classmethod
    def echo(cls, src, dst):
        return cls.read({"proto": "icmp" if src.version == 4 else "icmpv6", "src": str(src), "dst": str(dst)})

    @property
    def converses(self):
        if self.number == 6:
            return self.flags == FLAGS["S"]
        return self.type == REQUEST.get(self.number, -1)

    def tag(self, place):
        """Tells the client's first packet from its second."""
        return 0x10000000 + place - 1

    def packet(self, place):
        flags = FLAGS["A"] if place == 2 and self.number == 6 else self.flags
        acknowledged = SERVER_START + 1 if place == 2 else 0
        return replace(self.bare(), flags=flags, seq=self.tag(place)).build(self.code, acknowledged)

    def bare(self):
        return Packet(self.number, self.src, self.dst, self.sport, self.dport, type=self.type)


def parse(frame):
    """The TCP, UDP or ICMP packet of a frame; None for anything else."""
    return parse_ip(frame[14:]) if frame[12:14] in (b"\x08\x00", b"\x86\xdd") else None


def parse_ip(data):
    if data[0] >> 4 == 4:
        number, src, dst, body = data[9], data[12:16], data[16:20], data[(data[0] & 15) * 4 :]
    else:
        number, src, dst, body = data[6], data[8:24], data[24:40], data[40:]
    if number not in CHECKSUM_OFFSET or len(body) < 8:
        return None
    src, dst = ip_address(src), ip_address(dst)
    if number in (6, 17):
        sport, dport, seq = struct.unpack("!HHI", body[:8])
        if number == 17:
            seq = int.from_bytes(body[8:12])
        return Packet(number, src, dst, sport, dport, body[13] if number == 6 and len(body) > 13 else 0, seq)
    if body[0] in ERRORS[number]:
        return Packet(number, src, dst, 0, 0, type=body[0], quoted=parse_ip(body[8:]))
    identifier = int.from_bytes(body[4:6])
    return Packet(number, src, dst, identifier, identifier, seq=int.from_bytes(body[8:12]), type=body[0])
