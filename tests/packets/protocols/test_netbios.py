"""NetBIOS names, datagrams and sessions."""

from __future__ import annotations

import struct

import pytest

from tests.packets.builders import dissect
from tests.packets.protocols.windows_wire import Talk, check, datagram, netbios_name, session, survives

NAMES = [
    (netbios_name(b"HOST", 0x20), "HOST<20>"),
    (netbios_name(b"h\xe4\x07 x", 0), "h<e4><07> x<00>"),
    (netbios_name(b"", 0x20), "               <20>"),
    (netbios_name(b"HOST", 0, b"\3foo\3bar\0"), "HOST<00>.foo.bar"),
    (b"\0", "Illegal NetBIOS name (1st character not between A and Z in first-level encoding)"),
    (b"\4ABCD\0", "Illegal NetBIOS name (2 bytes long)"),
    (b"\5ABCDE\0", "Illegal NetBIOS name (odd number of bytes)"),
    (b"\x20" + b"Aa" * 16 + b"\0", "Illegal NetBIOS name (2nd character not between A and Z in first-level encoding)"),
    (b"\xc0\x0c", "Illegal NetBIOS name (1st character not between A and Z in first-level encoding)"),
]


def header(flags: int, queries: int = 0, answers: int = 0, additional: int = 0) -> bytes:
    return struct.pack(">HHHHHH", 0x1234, flags, queries, answers, 0, additional)


@pytest.mark.parametrize(("encoded", "shown"), NAMES)
def test_names_are_decoded(encoded: bytes, shown: str) -> None:
    view = dissect([datagram(header(0x0110, 1) + encoded + b"\0\x20\0\1", 137)])[0]
    check(view, {"nbns.name": [shown], "nbns.type": [32], "nbns.flags.broadcast": [True], "nbns.flags.rcode": []})


def test_registration_names_its_service_and_address() -> None:
    record = b"\xc0\x0c" + struct.pack(">HHIHH", 32, 1, 300, 6, 0x8000) + b"\1\2\3\4"
    view = dissect([datagram(header(0x2910, 1, 0, 1) + netbios_name(b"GROUP", 0) + b"\0\x20\0\1" + record, 137)])[0]
    check(view, {"nbns.flags.opcode": [5], "nbns.name": ["GROUP<00>", "GROUP<00> (Workstation/Redirector)"],
                 "nbns.nb_flags.group": [True], "nbns.addr": [b"\1\2\3\4"], "nbns.ttl": [300]})  # fmt: skip


def test_an_address_cut_short_is_malformed() -> None:
    record = netbios_name(b"X", 0) + struct.pack(">HHIHH", 32, 1, 300, 2, 0)
    view = dissect([datagram(header(0x8500, 0, 1) + record, 137)])[0]
    check(view, {"nbns.incomplete_entry": [None], "nbns.addr": []})
    assert "_ws.malformed" in view.by_name


def test_datagrams_show_both_names() -> None:
    body = netbios_name(b"SRC", 0) + netbios_name(b"DST", 0x1D) + b"hello"
    view = dissect([datagram(struct.pack(">BBHIHHH", 0x11, 0x0A, 7, 0x0A000001, 138, len(body), 0) + body, 138)])[0]
    check(view, {"nbdgm.source_name": ["SRC<00>"], "nbdgm.destination_name": ["DST<1d>"], "nbdgm.node_type": [2],
                 "data.data": [b"hello"]})  # fmt: skip


def test_session_messages_span_segments() -> None:
    talk = Talk(139)
    talk.say(session(netbios_name(b"SRV", 0x20) + netbios_name(b"CLI", 0), 0x81))
    talk.say(session(b"abc") + session(b"twelve bytes")[:5])
    talk.say(session(b"twelve bytes")[5:])
    talk.say(b"this begins no message")
    first, second, third, fourth = talk.views()
    check(first, {"nbss.type": [0x81], "nbss.called_name": ["SRV<20>"], "nbss.calling_name": ["CLI<00>"]})
    check(second, {"nbss.length": [3], "nbss.flags.e": [False], "data.data": [b"abc"]})
    check(third, {"nbss.length": [12], "data.data": [b"twelve bytes"]})
    check(fourth, {"nbss.continuation_data": [b"this begins no message"], "nbss.type": []})


def test_damage() -> None:
    talk = Talk(139)
    talk.say(session(netbios_name(b"SRV", 0x20) + netbios_name(b"CLI", 0), 0x81))
    record = b"\xc0\x0c" + struct.pack(">HHIHB", 33, 1, 0, 65, 1) + b"ABC".ljust(16) + bytes(48)
    packet = datagram(header(0x8500, 1, 1) + netbios_name(b"X", 0) + b"\0\x21\0\1" + record, 137)
    survives([packet, *talk.packets])
