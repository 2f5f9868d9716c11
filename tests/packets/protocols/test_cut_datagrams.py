"""What UDP payloads are that the capture cut: as the recognisers of Wireshark 4.4 took them (asked of it)."""

from __future__ import annotations

import struct

import pytest

from dfilter.packets.session import RawFrame, Session
from tests.packets.protocols.wire_table import carried

CASES = """
dtls                160100                                           10
dtls _ws.short      30010005                                         10
dtls _ws.short      16fefd00ff5555                                   10
dtls _ws.malformed  16feff0000550001                                 1
dtls _ws.malformed  34feff30553030                                   10
dtls _ws.malformed  2c03030155                                       100
dtls                1afefd0055ff0155ff303000205555                   100
dtls _ws.short      17fefd0001000000000001000c555555555555555555555555 10
data                17fefd00010000000000010005555555555555555555555555 10
data                17fefd00010000000000010017555555555555555555555555 10
data                300100055555555555555555555555555555555555555555 10
data                19555555                                         8
_ws.short           40                                               10
_ws.short           0003                                             2
_ws.short           ff                                               100
_ws.short           00feff5500                                       100
data                00feff5500                                       90
_ws.short           04030301300055                                   10
data                0403030130553001ff00                             10
data                00fefd55305501                                   100
"""


def rows() -> list[tuple[list[str], bytes, int]]:
    split = (line.split() for line in CASES.splitlines() if line)
    return [(names, bytes.fromhex(content), int(cut)) for *names, content, cut in split]


@pytest.mark.parametrize(("names", "payload", "cut"), rows())
def test_cut_payloads(names: list[str], payload: bytes, cut: int) -> None:
    link, frame = carried("udp/20001", payload + bytes(cut))
    session = Session()
    view = session.dissect(RawFrame(1, 0, frame[:-cut], len(frame), link))
    view.complete()
    shown = {name for name in ("dtls", "data", "_ws.short", "_ws.malformed") if name in view.by_name}
    assert shown - ({"_ws.short"} if names == ["dtls"] else set()) == set(names)
    assert not session.internal_errors


def test_an_empty_cut_payload_is_no_data() -> None:
    link, frame = carried("udp/20001", struct.pack(">Q", 0))
    view = Session().dissect(RawFrame(1, 0, frame[:-8], len(frame), link))
    assert "data" not in view.by_name
    assert "_ws.short" in view.by_name


@pytest.mark.parametrize(("port", "name", "needed"), [(67, "dhcp", 34), (137, "nbns", 4), (123, "ntp", 1)])
def test_a_message_is_shown_from_so_many_bytes_on(port: int, name: str, needed: int) -> None:
    link, frame = carried(f"udp/{port}", bytes((1, 1, 6, 0)) + bytes(300))
    headers = len(frame) - 304
    for captured in (0, needed - 1, needed):
        view = Session().dissect(RawFrame(1, 0, frame[: headers + captured], len(frame), link))
        view.complete()
        assert (name in view.by_name) == (captured == needed)
        assert "_ws.short" in view.by_name


@pytest.mark.parametrize(("kind", "size", "needed"), [(1, 0, 3), (1, 6, 34), (1, 17, 45), (1, 255, 283), (2, 6, 3)])
def test_a_cut_request_of_dhcp_holds_the_client_address(kind: int, size: int, needed: int) -> None:
    link, frame = carried("udp/67", bytes((kind, 1, size, 0)) + bytes(300))
    for captured in (needed - 1, needed):
        view = Session().dissect(RawFrame(1, 0, frame[: len(frame) - 304 + captured], len(frame), link))
        assert ("dhcp" in view.by_name) == (captured == needed)
