"""NHRP: registrations, resolutions, indications that quote a packet. Values are as in Wireshark 4.4."""

from __future__ import annotations

from dfilter.packets.view import View
from tests.packets.builders import dissect, eth, ip4, values

HEADER = "0001 0800 0000000000 ff {size:04x} {sum:04x} {ext:04x} 01 {op:02x} 04 00"
ENDS = "c0a8c801 0affff01 0affff03"
ENTRY = "00 20 0000 05ea 1c20 04 00 04 00 c0a8c802 0affff02"
EXTENSIONS = "8003 0000 8007 000a 0000 0001 73656372 6574 8000 0000"


def packet(op: int, body: str, *, ext: int = 0, checksum: int = 0) -> View:
    content = bytes.fromhex(HEADER.format(size=20 + len(bytes.fromhex(body)), sum=checksum, ext=ext, op=op) + body)
    gre = bytes.fromhex("00002001")
    [view] = dissect([eth(ip4(gre + content, 47))])
    return view


def test_a_resolution_reply_with_extensions() -> None:
    body = f"04 04 f802 00000005 {ENDS} {ENTRY} {EXTENSIONS}"
    view = packet(2, body, ext=20 + 8 + 12 + 20)
    assert view.info == "NHRP Resolution Reply, ID=5, Code=Success"
    assert values(view, "nhrp.flag.nat") == [True]
    assert values(view, "nhrp.client.prot.addr") == [bytes((10, 255, 255, 2))]
    assert values(view, "nhrp.ext.type") == [3, 7, 0]
    assert values(view, "nhrp.auth_ext.data") == [b"et"]
    assert values(view, "nhrp.hdr.chksum.status") == [0]
    assert "_ws.malformed" not in view.by_name


def test_an_indication_quotes_a_packet() -> None:
    quoted = ip4(bytes.fromhex("0800 325b 0001 0000"), 1)
    view = packet(8, f"04 04 0000 0000 0000 {ENDS} {quoted.hex()}")
    assert values(view, "nhrp.tind.code") == [0]
    assert len(view.by_name["ip"]) == 2
    assert values(view, "icmp.type") == [8]


def test_an_entry_that_lacks_bytes() -> None:
    view = packet(1, f"04 04 c802 00000005 {ENDS} 00 20 0000 05ea 1c20 04 00 04 00 c0")
    assert "_ws.malformed" in view.by_name
