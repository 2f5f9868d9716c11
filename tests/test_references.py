"""Field references: `$ip.src` has the values that the selected frame has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dfilter
from dfilter.cli.main import main
from dfilter.packets.session import needs_of

CAPTURE = str(Path(__file__).parent / "captures" / "bot-http.pcap")


@pytest.fixture(scope="module")
def selected() -> dfilter.View:
    """A frame with an HTTP request: it has one value of each field below."""
    return next(dfilter.read(CAPTURE, "http.request and tcp"))


@pytest.mark.parametrize(("referring", "plain"), [
    ("ip.addr == $ip.src", "ip.addr == <ip.src>"),
    ("ip.addr == ${ip.src} and tcp.port == ${tcp.srcport}", "ip.addr == <ip.src> and tcp.port == <tcp.srcport>"),
    ("ip.src in {$ip.src, $ip.dst}", "ip.src in {<ip.src>, <ip.dst>}"),
    ("tcp.stream == $tcp.stream", "tcp.stream == <tcp.stream>"),
    ("frame.len > $frame.len + 20", "frame.len > <frame.len> + 20"),
    ("eth.src != $eth.src", "eth.src != <eth.src>"),
    ("http.host contains $http.host", 'http.host contains "<http.host>"'),
    ("not tcp.dstport == $tcp.dstport", "not tcp.dstport == <tcp.dstport>"),
])  # fmt: skip
def test_a_reference_stands_for_the_selected_frames_value(selected, referring, plain):
    expected = dfilter.frames(CAPTURE, re.sub("<(.+?)>", lambda found: selected.text(found[1])[0], plain))
    assert expected
    number = selected.number
    assert dfilter.frames(CAPTURE, referring, selected=number) == expected
    assert [view.number for view in dfilter.read(CAPTURE, referring, selected=number)] == expected
    compiled = dfilter.compile(referring, selected=selected)
    assert [view.number for view in dfilter.read(CAPTURE) if compiled.matches(view)] == expected
    assert dfilter.FilterSet({"it": referring, "all": ""}).frames(CAPTURE, selected=number)["it"] == expected


def test_a_value_that_the_frame_lacks_makes_comparisons_false(selected):
    assert dfilter.frames(CAPTURE, "udp.port == $udp.port", selected=selected.number) == []
    assert dfilter.frames(CAPTURE, "ip.src != $arp.src.proto_ipv4", selected=selected.number) == []
    everything = dfilter.frames(CAPTURE, "")
    assert dfilter.frames(CAPTURE, "not udp.port == $udp.port", selected=selected.number) == everything


def test_all_values_of_the_selected_frame_count(selected):
    both = f"ip.addr == {selected.source} or ip.addr == {selected.destination}"
    assert dfilter.frames(CAPTURE, "ip.addr == $ip.addr", selected=selected.number) == dfilter.frames(CAPTURE, both)


def test_without_a_selected_frame_references_have_no_value():
    assert dfilter.frames(CAPTURE, "ip.src == $ip.src") == []


@pytest.mark.parametrize("number", [-1, 0, 10**6])
def test_a_frame_that_is_not_there(number):
    with pytest.raises(dfilter.CaptureError, match=f"no frame {number} "):
        dfilter.frames(CAPTURE, "ip.src == $ip.src", selected=number)


def test_a_file_object_is_read_from_where_it_stood(selected):
    with Path(CAPTURE).open("rb") as file:
        found = dfilter.frames(file, "tcp.stream == $tcp.stream", selected=selected.number)
    assert selected.number in found


def test_a_session_that_does_not_dissect_the_field_is_an_error():
    view = dfilter.Session(needs_of(["ip.src"])).feed(bytes(60))
    with pytest.raises(LookupError, match=r"tcp\.stream"):
        dfilter.compile("tcp.stream == $tcp.stream", selected=view)


def test_what_is_read_of_which_frame():
    compiled = dfilter.compile("ip.addr == $ip.src and tcp")
    assert compiled.references == {"ip.src"}
    assert compiled.fields == {"ip.addr", "tcp"}


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["$ip.src == ip.src", CAPTURE], 0, "no frame is selected"),
    (["ip.src == $ip.src", CAPTURE, "--selected-frame", "999999"], 2, "no frame 999999"),
    (["ip.src == $ip.src", CAPTURE, CAPTURE, "--selected-frame", "1"], 2, "one capture"),
    (["ip.src == 10.0.0.1", CAPTURE, "--selected-frame", "1"], 2, "no field reference"),
])  # fmt: skip
def test_the_command_says_what_is_wrong(capsys, arguments, code, said):
    with pytest.raises(SystemExit) as ended:
        main(["run", "--count", *arguments])
    assert ended.value.code == code
    assert said in capsys.readouterr().err


def test_the_command_counts(capsys, selected):
    with pytest.raises(SystemExit) as ended:
        main(["run", "--count", "tcp.stream == $tcp.stream", CAPTURE, "--selected-frame", str(selected.number)])
    expected = len(dfilter.frames(CAPTURE, f"tcp.stream == {selected['tcp.stream']}"))
    assert (ended.value.code, capsys.readouterr().out) == (0, f"{expected}\n")
