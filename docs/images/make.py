"""Draw the pictures of the README: real commands, their real output, as SVG.

    python docs/images/make.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
COMMANDS = {
    "run.svg": [
        ["run", "--profile", "tutorial", "--button", "basic", "tests/captures/bot-http.pcap"],
        ["check", "dns && ip.addr || http.request"],
    ],
}
WIDTH = 120


def output_of(arguments: list[str]) -> str:
    environment = os.environ | {"COLUMNS": str(WIDTH), "FORCE_COLOR": "1", "COLORTERM": "truecolor"}
    command = [sys.executable, "-m", "dfilter", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def shown(arguments: list[str]) -> str:
    """The command line as one types it."""
    return " ".join(["dfilter", *(f"'{word}'" if set(word) & set(" ()!&|") else word for word in arguments)])


def draw(name: str, commands: list[list[str]]) -> None:
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115, PTH123
    for arguments in commands:
        console.print(Text("$ " + shown(arguments), style="bold"))
        console.print(Text.from_ansi(output_of(arguments).rstrip()), soft_wrap=True)
        console.print()
    picture = console.export_svg(title="dfilter", unique_id="dfilter")
    # rich names a web font; a picture in a README fetches nothing
    (HERE / name).write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL))


if __name__ == "__main__":
    for picture, commands in COMMANDS.items():
        draw(picture, commands)
