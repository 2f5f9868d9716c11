"""`-d TABLE==KEY,PROTOCOL`: "decode as" on the command line, as tshark writes it.

In: the texts of the option.  Out: rules for `dfilter.read`.  Always: a text that is not of this form is an error of
usage that shows the form.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser

from dfilter.cli.guard import wrong_usage

_RULE = re.compile(r"\s*([\w.]+)\s*==\s*([^,]+?)\s*,\s*([\w.-]+)\s*")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+")
_RANGE = re.compile(r"(0x[0-9a-fA-F]+|\d+)\s*([-:])\s*(0x[0-9a-fA-F]+|\d+)")
MOST = 1 << 16
"""Keys of one range."""

Rules = dict[tuple[str, int | str], str]


def add_decode_as(parser: ArgumentParser) -> None:
    """-d: protocols for ports and numbers."""
    parser.add_argument("-d", "--decode-as", dest="decode_as", action="append", default=[],
                        metavar="TABLE==KEY,PROTOCOL",
                        help="what is behind a port or number: -d tcp.port==8888,http; KEY is a number, a range 1-9 "
                        "or first:count; repeat it for more")  # fmt: skip


def decode_rules(texts: list[str]) -> Rules | None:
    """The rules of all the texts; None where there are none."""
    rules: Rules = {}
    for text in texts:
        match = _RULE.fullmatch(text)
        if match is None:
            wrong_usage(f"-d {text}: the form is TABLE==KEY,PROTOCOL, as in tcp.port==8888,http")
        table, selector, protocol = match.groups()
        for key in _keys(text, selector):
            rules[table, key] = protocol
    return rules or None


def _keys(text: str, selector: str) -> range | list[int | str]:
    if _NUMBER.fullmatch(selector):
        return [_number(selector)]
    match = _RANGE.fullmatch(selector)
    if match is None:
        return [selector.strip('"')]
    first, second = _number(match[1]), _number(match[3])
    keys = range(first, second + 1) if match[2] == "-" else range(first, first + second)
    if not 0 < len(keys) <= MOST:
        wrong_usage(f"-d {text}: {selector} is no range of 1 to {MOST} keys")
    return keys


def _number(text: str) -> int:
    return int(text, 16) if text.startswith("0x") else int(text)
