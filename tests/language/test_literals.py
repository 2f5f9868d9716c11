"""Escapes, character constants and numbers as values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfilter.fields.versions import Version
from dfilter.language.literals import (
    Flaw,
    LiteralError,
    character_value,
    float_value,
    integer_value,
    string_value,
)
from dfilter.language.printer import print_string

NEW, OLD = Version.V4_6, Version.V3_4


@pytest.mark.parametrize(
    ("text", "new", "old"),
    [
        ('"a"', b"a", b"a"),
        (r'"\"\\\'"', b"\"\\'", b"\"\\'"),
        (r'"\a\b\f\n\r\t\v"', b"\a\b\f\n\r\t\v", b"abfnrtv"),
        (r'"\1\18\377"', b"\x01\x018\xff", b"\x01\x018\xff"),
        (r'"\x4\x41\x411"', b"\x04AA1", b"\x04AA1"),
        (r'"\u00e9\U0001F600"', "é😀".encode(), b"u00e9U0001F600"),
        ('"é\n"', "é\n".encode(), "é\n".encode()),
        (r'"a\0b"', b"a\0b", b"a"),
    ],
)
def test_strings(text: str, new: bytes, old: bytes) -> None:
    assert string_value(text, NEW) == new
    assert string_value(text, OLD) == old


def test_raw_string_keeps_backslashes() -> None:
    assert string_value(r'r"a\.\"b"', NEW, raw=True) == rb"a\.\"b"


def test_byte_from_the_command_line_is_that_byte() -> None:
    assert string_value('"\udcff"', NEW) == b"\xff"
    assert string_value('"\ud800"', NEW) == b"\xed\xa0\x80"


@given(st.binary())
def test_every_byte_string_can_be_written(value: bytes) -> None:
    assert string_value(print_string(value), NEW) == value


@pytest.mark.parametrize(
    ("text", "flaw", "part"),
    [(r'"a\q"', Flaw.ESCAPE, r"\q"), (r'"\xg"', Flaw.ESCAPE, r"\x"), (r'"\400"', Flaw.OCTAL, r"\400"),
     (r'"\u12"', Flaw.UNIVERSAL_NAME, r"\u12"), (r'"\u0000"', Flaw.UNIVERSAL_NAME, r"\u0000"),
     (r'"\udfff"', Flaw.UNIVERSAL_NAME, r"\udfff"), (r'"\U00110000"', Flaw.UNIVERSAL_NAME, r"\U00110000")],
)  # fmt: skip
def test_bad_escapes(text: str, flaw: Flaw, part: str) -> None:
    with pytest.raises(LiteralError) as caught:
        string_value(text, NEW)
    assert (caught.value.flaw, caught.value.part) == (flaw, part)
    assert text[caught.value.start : caught.value.end] == part


@pytest.mark.parametrize(
    ("text", "value"),
    [("'a'", 97), ("' '", 32), ("'\"'", 34), (r"'\''", 39), (r"'\\'", 92), (r"'\x1'", 1), (r"'\x41'", 65),
     (r"'\0'", 0), (r"'\377'", 255), (r"'\r'", 13), (r"'\v'", 11)],
)  # fmt: skip
def test_characters(text: str, value: int) -> None:
    assert character_value(text, NEW) == value


@pytest.mark.parametrize(
    ("text", "flaw"),
    [("''", Flaw.EMPTY_CHARACTER), ("'ab'", Flaw.LONG_CHARACTER), (r"'\n'", Flaw.LONG_CHARACTER),
     (r"'\q'", Flaw.BAD_CHARACTER), (r"'\8'", Flaw.BAD_CHARACTER), (r"'\18'", Flaw.BAD_CHARACTER),
     (r"'\xgg'", Flaw.BAD_CHARACTER), (r"'\x123'", Flaw.LONG_CHARACTER), (r"'\0000'", Flaw.LONG_CHARACTER),
     (r"'\400'", Flaw.OCTAL), ("'é'", Flaw.NON_PRINTABLE), ("'\t'", Flaw.NON_PRINTABLE)],
)  # fmt: skip
def test_bad_characters(text: str, flaw: Flaw) -> None:
    with pytest.raises(LiteralError) as caught:
        character_value(text, NEW)
    assert caught.value.flaw is flaw


def test_newline_constant_is_fine_in_3_4() -> None:
    assert character_value(r"'\n'", OLD) == 10


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("80", 80), ("0120", 80), ("0x50", 80), ("0X5f", 95), ("0b101", 5), ("0b", 0),
     ("18446744073709551615", 2**64 - 1), ("18446744073709551616", None), ("0x10000000000000000", None),
     ("9" * 100_000, None), ("0x" + "f" * 100_000, None), ("0" * 100_000 + "7", 7)],
    ids=lambda text: str(text)[:20],
)  # fmt: skip
def test_integers(text: str, value: int | None) -> None:
    assert integer_value(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5", 1.5), ("1e3", 1000.0), ("1.5e-3", 0.0015), ("010.5", 10.5), ("0x1.8", 1.5), ("0x1p-3", 0.125),
     ("0x1.8p+1", 3.0), ("0.0", 0.0), ("0e-999", 0.0), ("0x0p-9999", 0.0), ("InFinity", math.inf)],
)  # fmt: skip
def test_floats(text: str, value: float) -> None:
    assert float_value(text) == value


@pytest.mark.parametrize("text", ["1e400", "0x1p99999", "1e-400", "1e-310", "0x1p-1050"])
def test_floats_out_of_range(text: str) -> None:
    with pytest.raises(LiteralError) as caught:
        float_value(text)
    assert caught.value.flaw in (Flaw.OVERFLOW, Flaw.UNDERFLOW)
