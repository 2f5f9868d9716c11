"""The manual page `dfilter(1)`, from the commands' own help.

In: the parsers of all commands.  Out: roff text (man(7) macros).  Always: the page says what a command's `--help` says.
The wheel installs docs/dfilter.1; a test holds it to the help.  To make it anew:

    python -m dfilter.cli.manual > docs/dfilter.1
"""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser
from collections.abc import Iterator
from importlib import import_module

import dfilter
from dfilter.cli.main import COMMANDS, make_parser

_ABOUT = """
Checks display filters as Wireshark 3.4, 4.0, 4.4 and 4.6 would, repairs and explains them, and runs them on captures
with Wireshark's answers, without Wireshark.
A filter is one argument: quote it for your shell.
A capture is a pcap or pcapng file, also compressed with gzip or zstd; - is standard input.
"""
_STATUS = (
    ("0", "all is well: the filters are green or yellow"),
    ("1", "a filter is red, or is not as it should be"),
    ("2", "wrong usage, or a file that cannot be used"),
)
_EXAMPLES = (
    ("dfilter check 'dns && ip.addr || http.request'", "Say why a filter is yellow."),
    ("dfilter run 'tcp.port == 443' capture.pcapng.gz", "List the frames that a filter selects."),
    ("dfilter run http.request -T fields -e ip.src -e http.host a.pcap b.pcap", "Print fields of them."),
    ("tcpdump -U -w - | dfilter run 'dns.flags.response == 0' -", "Watch a live capture."),
)


def manual() -> str:
    """The whole page."""
    lines = [
        f'.TH DFILTER 1 "" "dfilter {dfilter.__version__}" "User Commands"',
        ".SH NAME",
        r"dfilter \- Wireshark display filters without Wireshark",
        ".SH SYNOPSIS",
        ".B dfilter",
        ".I COMMAND",
        "[\\fIOPTIONS\\fR] \\fIARGUMENTS\\fR",
        ".SH DESCRIPTION",
        *map(_text, _ABOUT.strip().splitlines()),
        ".SH COMMANDS",
    ]
    for name, summary in COMMANDS.items():
        lines += [f'.SS "dfilter {name}"', _text(summary), *_arguments(_parser(name))]
    lines.append(".SH EXIT STATUS")
    for status, meaning in _STATUS:
        lines += [".TP", f".B {status}", _text(meaning)]
    lines.append(".SH EXAMPLES")
    for line, meaning in _EXAMPLES:
        lines += [".TP", f".B {_text(line)}", _text(meaning)]
    lines += [".SH SEE ALSO", r".BR wireshark\-filter (4),", ".BR tshark (1),", ".BR tcpdump (8)"]
    return "\n".join(lines) + "\n"


def _parser(name: str) -> ArgumentParser:
    parser = make_parser(name)
    import_module(f"dfilter.cli.{name}").arguments(parser)
    return parser


def _arguments(parser: ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # the only list of them that argparse has
        if action.help is SUPPRESS or "--help" in action.option_strings:
            continue
        yield ".TP"
        yield _heading(action)
        text = parser._get_formatter()._expand_help(action) if action.help else ""
        yield _text(text) if text else r"\&"


def _heading(action: Action) -> str:
    """`-w, --write OUT` with the names bold and the value in italics; for a positional argument its value alone."""
    value = "" if action.nargs == 0 else _value(action)
    if not action.option_strings:
        return rf"\fI{_text(value)}\fR"
    names = ", ".join(rf"\fB{_text(name)}\fR" for name in action.option_strings)
    return rf"{names} \fI{_text(value)}\fR" if value else names


def _value(action: Action) -> str:
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    if action.metavar is not None:
        return action.metavar
    if action.choices is not None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return action.dest.upper()


def _text(text: str) -> str:
    """Text as roff reads it: backslashes, dashes, quotes and leading dots mean something there."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return r"\&" + escaped if escaped.startswith(".") else escaped


if __name__ == "__main__":
    print(manual(), end="")
