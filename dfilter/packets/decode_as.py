"""Protocols that the user puts behind a port or number, before those that Wireshark chooses there ("Decode As").

In: rules: (dispatch table, key) -> protocol name.  Out: the protocols, and what can be reached through them.  What
always holds: a rule that cannot have an effect is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dfilter.errors import DecodeAsError
from dfilter.packets.declare import Protocol
from dfilter.packets.dispatch import TABLES, Catalogue

Rules = Mapping[tuple[str, Any], str]

_WITHOUT_KEYS = frozenset({"tcp", "udp"})
_NAMED_KEYS = frozenset({"media_type"})
_GREATEST = {"ethertype": 0xFFFF, "tcp.port": 0xFFFF, "udp.port": 0xFFFF, "sctp.port": 0xFFFF, "ip.proto": 0xFF}


def chosen_protocols(rules: Rules, known: Catalogue) -> dict[tuple[str, Any], Protocol]:
    """The protocols of the rules.

    Raises:
        DecodeAsError: a table, key or protocol does not exist, or the protocol is not dissected.
    """
    return {rule: _chosen(rule, name, known) for rule, name in rules.items()}


def _chosen(rule: tuple[str, Any], name: str, known: Catalogue) -> Protocol:
    table, key = rule
    tables = sorted(TABLES - _WITHOUT_KEYS)
    if table not in tables:
        raise DecodeAsError(f"decode as: there is no table {table!r}{_near(table, tables)}; tables are "
                            + ", ".join(tables))  # fmt: skip
    right = isinstance(key, str) if table in _NAMED_KEYS else isinstance(key, int) and not isinstance(key, bool)
    if not right:
        kind = "a media type, as text" if table in _NAMED_KEYS else "a number"
        raise DecodeAsError(f"decode as: {key!r} is no key of {table}: {kind} is wanted")
    if isinstance(key, int) and not 0 <= key <= _GREATEST.get(table, 0xFFFF_FFFF):
        raise DecodeAsError(f"decode as: {key} is out of the range of {table}")
    protocol = known.protocols.get(name)
    if protocol is None or protocol.dissect is None:
        near = _near(name, [each.name for each in known.outlines.values() if each.dissect is not None])
        raise DecodeAsError(f"decode as: {name!r} is no protocol that dfilter dissects{near}")
    return protocol


def _near(name: str, names: list[str]) -> str:
    import difflib  # only what is wrong needs it

    near = difflib.get_close_matches(name, names, 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def reachable_with(rules: Mapping[tuple[str, Any], Protocol], reachable: frozenset[str],
                   known: Catalogue) -> frozenset[str]:  # fmt: skip
    """`reachable`, and the protocols from which the rules lead to one of these."""
    pending = dict(rules)
    while True:
        used = [rule for rule, protocol in pending.items() if protocol.name in reachable]
        if not used:
            return reachable
        for rule in used:
            del pending[rule]
        tables = {table for table, _ in used}
        holders = [protocol.name for protocol in known.outlines.values() if not tables.isdisjoint(protocol.carries)]
        reachable |= known.reachable(holders)
