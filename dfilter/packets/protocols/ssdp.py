"""SSDP (UPnP Device Architecture 2.0, section 1): HTTP messages over multicast UDP; its layers carry http.*."""

from __future__ import annotations

from collections import OrderedDict

from dfilter.packets.declare import Evidence, Protocol
from dfilter.packets.protocols.http import dissect_datagram
from dfilter.packets.protocols.http_exchange import HttpState
from dfilter.packets.protocols.http_fields import fill_message, message_info
from dfilter.packets.protocols.http_plain import PLAIN_DATAGRAM
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

SSDP = Protocol("ssdp", "SSDP", over={"udp.port": (1900,)}, shares=("http",),
                carries=("media_type", "media", "data"),
                evidence=Evidence(plain=PLAIN_DATAGRAM, alone=True))  # fmt: skip


MAX_CONVERSATIONS = 4096
"""Pairs of endpoints remembered; beyond that the oldest is forgotten."""


class _Conversations:
    """What is known of each pair of endpoints."""

    def __init__(self) -> None:
        self._states: OrderedDict[frozenset[tuple[bytes, int]], HttpState] = OrderedDict()

    def state(self, view: View) -> HttpState:
        key = frozenset(zip(view.addresses, view.ports, strict=True))
        known = self._states.get(key)
        if known is None:
            if len(self._states) >= MAX_CONVERSATIONS:
                self._states.popitem(last=False)
            known = self._states[key] = HttpState()
        return known


@SSDP.dissector
def dissect_ssdp(view: View, region: Region) -> None:
    state = HttpState() if view.quoted else view.session.memory("ssdp", _Conversations).state(view)
    dissect_datagram(view, SSDP, region, state)


@SSDP.filler
def fill_ssdp(layer: Layer) -> None:
    fill_message(layer)


@SSDP.info_line
def ssdp_info(layer: Layer) -> str:
    return message_info(layer)
