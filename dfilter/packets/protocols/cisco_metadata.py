"""Cisco MetaData (Ethernet type 0x8909): a security group tag before the packet itself.

Behind GRE the type of what follows comes first, behind Ethernet last (observed).
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.inner import call_table
from dfilter.packets.region import Region
from dfilter.packets.view import View

LENGTH = 8

CMD = Protocol(
    "cmd",
    "Cisco MetaData",
    fields=(
        *computed_table("""
            cmd.version UINT8
            cmd.length  UINT8
            cmd.options UINT16
            cmd.sgt     UINT16
            cmd.type    UINT16
        """),
    ),
    over={"ethertype": (0x8909,)},
    carries=("ethertype", "data"),
)


@CMD.dissector
def dissect_cmd(view: View, region: Region) -> None:
    behind_gre = view.layers[-1].protocol.name == "gre"
    layer = view.push(CMD, region, LENGTH)
    tag, kind = (2, 0) if behind_gre else (0, 6)
    region.need(0, LENGTH)
    for name, offset, size in (("version", tag, 1), ("length", tag + 1, 1), ("options", tag + 2, 2),
                               ("sgt", tag + 4, 2), ("type", kind, 2)):  # fmt: skip
        value = int.from_bytes(region.bytes(offset, size), "big")
        layer.add("cmd." + name, value, region.start + offset, size)
    call_table(view, "ethertype", region.u16(kind), region.sub(LENGTH))
