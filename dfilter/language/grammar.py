"""The grammar file, and the parse tables that Lark makes from it.

In: `grammar/dfilter.lark` (in a wheel: `dfilter/language/dfilter.lark`).  Out: its text; per dialect the LALR
tables and the terminals' patterns as plain data, written to `dfilter/language/tables/`.

Importing Lark and building the tables costs a tenth of a second, several times what a whole `dfilter check`
may take; so it is done once, by `python -m dfilter.language.grammar`, and a test holds that the files are up
to date.
"""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dfilter.language.lexer import BLANKS, base_name

if TYPE_CHECKING:
    from lark import Lark

DIALECTS = ("filter", "filter_4_0", "filter_3_4")
"""The start rules of the grammar."""

_TABLES = Path(__file__).parent / "tables"


def grammar_text() -> str:
    """The text of the grammar file, from the wheel or from the checkout."""
    packaged = resources.files("dfilter.language").joinpath("dfilter.lark")
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    checkout = Path(__file__).resolve().parents[2] / "grammar" / "dfilter.lark"
    return checkout.read_text(encoding="utf-8")


def lark_parser(dialect: str, text: str | None = None) -> Lark:
    """Lark's own parser for a dialect: the source of the tables, and what the tests compare ours with."""
    from lark import Lark

    return Lark(
        grammar_text() if text is None else text,
        parser="lalr",
        lexer="contextual",
        start=dialect,
        maybe_placeholders=False,
        propagate_positions=False,
    )


def build_tables(dialect: str) -> dict[str, Any]:
    """Lark's tables for a dialect as plain data; tables/__init__.py tells their shape."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    lark = lark_parser(dialect)
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    names: dict[int, str] = table["tokens"]
    rows = {
        state: {names[token]: move for token, move in row.items()} for state, row in table["states"].items()
    }
    first = table["start_states"][dialect]
    order = _order(rows, first)
    rules: list[tuple[str, str, int]] = []
    numbers: dict[int, int] = {}
    actions: list[dict[str, int]] = [{} for _ in order]
    gotos: list[dict[str, int]] = [{} for _ in order]
    for state, row in enumerate(order):
        for name, (is_reduce, argument) in sorted(rows[row].items()):
            if is_reduce:
                number = argument["@"]
                if number not in numbers:
                    numbers[number] = len(rules)
                    rules.append(_rule(memo[number]))
                actions[state][name] = ~numbers[number]
            elif name.isupper() or name == "$END":
                actions[state][name] = order.index(argument)
            else:
                gotos[state][name] = order.index(argument)
    return {
        "TERMINALS": _terminals(lark, set().union(*actions)),
        "RULES": rules,
        "ACTIONS": actions,
        "GOTOS": gotos,
        "START": order.index(first),
        "END": order.index(table["end_states"][dialect]),
    }


def _order(rows: dict[int, dict[str, Any]], first: int) -> list[int]:
    """The states breadth first: Lark numbers them differently from run to run."""
    order = [first]
    for state in order:
        for _, (is_reduce, argument) in sorted(rows[state].items()):
            if not is_reduce and argument not in order:
                order.append(argument)
    return order


def _rule(serialized: dict[str, Any]) -> tuple[str, str, int]:
    """(nonterminal, action, number of symbols); an action "" hands a single value through."""
    origin: str = serialized["origin"]["name"]
    alias: str | None = serialized["alias"]
    size = len(serialized["expansion"])
    if alias is None and size == 1 and serialized["options"]["expand1"]:
        return origin, "", size
    return origin, alias or base_name(origin), size


def _terminals(lark: Lark, used: set[str]) -> list[tuple[str, str]]:
    """The dialect's names and patterns in the order in which they are tried, which is Lark's own order."""
    ordered = sorted(
        lark.terminals,
        key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
    )
    return [(t.name, t.pattern.to_regexp()) for t in ordered if t.name in used or t.name in BLANKS]


def render_tables(dialect: str) -> str:
    """The source text of `tables/DIALECT.py`."""
    tables = build_tables(dialect)
    lines = [
        f'"""Parse tables of the dialect `{dialect}`; made by `python -m dfilter.language.grammar`."""',
        "",
        "# ruff: noqa: E501",
        "# fmt: off",
        f"TERMINALS: list[tuple[str, str]] = {_rows(tables['TERMINALS'])}",
        f"RULES: list[tuple[str, str, int]] = {_rows(tables['RULES'])}",
        f"ACTIONS: list[dict[str, int]] = {_rows(tables['ACTIONS'])}",
        f"GOTOS: list[dict[str, int]] = {_rows(tables['GOTOS'])}",
        f"START = {tables['START']}",
        f"END = {tables['END']}",
    ]
    return "\n".join(lines) + "\n"


def _rows(rows: list[Any]) -> str:
    return "[\n" + "".join(f"    {row!r},\n" for row in rows) + "]"


def main() -> None:
    """Write the tables of all dialects."""
    for dialect in DIALECTS:
        path = _TABLES / f"{dialect}.py"
        path.write_text(render_tables(dialect), encoding="utf-8")
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
