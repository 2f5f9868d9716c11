"""Explaining filters, and finding the names that filters are made of; public names of `dfilter`.

In: text, and Wireshark versions by name.  Out: `Explanation`, `FieldEntry`.
Always: no text makes these raise; `ValueError` for a version that dfilter does not know.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from dfilter.check.check import analyse
from dfilter.check.diagnostics import Verdict
from dfilter.check.explain import FieldUse, tree, uses, words
from dfilter.check.typenames import type_name
from dfilter.errors import UnsupportedFieldError
from dfilter.fields import registry
from dfilter.fields.versions import NEWEST, Version
from dfilter.fields.vocabulary import WIRESHARK
from dfilter.slotted import frozen

if TYPE_CHECKING:
    from dfilter.records.schema import Schema

Target = str | Version
Macros = Mapping[str, str] | None


def _version(target: Target) -> Version:
    return target if isinstance(target, Version) else Version.parse(target)


@frozen
class Explanation:
    """A filter explained.

    `words`, `tree`: "" for a filter that is red.  `fields`: what it reads.  `missing`: those of them that dfilter does
    not dissect, so that it cannot run the filter here.  `stateful`: its answer depends on frames before.  `passes`:
    how often a capture must be read; 0 if something is missing, or the filter is one over records.
    """

    text: str
    verdict: Verdict
    words: str
    tree: str
    fields: tuple[FieldUse, ...] = ()
    missing: tuple[str, ...] = ()
    stateful: bool = False
    passes: int = 0


@frozen
class FieldEntry:
    """A name of the registry in one version; `type` in Wireshark's words, `versions` all that have the name."""

    name: str
    protocol: str
    type: str
    display: str
    versions: tuple[str, ...]
    is_protocol: bool
    dissected: bool


def explain(text: str, target: Target = NEWEST, *, macros: Macros = None,
            schema: Schema | None = None) -> Explanation:  # fmt: skip
    """A filter in plain words, as a tree with types, and what it needs of packets; nothing, where it is over records.

    Args:
        text: the filter.
        target: the Wireshark version whose language it is in.
        macros: name -> body.
        schema: the fields of an embedder's records, in place of Wireshark's.
    """
    version = _version(target)
    analysis = analyse(text, version, macros, schema or WIRESHARK)
    if analysis.typed is None:
        return Explanation(text, analysis.verdict, "", "")
    read = uses(analysis.typed)
    told = words(analysis.typed, "frame" if schema is None else "record")
    found = (text, analysis.verdict, told, tree(analysis.typed), read)
    if schema is not None:
        return Explanation(*found)
    missing = tuple(use.name for use in read if not _dissects()(use.name))
    if missing:
        return Explanation(*found, missing=missing)
    from dfilter.filter import compile_filter

    try:
        compiled = compile_filter(text, target=version, macros=macros)
    except UnsupportedFieldError:
        return Explanation(*found)
    return Explanation(*found, stateful=compiled.stateful, passes=2 if compiled.look_ahead else 1)


def _dissects() -> Callable[[str], bool]:
    from dfilter.packets.dispatch import catalogue  # loads every protocol

    return catalogue().knows


def find_fields(pattern: str = "", target: Target = NEWEST, *, dissected: bool = False) -> Iterator[FieldEntry]:
    """The names of fields and protocols that fit a pattern, sorted.

    Args:
        pattern: a part of the name, in any case; with `*`, `?` or `[…]` it must fit the whole name.
        target: the Wireshark version whose names are looked at.
        dissected: only those that dfilter dissects.
    """
    version = _version(target)
    fits = _fits(pattern)
    knows = _dissects()
    for name in registry.names(version):
        if not fits(name) or (dissected and not knows(name)):
            continue
        info = registry.lookup(name, version)
        if info is not None:
            versions = tuple(each.text for each in registry.versions_of(name))
            yield FieldEntry(name, info.protocol, type_name(info.type), info.display, versions, info.is_protocol,
                             knows(name))  # fmt: skip


def _fits(pattern: str) -> Callable[[str], object]:
    if any(char in pattern for char in "*?["):
        return re.compile(fnmatch.translate(pattern), re.IGNORECASE).match
    wanted = pattern.lower()
    return lambda name: wanted in name.lower()
