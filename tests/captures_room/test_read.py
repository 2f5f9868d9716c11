"""Reading: what Wireshark reads, and its complaints; compression; sources."""

from __future__ import annotations

import gzip
import io
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from dfilter.captures.frame import CUSTOM_BLOCK, JOURNAL_ENTRY
from dfilter.captures.read import open_capture
from dfilter.errors import CaptureError
from tests.captures_room.cases import PCAP, PCAPNG
from tests.captures_room.make import (
    PACKET,
    SECONDS,
    block,
    enhanced,
    interface,
    option,
    pcap,
    pcapng,
    record,
    section,
    simple,
)

TIME = SECONDS * 10**9
CASES = [pytest.param(*case[1:], id=f"{kind}: {case[0]}") for kind, cases in
         (("pcap", PCAP), ("pcapng", PCAPNG)) for case in cases]  # fmt: skip


class Dribble(io.RawIOBase):
    """A file that cannot be sought and gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step, self._at = data, step, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._data[self._at : self._at + min(self._step, size)]
        self._at += len(piece)
        return piece


def read(data: bytes):
    capture = open_capture(io.BytesIO(data))
    return list(capture), capture


@pytest.mark.parametrize(("data", "shapes", "outcome"), CASES)
def test_frames_and_complaints_are_wiresharks(data, shapes, outcome):
    if outcome == "error":
        with pytest.raises(CaptureError) as caught:
            open_capture(io.BytesIO(data))
        assert "\n" not in str(caught.value)
        return
    frames, capture = read(data)
    assert [(frame.wire_length, len(frame.data)) for frame in frames] == shapes
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert (capture.warning is not None) == (outcome == "warning")


SMALL = [case for case in CASES if case.values[2] != "error" and len(case.values[0]) < 3000]


@pytest.mark.parametrize(("data", "shapes", "outcome"), SMALL)
@pytest.mark.parametrize("step", [7, 11, 97])
def test_pieces_make_no_difference(data, shapes, outcome, step):
    frames, capture = read(data)
    dribbled = open_capture(Dribble(data, step))
    assert [(f.number, f.time, f.data) for f in dribbled] == [(f.number, f.time, f.data) for f in frames]
    assert dribbled.warning == capture.warning
    assert (dribbled.warning is not None) == (outcome == "warning")
    assert len(frames) == len(shapes)


def test_every_cut_keeps_the_whole_frames_before_it():
    data = pcapng(enhanced(), enhanced(b"abc"), simple())
    ends = [len(pcapng(enhanced())), len(pcapng(enhanced(), enhanced(b"abc"))), len(data)]
    for size in range(len(section() + interface()) + 8, len(data) + 1):
        frames, capture = read(data[:size])
        assert len(frames) == sum(end <= size for end in ends)
        cut = size not in (*ends, len(section() + interface()))
        assert (capture.warning is not None) == cut
        if cut:
            assert f"ends at byte {size}," in capture.warning


@pytest.mark.parametrize(
    ("options", "ticks", "time"),
    [
        (b"", 1_700_000_000_123_456, TIME + 123_456_000),
        (option(9, b"\x09"), TIME + 1, TIME + 1),
        (option(9, b"\x00"), 17, 17 * 10**9),
        (option(9, b"\x00"), 2**64 - 1, -(10**9)),
        (option(9, b"\x8a"), 1 << 10 | 1, 10**9 + 976_562),
        (option(9, b"\x0c"), 1_000_000_123_456, 10**9 + 123),
        (option(9, b"\x0c"), 2**64 - 1, 18446744_018369319),  # Wireshark's own overflow
        (option(14, struct.pack("<q", -5)), 0, -5 * 10**9),
        (option(14, struct.pack("<q", 5)) + option(14, struct.pack("<q", 9)), 10**6, 6 * 10**9),
        (option(9, b"\x09\x09"), 10**6, 10**9),
    ],
)
def test_times(options, ticks, time):
    frames, _ = read(section() + interface(options=options) + enhanced(ticks=ticks))
    assert frames[0].time == time


@pytest.mark.parametrize(("magic", "scale"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pcap_times(magic, scale, order):
    frames, _ = read(pcap(record(order=order), order=order, magic=magic))
    assert frames[0].time == TIME + 123456 * scale


def test_what_has_no_time_says_so():
    custom = block(0xBAD, struct.pack("<I", 1) + b"abcd")
    journal = block(9, b"__REALTIME_TIMESTAMP=1465928333941153\n_X=1\n\n")
    frames, _ = read(pcapng(simple(), custom, journal))
    assert [frame.time for frame in frames] == [None, None, 1_465_928_333_941_153_000]
    assert [frame.link_type for frame in frames] == [1, CUSTOM_BLOCK, JOURNAL_ENTRY]
    assert [frame.interface for frame in frames] == [0, -1, -1]


def test_options_of_frames_and_interfaces():
    comments = option(1, b"one") + option(1, "twö".encode()) + option(1, b"\xffbad") + option(1, b"a\0b")
    flags = option(2, struct.pack(">I", 0x82), ">")
    name = option(2, b"eth0") + option(3, b"the first") + option(13, b"\x04")
    frames, capture = read(section() + interface(options=name) + enhanced(options=comments)
                           + section(">") + interface(113, order=">") + interface(228, order=">")
                           + enhanced(which=1, options=flags, order=">"))  # fmt: skip
    assert frames[0].comments == ("one", "twö", "\ufffdbad", "a")
    assert (frames[0].flags, frames[1].flags) == (None, 0x82)
    assert [(frame.link_type, frame.interface) for frame in frames] == [(1, 0), (228, 1)]
    first = frames[0].origin
    assert (first.name, first.description, first.fcs_length) == ("eth0", "the first", 4)
    assert [i.link_type for i in capture.interfaces] == [1, 113, 228]
    assert [frame.origin.section.number for frame in frames] == [1, 2]


def test_fcs_length_in_the_link_type_counts_words():
    _, capture = read(pcap(record(), link_type=0x24000001))
    assert (capture.interfaces[0].fcs_length, capture.interfaces[0].link_type) == (4, 1)


PLAIN = pcap(*[record(struct.pack("<I", n) * 15) for n in range(50)])


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_compressed_members_follow_each_other(compress):
    for data in (compress(PLAIN), compress(PLAIN[:100]) + compress(PLAIN[100:])):
        frames, capture = read(data)
        assert len(frames) == 50
        assert capture.warning is None


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_bytes_after_the_compressed_data_warn(compress):
    frames, capture = read(compress(PLAIN) + b"junkjunkjunk")
    assert len(frames) == 50
    assert capture.warning


def test_bytes_after_gzip_go_on_as_they_are():
    frames, _ = read(gzip.compress(PLAIN) + record())
    assert frames[50].data == PACKET


def test_gzip_header_with_everything():
    body = gzip.compress(PLAIN, mtime=0)[10:]
    header = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x03\x00xyz" + b"name\0" + b"a comment\0" + b"\x12\x34"
    assert len(read(header + body)[0]) == 50


def test_damaged_gzip_keeps_the_frames_before_the_damage():
    wrong_sum = bytearray(gzip.compress(PLAIN))
    wrong_sum[-6] ^= 1
    frames, capture = read(bytes(wrong_sum))
    assert len(frames) == 50
    assert "checksum" in capture.warning
    frames, capture = read(gzip.compress(PLAIN)[:-100])
    assert 0 < len(frames) < 50
    assert capture.warning
    stored = gzip.compress(PLAIN, compresslevel=0)
    frames, capture = read(stored[:2000] + stored[2500:])
    assert 0 < len(frames) < 50
    assert capture.warning


@pytest.mark.parametrize(
    "data",
    [
        b"\x1f\x8b\x08",
        b"\x1f\x8b\x07" + bytes(20),
        b"\x28\xb5\x2f\xfd" + b"junk" * 9,
        gzip.compress(b"hello", mtime=0),
        gzip.compress(gzip.compress(PLAIN)),
    ],
)
def test_compressed_but_no_capture(data):
    with pytest.raises(CaptureError):
        open_capture(io.BytesIO(data))


def test_errors_of_paths(tmp_path: Path):
    for path, word in ((tmp_path, "folder"), (tmp_path / "missing.pcap", "No such file"), ("a\0b", "null")):
        with pytest.raises(CaptureError, match=word) as caught:
            open_capture(path)
        assert str(path) in str(caught.value)


def test_text_files_and_other_objects_are_refused():
    with pytest.raises(CaptureError, match="binary mode"):
        open_capture(io.StringIO("text"))
    with pytest.raises(CaptureError, match="int is no capture"):
        open_capture(5)


def test_a_path_is_closed_when_reading_ends_or_is_given_up(tmp_path: Path):
    path = tmp_path / "x.pcap"
    path.write_bytes(PLAIN)
    with open_capture(str(path)) as capture:
        assert next(iter(capture)).number == 1
    assert list(capture) == []
    next(iter(open_capture(path)))  # dropped: no ResourceWarning, which the test settings turn into an error


def test_standard_input():
    code = "from dfilter.captures.read import open_capture; print(sum(1 for _ in open_capture('-')))"
    done = subprocess.run([sys.executable, "-c", code], input=PLAIN, capture_output=True, check=True)
    assert done.stdout.strip() == b"50"


def test_frames_of_a_live_pipe_come_at_once():
    """A writer that pauses after one packet: the packet is handed out before the next is written."""
    code = (
        "from dfilter.captures.read import open_capture\n"
        "for f in open_capture('-'): print(f.number, flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdin.write(pcap(record()))
        process.stdin.flush()
        assert process.stdout.readline() == b"1\n"
        process.stdin.write(record())
        process.stdin.close()
        assert process.stdout.read() == b"2\n"


@pytest.mark.parametrize("number", [400, 65000])
def test_an_unknown_link_type_is_refused(number: int) -> None:
    """Wireshark 4.4: "network type 65000 unknown or unsupported"."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, number)
    with pytest.raises(CaptureError, match=f"link type {number} "):
        open_capture(io.BytesIO(header + record()))
