"""Captures that begin with an IP header: LINKTYPE_RAW (101, 12, 14), LINKTYPE_IPV4 (228), LINKTYPE_IPV6 (229).

In: the whole frame.  Out: a `raw` layer for LINKTYPE_RAW, whose first four bits choose the version; the other
two lead to `ip` and `ipv6` without a layer of their own (their own files say so).
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol
from dfilter.packets.region import Region
from dfilter.packets.view import View

RAW = Protocol("raw", "Raw", over={"link": (101, 12, 14)}, carries=("ip", "ipv6", "data"))


@RAW.dissector
def dissect_raw(view: View, region: Region) -> None:
    view.push(RAW, region)
    version = region.u16(0) >> 12  # two bytes, as the reference looks for PPP first
    protocols = view.session.catalogue.protocols
    if version == 4:
        view.call(protocols["ip"], region)
    elif version == 6:
        view.call(protocols["ipv6"], region)
    else:
        view.call_data(region)
