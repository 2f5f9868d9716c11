"""Hold every value of every declared field against a real Wireshark.

    python -m tests.parity.compare CAPTURE... [--protocol http --protocol tcp] [--show 20]
    ORACLE=/path/to/oracle python -m tests.parity.compare --list captures.txt

In: captures, and an oracle command whose `4.4 tshark` runs the reference.  Out: for each protocol how many values
agree, which fields are missing (the reference shows values that we lack), extra or different, with examples.
Fields of layers that the reference shows and dfilter does not declare are counted as undeclared.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from functools import cache
from pathlib import Path
from typing import Any

from dfilter.captures.read import open_capture
from dfilter.fields.text import oid_text
from dfilter.fields.types import ADDRESSES, BYTE_LIKE, FLOATS, INTEGERS, STRINGS, FieldType
from dfilter.fields.versions import Version
from dfilter.packets.dispatch import Catalogue, catalogue
from dfilter.packets.reader import PacketReader
from dfilter.packets.session import Session, needs_of
from dfilter.packets.view import View

ORACLE = os.environ.get("ORACLE", str(Path(__file__).parents[3] / "shared/oracle/oracle"))
PRESENT = "<present>"


@cache
def can_ask() -> bool:
    """Is the reference there, and can it read the captures of this checkout?

    It sees files through mounts of its own, and one left from a checkout that is gone shows none: only an answer
    about a capture says that it can be asked.
    """
    capture = Path(__file__).parents[1] / "captures/bot-http.pcap"
    command = [ORACLE, "4.4", "tshark", "-n", "-r", str(capture), "-c", "1"]
    try:
        return bool(subprocess.run(command, capture_output=True, timeout=60, check=False).stdout)
    except (OSError, subprocess.TimeoutExpired):
        return False


def reference(path: Path) -> Iterator[dict[str, list[str]]]:
    """For each frame: field name -> what the reference shows, in order."""
    with tempfile.TemporaryFile() as out:
        command = [ORACLE, "4.4", "tshark", "-2", "-n", "-r", str(path.resolve()), "-T", "pdml"]
        subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, check=False)
        out.seek(0)
        text = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"\xef\xbf\xbd", out.read()).decode("utf-8", "replace")
    for packet in re.findall(r"<packet>.*?</packet>", text, re.S):
        values: dict[str, list[str]] = defaultdict(list)
        for proto in ET.fromstring(packet):
            if proto.get("name") != "geninfo":
                collect(proto, values)
        yield values


def collect(element: ET.Element, values: dict[str, list[str]]) -> None:
    name = element.get("name") or ""
    if name:
        values[name].append(element.get("show") or "")
    for child in element:
        collect(child, values)


def normalise(show: str, type_: FieldType) -> Any:
    """The reference's text as the Python value that dfilter would hold; the text itself where that fails."""
    try:
        return _normalise(show, type_)
    except (ValueError, OverflowError, DecimalException):
        return show


def _normalise(show: str, type_: FieldType) -> Any:
    if type_ in (FieldType.NONE, FieldType.PROTOCOL):
        return PRESENT
    if type_ is FieldType.BOOLEAN:
        return show in ("True", "1")
    if type_ is FieldType.CHAR:
        return ord(show[1]) if len(show) == 3 else int(show.strip("'").replace("\\x", "0x"), 0)
    if type_ in INTEGERS:
        return int(show, 16) if show.lower().startswith("0x") else int(show)
    if type_ in FLOATS:
        return float(show)
    if type_ in ADDRESSES:
        return ipaddress.ip_address(show).packed
    if type_ is FieldType.OID:
        return show
    if type_ in BYTE_LIKE or type_ is FieldType.GUID:
        return bytes.fromhex(re.sub(r"[:.\-]", "", show))
    if type_ is FieldType.RELATIVE_TIME:
        return int(Decimal(show) * 10**9)
    if type_ is FieldType.ABSOLUTE_TIME:
        return _time(show)
    return show


