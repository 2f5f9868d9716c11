"""What a compiled operand is: a function from a source to values, and what is known of them beforehand.

In: nothing.  Out: `Operand` and small helpers that every operator shares.

What always holds: `read` returns the values of one frame.  An operand with `empty_counts` false is absent
when that sequence is empty.  With `empty_counts` true, `read` returns None where the operand is absent,
and an empty sequence takes part in a test: every "all" test of it is true (Wireshark 4.4 and 4.6 do so
for arithmetic whose results all overflowed and for `upper`, `lower`, `string`, `dec`, `hex` of an absent
field).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from dfilter.compile.reader import Source
from dfilter.fields.types import INTEGERS, SIGNED, WIDTH_BITS, FieldType
from dfilter.slotted import frozen

Read = Callable[[Source], Sequence[Any] | None]
SequenceRead = Callable[[Source], Sequence[Any]]
Test = Callable[[Source], bool]


@frozen
class Operand:
    """`values`: known while compiling. `low`, `high`: bounds of integer values, None where there are none.

    `signed`: the values are of a signed integer type even where they are not negative.
    `prefix`: how many leading bits of an address count.  `is_slice`: an empty value matches nothing.
    """

    read: Read
    type: FieldType
    values: tuple[Any, ...] | None = None
    empty_counts: bool = False
    low: int | None = None
    high: int | None = None
    signed: bool = False
    prefix: int | None = None
    is_slice: bool = False

    @property
    def may_be_negative(self) -> bool:
        return self.type in INTEGERS and (self.low is None or self.low < 0)


def known(values: tuple[Any, ...], kind: FieldType, prefix: int | None = None) -> Operand:
    """An operand whose values are the same for every frame."""
    whole = kind in INTEGERS and bool(values) and all(isinstance(value, int) for value in values)
    return Operand(
        read=lambda source: values,
        type=kind,
        values=values,
        low=min(values) if whole else None,
        high=max(values) if whole else None,
        signed=kind in SIGNED or (whole and min(values) < 0),
        prefix=prefix,
    )


def type_bounds(kind: FieldType) -> tuple[int | None, int | None]:
    """The least and the greatest value of an integer type, (None, None) for every other type."""
    if kind not in INTEGERS:
        return None, None
    width = WIDTH_BITS[kind]
    if kind in SIGNED:
        return -(1 << (width - 1)), (1 << (width - 1)) - 1
    return 0, (1 << width) - 1


def sequence_read(operand: Operand) -> SequenceRead:
    """The values, an empty sequence where the operand is absent: all that an "any" test needs."""
    read = operand.read
    if operand.empty_counts:
        return lambda source: read(source) or ()
    return cast(SequenceRead, read)


def optional_read(operand: Operand) -> Read:
    """The values, None where the operand is absent, whichever way it says so itself."""
    read = operand.read
    if operand.empty_counts:
        return read
    return lambda source: read(source) or None


def octets(value: Any) -> bytes:
    """The bytes of a byte string, a text (UTF-8) or a layer (those that its item covers)."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    covered: bytes = value.item_bytes()
    return covered


def octets_to_end(value: Any) -> bytes:
    """As `octets`, but of a layer the bytes from its first to the end of the data source."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    covered: bytes = value.bytes_to_end()
    return covered
