"""Which protocol Wireshark expects under which port, type or number, for those that dfilter does not dissect.

In: package data made from `tshark -G decodes` (4.4).  Out: `opaque_protocols`.  What always holds: such a protocol
takes its bytes, so that they are not shown as `data` and nothing else guesses at them; it has no fields, and no
filter can name it, because dfilter cannot tell when the reference would reject the bytes.

    python -m dfilter.packets.decodes DECODES_OUTPUT
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dfilter.packets.declare import Protocol
from dfilter.packets.region import Region

DATA = Path(__file__).with_name("decodes.tsv")
TABLES = ("ethertype", "ip.proto", "llc.dsap", "ppp.protocol", "sctp.port", "tcp.port", "udp.port")


def entries() -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """(table, protocol name, keys) for each line of the package data."""
    for line in DATA.read_text().splitlines():
        table, name, keys = line.split("\t")
        yield table, name, tuple(map(int, keys.split(",")))


def opaque_protocol(name: str) -> Protocol:
    """A protocol that takes whatever bytes it is given."""
    protocol = Protocol(name, name.upper())

    @protocol.dissector
    def dissect(view: Any, region: Region) -> None:
        view.push(protocol, region)

    return protocol


def main(source: Path) -> None:
    """Write the package data from the output of `tshark -G decodes`."""
    found: dict[tuple[str, str], set[int]] = {}
    for line in source.read_text().splitlines():
        table, _, rest = line.partition("\t")
        if table in TABLES:
            key, name = rest.split("\t")
            found.setdefault((table, name), set()).add(int(key, 0))
    rows = [f"{table}\t{name}\t{','.join(map(str, sorted(keys)))}\n" for (table, name), keys in sorted(found.items())]
    DATA.write_text("".join(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
