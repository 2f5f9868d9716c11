"""What the pages show: examples of Python and of the command, taken out of them and run.

In: a page of docs/.  Out: its examples; `Shown` compares what a command prints with what the page says.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from dfilter.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "tests" / "captures"


def text_of(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", text_of(page), re.DOTALL)


def examples(block: str) -> list[tuple[str, str]]:
    """(command line, what is shown) of one console block; a line ending in a backslash goes on."""
    found = re.findall(r"\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block)
    return [(line.replace("\\\n", " "), shown) for line, shown in found]


def commands(page: str) -> list[tuple[str, str]]:
    """The examples of all console blocks of a page."""
    return [example for block in blocks(page, "console") for example in examples(block)]


def pattern(shown: str) -> str:
    """What a page shows as a regular expression: an ellipsis stands for any text, but not for none."""
    return "(?s:.+)".join(map(re.escape, shown.rstrip().split("…")))


def copy_captures(folder: Path) -> None:
    """The captures and logs that the pages speak of."""
    for path in CAPTURES.iterdir():
        if path.suffix in (".pcap", ".pcapng", ".gz"):
            shutil.copy(path, folder)
    for name in ("eve.json", "zeek.json"):
        shutil.copy(ROOT / "tests" / "adapters" / name, folder)


def run(line: str) -> tuple[int, str, str]:
    """Exit status, output and messages of a command line `dfilter …`, in this process."""
    program, *arguments = shlex.split(line)
    assert program == "dfilter", line
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(arguments)
    status = ended.value.code
    return (status if isinstance(status, int) else 1), out.getvalue(), err.getvalue()


def check_command(line: str, shown: str) -> None:
    """Run a command of a page and compare what it prints."""
    status, out, err = run(line)
    assert status in (0, 1), err
    assert err == ""
    plain = "\n".join(row.rstrip() for row in out.rstrip().splitlines())
    wanted = "\n".join(row.rstrip() for row in shown.rstrip().splitlines())
    assert re.fullmatch(pattern(wanted), plain), f"\n$ {line}\n{out}"
