"""Ethernet, ARP, IPv4, IPv6, UDP, TCP and ICMP from values to bytes, with correct checksums.

In: hosts and numbers.  Out: frames without a frame check sequence.  Always holds: the same arguments give
the same bytes, every checksum is right, and addresses come from the documentation ranges or 10.0.0.0/8.
"""

import hashlib
import ipaddress
import struct
from dataclasses import dataclass

ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x86DD
PROTO_ICMP, PROTO_IGMP, PROTO_TCP, PROTO_UDP, PROTO_ICMPV6 = 1, 2, 6, 17, 58
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"
MINIMUM_FRAME = 60  # bytes without the frame check sequence, IEEE 802.3


@dataclass(frozen=True, slots=True)
class Host:
    """One end of a conversation.

    A remote host answers after a round trip.  Short frames from other machines arrive padded; what leaves the
    capturing machine is seen before padding.
    """

    mac: str
    ip: str
    remote: bool = False
    pads: bool = False
    ttl: int = 128


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def ip_bytes(ip: str) -> bytes:
    return ipaddress.ip_address(ip).packed


def multicast_mac(ip: str) -> str:
    """The group's MAC address (RFC 1112 section 6.4, RFC 2464 section 7); broadcast for a .255 address."""
    packed = ip_bytes(ip)
    if len(packed) == 16:
        return (b"\x33\x33" + packed[12:]).hex(":")
    if packed[0] >= 240 or packed[3] == 255:
        return BROADCAST_MAC
    return (b"\x01\x00\x5e" + bytes([packed[1] & 0x7F]) + packed[2:]).hex(":")


def pseudo_random(label: str, length: int) -> bytes:
    """Bytes that look random and depend on the label alone (SHA-256 in counter mode)."""
    blocks = (hashlib.sha256(f"{label}/{i}".encode()).digest() for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def pseudo_random_int(label: str, bits: int) -> int:
    return int.from_bytes(pseudo_random(label, 8), "big") >> (64 - bits)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport_checksum(src_ip: str, dst_ip: str, protocol: int, segment: bytes) -> int:
    """Checksum with the pseudo header of RFC 9293 section 3.1 or RFC 8200 section 8.1."""
    addresses = ip_bytes(src_ip) + ip_bytes(dst_ip)
    if len(addresses) == 8:
        return checksum(addresses + struct.pack("!HH", protocol, len(segment)) + segment)
    return checksum(addresses + struct.pack("!II", len(segment), protocol) + segment)


def ethernet(src_mac: str, dst_mac: str, ethertype: int, payload: bytes, *, pad: bool = False) -> bytes:
    frame = mac_bytes(dst_mac) + mac_bytes(src_mac) + struct.pack("!H", ethertype) + payload
    return frame.ljust(MINIMUM_FRAME, b"\0") if pad else frame


def arp(opcode: int, sender: Host, target_mac: str, target_ip: str, *, dst_mac: str) -> bytes:
    """An ARP frame (RFC 826): opcode 1 asks, 2 answers."""
    body = struct.pack("!HHBBH", 1, ETHERTYPE_IPV4, 6, 4, opcode)
    body += mac_bytes(sender.mac) + ip_bytes(sender.ip) + mac_bytes(target_mac) + ip_bytes(target_ip)
    return ethernet(sender.mac, dst_mac, ETHERTYPE_ARP, body, pad=sender.pads)


def ipv4(
    src: str, dst: str, protocol: int, payload: bytes, *, ttl: int, ident: int, options: bytes = b""
) -> bytes:
    """An unfragmented IPv4 packet with the don't-fragment bit (RFC 791)."""
    words = 5 + len(options) // 4
    head = struct.pack(
        "!BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), ident, 0x4000, ttl, protocol, 0
    )
    head += ip_bytes(src) + ip_bytes(dst) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src: str, dst: str, next_header: int, payload: bytes, *, hop_limit: int) -> bytes:
    """An IPv6 packet without extension headers (RFC 8200)."""
    head = struct.pack("!IHBB", 0x60000000, len(payload), next_header, hop_limit)
    return head + ip_bytes(src) + ip_bytes(dst) + payload


def network_frame(
    src: Host,
    dst_mac: str,
    dst_ip: str,
    protocol: int,
    payload: bytes,
    *,
    ttl: int,
    ident: int,
    options: bytes = b"",
) -> bytes:
    """Wrap a transport payload in IPv4 or IPv6, as the source's address says, and in Ethernet."""
    if ":" in src.ip:
        packet = ipv6(src.ip, dst_ip, protocol, payload, hop_limit=ttl)
        return ethernet(src.mac, dst_mac, ETHERTYPE_IPV6, packet, pad=src.pads)
    packet = ipv4(src.ip, dst_ip, protocol, payload, ttl=ttl, ident=ident, options=options)
    return ethernet(src.mac, dst_mac, ETHERTYPE_IPV4, packet, pad=src.pads)


def udp(src_ip: str, dst_ip: str, src_port: int, dst_port: int, payload: bytes) -> bytes:
    """A UDP datagram (RFC 768); a checksum of zero is sent as all ones."""
    datagram = struct.pack("!HHHH", src_port, dst_port, 8 + len(payload), 0) + payload
    total = transport_checksum(src_ip, dst_ip, PROTO_UDP, datagram) or 0xFFFF
    return datagram[:6] + struct.pack("!H", total) + payload


@dataclass(frozen=True, slots=True)
class TcpHeader:
    """What varies in a TCP header; options are a multiple of four bytes."""

    src_port: int
    dst_port: int
    seq: int
    ack: int
    flags: int
    window: int
    options: bytes = b""


def tcp(src_ip: str, dst_ip: str, header: TcpHeader, payload: bytes = b"") -> bytes:
    """A TCP segment (RFC 9293)."""
    words = 5 + len(header.options) // 4
    ports = struct.pack("!HHII", header.src_port, header.dst_port, header.seq, header.ack)
    fixed = ports + struct.pack("!BBHHH", words << 4, header.flags, header.window, 0, 0)
    segment = fixed + header.options + payload
    total = transport_checksum(src_ip, dst_ip, PROTO_TCP, segment)
    return segment[:16] + struct.pack("!H", total) + segment[18:]


def icmp(kind: int, code: int, rest: bytes, payload: bytes) -> bytes:
    """An ICMP message (RFC 792); rest is the header's last four bytes."""
    message = struct.pack("!BBH", kind, code, 0) + rest + payload
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def icmpv6(src_ip: str, dst_ip: str, kind: int, body: bytes) -> bytes:
    """An ICMPv6 message (RFC 4443) of code 0; body is what follows the checksum."""
    message = struct.pack("!BBH", kind, 0, 0) + body
    total = transport_checksum(src_ip, dst_ip, PROTO_ICMPV6, message)
    return message[:2] + struct.pack("!H", total) + message[4:]
