"""Dates, times and time offsets.

In: the text of a literal.  Out: integer nanoseconds (since 1970-01-01 UTC for a date).  The forms are
those of section 5.9 and 5.10 of the language notes, as Wireshark 4.6 reads them; a time without a zone is
local time.
"""

from __future__ import annotations

import calendar
import re
import time
from fractions import Fraction

from dfilter.check.convert.errors import BAD_TIME, ConversionError, quoted
from dfilter.fields.versions import Version

NANOSECONDS = 1_000_000_000
_NEVER = -(2**63) * NANOSECONDS
"""What `nan` and infinity stand for among offsets: equal to no time that a capture can hold."""
_MAX_TEXT = 100

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d*))?)?"
_ISO = re.compile(
    rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})(?:(?P<separator>T| +)(?:{_CLOCK})?)?"
)
_NAMED = re.compile(rf"(?P<name>[A-Za-z]{{3,9}}) *(?P<day>\d{{1,2}}), *(?P<year>\d{{4}})(?: +{_CLOCK})?")
_EPOCH = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d+)(?:\Z|\.(?P<fraction>\d*))")
"""After a decimal point anything may follow the digits; without one the number is the whole text."""
_OLD_ISO = r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?)?"
_OLD_NAMED = r"[A-Za-z]{3} *\d{1,2}, *\d{4} +\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?"
_OLD = {
    Version.V3_4: re.compile(f"{_OLD_ISO}|{_OLD_NAMED}"),
    Version.V4_0: re.compile(rf"{_OLD_ISO}[\d.,:]*(?: *UTC|Z|[+-]\d\d:?(?:\d\d)?)?|{_OLD_NAMED}(?: UTC)?"),
}
"""What 3.4 and 4.0 take at all: no zone names but UTC, abbreviated months with the seconds."""
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2})(?::?(?P<minutes>\d{2}))?\Z")
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?\Z")

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_ZONES = {"UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
          "MDT": -6, "PST": -8, "PDT": -7}  # fmt: skip
_ZONES |= {letter: hours for hours, letter in enumerate("ABCDEFGHIKLM", 1)}
_ZONES |= {letter: -hours for hours, letter in enumerate("NOPQRSTUVWXY", 1)}
"""Military letters: A is one hour east of Greenwich, N one hour west."""


def absolute_time(text: str, version: Version) -> int:
    """A date with or without a time, or seconds since 1970, as nanoseconds since 1970-01-01 UTC.

    The text is that between the quotes, or the unquoted literal.
    """
    text = text[:-1] if text.endswith("\0") else text
    if version <= Version.V4_0 and not _OLD[version].fullmatch(text):
        raise _not_a_time(text)
    if len(text) <= _MAX_TEXT:
        match = _ISO.match(text)
        if match and 1 <= int(match["month"]) <= 12 and 1 <= int(match["day"]) <= 31:
            return _calendar(match, int(match["month"]), text, spaced_zone=match["separator"] != "T")
        match = _NAMED.match(text)
        month = _month(match["name"]) if match else 0
        if match and month:
            return _calendar(match, month, text, spaced_zone=True)
        match = _EPOCH.match(text)
        if match and version >= Version.V4_4:
            return _epoch(match)
    raise _not_a_time(text)


def _not_a_time(text: str) -> ConversionError:
    return ConversionError(
        BAD_TIME,
        f"{quoted(text)} is not a valid absolute time",
        ('for example "2011-07-04 12:34:56.5", "2011-07-04T12:34:56Z", "Nov 12, 1999 08:55:44.123"',),
    )


def _month(name: str) -> int:
    lower = name.lower()
    for number, month in enumerate(_MONTHS, 1):
        if lower in (month, month[:3]):
            return number
    return 0


def _epoch(match: re.Match[str]) -> int:
    fraction = (match["fraction"] or "")[:9].ljust(9, "0")
    value = int(match["whole"]) * NANOSECONDS + int(fraction)
    return -value if match["sign"] == "-" else value


def _calendar(match: re.Match[str], month: int, text: str, *, spaced_zone: bool) -> int:
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    rest = text[match.end() :]
    if hour > 23 or minute > 59 or second > 60:
        raise _unexpected(text)
    moment = (int(match["year"]), month, int(match["day"]), hour, minute, second)
    offset = _zone(rest, text, spaced=spaced_zone)
    digits = match["fraction"] or ""
    if len(digits) > 9 and "name" in match.groupdict():
        raise ConversionError(BAD_TIME, f"{quoted(text)}: more than nine digits after the second")
    nanoseconds = int(digits.ljust(9, "0")) if 0 < len(digits) <= 9 else 0
    seconds = _local(moment) if offset is None else _utc(moment) - offset
    return seconds * NANOSECONDS + nanoseconds


def _unexpected(text: str) -> ConversionError:
    return ConversionError(BAD_TIME, f"{quoted(text)}: unexpected data after the time value")


def _zone(rest: str, text: str, *, spaced: bool) -> int | None:
    """Seconds east of UTC that the text after the time names, None for local time."""
    if not rest:
        return None
    stripped = rest.lstrip(" ")
    if stripped != rest and not spaced:
        raise _unexpected(text)
    if stripped in ("", "Z"):
        return 0 if stripped else None
    offset = _OFFSET.match(stripped)
    if offset:
        seconds = int(offset["hours"]) * 3600 + int(offset["minutes"] or 0) * 60
        return -seconds if offset["sign"] == "-" else seconds
    if spaced and stripped.upper() in _ZONES:
        return _ZONES[stripped.upper()] * 3600
    if spaced and stripped in time.tzname:
        return -time.timezone
    raise _unexpected(text)


def _utc(moment: tuple[int, int, int, int, int, int]) -> int:
    """Seconds since 1970; February 30 counts on into March."""
    year, month, day, hour, minute, second = moment
    days = calendar.timegm((max(year, 1), month, 1, 0, 0, 0)) // 86400 + day - 1
    return days * 86400 + hour * 3600 + minute * 60 + second


def _local(moment: tuple[int, int, int, int, int, int]) -> int:
    try:
        return int(time.mktime((*moment, 0, 0, -1)))
    except (OverflowError, ValueError):
        return _utc(moment) + time.timezone


def relative_time(text: str, value: int | float) -> int:
    """A number of seconds as nanoseconds, exact for a decimal number; digits beyond nine are cut."""
    if _DECIMAL.match(text) and isinstance(value, float):
        return int(Fraction(text) * NANOSECONDS)
    if isinstance(value, float) and not abs(value) < 1e300:
        return _NEVER
    return int(Fraction(value) * NANOSECONDS)
