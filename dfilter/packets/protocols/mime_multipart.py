"""Multipart bodies (RFC 2046 section 5.1): that they are there; their parts are not taken apart."""

from __future__ import annotations

from dfilter.packets.declare import Protocol
from dfilter.packets.region import Region
from dfilter.packets.view import View

MIME_MULTIPART = Protocol(
    "mime_multipart",
    "MIME Multipart",
    over={"media_type": ("multipart/",)},
)


@MIME_MULTIPART.dissector
def dissect_mime_multipart(view: View, region: Region) -> None:
    view.push(MIME_MULTIPART, region)
