"""DNS messages over TCP put together from segments: in order, sent again, late, lost; as Wireshark 4.4 does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfilter.packets.view import View
from tests.packets.streams.segments import scenarios, tcp_frame, values, views

CASES = list(scenarios(Path(__file__).with_name("messages.tsv")))
LISTS = {"reassembled_in": "tcp.reassembled_in", "segment": "tcp.segment", "segment.count": "tcp.segment.count",
         "reassembled.length": "tcp.reassembled.length"}  # fmt: skip


def shown(view: View) -> set[str]:
    found = set()
    for word, name in LISTS.items():
        if values(view, name):
            found.add(f"{word}={','.join(map(str, values(view, name)))}")
    if data := values(view, "tcp.segment_data"):
        found.add("segment_data=" + ",".join(str(len(part)) for part in data))  # type: ignore[arg-type]
    if overlaps := values(view, "tcp.segment.overlap"):
        found.add(f"overlaps={len(overlaps)}")
    return found | {name for name in ("dns", "data") if name in view.by_name}


@pytest.mark.parametrize(("name", "lines"), CASES, ids=[name for name, _ in CASES])
def test_scenario(name: str, lines: list[str]) -> None:
    found = views(tcp_frame(i, line, server_port=53) for i, line in enumerate(lines, 1))
    for number, (line, view) in enumerate(zip(lines, found, strict=True), 1):
        assert shown(view) == set(line.split("\t")[8].split()), f"frame {number}"


@pytest.mark.parametrize("field", [*LISTS.values(), "tcp.segments", "tcp.segment_data", "tcp.pdu.size"])
def test_a_field_asked_for_alone_is_the_same(field: str) -> None:
    frames = [tcp_frame(i, line, server_port=53) for i, line in enumerate(dict(CASES)["split_in_three"], 1)]
    alone = [values(view, field) for view in views(frames, [field])]
    assert alone == [values(view, field) for view in views(frames)]
    assert any(alone)
