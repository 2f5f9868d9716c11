"""The generated tables are those of the grammar, and they mean what Lark means."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput

from dfilter.language import grammar
from dfilter.language.parser import parse

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def lark() -> Lark:
    return grammar.lark_parser("filter")


@pytest.mark.parametrize("dialect", grammar.DIALECTS)
def test_tables_are_up_to_date(dialect: str) -> None:
    path = Path(grammar.__file__).parent / "tables" / f"{dialect}.py"
    assert path.read_text(encoding="utf-8") == grammar.render_tables(dialect)


@pytest.mark.parametrize("name", ["accepted.tsv", "refused.tsv"])
def test_lark_agrees(lark: Lark, name: str) -> None:
    """What the grammar alone decides: our automaton and Lark's own parser take and refuse the same texts."""
    shape_only = {"unexpected-token", "unexpected-end", "missing-quote", "missing-bracket", "non-printable"}
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        text, *rest = line.split("\t")
        if line.startswith("#") or (name == "refused.tsv" and rest[0] not in shape_only):
            continue
        try:
            lark.parse(text)
            accepted = True
        except UnexpectedInput:
            accepted = False
        assert accepted == (parse(text).tree is not None), text
