"""The parity tool's own judgement: how the reference's texts become values, and what counts as different."""

from __future__ import annotations

import pytest

from dfilter.fields.types import FieldType as T
from dfilter.packets.dispatch import catalogue
from tests.parity.compare import PRESENT, Report, normalise
from tests.parity.report import page


@pytest.mark.parametrize(
    ("show", "type_", "value"),
    [
        ("0x0010", T.UINT16, 16),
        ("-5", T.INT32, -5),
        ("True", T.BOOLEAN, True),
        ("0", T.BOOLEAN, False),
        ("10.0.0.1", T.IPv4, b"\x0a\0\0\1"),
        ("aa:bb", T.BYTES, b"\xaa\xbb"),
        ("0.001000000", T.RELATIVE_TIME, 1_000_000),
        ("Jan  1, 1970 00:00:01.500000000 UTC", T.ABSOLUTE_TIME, 1_500_000_000),
        ("anything", T.NONE, PRESENT),
        ("no number", T.UINT16, "no number"),
    ],
)
def test_texts_become_values(show: str, type_: T, value: object) -> None:
    assert normalise(show, type_) == value


def test_report_tells_what_differs_and_how() -> None:
    report, known = Report(), catalogue()
    want = {"tcp.port": ["80", "81"], "tcp.len": ["5"], "http.host": ["a b"], "tcp.nothing": ["1"]}
    report.frame("here", want, {"tcp.port": [80, 81], "http.host": ["a\r\nb"], "tcp.seq": [1]}, known)
    assert dict(report.good) == {"tcp.port": 2, "http.host": 1}
    assert dict(report.bad["missing"]) == {"tcp.len": 1}
    assert dict(report.bad["extra"]) == {"tcp.seq": 1}
    assert dict(report.undeclared) == {"tcp.nothing": 1}
    text = page(report, known, 1, 4, 1)
    assert "**60.00 % of the values of declared fields are equal.**" in text
    assert "| `tcp.len` | 1 | 0 | missing 1 | not understood yet |" in text
    assert "- **tcp**: `tcp.nothing` 1" in text
