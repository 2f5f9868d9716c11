"""Protocols that Wireshark dissects and dfilter does not: their bytes are not `data`, though we cannot read them.

In: a dispatch table and a key (a port, a protocol number).  Out: the name under which Wireshark 4.4 would go on
(`tshark -G decodes` told them), as a `Protocol` without fields.  What always holds: a protocol that dfilter itself
dissects wins; only the names are known here.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from dfilter.packets.declare import Protocol


def known_elsewhere(table: str, key: Any) -> Protocol | None:
    """The protocol that the reference finds under `key` of its table; None if it has none there either."""
    return _tables().get(table, {}).get(key)


@cache
def _tables() -> dict[str, dict[int, Protocol]]:
    """From lines "[table]" and "name key,first-last,..."."""
    tables: dict[str, dict[int, Protocol]] = {}
    current: dict[int, Protocol] = {}
    text = files("dfilter.packets").joinpath("known_elsewhere.txt").read_text("ascii")
    for line in text.splitlines():
        if line.startswith("["):
            current = tables.setdefault(line[1:-1], {})
            continue
        name, _, keys = line.partition(" ")
        protocol = Protocol(name)
        for part in keys.split(","):
            first, _, last = part.partition("-")
            current.update(dict.fromkeys(range(int(first), int(last or first) + 1), protocol))
    return tables
