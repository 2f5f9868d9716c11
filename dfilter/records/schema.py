"""The fields of an embedder's records: names, types, where the values lie, what values are called.

In: names with Wireshark's type names, or `RecordField`s.  Out: `Schema`, which stands for Wireshark's registry while
a filter is checked.  What always holds: a schema does not change once it is made; every name in it can be written in
a filter; the part of a name before a dot (`http` of `http.host`) is a name, too: it is present where any field below
it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from dfilter.fields import values
from dfilter.fields.registry import FieldInfo, lookup
from dfilter.fields.types import INTEGERS, FieldType
from dfilter.fields.versions import NEWEST, Version
from dfilter.fields.vocabulary import Table, Vocabulary
from dfilter.slotted import frozen

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_MAX_NAME = 255
_MAX_PARTS = 16
_WORDS = """
and or xor not eq ne gt lt ge le any_eq all_eq any_ne all_ne in contains matches any all bitand bitwise_and true false
"""
_RESERVED = frozenset(_WORDS.split())
_BY_NAME = {kind.value.lower(): kind for kind in FieldType if kind is not FieldType.PROTOCOL}


@frozen
class RecordField:
    """One field of a schema.

    Attributes:
        type: Wireshark's name of the type: "uint16", "ipv4", "string", "absolute_time" (any case, with or without
            "FT_"), or a `FieldType`.
        keys: where its values lie in a record, dots leading inside; without any, under the field's own name. Of
            several keys the values come one after another (`ip.addr`: source, then destination).
        labels: the names of integer or boolean values, number -> name; or the name of a field of Wireshark's whose
            names they are ("dns.qry.type"). A record may hold the name in place of the number.
        texts: other texts that a record may hold in place of a number, text -> number; a filter cannot name them.
        when: the field is there only in records in which the first key has one of the other texts, in any case:
            ("proto", "TCP").
    """

    type: str | FieldType
    keys: tuple[str, ...] = ()
    labels: Mapping[int, str] | str | None = None
    texts: Mapping[str, int] = MappingProxyType({})
    when: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Callable[..., RecordField], tuple[Any, ...]]:
        labels = dict(self.labels) if isinstance(self.labels, Mapping) else self.labels
        return RecordField, (self.type, self.keys, labels, dict(self.texts), self.when)


def parse_type(text: str | FieldType) -> FieldType:
    """The type of this name; `ValueError` for another text, or for a protocol, which records do not have."""
    name = text.value.lower() if isinstance(text, FieldType) else text.lower().removeprefix("ft_")
    if name in _BY_NAME:
        return _BY_NAME[name]
    near = get_close_matches(name, _BY_NAME, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; examples: uint32, string, ipv4, bytes, boolean"
    raise ValueError(f"no type of a record's field is called {text!r}{hint}")


class Schema(Vocabulary):
    """The fields that filters over an embedder's records may name.

    Args:
        fields: name -> Wireshark's name of its type, or a `RecordField`.
        strict: a value of another type in a record raises `RecordError`; otherwise it counts as absent.

    Raises:
        ValueError: a name that cannot be written in a filter, or a type that does not exist; the message says which.

        >>> Schema({"file.size": "uint64", "file.name": "string", "net.ip": "ipv4"})
        Schema(3 fields)
    """

    __slots__ = ("_groups", "_tables", "fields", "strict", "types")

    def __init__(self, fields: Mapping[str, str | FieldType | RecordField], *, strict: bool = False) -> None:
        self.strict = strict
        declared = {name: _declared(name, given) for name, given in fields.items()}
        self.fields: Mapping[str, RecordField] = MappingProxyType(declared)
        self.types: Mapping[str, FieldType] = MappingProxyType(
            {name: parse_type(field.type) for name, field in declared.items()}
        )
        self._tables = {name: table for name, field in declared.items()
                        if (table := _table(name, field, self.types[name]))}  # fmt: skip
        self._groups = _groups(declared)

    def __reduce__(self) -> tuple[Callable[..., Schema], tuple[dict[str, RecordField], bool]]:
        return _schema_again, (dict(self.fields), self.strict)

    def __repr__(self) -> str:
        return f"Schema({len(self.fields)} fields)"

    def below(self, group: str) -> tuple[str, ...]:
        """The fields whose names begin with `group` and a dot; empty for any other text."""
        return self._groups.get(group, ())

    def extended(self, fields: Mapping[str, str | FieldType | RecordField]) -> Schema:
        """A schema with more fields; a name that is there already gets the new meaning."""
        return Schema({**self.fields, **fields}, strict=self.strict)

    # --- what the check asks -----------------------------------------------------------------------------

    def lookup(self, name: str, version: Version) -> FieldInfo | None:
        """The field or group of this name."""
        kind = self.types.get(name)
        if kind is None and name not in self._groups:
            return None
        kind = kind or FieldType.NONE
        return FieldInfo(name, name.partition(".")[0], kind, "", False, (), name in self._tables)

    def names(self, version: Version, start: str) -> Iterator[str]:
        """The fields and groups whose names begin so, sorted."""
        return iter(sorted(name for name in (*self.fields, *self._groups) if name.startswith(start)))

    def everyday(self) -> tuple[str, ...]:
        """All fields."""
        return tuple(self.fields)

    def resolve_alias(self, name: str, version: Version) -> str | None:
        """None: the names of a schema have no deprecated spellings."""
        return None

    def versions_of(self, name: str) -> tuple[Version, ...]:
        """All or none."""
        return tuple(Version) if self.lookup(name, NEWEST) else ()

    def suggest(self, name: str, version: Version) -> tuple[str, ...]:
        """The nearest names of the schema."""
        from dfilter.fields.suggest import nearest_of

        return nearest_of(name, (*self.fields, *self._groups))

    def not_valid(self, version: Version) -> str:
        """What is said of an unknown name."""
        return "is not a field of this schema"

    def labels(self, name: str, version: Version) -> Table | None:
        """The names of a field's values."""
        return self._tables.get(name)

    def labels_of(self, name: str) -> Table:
        """The names of a field's values, none for a field without."""
        return self._tables.get(name, ())

    def ambiguous(self, name: str, version: Version) -> frozenset[str]:
        """The names that several values have."""
        texts = [label.lower() for _, _, label in self._tables.get(name, ())]
        return frozenset(label for _, _, label in self._tables.get(name, ()) if texts.count(label.lower()) > 1)

    def unit(self, name: str) -> tuple[str, str] | None:
        """None: values in records have no units."""
        return None

    def labels_unknown(self, name: str, version: Version) -> bool:
        """Never."""
        return False


