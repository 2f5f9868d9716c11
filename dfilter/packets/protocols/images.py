"""Pictures in bodies: which of PNG, GIF and JPEG they are, by their signatures; their insides are not taken apart."""

from __future__ import annotations

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

PNG = Protocol("png", "Portable Network Graphics", over={"media_type": ("image/png",)})
GIF = Protocol("image-gif", "Compuserve GIF", over={"media_type": ("image/gif",)})
JFIF = Protocol("image-jfif", "JPEG File Interchange Format",
                over={"media_type": ("image/jfif", "image/jpeg", "image/jpg")})  # fmt: skip

_SIGNATURES = (
    (PNG, (b"\x89PNG\r\n\x1a\n",), 20),
    (GIF, (b"GIF87a", b"GIF89a"), 10),
    (JFIF, (b"\xff\xd8\xff",), 20),
)
"""Protocol, how its files begin, and how many bytes they have at least."""


def picture_in(region: Region) -> Protocol | None:
    """The kind of picture that the bytes are, if any."""
    for protocol, beginnings, least in _SIGNATURES:
        if region.length >= least and region.buf.startswith(beginnings, region.start, region.end):
            return protocol
    return None


@PNG.dissector
def dissect_png(view: View, region: Region) -> bool | None:
    return _dissect(view, PNG, region)


@GIF.dissector
def dissect_gif(view: View, region: Region) -> bool | None:
    return _dissect(view, GIF, region)


@JFIF.dissector
def dissect_jfif(view: View, region: Region) -> bool | None:
    return _dissect(view, JFIF, region)


def _dissect(view: View, protocol: Protocol, region: Region) -> bool | None:
    if picture_in(region) is not protocol:
        return False
    view.push(protocol, region)
    return None


def _write_picture(layer: Layer, columns: Columns) -> None:
    """The kind of picture; of GIF its version."""
    version = layer.buf[layer.start : layer.start + 6].decode("ascii", "replace")
    names = {"png": "PNG", "image-gif": version, "image-jfif": "JPEG JFIF image"}
    columns.append(f" ({names[layer.protocol.name]})")


PNG.write = GIF.write = JFIF.write = _write_picture
