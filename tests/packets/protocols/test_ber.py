"""The bounded BER reader."""

from __future__ import annotations

import pytest

from dfilter.packets.protocols.ber import MAX_DEPTH, dotted, elements, read_element
from dfilter.packets.region import Malformed, Region


def region(text: str) -> Region:
    data = bytes.fromhex(text)
    return Region(data, 0, len(data))


@pytest.mark.parametrize(("text", "tag", "content", "end"), [
    ("020105", 2, "05", 3),
    ("0481020102", 4, "0102", 5),
    ("9f813300", 0xB3, "", 4),
    ("3080020101020102 0000 ff", 16, "020101020102", 10),
    ("30800000", 16, "", 4),
])  # fmt: skip
def test_elements(text: str, tag: int, content: str, end: int) -> None:
    element = read_element(region(text))
    assert (element.tag, element.octets().hex(), element.end) == (tag, content, end)


@pytest.mark.parametrize("text", ["", "02", "0205", "048501020304", "9fffffffffff00", "3080", "30800201", "3080" * 99])
def test_damage_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(elements(region(text))) or read_element(region(text))


def test_nesting_is_bounded() -> None:
    with pytest.raises(Malformed):
        read_element(region("3080" * (MAX_DEPTH + 5) + "0000" * (MAX_DEPTH + 5)))


def test_object_identifiers() -> None:
    assert dotted(bytes.fromhex("2a864886f712010202")) == "1.2.840.113554.1.2.2"
    assert dotted(bytes.fromhex("8837")) == "2.999"
    assert dotted(b"") == ""
