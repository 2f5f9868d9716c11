"""Forms as browsers send them (application/x-www-form-urlencoded, WHATWG URL section 5)."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.carried_type import append_type
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

URLENCODED_FORM = Protocol(
    "urlencoded-form",
    "URLENCODED-FORM",
    fields=computed_table("""
        urlencoded-form.key   STRINGZ
        urlencoded-form.value STRINGZ
    """),
    over={"media_type": ("application/x-www-form-urlencoded",)},
)


@URLENCODED_FORM.dissector
def dissect_urlencoded_form(view: View, region: Region) -> None:
    view.push(URLENCODED_FORM, region)


@URLENCODED_FORM.filler
def fill_urlencoded_form(layer: Layer) -> None:
    buf, at = layer.buf, layer.start
    while at < layer.end:
        end = buf.find(b"&", at, layer.end)
        end = layer.end if end < 0 else end
        equals = buf.find(b"=", at, end)
        key_end = end if equals < 0 else equals
        value = min(key_end + 1, end)
        layer.add("urlencoded-form.key", decoded(buf[at:key_end]), at, key_end - at)
        layer.add("urlencoded-form.value", decoded(buf[value:end]), value, end - value)
        at = end + 1


def decoded(raw: bytes) -> str:
    """A name or value as it was typed: + is a space, %XX a byte of UTF-8."""
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")


@URLENCODED_FORM.column_writer
def write_urlencoded_form(layer: Layer, columns: Columns) -> None:
    append_type(layer, columns)
