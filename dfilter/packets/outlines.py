"""What every protocol says of itself, known without importing its module.

In: `outline_table`, made by `python -m dfilter.packets.outlining` from the protocols' own declarations, and the files
of the protocols.  Out: an `Outline` for each protocol: names, fields, what leads to it and on from it; what only its
code can do comes with its module, which is imported on first use.
What always holds: the table is used only where it was made from the very files that are there, told by their
contents; a changed, added or missing file makes it void, and every module is imported instead.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any, cast

from dfilter.fields.types import FieldType
from dfilter.packets.declare import Evidence, Field, Measure, Protocol, header
from dfilter.packets.plain import Plain

PACKAGE = "dfilter.packets.protocols"
FUNCTIONS = ("dissect", "fill", "info", "write", "conclude", "header_length")
"""What a protocol may have of functions; of which of them it has none is known beforehand."""
DECLARED: dict[str, Any] = {"over": {}, "carries": (), "quotes": (), "decrypts": (), "shares": (),
                            "joins": (), "second_look": False}  # fmt: skip
"""What the table has of a protocol where it is not this."""
_LATE = frozenset({*FUNCTIONS, "heuristics", "evidence", "fields"})

Row = tuple[str, str, tuple[str, ...], dict[str, Any], str]
"""(name, label, modules, what is declared beyond the defaults, fields).  The modules are those in which its functions
lie, that of the declaration first.  Fields are lines: a name, blanks, a type with options (`field_words`)."""


class Outline(Protocol):
    """A protocol whose module is imported when something of it is asked for that only the module has.

    It serves in place of the declaration; but the two are not the same object, so that code that compares protocols
    must be given `declaration()`.
    """

    __slots__ = ("_declaration", "_declines", "_evidence", "_modules", "_words", "recognised_in")

    def __init__(self, row: Row) -> None:
        name, label, modules, declared, fields = row
        self.name, self.label = name, label
        for attribute, default in DECLARED.items():
            setattr(self, attribute, declared.get(attribute, default))
        present = declared.get("functions", ())
        for function in FUNCTIONS:
            if function not in present:
                setattr(self, function, None)
        self.recognised_in: tuple[str, ...] = declared.get("heuristics", ())
        self._declines: bool = declared.get("declines", False)
        self._evidence: dict[str, Any] = declared.get("evidence", {})
        self._modules = [f"{PACKAGE}.{module}" for module in modules]
        self._words = fields.split()
        self._declaration: Protocol | None = None

    @property
    def may_decline(self) -> bool:
        return self._declines

    @property
    def names(self) -> list[str]:
        """The names of its fields."""
        return self._words[::2]

    @property
    def is_imported(self) -> bool:
        """Can code have its declaration already?"""
        return any(map(sys.modules.__contains__, self._modules))

    def declaration(self) -> Protocol:
        """The protocol as its module declares it; imports the module, and may be called from several threads."""
        if self._declaration is None:
            first, *_ = map(import_module, self._modules)
            found = (value for value in vars(first).values() if isinstance(value, Protocol))
            self._declaration = next(protocol for protocol in found if protocol.name == self.name)
        return self._declaration

    def __getattr__(self, attribute: str) -> Any:
        """What was not asked for before: fields and evidence are told by the table, all else by the module."""
        if attribute not in _LATE:
            raise AttributeError(attribute)
        if attribute == "fields":
            value: Any = tuple(map(_field, self._words[::2], self._words[1::2]))
        elif attribute == "evidence":
            value = _evidence(self, **self._evidence)
        else:
            value = getattr(self.declaration(), attribute)
        setattr(self, attribute, value)
        return value


def declaration_of(protocol: Protocol) -> Protocol:
    """The protocol as its module declares it."""
    return protocol.declaration() if isinstance(protocol, Outline) else protocol


def names_of(protocol: Protocol) -> list[str]:
    """The names of a protocol's fields, without making these."""
    return protocol.names if isinstance(protocol, Outline) else [field.name for field in protocol.fields]


