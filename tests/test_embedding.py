"""What an embedder gets who hands over something else than the documents say: an error that says what."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

import dfilter
from dfilter.packets.protocols.udp import UDP

CAPTURE = Path(__file__).parent / "captures" / "bot-http.pcap"
FRAME = bytes.fromhex(
    "00112233445566778899aabb08004500002800010000400666c3c0000201c633640a9c40005000000000000000005002200091160000")


@pytest.mark.parametrize("text", [None, b"tcp", 5, ["tcp"]])
def test_what_is_no_text_is_no_filter(text: Any) -> None:
    for use in (dfilter.check, dfilter.compile, dfilter.fix, dfilter.format, dfilter.explain,
                lambda text: dfilter.frames(CAPTURE, text), lambda text: dfilter.read(CAPTURE, text),
                lambda text: dfilter.FilterSet({"a": text})):  # fmt: skip
        with pytest.raises(TypeError, match="a filter is text"):
            use(text)


@pytest.mark.parametrize(("arguments", "error"), [
    ({"data": "text"}, TypeError), ({"data": None}, TypeError), ({"data": [1, 2]}, TypeError),
    ({"time": "1"}, TypeError), ({"time": 1j}, TypeError), ({"time": float("nan")}, ValueError),
    ({"time": float("inf")}, ValueError), ({"time": 1e300}, ValueError), ({"time": 1e305}, ValueError),
    ({"link_type": "1"}, TypeError), ({"link_type": None}, TypeError), ({"wire_length": 1.5}, TypeError),
])  # fmt: skip
def test_a_frame_that_is_none_is_not_fed(arguments: dict[str, Any], error: type[Exception]) -> None:
    session = dfilter.Session()
    with pytest.raises(error):
        session.feed(**{"data": FRAME, **arguments})
    assert session.feed(bytearray(FRAME)).number == 1


def test_what_is_no_packet_matches_nothing_silently() -> None:
    for text in ("tcp.port == 80", "tcp.stream == 0"):
        for packet in (None, "", 5, [1], object()):
            with pytest.raises(TypeError, match="give the frame's bytes"):
                dfilter.compile(text).matches(packet)


def test_a_view_that_lacks_what_the_filter_reads_is_refused() -> None:
    view = next(dfilter.read(CAPTURE, "dns", fields=["ip.src"]))
    assert dfilter.compile("ip.src and dns").matches(view)
    several = dfilter.FilterSet({"a": "ip", "b": "tcp.port == 80"})
    for use in (dfilter.compile("tcp.port == 80").matches, several.matches):
        with pytest.raises(LookupError, match=r"tcp\.port"):
            use(view)
    with pytest.raises(TypeError, match="a field's name is text"):
        list(view)


def test_a_set_says_which_filter_is_wrong() -> None:
    with pytest.raises(dfilter.UnknownFieldError, match=r"^filter 'mine': error") as refused:
        dfilter.FilterSet({"good": "tcp", "mine": "tcp.prt == 1"})
    assert [item.code for item in refused.value.diagnostics] == ["E201"]


def test_errors_cross_processes() -> None:
    error = dfilter.RecordError("a.b", "UINT8", "x", "no number")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.field, again.value) == (str(error), "a.b", "x")


@pytest.mark.parametrize("fault", [ZeroDivisionError, RecursionError, AssertionError, RuntimeError])
def test_a_fault_of_a_dissector_ends_its_frame_only(fault: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise fault("here")

    frames = [view.data for view in dfilter.read(CAPTURE, "dns")]
    for part in ("dissect", "fill"):
        with monkeypatch.context() as patch:
            patch.setattr(UDP, part, fail)
            session = dfilter.Session()
            view = session.feed(frames[0])
            view.complete()
        assert len(view.get("_ws.malformed")) == 1
        assert session.internal_errors == [(1, repr(fault("here")))]


def test_every_table_of_statistics_has_rows() -> None:
    tables = dfilter.statistics(CAPTURE, ["conv,tcp", "endpoints,ip", "io,phs", "io,stat,1"]).tables
    assert all(table.rows() for table in tables.values())
    hierarchy = tables["io,phs"]
    assert isinstance(hierarchy, dfilter.Hierarchy)
    assert [(depth, node.name) for depth, node in hierarchy.rows()][:3] == [(0, "eth"), (1, "ip"), (2, "udp")]


def test_filters_cross_processes_as_text() -> None:
    made = dfilter.compile("${web} or not tcp", target="4.4", macros={"web": "tcp.port == 80"})
    again = pickle.loads(pickle.dumps(made))
    assert (again.text, again.version, again.fields) == (made.text, made.version, made.fields)
    assert dfilter.frames(CAPTURE, again) == dfilter.frames(CAPTURE, made)
    several = pickle.loads(pickle.dumps(dfilter.FilterSet({"a": made, "b": "tcp.stream == 1"})))
    assert several.frames(CAPTURE) == dfilter.FilterSet({"a": made, "b": "tcp.stream == 1"}).frames(CAPTURE)
    assert copy.deepcopy(made) is copy.copy(made) is made
    selected = dfilter.compile("ip.src == $ip.src", selected=next(dfilter.read(CAPTURE, "ip")))
    with pytest.raises(TypeError, match="selected frame"):
        pickle.dumps(selected)
