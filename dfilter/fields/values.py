"""The labels of values: which text stands for which number in a field of a dissected protocol.

In: a field name and a version.  Out: its table of (first, last, label), or None.
Always: importing this module reads no data; a call reads two small blocks at most.

The data is what ``tshark -G values`` of Wireshark 4.4.18 and 4.6.9 reports for the protocols in
`dfilter.fields.common.DISSECTED` (3.4 and 4.0 are answered with the tables of 4.4, the nearest observed).
Two files of `dfilter.fields.shards`: a line a field with the numbers of its tables in 4.4 and 4.6 and its
unit, and the tables, each kept once however many fields share it, in the order in which fields first use
them.
"""

from __future__ import annotations

from functools import lru_cache

from dfilter.fields.common import DISSECTED
from dfilter.fields.registry import MAX_NAME, lookup
from dfilter.fields.shards import open_shards
from dfilter.fields.versions import NEWEST, Version

FIELDS_FILE = "value_fields.bin"
TABLES_FILE = "value_tables.bin"
TABLE_END, ROW_END, CELL_END, RANGE = "\x1d", "\x1e", "\x1f", ".."

_UNIT_COLUMN, _LOOSE_COLUMN = 3, 4

Table = tuple[tuple[int, int, str], ...]
"""(first, last, label): `label` stands for every value from first to last, both included; in table order."""


def _column(version: Version) -> int:
    return 2 if version >= Version.V4_6 else 1


@lru_cache(maxsize=1024)
def _cell(name: str, column: int) -> str:
    shards = open_shards(FIELDS_FILE)
    text = "\n" + shards.block(shards.number_for(name)).decode() + "\n"
    start = text.find(f"\n{name}\t") + 1
    return text[start : text.index("\n", start)].split("\t")[column] if start else ""


def _row(text: str) -> tuple[int, int, str]:
    numbers, label = text.split(CELL_END)
    first, _, last = numbers.partition(RANGE)
    return int(first), int(last or first), label


@lru_cache(maxsize=256)
def _table(number: str) -> Table:
    shards = open_shards(TABLES_FILE)
    block = shards.number_for(number)
    place = int(number) - int(shards.keys[block])
    text = shards.block(block).decode().split(TABLE_END)[place]
    return tuple(_row(row) for row in text.split(ROW_END))


def labels(name: str, version: Version = NEWEST) -> Table | None:
    """The labels of the field `name`, in table order, or None if it has none of its own.

    4.4 knows the labels of a field's first registration only, 4.6 those of all of them. A boolean's table
    begins ``((1, 1, true label), (0, 0, false label))``; a boolean that answers None has the labels "True"
    and "False".  Values of signed fields are signed.  None also for a field whose protocol is not covered:
    see `known`.  Source: ``tshark -G values`` of Wireshark 4.4 and 4.6.
    """
    number = _cell(name, _column(version)) if _may_be_listed(name) else ""
    return _table(number) if number else None


def ambiguous(name: str, version: Version = NEWEST) -> frozenset[str]:
    """The labels of `name` that do not stand for exactly one number.

    The language compares them as texts: several numbers or a range have the label, or (4.6) the field is
    registered more than once and its registrations disagree.  Source: observed in Wireshark 4.4 and 4.6.
    """
    table = labels(name, version) or ()
    loose = _cell(name, _LOOSE_COLUMN).split(CELL_END) if table and version >= Version.V4_6 else []
    if loose == ["*"]:
        return frozenset(label for _, _, label in table)
    numbers: dict[str, int] = {}
    several = {
        label for first, last, label in table if first != last or numbers.setdefault(label, first) != first
    }
    return frozenset(several.union(filter(None, loose)))


def unit(name: str) -> tuple[str, str] | None:
    """The unit shown after the values of the field `name`, for one and for many (``(" byte", " bytes")``),
    or None.

    With its leading space if it has one.  Covered and taken from where the labels are.
    """
    text = _cell(name, _UNIT_COLUMN) if _may_be_listed(name) else ""
    one, _, many = text.partition(CELL_END)
    return (one, many) if text else None


def _may_be_listed(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME and name.isascii() and name.isprintable()


def known(name: str, version: Version = NEWEST) -> bool:
    """Whether this package holds the labels of `name`'s protocol: then None from `labels` means it has none.

    For the other protocols `FieldInfo.labelled` still says whether a field has labels, not which.
    """
    info = lookup(name, version)
    return info is not None and info.protocol in DISSECTED
