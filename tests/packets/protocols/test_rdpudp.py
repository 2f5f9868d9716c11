"""Remote desktop over UDP: the handshake, both versions, TLS and DTLS inside.  Layouts: MS-RDPEUDP, MS-RDPEUDP2."""

from __future__ import annotations

import struct

import pytest

from dfilter.packets.view import View
from tests.packets.builders import A, B, dissect, eth, ip4, udp, values
from tests.packets.protocols.test_dtls import HELLO as DTLS_HELLO
from tests.packets.protocols.test_dtls import fragment
from tests.packets.protocols.test_dtls import record as dtls_record
from tests.packets.protocols.tls_wire import client_hello, record, server_name

HELLO = record(22, client_hello(server_name(b"rdp.example")))


def syn(flags: int = 0x1801, version: int = 0x0101) -> bytes:
    body = struct.pack(">IHHIHH", 0xFFFFFFFF, 64, flags, 7, 1232, 1232)
    return body + (bytes(32) if flags & 0x800 else b"") + struct.pack(">HH", 1, version) + bytes(32)


def answer(version: int = 0x0101) -> bytes:
    return struct.pack(">IHHIHHHH", 7, 64, 0x1005, 9, 1232, 1232, 1, version) + bytes(32)


def second(channel: int, payload: bytes, kind: int = 0, flags: int = 0x14) -> bytes:
    """A data packet of the second version, its first and eighth bytes exchanged as on the wire."""
    plain = struct.pack("<BHHHH", 0xE0 | kind << 1, 0xC000 | flags, 1, channel, channel) + payload
    return plain[7:8] + plain[1:7] + plain[:1] + plain[8:]


def first(payload: bytes, ack: bool = False) -> bytes:
    vector = struct.pack(">H", 3) + b"abc\0\0\0" if ack else b""
    return struct.pack(">IHH", 9, 64, 0xC if ack else 8) + vector + struct.pack(">II", 1, 1) + payload


def talk(*packets: tuple[bool, bytes]) -> list[View]:
    return dissect([eth(ip4(udp(payload, *((40000, 3389) if ours else (3389, 40000))), source=A if ours else B,
                            target=B if ours else A)) for ours, payload in packets])  # fmt: skip


def test_the_handshake() -> None:
    opened, accepted = talk((True, syn()), (False, answer()))
    assert values(opened, "rdpudp.initialsequencenumber") == [7]
    assert values(opened, "rdpudp.flags.correlationid") == [True]
    assert values(accepted, "rdpudp.synex.version") == [0x0101]


@pytest.mark.parametrize("cut", [1, 5, 60, len(HELLO) - 1])
def test_a_record_over_packets_of_the_second_version(cut: int) -> None:
    views = talk((True, syn()), (False, answer()), (True, second(1, HELLO[:cut])), (True, second(0, bytes(50), 8)),
                 (True, second(1, HELLO[:cut])), (True, second(2, HELLO[cut:])))  # fmt: skip
    assert [values(view, "tls.handshake.extensions_server_name") for view in views] == [[]] * 5 + [["rdp.example"]]
    assert values(views[2], "rdpudp.data.channelseqnumber") == [1]
    assert values(views[2], "tls.segment.data") == ([HELLO[:cut]] if cut >= 5 else [])
    assert values(views[3], "rdpudp.packetType") == [8]
    assert not values(views[4], "tls")


def test_a_gap_ends_what_waits() -> None:
    views = talk((True, syn()), (False, answer()), (True, second(1, HELLO[:60])), (True, second(3, HELLO[60:])))
    assert not any(values(view, "tls.handshake.type") for view in views)


@pytest.mark.parametrize("ack", [False, True])
def test_tls_in_the_first_version(ack: bool) -> None:
    views = talk((True, syn(version=2)), (False, answer(2)), (True, first(HELLO, ack)))
    assert values(views[2], "tls.handshake.extensions_server_name") == ["rdp.example"]
    assert values(views[2], "rdpudp.data.sncoded") == [1]


def test_dtls_where_packets_may_be_lost() -> None:
    hello = dtls_record(22, fragment(DTLS_HELLO, 0, 999))
    views = talk((True, syn(0x1A01, 2)), (False, answer(2)), (True, first(hello)))
    assert values(views[2], "dtls.handshake.type") == [1]


def test_acknowledgements_of_the_second_version() -> None:
    body = struct.pack("<H", 5) + b"\3\1\0" + b"\7" + b"\x12ab" + b"\x0a" + b"\1" + struct.pack("<H", 500)
    plain = b"\xe0" + struct.pack("<H", 0xC000 | 0x149) + body + struct.pack("<H", 9) + b"\x82" + b"\1\0\0\4" + b"zz"
    views = talk((True, syn()), (False, answer()), (True, plain[7:8] + plain[1:7] + plain[:1] + plain[8:]))
    wanted = {"ack.seqnum": 5, "ack.ts": 259, "ack.delayedAcks": b"ab", "overheadsize": 10,
              "delayackinfo.timeout": 500, "ackvec.baseseqnum": 9, "ackvec.timestamp": 1}  # fmt: skip
    for name, value in wanted.items():
        assert values(views[2], "rdpudp." + name) == [value], name


def test_damage_never_raises() -> None:
    for whole in (syn(), answer(), second(1, HELLO), first(HELLO, True)):
        for at in range(8, len(whole), 3):
            talk((True, syn()), (False, answer()), (True, whole[:at]))
            talk((True, whole[:at]), (True, bytes([255]) * at))
