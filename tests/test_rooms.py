"""Which room may import which: the house of docs/design.md, held by reading every import statement."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "dfilter"

ALLOWED = {
    "language": {"language", "fields.versions"},
    "fields": {"fields", "language.source", "errors"},
    "check": {"check", "language", "fields", "errors"},
    "compile": {"compile", "check", "fields", "language.ast", "language.source", "packets.declare",
                "errors", "native"},
    "packets": {"packets", "fields", "errors"},
    "prune": {"prune", "packets", "compile", "captures", "filter", "native", "lowering", "processes", "errors"},
    "captures": {"captures", "errors", "native"},
    "stats": {"stats", "packets", "scan", "filter", "fields", "errors"},
    "follow": {"follow", "captures", "packets", "scan", "filter", "errors"},
    "adapters": {"adapters", "records", "fields"},
    "records": {"records", "check", "compile", "fields", "language.ast", "errors"},
}
"""Room -> the rooms, or single modules, that it may import; `slotted` makes classes in all of them."""


def imports_of(path: Path) -> set[str]:
    """Every module of dfilter that a file imports, without the leading "dfilter."."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("dfilter.") for name in found if name.startswith("dfilter.")}


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    allowed = (*ALLOWED[room], "slotted")
    for path in sorted((PACKAGE / room).rglob("*.py")):
        for name in imports_of(path):
            assert any(name == a or name.startswith(a + ".") for a in allowed), f"{path.name} imports {name}"


def test_nothing_imports_the_command() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name != "cli" and path.name != "__main__.py":
            assert not any(name.startswith("cli") for name in imports_of(path)), path


def test_the_command_uses_the_public_names_only() -> None:
    for path in sorted((PACKAGE / "cli").rglob("*.py")):
        for name in imports_of(path):
            assert name.startswith("cli") or name.partition(".")[0] not in ALLOWED, f"{path.name} imports {name}"


def test_checking_loads_nothing_of_packets() -> None:
    code = ("import sys, dfilter; dfilter.check('tcp.port == 80 and ip.addr == 10.0.0.1'); "
            "print([m for m in ('numpy', 'dpkt', 'rich', 'dfilter.packets') if m in sys.modules])")  # fmt: skip
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@pytest.mark.parametrize("name", ["check", "compile"])
def test_a_function_is_not_hidden_by_the_room_of_the_same_name(name: str) -> None:
    code = f"import dfilter, dfilter.check.check, dfilter.compile.plan; print(callable(dfilter.{name}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "True"
