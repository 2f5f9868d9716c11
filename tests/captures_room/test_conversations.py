"""Rows and codes of TCP segments, held against what the tracker of a session finds."""

from __future__ import annotations

import pytest

from dfilter.captures.conversations import AGAIN, END, NEW, ODD, OLD, RESET, Segments, Table

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

# key sender seq ack flags length window -> row code; a conversation a line group
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
        7 0 101 501 A  10 -> 0 old again
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
        7 0 100 0   S  0  -> 0 again
        7 1 0   101 RA 0  -> 0 reset
        7 0 100 0   S  0  -> 2 -
        8 0 901 0   S  0  -> 3 -
        8 0 901 0   S  0  -> 3 again
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
_CODES = {"new": NEW, "old": OLD, "odd": ODD, "end": END, "again": AGAIN, "reset": RESET, "-": 0}


@pytest.mark.parametrize("lines", CASES.values(), ids=CASES.keys())
def test_rows_and_codes(lines: str) -> None:
    table = Table()
    for line in lines.strip().splitlines():
        given, expected = line.split("->")
        key, sender, seq, ack, flags, length = given.split()
        row, *codes = expected.split()
        segment = Segments.single(int(key), int(sender), (1, 2), int(seq), int(ack),
                                  sum(_FLAGS[letter] for letter in flags))  # fmt: skip
        segment.length[0] = int(length)
        rows, found, _ = table.take(segment)
        assert (int(rows[0]), int(found[0])) == (int(row), sum(_CODES[code] for code in codes)), line


def test_one_chunk_or_many() -> None:
    """How segments are cut into chunks makes no difference."""
    whole, single = Table(), Table()
    text = "\n".join(CASES.values())
    segments = []
    for line in text.split("\n"):
        if "->" not in line:
            continue
        key, sender, seq, ack, flags, length = line.split("->")[0].split()
        segment = Segments.single(int(key), int(sender), (1, 2), int(seq), int(ack),
                                  sum(_FLAGS[letter] for letter in flags))  # fmt: skip
        segment.length[0] = int(length)
        segments.append(segment)
    together = whole.take(Segments.joined(segments))
    apart = [single.take(segment) for segment in segments]
    for place in range(3):
        assert together[place].tolist() == [int(each[place][0]) for each in apart]
    assert whole.count == single.count