def tables_of(protocol: Protocol) -> Iterable[str]:
    """The dispatch tables in which a protocol recognises itself."""
    return protocol.recognised_in if isinstance(protocol, Outline) else protocol.heuristics


def field_words(field: Field) -> str:
    """A field as the table has it: its type, and what it has besides: "UINT16;at=2;size=2;mask=4095"."""
    words = [field.type.name]
    words += [] if field.at is None else [f"at={field.at}"]
    words += [f"{name}={getattr(field, name)}" for name in ("size", "mask") if getattr(field, name)]
    words += [f"{name}=1" for name in ("little_endian", "stateful", "look_ahead") if getattr(field, name)]
    words += [f"parts={','.join(field.parts)}"] if field.parts else []
    words += [] if field.plain is None else [f"plain={field.plain.at}"]
    words += [] if field.measure is None else [f"measure={field.measure.name}"]
    return ";".join(words)


def _field(name: str, words: str) -> Field:
    kind, *given = words.split(";")
    type_ = FieldType[kind]
    if not given:
        return Field(name, type_)
    options = dict(cast("tuple[str, str]", option.split("=")) for option in given)
    at, plain, measure, parts = (options.get(key) for key in ("at", "plain", "measure", "parts"))
    return Field(
        name,
        type_,
        None if at is None else int(at),
        int(options.get("size", 0)),
        int(options.get("mask", 0)),
        "little_endian" in options,
        () if parts is None else tuple(parts.split(",")),
        "stateful" in options,
        "look_ahead" in options,
        None if plain is None else header(name, type_, int(plain)),
        None if measure is None else Measure[measure],
    )


class _Plain(Plain):
    """Plain messages whose functions come with the protocol's module; `fields` and `inside` are known before."""

    __slots__ = ("_outline",)

    def __init__(self, outline: Outline, fields: Iterable[str], inside: tuple[str, ...]) -> None:
        for attribute, value in (("_outline", outline), ("fields", frozenset(fields)), ("inside", inside)):
            object.__setattr__(self, attribute, value)

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._outline.declaration().evidence.plain, attribute)
        object.__setattr__(self, attribute, value)
        return value


def _evidence(outline: Outline, traces: tuple[bytes, int] | None = None, claims: tuple[bytes, int] | None = None,
              starts: dict[str, Any] | None = None, plain: tuple[Any, Any] | None = None,
              alone: bool = False) -> Evidence:  # fmt: skip
    """Evidence from the table: patterns are (pattern, flags), plain messages (fields, inside)."""
    patterns = [None if each is None else re.compile(*each) for each in (traces, claims)]
    return Evidence(patterns[0], patterns[1], starts or {}, None if plain is None else _Plain(outline, *plain), alone)


def outlines(folders: Iterable[str]) -> list[Protocol] | None:
    """The outlines of the protocols in the folders of their package; None where the table was made of other files."""
    try:
        from dfilter.packets import outline_table as table
    except ImportError:
        return None
    return list(map(Outline, table.ROWS)) if digest_of(folders) == table.DIGEST else None


def digest_of(folders: Iterable[str]) -> int | None:
    """A number for the names and contents of all that declarations are made of; None where there are no files."""
    here = os.path.dirname(__file__)  # noqa: PTH120
    try:
        from zlib import crc32

        found = crc32(_contents(os.path.join(here, "declare.py")))  # noqa: PTH118
        for folder in (*folders, os.path.join(here, "streams")):  # noqa: PTH118
            for name in sorted(os.listdir(folder)):  # noqa: PTH208
                if name.endswith(".py"):
                    found = crc32(_contents(os.path.join(folder, name)), crc32(name.encode(), found))  # noqa: PTH118
    except (ImportError, OSError):
        return None
    return found


def _contents(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123  # pathlib and buffers take longer than the reading
        return file.read()
