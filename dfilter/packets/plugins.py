"""The protocols of other packages among dfilter's own.

In: dfilter's protocols, and how protocols are indexed.  Out: the index with those of `dfilter.fields.plugins`.
What always holds: a plugin that does not fit in (it claims a protocol, field or port that is taken, or names a table
that does not exist) is left out with a `PluginWarning`; dfilter's own protocols are never changed by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from dfilter.fields.plugins import left_out, plugins
from dfilter.packets.declare import Protocol

Index = TypeVar("Index")


def with_plugins(own: Sequence[Protocol], index: Callable[[list[Protocol]], Index]) -> Index:
    """The index of dfilter's protocols and of every plugin that fits in.

    Args:
        own: dfilter's protocols.
        index: makes an index of protocols, or raises `ValueError` where two of them clash.
    """
    found, indexed = list(own), index(list(own))
    for plugin, protocols in plugins().protocols.items():
        try:
            taken = {protocol.name for protocol in found}.intersection(each.name for each in protocols)
            if taken:
                raise ValueError(f"dfilter dissects {', '.join(sorted(taken))} itself")
            indexed = index([*found, *protocols])
        except ValueError as error:
            left_out(plugin, str(error))
            continue
        found += protocols
    return indexed
