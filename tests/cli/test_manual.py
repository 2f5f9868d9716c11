"""The manual page: made of the commands' help, up to date, clean roff, and installed by the wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from dfilter.cli.main import COMMANDS, make_parser
from dfilter.cli.manual import manual

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "dfilter.1"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == manual(), "run: python -m dfilter.cli.manual > docs/dfilter.1"


def test_every_command_and_option_is_in_it() -> None:
    plain = manual().replace("\\-", "-")
    for name in COMMANDS:
        assert f'.SS "dfilter {name}"' in plain
        parser = make_parser(name)
        import_module(f"dfilter.cli.{name}").arguments(parser)
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", parser.format_help()):
            assert option == "--help" or f"{option}\\fR" in plain, option


def test_roff_has_nothing_to_say_of_it() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    shown = subprocess.run([groff, "-man", "-Tutf8", "-ww", "-P-cbou"], input=manual(), capture_output=True, text=True,
                           check=True)  # fmt: skip
    assert shown.stderr == ""
    assert "dfilter run" in shown.stdout
    assert "'dns && ip.addr || http.request'" in shown.stdout


def test_the_wheel_installs_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {"docs/dfilter.1": "share/man/man1/dfilter.1"}
