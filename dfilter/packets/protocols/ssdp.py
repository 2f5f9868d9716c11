"""SSDP (UPnP Device Architecture 2.0, section 1): HTTP messages over multicast UDP; its layers carry http.*."""

from __future__ import annotations

from dfilter.packets.declare import Protocol
from dfilter.packets.protocols.http import dissect_datagram
from dfilter.packets.protocols.http_fields import fill_message, message_info
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

SSDP = Protocol("ssdp", "SSDP", over={"udp.port": (1900,)}, shares=("http",),
                carries=("media_type", "media", "data"))  # fmt: skip


@SSDP.dissector
def dissect_ssdp(view: View, region: Region) -> None:
    dissect_datagram(view, SSDP, region)


@SSDP.filler
def fill_ssdp(layer: Layer) -> None:
    fill_message(layer)


@SSDP.info_line
def ssdp_info(layer: Layer) -> str:
    return message_info(layer)
