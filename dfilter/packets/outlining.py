"""Writes `outline_table.py`: what the protocols declare, as data (`python -m dfilter.packets.outlining`).

In: every protocol module.  Out: the table that `outlines` reads.  What always holds: a test demands that the file is
what the modules say; after a change, until it is written anew, `outlines` does not use it.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from dfilter.packets.declare import Evidence, Protocol
from dfilter.packets.dispatch import discovered
from dfilter.packets.outlines import DECLARED, FUNCTIONS, PACKAGE, Row, digest_of, field_words

TABLE = Path(__file__).parent / "outline_table.py"

_HEAD = '''"""What every protocol declares, as data; made by `python -m dfilter.packets.outlining`.

`outlines` tells the shape of a row, and uses it only where DIGEST is that of the files which are there.
"""

# ruff: noqa: E501
# fmt: off
from typing import Any

'''


def rows() -> list[Row]:
    """What each protocol declares."""
    protocols = discovered()
    homes: dict[str, list[str]] = {}
    for module in sorted(name for name in sys.modules if name.startswith(PACKAGE + ".")):
        for value in vars(sys.modules[module]).values():
            if isinstance(value, Protocol):
                homes.setdefault(value.name, []).append(module.rpartition(".")[2])
    return [_row(protocol, homes[protocol.name]) for protocol in protocols]


def _row(protocol: Protocol, homes: list[str]) -> Row:
    working = {function.__module__.rpartition(".")[2] for function in _functions(protocol)}
    home = next((name for name in homes if name in working), homes[0])
    declared: dict[str, Any] = {
        name: getattr(protocol, name) for name, default in DECLARED.items() if getattr(protocol, name) != default
    }
    declared |= {
        "heuristics": tuple(protocol.heuristics),
        "functions": tuple(name for name in FUNCTIONS if getattr(protocol, name) is not None),
        "declines": protocol.may_decline,
        "evidence": _evidence(protocol.evidence),
    }
    given = {name: value for name, value in declared.items() if value}
    fields = "".join(f"{field.name} {field_words(field)}\n" for field in protocol.fields)
    return protocol.name, protocol.label, (home, *sorted(working - {home})), given, fields


def _functions(protocol: Protocol) -> list[Any]:
    """Whatever the protocol's modules have put into its declaration."""
    plain = protocol.evidence.plain
    found = [*(getattr(protocol, name) for name in FUNCTIONS), *protocol.heuristics.values()]
    found += [] if plain is None else [plain.step, plain.lowered, plain.datagram, plain.example]
    return [function for function in found if function is not None]


def _evidence(evidence: Evidence) -> dict[str, Any]:
    """Evidence as `outlines` makes it anew."""
    plain = evidence.plain
    told = {"traces": _pattern(evidence.traces), "claims": _pattern(evidence.claims), "starts": dict(evidence.starts),
            "plain": None if plain is None else (tuple(sorted(plain.fields)), plain.inside),
            "alone": evidence.alone}  # fmt: skip
    return {name: value for name, value in told.items() if value}


def _pattern(pattern: re.Pattern[bytes] | None) -> tuple[bytes, int] | None:
    return None if pattern is None else (pattern.pattern, pattern.flags)


def render() -> str:
    """The text of `outline_table.py`."""
    lines = [f"DIGEST = {digest_of(import_module(PACKAGE).__path__)}"]
    lines.append("ROWS: tuple[tuple[str, str, tuple[str, ...], dict[str, Any], str], ...] = (")
    for name, label, modules, declared, fields in rows():
        lines.append(f"({name!r}, {label!r}, {modules!r}, {declared!r}, " + f'"""\n{fields}"""),')
    return _HEAD + "\n".join(lines) + "\n)\n"


def main() -> None:
    """Write the table."""
    TABLE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{TABLE}\n")


if __name__ == "__main__":
    main()
