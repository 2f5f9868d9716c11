"""EAP: its methods, TLS inside it, what carries it.  What is expected was asked of Wireshark 4.4."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tests.packets.builders import A, B, dissect, eth, ip4, udp, values
from tests.packets.protocols.tls_wire import client_hello, record, server_name

REQUEST, RESPONSE = 1, 2
HELLO = record(22, client_hello(server_name(b"eap.example")))


def eap(code: int, number: int, type_: int, data: bytes = b"") -> bytes:
    return struct.pack(">BBHB", code, number, 5 + len(data), type_) + data


def tls(code: int, number: int, data: bytes = b"", flags: int = 0, length: int | None = None) -> bytes:
    claimed = b"" if length is None else struct.pack(">I", length)
    return eap(code, number, 13, bytes([flags | (0x80 if claimed else 0)]) + claimed + data)


def eapol(packet: bytes) -> bytes:
    ends = (b"\2\0\0\0\0\1", b"\2\0\0\0\0\2")
    target, source = ends if packet[0] == RESPONSE else ends[::-1]
    return target + source + b"\x88\x8e\1\0" + struct.pack(">H", len(packet)) + packet


def radius(packet: bytes) -> bytes:
    pieces = (packet[at : at + 253] for at in range(0, len(packet), 253))
    attributes = b"".join(bytes([79, 2 + len(piece)]) + piece for piece in pieces)
    message = struct.pack(">BBH", 1, 1, 20 + len(attributes)) + bytes(16) + attributes
    return eth(ip4(udp(message, 40000, 1812), source=A, target=B))


METHODS = [
    (eap(2, 1, 1, b"user@example.org"), {"eap.identity": "user@example.org"}),
    (eap(2, 1, 1, b"0310260123@wlan.mnc260.mcc310.3gppnetwork.org"),
     {"eap.identity.prefix": ord("0"), "eap.identity.mcc": 310, "eap.identity.mnc": 310260}),
    (eap(1, 1, 2, b"hello"), {"eap.notification": "hello"}),
    (eap(2, 1, 3, b"\x0d\x19"), {"eap.desired_type": 13}),
    (eap(1, 1, 4, b"\4abcdname"), {"eap.md5.value": b"abcd", "eap.md5.extra_data": b"name"}),
    (eap(1, 1, 4, b"\x10abc"), {"eap.md5.value": b"abc", "eap.md5.value_size.overflow": None}),
    (eap(1, 1, 6, b"token"), {"eap.data": b"token"}),
    (eap(1, 1, 17, b"\1\0\x08challengbob"), {"eap.leap.count": 8, "eap.leap.name": "bob"}),
    (eap(1, 1, 18, b"\x0a\0\0\x10\1\0\1"), {"eap.sim.subtype": 10, "eap.sim.subtype.value": b"\0\1"}),
    (eap(2, 1, 23, b"\x0e\0\0\x16\1\0\1"), {"eap.aka.error_code": 1}),
    (eap(1, 1, 26, b"\3\x0c\0\x0aS=1234"), {"eap.ms_chap_v2.message": "S=1234"}),
    (eap(1, 1, 26, b"\1\x0c\0\x0a\1cserv"), {"eap.ms_chap_v2.challenge": b"c", "eap.ms_chap_v2.name": "serv"}),
    (eap(2, 1, 254, b"\0\x37\x2a\0\0\0\1\1\0"), {"eap.ext.vendor_id": 0x372A, "eap.wps.code": 1}),
    (eap(1, 1, 25, b"\x21"), {"eap.tls.flags.start": True, "eap.tls.flags.version": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("packet", "wanted"), METHODS, ids=[str(packet[4]) for packet, _ in METHODS])
def test_methods(packet: bytes, wanted: dict[str, object]) -> None:
    (view,) = dissect([eapol(packet)])
    for name, value in wanted.items():
        assert values(view, name) == [value], name


@pytest.mark.parametrize("carry", [eapol, radius])
def test_tls_belongs_to_the_frame_with_its_last_fragment(carry: Callable[[bytes], bytes]) -> None:
    packets = [tls(2, 1, HELLO[:30], 0x40, len(HELLO)), tls(1, 2), tls(2, 2, HELLO[30:60], 0x40), tls(1, 3),
               tls(2, 3, HELLO[60:])]  # fmt: skip
    views = dissect([carry(packet) for packet in packets])
    assert [values(view, "tls.handshake.extensions_server_name") for view in views] == [[]] * 4 + [["eap.example"]]
    assert values(views[4], "eap.tls.fragment") == [1, 3, 5]
    assert values(views[4], "eap.tls.reassembled.len") == [len(HELLO)]
    assert [values(views[i], "eap.tls.reassembled_in") for i in (0, 2)] == [[5], [5]]


def test_fragments_that_do_not_say_the_whole_length_stand_alone() -> None:
    first, second = dissect([eapol(tls(2, 1, HELLO, 0x40)), eapol(tls(2, 2, HELLO))])
    assert values(first, "tls.handshake.type") == values(second, "tls.handshake.type") == [1]
    assert values(first, "tls.handshake.ja4")[0].startswith("12d02")


def test_a_retransmission_is_data() -> None:
    first, again, other = dissect([eapol(tls(2, 1, HELLO)), eapol(tls(2, 1, HELLO)), eapol(tls(2, 2, HELLO))])
    assert values(first, "eap.retransmission") == values(other, "eap.retransmission") == []
    assert values(again, "eap.retransmission") == [None]
    assert values(again, "tls.handshake.type") == []
    assert values(again, "data.data") == [HELLO]


@pytest.mark.parametrize(("packet", "bad_length", "malformed"), [
    (b"\1\1\0\4", False, True), (b"\1\1\0\x40\1ab", True, True), (b"\1\1\0\2\1ab", True, False),
    (b"\3\1\0\4", False, False), (tls(1, 1, b"", 0x80), False, True),
])  # fmt: skip
def test_damage(packet: bytes, bad_length: bool, malformed: bool) -> None:
    (view,) = dissect([eapol(packet)])
    assert bool(values(view, "eap.bad_length")) is bad_length
    assert ("_ws.malformed" in view.by_name) is malformed


def test_what_never_ends_is_given_up() -> None:
    frames = [eapol(tls(2, number % 256, bytes(60000), 0x40, 1 << 31)) for number in range(40)]
    assert not any(values(view, "eap.tls.reassembled.len") for view in dissect(frames))


def test_rc4_key() -> None:
    key = b"\1\0\x0d" + bytes(8) + b"i" * 16 + b"\x83" + b"s" * 16
    (view,) = dissect([eapol(eap(1, 1, 1))[:14] + b"\1\3" + struct.pack(">H", len(key)) + key])
    assert values(view, "eapol.keydes.key_index.number") == [3]
    assert values(view, "eapol.keydes.key.generated_locally") == [True]
