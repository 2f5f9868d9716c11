"""Schemas as tables of text.

In: a table of a tool's own fields, and one of Wireshark's fields that mean the same.  Out: a `Schema`.  What always
holds: a field of Wireshark's has the type and the names of values that Wireshark gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dfilter.fields import registry, values
from dfilter.fields.versions import NEWEST
from dfilter.records.schema import RecordField, Schema

RCODES: Mapping[str, int] = {
    "NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5, "YXDOMAIN": 6, "YXRRSET": 7,
    "NXRRSET": 8, "NOTAUTH": 9, "NOTZONE": 10,
}  # fmt: skip
"""DNS response codes by their mnemonics (RFC 1035, 2136)."""


def schema_of(own: str, shared: str, texts: Mapping[str, Mapping[str, int]]) -> Schema:
    """The schema of a tool's records.

    Args:
        own: the tool's fields, one a line: type, then names.
        shared: fields of Wireshark's, one a line: name, keys in the records, `key=TEXT` for one that must be there.
        texts: field of Wireshark's -> texts that stand for its numbers.
    """
    fields = {name: RecordField(kind) for kind, *names in _rows(own) for name in names}
    fields |= {name: _shared(name, keys, texts.get(name, {})) for name, *keys in _rows(shared)}
    return Schema(fields)


def _rows(table: str) -> Iterator[list[str]]:
    return (line.split() for line in table.splitlines() if line.strip())


def _shared(name: str, keys: list[str], texts: Mapping[str, int]) -> RecordField:
    info = registry.lookup(name, NEWEST)
    if info is None:
        raise ValueError(f"Wireshark has no field {name}")
    conditions = tuple(part for key in keys if "=" in key for part in key.split("="))
    labels = name if values.labels(name) else None
    return RecordField(info.type, tuple(key for key in keys if "=" not in key), labels, texts, conditions)
