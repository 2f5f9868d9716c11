"""Some frames, read by number, are those of the whole capture."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfilter.captures.index import open_chunks
from dfilter.captures.places import Places
from dfilter.captures.read import open_capture
from dfilter.errors import CaptureError

CAPTURES = Path(__file__).parent.parent / "captures"
PLAIN = CAPTURES / "bot-http.pcap"
ALL = [PLAIN, CAPTURES / "rat-dns.pcapng", CAPTURES / "loader-https.pcap.gz"]


def places_of(path: Path) -> Places:
    places = Places()
    for chunk in open_chunks(path)[1]:
        places.note(chunk)
    return places


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
@given(data=st.data())
def test_the_same_frames(path: Path, data: st.DataObject) -> None:
    frames = list(open_capture(path))
    numbers = sorted(data.draw(st.sets(st.integers(1, len(frames)), max_size=9)))
    found = places_of(path).frames(open_capture(path), np.array(numbers, np.int64), with_before=True)
    for number, (frame, before) in zip(numbers, found, strict=True):
        assert described(frame) == described(frames[number - 1])
        assert described(before) == (described(frames[number - 2]) if number > 1 else None)


def described(frame: object) -> object:
    if frame is None:
        return None
    return [getattr(frame, name) for name in ("number", "time", "data", "wire_length", "link_type")]


def test_no_frame_before_where_none_is_wanted() -> None:
    found = places_of(PLAIN).frames(open_capture(PLAIN), np.array([2, 5], np.int64), with_before=False)
    assert [(frame.number, before) for frame, before in found] == [(2, None), (5, None)]


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_file_that_was_changed_is_an_error(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "changed.pcap"
    shutil.copy(PLAIN, path)
    places, last = places_of(path), len(list(open_capture(path)))
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] if damage == "cut" else raw[:24] + gzip.compress(raw) + raw)
    with pytest.raises(CaptureError, match=f"changed while it was read: frame {last}, at byte"):
        list(places.frames(open_capture(path), np.array([last], np.int64), with_before=False))
