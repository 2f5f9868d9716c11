"""The documentation: every link leads somewhere, every page is in the site, and the site builds."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from dfilter.cli.main import COMMANDS, make_parser
from tests.docs.pages import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
CONFIG = ROOT / ".ci" / "mkdocs.yml"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in titles}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(found), f"{page.name}: {target}"


def test_every_page_is_in_the_menu() -> None:
    menu = CONFIG.read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert f": {page.name}\n" in menu, page.name


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_options_that_a_page_names_exist(page: Path) -> None:
    known = set(re.findall(r"--[a-z-]+", "--version " + " ".join(map(help_of, COMMANDS))))
    spans = re.findall(r"`([^`\n]+)`|^\$ (dfilter .*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    for inline, line in spans:
        text = inline or line
        bare = text.startswith("--") and page.name not in ("benchmarks.md", "measured.md")  # they have others
        if bare or text.startswith("dfilter ") or any(text.startswith(f"{name} ") for name in COMMANDS):
            assert set(re.findall(r"(?<=\s)--[a-z][a-z-]+|^--[a-z][a-z-]+", text)) <= known, text


@cache
def help_of(command: str) -> str:
    parser = make_parser(command)
    import_module(f"dfilter.cli.{command}").arguments(parser)
    return parser.format_help()


def test_the_site_builds(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="mkdocs (dependency group docs) is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(CONFIG),
               "--site-dir", str(tmp_path / "site")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "diagnostics" / "E101" / "index.html").exists()
