"""Hold what `run -T` prints against tshark's output, byte for byte.

    python -m tests.parity.outputs CAPTURE... [--show 3]

In: captures, and an oracle command whose `4.4 tshark` runs the reference (`-n`).  Out: for each form of output how many
lines there are in the reference's, and how many of them are the same in ours, in their order; of whole frames, values.
"""

from __future__ import annotations

import argparse
import difflib
import io
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from dfilter.cli.main import main as dfilter
from tests.parity.compare import ORACLE

FIELDS = ("frame.number", "frame.time_epoch", "frame.time", "eth.dst", "eth.type", "ip.src", "ip.addr", "ip.flags.df",
          "ip.ttl", "ipv6.src", "tcp.port", "tcp.flags", "tcp.flags.syn", "tcp.seq", "udp.length", "udp.port",
          "dns.qry.name", "dns.a", "dns.flags", "http.host", "http.request.uri", "http.response.code",
          "tls.handshake.type", "tls.handshake.extensions_server_name", "tls.record.version", "arp.opcode",
          "arp.src.hw_mac", "icmp.type", "dhcp.id", "ftp.request.command", "smtp.req.parameter", "ntp.stratum",
          "igmp.maddr", "_ws.col.def_src", "_ws.col.def_dst", "_ws.col.cls_time", "frame", "ip", "ipv6",
          "tcp", "udp", "dns", "arp", "tls.record")  # fmt: skip
NAMED = [word for name in FIELDS for word in ("-e", name)]
FORMS: dict[str, list[str]] = {
    "fields": ["-T", "fields", *NAMED],
    "fields, quoted": ["-T", "fields", "-E", "header=y", "-E", "quote=d", "-E", "separator=,", *NAMED],
    "fields, first": ["-T", "fields", "-E", "occurrence=f", "-E", "bom=y", *NAMED],
    "fields, last": ["-T", "fields", "-E", "occurrence=l", "-E", "aggregator=;", *NAMED],
    "expressions": ["-T", "fields", "-e", "ip.ttl + 1", "-e", "len(ip.src)", "-e", "tcp.port == 80", "-e", "ip.src[0]",
                    "-e", "tcp.port#1", "-e", "@ip.src", "-e", "http.host or dns.qry.name"],
    "json": ["-T", "json", *NAMED],
    "ek": ["-T", "ek", *NAMED],
    "text": ["-T", "text"],
    "tabs": ["-T", "tabs"],
    "text, UTC": ["-T", "text", "-t", "ud"],
    "text, delta": ["-T", "text", "-t", "d"],
    "psml": ["-T", "psml"],
}  # fmt: skip


def reference(capture: Path, options: list[str]) -> list[str]:
    """The lines that tshark prints."""
    command = [ORACLE, "4.4", "tshark", "-n", "-r", str(capture.resolve()), *options]
    output = subprocess.run(command, capture_output=True, check=False).stdout
    return output.decode("utf-8", "backslashreplace").split("\n")


def ours(capture: Path, options: list[str]) -> list[str]:
    """The lines that dfilter prints."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()), suppress(SystemExit):
        dfilter(["run", "", str(capture), *options])
    return out.getvalue().split("\n")


def plain(lines: list[str]) -> list[str]:
    """Without what names the program."""
    return [line for line in lines if 'creator="' not in line]


def same(there: list[str], here: list[str]) -> int:
    """How many lines are the same, in their order."""
    if len(there) == len(here):
        return sum(left == right for left, right in zip(there, here, strict=True))
    blocks = difflib.SequenceMatcher(None, there, here, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks)


WHOLE = ("json", "jsonraw", "ek")
"""Forms without `-e`, which are held to one another value by value, each with all that it stands below."""


def leaves(node: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """The values of a document, of lists one by one."""
    if isinstance(node, dict):
        for name, below in node.items():
            yield from leaves(below, (*above, name))
    elif isinstance(node, list):
        for each in node:
            yield from leaves(each, above)
    else:
        yield above, str(node)


def frames(lines: list[str], form: str) -> list[Any]:
    """The layers of each frame."""
    if form == "ek":
        return [json.loads(line)["layers"] for line in lines[1::2]]
    return [each["_source"]["layers"] for each in json.loads("\n".join(lines) or "[]")]


def same_values(capture: Path, form: str) -> tuple[int, int]:
    """How many values whole frames have in the reference's output, and how many of them ours has in the same place."""
    alike = [] if form == "ek" else ["--no-duplicate-keys"]
    there = frames(reference(capture, ["-T", form, *alike]), form)
    here = frames(ours(capture, ["-T", form]), form)
    pairs = [(Counter(leaves(left)), Counter(leaves(right))) for left, right in zip(there, here, strict=True)]
    return sum(left.total() for left, _ in pairs), sum((left & right).total() for left, right in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the outputs of run -T with tshark's.")
    parser.add_argument("captures", nargs="+", type=Path)
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    total, equal = Counter[object](), Counter[object]()
    for capture in options.captures:
        for form, words in FORMS.items():
            there, here = plain(reference(capture, words)), plain(ours(capture, words))
            total[form] += len(there)
            equal[form] += same(there, here)
            different = [pair for pair in zip(there, here, strict=False) if pair[0] != pair[1]]
            for left, right in different[: options.show]:
                print(f"{capture} {form}\n  wireshark {left}\n  dfilter   {right}")
        for form in WHOLE:
            found, alike = same_values(capture, form)
            total[form, "whole"] += found
            equal[form, "whole"] += alike
    for form in FORMS:
        print(f"{form:16} {total[form]:8} lines {100 * equal[form] / max(total[form], 1):8.2f}% equal")
    for form in WHOLE:
        share = 100 * equal[form, "whole"] / max(total[form, "whole"], 1)
        print(f"{form + ', whole':16} {total[form, 'whole']:8} values {share:7.2f}% equal and in the same place")


if __name__ == "__main__":
    main()
