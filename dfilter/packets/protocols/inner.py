"""Finding what a tunnel carries: by table, by name, or by the first four bits of an IP header.

In: the payload of a tunnel or link layer.  Out: its layers; `data` where nothing fits.
"""

from __future__ import annotations

from typing import Any

from dfilter.packets.region import Region
from dfilter.packets.view import View


def call_table(view: View, table: str, key: Any, payload: Region) -> None:
    """The protocol registered under `key`, or `data` if there is none or it declines."""
    if payload.reported_length <= 0:
        return
    protocol = view.lookup(table, key)
    if protocol is None and view.pass_over(table, key, payload):
        return
    if protocol is None or view.call(protocol, payload) is False:
        view.call_data(payload)


def call_name(view: View, name: str, payload: Region) -> None:
    """The protocol of that name."""
    view.call(view.session.catalogue.protocols[name], payload)


def call_ip_version(view: View, payload: Region) -> None:
    """IPv4 or IPv6, as the first four bits say; `data` for anything else."""
    if payload.reported_length <= 0:
        return
    name = {4: "ip", 6: "ipv6"}.get(payload.u8(0) >> 4)
    if name is None:
        view.call_data(payload)
    else:
        call_name(view, name, payload)