def _schema_again(fields: dict[str, RecordField], strict: bool) -> Schema:
    return Schema(fields, strict=strict)


def _declared(name: str, given: str | FieldType | RecordField) -> RecordField:
    if not isinstance(name, str) or len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a field's name: it must be letters, digits, _ and -, in parts joined by "
                         "dots, the first beginning with a letter")  # fmt: skip
    if name.lower() in _RESERVED:
        raise ValueError(f"{name!r} cannot be a field's name: it is a word of the filter language")
    field = given if isinstance(given, RecordField) else RecordField(given)
    if any(key.count(".") >= _MAX_PARTS for key in (name, *field.keys)):
        raise ValueError(f"the name or a key of {name!r} has more than {_MAX_PARTS} parts")
    if len(field.when) == 1:
        raise ValueError(f'`when` of {name!r} must be a key and at least one text: ("proto", "TCP")')
    return field


def _table(name: str, field: RecordField, kind: FieldType) -> Table:
    if field.labels is None:
        return ()
    if kind not in INTEGERS and kind is not FieldType.BOOLEAN:
        raise ValueError(f"only the values of integers and booleans have labels, and {name!r} is {field.type}")
    if isinstance(field.labels, str):
        if lookup(field.labels, NEWEST) is None or not (table := values.labels(field.labels)):
            raise ValueError(f"the labels of {name!r} cannot be those of {field.labels!r}: Wireshark has no such "
                             "field, or dfilter does not know its labels")  # fmt: skip
        return table
    return tuple((int(number), int(number), label) for number, label in field.labels.items())


def _groups(names: Mapping[str, RecordField]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in names:
        for group in _starts(name):
            if group not in names:
                found.setdefault(group, []).append(name)
    return {group: tuple(members) for group, members in found.items()}


def _starts(name: str) -> Iterator[str]:
    """`a.b` and `a` of `a.b.c`."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
