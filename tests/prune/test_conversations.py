"""Rows and codes of TCP segments, held against what the tracker of a session finds."""

from __future__ import annotations

import pytest

from dfilter.prune.conversations import AGAIN, END, NEW, ODD, OLD, RESET, VAGUE, Segments
from dfilter.prune.grouped import GroupedTable

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

# key sender seq ack flags length window -> row code; a conversation a line group, a chunk a line
CASES = {
    "a handshake, data both ways, closed": """
        7 0 100 0   S  0  -> 0 -
        7 1 500 101 SA 0  -> 0 -
        7 0 101 501 A  0  -> 0 -
        7 0 101 501 A  10 -> 0 new
        7 1 501 111 A  5  -> 0 new
        7 0 111 506 FA 0  -> 0 end
        7 1 506 112 FA 0  -> 0 end
    """,
    "sent again, and a gap": """
        7 0 100 0   S  0  -> 0 -
        7 1 500 101 SA 0  -> 0 -
        7 0 101 501 A  10 -> 0 new
        7 0 101 501 A  10 -> 0 old vague
        7 0 110 501 A  1  -> 0 old
        7 0 121 501 A  10 -> 0 odd
    """,
    "an acknowledgement of what was not captured": """
        7 0 100 0   S  0  -> 0 -
        7 1 500 101 SA 0  -> 0 -
        7 0 101 601 A  0  -> 0 odd
    """,
    "ports used again, after a reset with the same number and at once with another": """
        7 0 100 0   S  0  -> 0 -
        8 0 900 0   S  0  -> 1 -
        7 0 100 0   S  0  -> 0 vague
        7 1 0   101 RA 0  -> 0 reset
        7 0 100 0   S  0  -> 2 -
        8 0 901 0   S  0  -> 3 -
        8 0 901 0   S  0  -> 3 vague
    """,
    "captured from its middle": """
        7 1 5000 77 A  10 -> 0 new
        7 0 77 5010 A  3  -> 0 new
        7 1 5010 80 A  10 -> 0 new
    """,
    "the end of the numbers": """
        7 0 4294967290 0 S 0  -> 0 -
        7 0 4294967291 1 A 10 -> 0 new
        7 0 5          1 A 10 -> 0 new
    """,
}
_FLAGS = {"S": SYN, "A": ACK, "F": FIN, "R": RST}
_CODES = {"new": NEW, "old": OLD, "odd": ODD, "end": END, "vague": VAGUE, "reset": RESET, "-": 0}

# sequence length, of one direction; what is copied?
COPIES = {
    "a copy": ([(1, 10), (11, 10), (1, 10)], [], [2]),
    "with other boundaries": ([(1, 10), (11, 10), (1, 20), (6, 10)], [], []),
    "acknowledged in part": ([(1, 10), (11, 10), (1, 10)], [5], []),
    "acknowledged": ([(1, 10), (11, 10), (1, 10)], [11], [2]),
}


def segment_of(text: str) -> Segments:
    key, sender, seq, ack, flags, length = text.split()
    segment = Segments.single(int(key), int(sender), (1, 2), int(seq), int(ack),
                              sum(_FLAGS[letter] for letter in flags))  # fmt: skip
    segment.length[0] = int(length)
    return segment


@pytest.mark.parametrize("lines", CASES.values(), ids=CASES.keys())
def test_rows_and_codes(lines: str) -> None:
    table = GroupedTable()
    for line in lines.strip().splitlines():
        given, expected = line.split("->")
        row, *codes = expected.split()
        rows, found, _ = table.take(segment_of(given))
        assert (int(rows[0]), int(found[0])) == (int(row), sum(_CODES[code] for code in codes)), line


def test_one_chunk_or_many() -> None:
    """How segments are cut into chunks makes no difference, but that copies are told apart in one only."""
    whole, single = GroupedTable(), GroupedTable()
    text = "\n".join(CASES.values())
    segments = []
    for line in text.split("\n"):
        if "->" not in line:
            continue
        segments.append(segment_of(line.split("->")[0]))
    together = whole.take(Segments.joined(segments))
    apart = [single.take(segment) for segment in segments]
    for place in range(3):
        known = [code ^ AGAIN ^ VAGUE if place == 1 and code & AGAIN else code for code in together[place].tolist()]
        assert known == [int(each[place][0]) for each in apart]
    assert whole.count == single.count


@pytest.mark.parametrize(("sent", "acknowledged", "copied"), COPIES.values(), ids=COPIES.keys())
def test_copies(sent: list[tuple[int, int]], acknowledged: list[int], copied: list[int]) -> None:
    lines = [f"7 0 {seq} 1 A {length}" for seq, length in sent]
    lines[2:2] = [f"7 1 1 {number} A 0" for number in acknowledged]
    opened = ["7 0 0 0 S 0", "7 1 0 1 SA 0"]
    _, codes, _ = GroupedTable().take(Segments.joined([segment_of(line) for line in opened + lines]))
    data = [code for line, code in zip(lines, codes.tolist()[2:], strict=True) if line.startswith("7 0")]
    assert [place for place, code in enumerate(data) if code & AGAIN] == copied
    assert not any(code & AGAIN and code & VAGUE for code in data)
