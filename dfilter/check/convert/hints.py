"""What to write for a value that could not be read, where its look tells what was meant.

In: the text of a literal and the type it should have had.  Out: notes.  Always: called for errors only.
"""

from __future__ import annotations

import re

from dfilter.fields.types import INTEGERS, FieldType

_UNITS = {"ns": -9, "us": -6, "µs": -6, "ms": -3, "s": 0, "sec": 0, "min": None, "m": None, "h": None}
_SECONDS = {"min": 60, "m": 60, "h": 3600}


def hints(text: str, kind: FieldType) -> tuple[str, ...]:
    """At most one note."""
    if kind is FieldType.IPv4:
        return _address(text)
    if kind is FieldType.RELATIVE_TIME:
        return _duration(text)
    if kind in INTEGERS:
        found = re.fullmatch(r"(\d{1,9})(?:-|–|\.\.\.|:)(\d{1,9})", text)
        if found:
            return (f"a range stands in a set: in {{{found[1]}..{found[2]}}}",)
        if re.fullmatch(r"\d{1,3}(_\d{3})+", text):
            return ("write the digits alone: " + text.replace("_", ""),)
        found = re.fullmatch(r"(\d{1,9})([kKmM])[bB]?", text)
        if found:
            return (f"write the number in full: {found[1]}{'000' if found[2] in 'kK' else '000000'}",)
    return ()


def _address(text: str) -> tuple[str, ...]:
    parts = text.rstrip(".").split(".")
    if 1 < len(parts) < 4 and all(re.fullmatch(r"\d{1,3}", part) for part in parts):
        network = ".".join(parts + ["0"] * (4 - len(parts)))
        return (f"a network is written {network}/{8 * len(parts)}",)
    first, dash, last = text.partition("-")
    if dash and first.count(".") == last.count(".") == 3:
        return (f"a range stands in a set: in {{{first} .. {last}}}",)
    if re.search(r"[A-Za-z]", text) and "/" not in text:
        return ("names are not looked up here: write the address, or test ip.host or dns.qry.name",)
    return ()


def _duration(text: str) -> tuple[str, ...]:
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(ns|us|µs|ms|sec|s|min|m|h)", text)
    if found is None:
        return ("a time offset is a number of seconds, such as 0.005",)
    power = _UNITS[found[2]]
    seconds = float(found[1]) * (_SECONDS[found[2]] if power is None else 1)
    spelled = f"{float(f'{seconds}e{power or 0}'):.12f}".rstrip("0").rstrip(".")
    return (f"a time offset is a number of seconds: {spelled}",)
