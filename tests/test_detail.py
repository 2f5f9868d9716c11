"""A frame in every detail: the filter beside each field selects the frame, the bytes are where it says."""

from __future__ import annotations

from pathlib import Path

import pytest

import dfilter
from dfilter.packets.session import needs_of
from dfilter.scan import dissect

CAPTURES = Path(__file__).parent / "captures"
FRAMES = 40


@pytest.mark.parametrize("name", ["bot-http.pcap", "ftp-exfiltration.pcap", "rat-dns.pcapng", "spambot.pcap"])
def test_every_field_has_a_filter_that_selects_its_frame(name: str) -> None:
    compiled: dict[str, dfilter.Filter] = {}
    for view in dissect(CAPTURES / name, needs_of(None), look_ahead=True):
        if view.number > FRAMES:
            break
        for layer in dfilter.detail_of(view).layers:
            for field in filter(lambda field: field.filter, layer.fields):
                test = compiled.get(field.filter) or compiled.setdefault(field.filter, dfilter.compile(field.filter))
                assert test.matches(view), (view.number, field)


def test_bytes_lie_within_their_source() -> None:
    for view in dissect(CAPTURES / "bot-http.pcap", needs_of(None)):
        detail = dfilter.detail_of(view)
        for layer in detail.layers:
            size = len(detail.sources[layer.source])
            assert 0 <= layer.start <= layer.start + layer.length <= size
            assert all(field.start + field.length <= size for field in layer.fields if field.length)


def detail() -> dfilter.Detail:
    return dfilter.show_frame(CAPTURES / "bot-http.pcap", 24)


@pytest.mark.parametrize(
    ("name", "text", "label", "filter", "start", "length"),
    [
        ("ip.proto", "6", "TCP", "ip.proto == 6", 23, 1),
        ("ip.src", "198.51.100.20", "", "ip.src == 198.51.100.20", 26, 4),
        ("tcp.flags.ack", "True", "Set", "tcp.flags.ack == True", 47, 1),
        ("http.server", "nginx", "", 'http.server == "nginx"', 83, 15),
        ("tcp.stream", "0", "", "tcp.stream == 0", 0, 0),
        ("tcp.analysis", "", "", "tcp.analysis", 0, 0),
        ("http.response.line", "Server: nginx\r\n", "", r'http.response.line == "Server: nginx\r\n"', 83, 15),
    ],
)
def test_a_field(name: str, text: str, label: str, filter: str, start: int, length: int) -> None:
    field = detail().named(name)[0]
    assert (field.text, field.label, field.filter, field.length) == (text, label, filter, length)
    assert field.start == start or not length


def test_fields_stand_as_deep_as_in_wireshark() -> None:
    depths = {name: detail().named(name)[0].depth for name in ("ip.flags", "ip.flags.df", "tcp.option_kind", "ip.src")}
    assert depths == {"ip.flags": 0, "ip.flags.df": 1, "tcp.option_kind": 2, "ip.src": 0}


def test_a_message_in_several_segments_has_bytes_of_its_own() -> None:
    captures = CAPTURES / "bot-http.pcap"
    for view in dissect(captures, needs_of(None)):
        found = dfilter.detail_of(view)
        if len(found.sources) > 1:
            assert found.sources[0] == view.data
            assert any(layer.source for layer in found.layers)
            return
    pytest.fail("no frame completes a message of several segments")


def test_union_and_protocol_names_find_fields() -> None:
    found = detail()
    assert [field.name for field in found.named("tcp.port")] == ["tcp.srcport", "tcp.dstport"]
    assert {field.name.partition(".")[0] for field in found.named("http")} == {"http"}
    assert found.named("dns.qry.name") == []


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(dfilter.NotFoundError, match="no frame 9999: the capture has"):
        dfilter.show_frame(CAPTURES / "bot-http.pcap", 9999)
    with pytest.raises(dfilter.UnknownFieldError):
        detail().named("tcp.prt")
