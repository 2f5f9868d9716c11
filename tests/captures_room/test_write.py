"""Writing: what is read again is what was written; a file is whole or absent."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dfilter.captures.frame import Frame
from dfilter.captures.read import open_capture
from dfilter.captures.write import CaptureWriter
from dfilter.errors import CaptureError
from tests.captures_room.cases import PCAP, PCAPNG
from tests.captures_room.make import enhanced, interface, option, pcap, record, section, simple

LINK_TYPES = st.sampled_from([0, 1, 101, 113, 147, 276])
TIMES = st.integers(0, 2**64 - 1)


def written(frames, format="pcapng"):
    out = io.BytesIO()
    with CaptureWriter(out, format) as writer:
        for frame in frames:
            writer.write(frame)
    return out.getvalue(), writer


def again(data):
    capture = open_capture(io.BytesIO(data))
    frames = list(capture)
    assert capture.warning is None
    return frames


def kept(frame: Frame):
    """What must survive in pcapng."""
    origin = frame.origin
    return (frame.number, frame.time, frame.data, frame.wire_length, frame.link_type, frame.interface,
            frame.options, frame.flags, origin.fcs_length, origin.snaplen, origin.name)  # fmt: skip


handmade = st.builds(
    Frame,
    number=st.just(1),
    time=TIMES,
    data=st.binary(max_size=70),
    wire_length=st.integers(0, 2**31 - 1),
    link_type=LINK_TYPES,
    options=st.lists(st.tuples(st.sampled_from([1, 8, 77]), st.binary(max_size=9))).map(tuple),
)


@given(st.lists(handmade, max_size=6))
def test_frames_made_by_hand_survive_pcapng(frames):
    back = again(written(frames)[0])
    assert [f.number for f in back] == list(range(1, len(frames) + 1))
    assert [(f.time, f.data, f.wire_length, f.link_type, f.options) for f in back] == [
        (f.time, f.data, f.wire_length, f.link_type, f.options) for f in frames
    ]


@given(st.lists(handmade, max_size=6), LINK_TYPES, st.integers(0, 2**32 - 1))
def test_frames_made_by_hand_survive_pcap(frames, link_type, seconds):
    frames = [
        replace(f, link_type=link_type, time=seconds * 10**9 + f.time % 10**9, options=()) for f in frames
    ]
    back = again(written(frames, "pcap")[0])
    assert [(f.time, f.data, f.wire_length, f.link_type) for f in back] == [
        (f.time, f.data, f.wire_length, f.link_type) for f in frames
    ]


interfaces = st.tuples(
    LINK_TYPES,
    st.sampled_from([0, 40, 65535]),
    st.one_of(st.integers(0, 19), st.integers(0x80, 0x80 + 63)),
    st.integers(-(2**63), 2**63 - 1),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from("<>"), st.lists(interfaces, min_size=1, max_size=3), st.data())
def test_pcapng_survives_pcapng(order, described, data):
    blocks = [section(order)]
    for link_type, snaplen, resolution, offset in described:
        options = option(9, bytes([resolution]), order) + option(14, struct.pack(order + "q", offset), order)
        blocks.append(interface(link_type, snaplen, options + option(2, b"eth0", order), order))
    flags = option(2, b"\0\0\0\1", order) + option(1, b"a comment", order)
    for _ in range(data.draw(st.integers(0, 4))):
        which, ticks = data.draw(st.integers(0, len(described) - 1)), data.draw(TIMES)
        blocks.append(enhanced(data.draw(st.binary(max_size=9)), which, ticks, options=flags, order=order))
    frames = again(b"".join(blocks))
    back = again(written(frames)[0])
    assert list(map(kept, back)) == list(map(kept, frames))


@pytest.mark.parametrize("data", [pytest.param(c[1], id=c[0]) for c in PCAP + PCAPNG if c[3] != "error"])
def test_what_is_read_can_be_written(data):
    frames = list(open_capture(io.BytesIO(data)))
    back = again(written(frames)[0])
    if frames and frames[0].origin.section.number and open_capture(io.BytesIO(data)).format == "pcapng":
        assert list(map(kept, back)) == list(map(kept, frames))
    assert [(f.time, f.data, f.wire_length, f.link_type) for f in back] == [
        (f.time, f.data, f.wire_length, f.link_type) for f in frames
    ]


def test_several_captures_into_one():
    first = list(open_capture(io.BytesIO(section() + interface() + interface(101) + enhanced(which=1))))
    second = list(open_capture(io.BytesIO(section(">") + interface(113, order=">") + enhanced(order=">"))))
    third = list(open_capture(io.BytesIO(pcap(record(), link_type=0x24000001))))
    back = again(written(first + second + third + first)[0])
    assert [(f.link_type, f.interface) for f in back] == [(101, 1), (113, 0), (1, 0), (101, 1)]
    assert [f.origin.section.byte_order for f in back] == ["<", ">", "<", "<"]
    assert back[2].origin.fcs_length == 4


def test_pcap_keeps_the_resolution_of_its_source():
    micro = list(open_capture(io.BytesIO(pcap(record()))))
    nano = list(open_capture(io.BytesIO(pcap(record(), magic=0xA1B23C4D))))
    assert written(micro, "pcap")[0][:4] == struct.pack("<I", 0xA1B2C3D4)
    assert written(nano, "pcap")[0][:4] == struct.pack("<I", 0xA1B23C4D)
    with pytest.raises(CaptureError, match="write pcapng"):
        written(micro + nano, "pcap")


def test_pcap_says_what_it_drops():
    frames = again(section() + interface() + enhanced(options=option(1, b"c")) + simple())
    data, writer = written(frames, "pcap")
    assert [f.time for f in again(data)] == [frames[0].time, 0]
    assert "comments or other options of 1 frames" in writer.warning
    assert "1 frames have no time" in writer.warning
    assert written(frames)[1].warning is None


@pytest.mark.parametrize("format", ["pcap", "pcapng"])
def test_no_frames_make_a_readable_file(format):
    assert again(written([], format)[0]) == []


GOOD = Frame(1, 5, b"abc", 3)


@pytest.mark.parametrize(
    ("frame", "format", "word"),
    [
        (replace(GOOD, link_type=101), "pcap", "link type is 101"),
        (replace(GOOD, time=-1), "pcap", "1970"),
        (replace(GOOD, time=2**32 * 10**9), "pcap", "2106"),
        (replace(GOOD, link_type=-2), "pcap", "no packet"),
        (replace(GOOD, time=-1), "pcapng", "does not fit"),
        (replace(GOOD, time=2**64), "pcapng", "does not fit"),
        (replace(GOOD, time=None, link_type=101), "pcapng", "no time"),
        (replace(GOOD, link_type=-3), "pcapng", "no link type"),
        (replace(GOOD, wire_length=-1), "pcapng", "length on the wire"),
        (replace(GOOD, data=bytes(262145)), "pcap", "262144 are the most"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused_and_leaves_no_trace(frame, format, word):
    out = io.BytesIO()
    with CaptureWriter(out, format) as writer:
        writer.write(GOOD)
        with pytest.raises(CaptureError, match=word):
            writer.write(replace(frame, number=7))
        writer.write(GOOD)
    assert [(f.time, f.data) for f in again(out.getvalue())] == [(5, b"abc"), (5, b"abc")]


def interrupted(path, interruption):
    with CaptureWriter(path) as writer:
        writer.write(GOOD)
        raise interruption


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError, CaptureError, GeneratorExit])
def test_an_interrupted_write_leaves_the_folder_as_it_was(tmp_path: Path, interruption):
    path = tmp_path / "out.pcapng"
    for before in (None, b"what was there"):
        if before is not None:
            path.write_bytes(before)
        with pytest.raises(interruption):
            interrupted(path, interruption)
        assert [p.read_bytes() for p in tmp_path.iterdir()] == ([] if before is None else [before])


def test_a_finished_write_replaces_the_file_and_keeps_its_mode(tmp_path: Path):
    path = tmp_path / "out.pcap"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link = tmp_path / "link.pcap"
    link.symlink_to(path)
    with CaptureWriter(link, "pcap") as writer:
        writer.write(GOOD)
        assert path.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.pcap", "out.pcap"]
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert len(list(open_capture(path))) == 1


def test_the_input_may_be_the_output(tmp_path: Path):
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(*[record()] * 9000))
    with CaptureWriter(path, "pcap") as writer:
        for frame in open_capture(path):
            if frame.number % 2:
                writer.write(frame)
    assert len(list(open_capture(path))) == 4500


def test_where_nothing_can_be_written(tmp_path: Path):
    for path, word in ((tmp_path, "folder"), (tmp_path / "no" / "x", "No such file"), ("a\0", "null")):
        with pytest.raises(CaptureError, match=word), CaptureWriter(path):
            pass
    with pytest.raises(CaptureError, match="format 'erf'"):
        CaptureWriter(tmp_path / "x", "erf")
    with pytest.raises(CaptureError, match="with statement"):
        CaptureWriter(tmp_path / "x").write(GOOD)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk without room")
def test_a_full_disk_is_a_capture_error():
    with pytest.raises(CaptureError, match="No space left"), CaptureWriter("/dev/full") as writer:
        writer.write(GOOD)


def test_a_pipe_is_written_not_replaced(tmp_path: Path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    code = f"import sys; sys.stdout.buffer.write(open({str(path)!r}, 'rb').read())"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as reader:
        with CaptureWriter(path) as writer:
            writer.write(GOOD)
        assert len(again(reader.stdout.read())) == 1
    assert path.is_fifo()


def test_standard_output():
    code = ("from dfilter.captures.write import CaptureWriter\nfrom dfilter.captures.frame import Frame\n"
            "with CaptureWriter('-', 'pcap') as w: w.write(Frame(1, 5, b'abc', 3))")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert [f.data for f in again(done.stdout)] == [b"abc"]
