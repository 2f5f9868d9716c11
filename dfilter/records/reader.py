"""Fields as functions over records: how compiled filters read mappings and objects.

In: a schema.  Out: `RecordReader`, the `Reader` of the compiler.  What always holds: a key is looked for as it is
written first (`"http.host"` in a flat record), then inside what its first parts name (`{"http": {"host": …}}`); None
is no value; a list holds several values, or several mappings that are all looked into; of an object the attributes
are read.  What is neither there nor of the field's type is absent, or for a strict schema an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dfilter.errors import RecordError, UnknownFieldError
from dfilter.fields.types import INTEGERS, SIGNED, WIDTH_BITS, FieldType
from dfilter.records.schema import Schema
from dfilter.records.values import NOTHING, converter

Values = Sequence[Any]
Read = Callable[[Any], Values]
Path = tuple[tuple[str, "Path | None"], ...]
"""Ways into a container: a key, and how to go on inside what it leads to (None: this is the value)."""

_NONE: tuple[Any, ...] = ()
_SCALARS = (str, bytes, int, float, bool)
_MOST_NESTED = 8
"""Lists inside lists beyond which nothing is looked for."""


def path_of(key: str) -> Path:
    """The ways to a dotted key: whole, or by its first parts, longest first."""
    parts = key.split(".")
    paths: list[Path] = []  # of the last part, the last two, …
    for first in reversed(range(len(parts))):
        steps: list[tuple[str, Path | None]] = [(".".join(parts[first:]), None)]
        steps += [(".".join(parts[first:stop]), paths[len(parts) - stop - 1])
                  for stop in range(len(parts) - 1, first, -1)]  # fmt: skip
        paths.append(tuple(steps))
    return paths[-1]


def find(container: Any, path: Path, depth: int = 0) -> Values:
    """The objects to which a path leads, in order of appearance; lists in them taken apart."""
    if isinstance(container, list | tuple) and not hasattr(container, "_fields"):
        if depth >= _MOST_NESTED:
            return _NONE
        return [value for item in container for value in find(item, path, depth + 1)]
    for key, rest in path:
        value = _step(container, key)
        if value is None:
            continue
        found = _flat(value) if rest is None else find(value, rest, depth)
        if found:
            return found
    return _NONE


def _step(container: Any, key: str) -> Any:
    """What a key or attribute leads to; None where there is none."""
    if isinstance(container, Mapping):
        return container.get(key)
    if isinstance(container, _SCALARS):
        return None
    return getattr(container, key, None)


def _flat(value: Any, depth: int = 0) -> Values:
    if not isinstance(value, list | tuple | set | frozenset):
        return (value,)
    if depth >= _MOST_NESTED:
        return _NONE
    return [part for item in value if item is not None for part in _flat(item, depth + 1)]


class RecordReader:
    """Reads the fields of a schema; a name that it lacks raises `UnknownFieldError`."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def exists(self, name: str) -> Callable[[Any], bool]:
        """Has the record a value of this field, or of one below this group?"""
        if name in self._schema.types:
            values = self.values(name)
            return lambda record: len(values(record)) > 0
        tests = tuple(self.exists(field) for field in self._schema.below(name) or self._unknown(name))
        return lambda record: any(test(record) for test in tests)

    def values(self, name: str) -> Read:
        """The values of a field."""
        if name not in self._schema.types:
            exists = self.exists(name)
            return lambda record: (None,) if exists(record) else _NONE
        field = self._schema.fields[name]
        paths = tuple(path_of(key) for key in field.keys or (name,))
        read = _converted(name, paths, self._schema)
        if not field.when:
            return read
        key, *texts = field.when
        condition, wanted = path_of(key), frozenset(text.lower() for text in texts)

        def conditional(record: Any) -> Values:
            said = find(record, condition)
            return read(record) if any(isinstance(x, str) and x.lower() in wanted for x in said) else _NONE

        return conditional

    def raw_values(self, name: str) -> Read:
        """The values as bytes: text in UTF-8, numbers in network order and as wide as their type."""
        values, encode = self.values(name), _encoder(self._schema.types.get(name, FieldType.NONE))
        return lambda record: [encode(value) for value in values(record)]

    def layered(self, name: str, raw: bool) -> Callable[[Any], tuple[int, Sequence[tuple[int, Any]]]]:
        """All values, in layer 1: a record is one layer."""
        values = self.raw_values(name) if raw else self.values(name)
        return lambda record: (1, [(1, value) for value in values(record)])

    def _unknown(self, name: str) -> Any:
        raise UnknownFieldError(f"no field of this schema is called {name!r}")


def _converted(name: str, paths: tuple[Path, ...], schema: Schema) -> Read:
    kind = schema.types[name]
    convert = converter(kind, schema.labels_of(name), schema.fields[name].texts)
    strict = schema.strict

    def read(record: Any) -> Values:
        found = []
        for path in paths:
            for value in find(record, path):
                try:
                    converted = convert(value)
                except (ValueError, TypeError, OverflowError, AttributeError, RecursionError) as error:
                    if strict and type(value).__name__ not in NOTHING:
                        raise RecordError(name, kind.value, value, str(error)) from None
                    continue
                if converted is not None:
                    found.append(converted)
        return found

    return read


def _encoder(kind: FieldType) -> Callable[[Any], bytes]:
    if kind in INTEGERS:
        size, signed = WIDTH_BITS[kind] // 8, kind in SIGNED
        return lambda value: value.to_bytes(size, "big", signed=signed)
    return _octets


def _octets(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bool):
        return bytes((value,))
    return value if isinstance(value, bytes) else b""