def _time(show: str) -> Any:
    if show == "NULL":  # NTP's time of zero
        return 0
    if re.fullmatch(r"-?\d+\.\d+", show):
        seconds, _, fraction = show.partition(".")
        return int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
    found = re.match(r"(\w{3} +\d+, \d{4} \d\d:\d\d:\d\d)\.(\d+) UTC", show)
    if not found:
        return show
    moment = datetime.strptime(found[1], "%b %d, %Y %H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 10**9 + int(found[2].ljust(9, "0")[:9])


def ours(view: View, reader: PacketReader, known: Catalogue, cache: dict[str, Any]) -> dict[str, list[Any]]:
    """field name -> the values dfilter has in this frame."""
    view.complete()
    found: dict[str, list[Any]] = {}
    present = set(view.by_name)
    for name, carriers in known.carriers.items():
        if present.isdisjoint(carriers) or name.startswith("_ws.col"):  # columns are not part of the reference's tree
            continue
        read = cache.get(name) or cache.setdefault(name, reader.values(name))
        values = list(read(view))
        if not values:
            continue
        field = known.fields.get(name)
        if field is None or field.type in (FieldType.NONE, FieldType.PROTOCOL):
            values = [PRESENT] * len(values)
        elif field.type is FieldType.OID:
            values = [oid_text(value) for value in values]
        found[name] = values
    return found


class Report:
    def __init__(self) -> None:
        self.good: Counter[str] = Counter()
        self.bad: dict[str, Counter[str]] = {"missing": Counter(), "extra": Counter(), "different": Counter()}
        self.undeclared: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = defaultdict(list)

    def frame(self, where: str, want: dict[str, list[str]], have: dict[str, list[Any]], known: Catalogue) -> None:
        for name in want.keys() | have.keys():
            if name not in known.carriers:
                self.undeclared[name] += len(want[name])
                continue
            field = known.fields.get(name)
            type_ = field.type if field else FieldType.PROTOCOL
            expected = [normalise(show, type_) for show in want.get(name, ())]
            got = have.get(name, [])
            if type_ in STRINGS:
                got = [_as_attribute(value) for value in got]
            if expected == got or (field is None and bool(expected) == bool(got)):
                self.good[name] += len(expected)
                continue
            kind = "missing" if not got else "extra" if not expected else "different"
            self.bad[kind][name] += max(len(expected), len(got))
            if len(self.examples[name]) < 3:
                self.examples[name].append(f"{where}: reference {str(expected)[:140]} ours {str(got)[:140]}")


def _as_attribute(text: str) -> str:
    """A text as it comes back from an XML attribute: white space is blanks there, other controls are written as their
    number ("\\x1")."""
    return re.sub(r"[\x01-\x08\x0b\x0c\x0e-\x1f]", lambda found: f"\\x{ord(found[0]):x}",
                  re.sub(r"\r\n|[\r\n\t]", " ", text))  # fmt: skip


def protocol_of(name: str, known: Catalogue) -> str:
    if name in known.owner:
        return known.owner[name]
    return name if name in known.protocols else name.partition(".")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="*", type=Path)
    parser.add_argument("--list", type=Path, help="a file that names captures, one a line")
    parser.add_argument("--protocol", action="append", help="report only these (repeatable)")
    parser.add_argument("--show", type=int, default=30, help="how many fields that differ to print")
    parser.add_argument("--undeclared", type=int, default=15, help="how many undeclared fields to print")
    args = parser.parse_args()
    captures = list(args.captures)
    if args.list:
        captures += [Path(line) for line in args.list.read_text().splitlines() if line.strip()]
    report = Report()
    known = catalogue()
    for path in captures:
        compare_capture(path, report, known)
    print_report(report, known, args)


def compare_capture(path: Path, report: Report, known: Catalogue) -> int:
    """Add the comparison of one capture to `report`; how many frames it has."""
    reader = PacketReader(known, Version.V4_4)
    cache: dict[str, Any] = {}
    first = Session(needs_of(None))
    for frame in open_capture(path):
        first.dissect(frame).complete()
    session = Session(needs_of(None), foresight=first.foreseen)
    wanted, count = reference(path), 0
    for frame in open_capture(path):
        want = next(wanted, {})
        have = ours(session.dissect(frame), reader, known, cache)
        report.frame(f"{path.name} frame {frame.number}", want, have, known)
        count += 1
    for error in session.internal_errors:
        print(f"{path.name}: internal error {error}", file=sys.stderr)
    return count


def print_report(report: Report, known: Catalogue, args: argparse.Namespace) -> None:
    def chosen(name: str) -> bool:
        return not args.protocol or protocol_of(name, known) in args.protocol

    bad = Counter({name: sum(c[name] for c in report.bad.values()) for c in report.bad.values() for name in c})
    for name, count in [item for item in bad.most_common() if chosen(item[0])][: args.show]:
        kinds = ", ".join(f"{kind} {c[name]}" for kind, c in report.bad.items() if c[name])
        print(f"{name}: {count} wrong ({kinds}), {report.good[name]} right")
        for example in report.examples[name]:
            print(f"    {example}")
    undeclared = [item for item in report.undeclared.most_common() if chosen(item[0])][: args.undeclared]
    if undeclared:
        print("undeclared: " + "; ".join(f"{name} ({count})" for name, count in undeclared))
    by_protocol: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for index, counter in enumerate((report.good, bad, report.undeclared)):
        for name, count in counter.items():
            by_protocol[protocol_of(name, known)][index] += count
    for protocol, (good, wrong, missing) in sorted(by_protocol.items()):
        if chosen(protocol) and good + wrong + missing:
            print(f"{100 * good / (good + wrong + missing):6.2f} %  {good} right, {wrong} wrong, "
                  f"{missing} undeclared  {protocol}")  # fmt: skip


if __name__ == "__main__":
    main()
