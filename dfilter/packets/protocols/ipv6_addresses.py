"""What an IPv6 address tells of itself: the MAC address that autoconfiguration made it from (RFC 4291 appendix A).

In: the two addresses of a packet.  Out: the fields that Wireshark 4.4 shows below `ipv6.src` and `ipv6.dst`.
"""

from __future__ import annotations

import ipaddress

from dfilter.fields.types import FieldType as T
from dfilter.packets.view import Layer

ADDRESS_FIELDS = """
    ipv6.src_slaac_mac   ETHER
    ipv6.dst_slaac_mac   ETHER
"""

ADDRESS_UNIONS = (("ipv6.slaac_mac", T.ETHER, ("ipv6.src_slaac_mac", "ipv6.dst_slaac_mac")),)


def fill_addresses(layer: Layer, source: bytes, target: bytes) -> None:
    for side, address, offset in (("src", source, 8), ("dst", target, 24)):
        at = layer.start + offset
        layer.add(f"ipv6.{side}_host", str(ipaddress.IPv6Address(address)), at, 16)
        if address[11:13] == b"\xff\xfe" and address[0] != 0xFF:
            station = bytes([address[8] ^ 2]) + address[9:11] + address[13:16]
            layer.add(f"ipv6.{side}_slaac_mac", station, at + 8, 8)
