"""docs/diagnostics: a page a code, whose example shows what the page is about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dfilter.check.check import check_text
from dfilter.check.diagnostics import render_diagnostic
from dfilter.fields.versions import NEWEST, Version

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "diagnostics").glob("[EWH]*.md"))


ABOUT_FILTERS = [page for page in PAGES if not page.stem.startswith("E9")]
"""E9… is about lines of files; `check` never says it."""


def test_every_code_has_a_page() -> None:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "dfilter" / "check").rglob("*.py"))
    codes = {code for source in sources for code in re.findall(r'"([EWH]\d{3})"', source)}
    assert codes == {path.stem for path in ABOUT_FILTERS}



@pytest.mark.parametrize("page", ABOUT_FILTERS, ids=lambda path: path.stem)
def test_the_example_of_a_page_has_its_code(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    example, shown = re.findall(r"```\w*\n(.*?)\n```", text, re.DOTALL)
    target = re.search(r"For the target (\d\.\d):", text)
    verdict = check_text(example, Version.parse(target[1]) if target else NEWEST)
    assert page.stem in {item.code for item in verdict.diagnostics}
    about = [item for item in verdict.diagnostics if item.code == page.stem]
    assert shown == "\n".join(render_diagnostic(item, example) for item in about)
