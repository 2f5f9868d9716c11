"""Line-based text: bodies of text/html, text/plain and the like, as Wireshark shows them (`data-text-lines`)."""

from __future__ import annotations

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol
from dfilter.packets.protocols.carried_type import append_type
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

DATA_TEXT_LINES = Protocol(
    "data-text-lines",
    "Line-based text data",
    over={"media_type": (
        "application/vnd.drm.message", "application/vnd.poc.refer-to", "application/x-javascript",
        "application/x-ns-proxy-autoconfig", "application/x-rtsp-udp-packetpair", "application/x-tia-p25-issi",
        "application/x-tia-p25-sndcp", "application/xml-external-parsed-entity", "text/css", "text/enriched",
        "text/html", "text/javascript", "text/parameters", "text/plain", "text/richtext",
        "text/vnd.sun.j2me.app-descriptor", "text/x-ref-list", "text/x-ref-simple",
        "text/xml-external-parsed-entity", "x-bt/calendar", "x-bt/calendarstatus", "x-bt/ctn-forward",
        "x-bt/ctn-notificationregistration", "x-bt/img-print", "x-bt/instancedescription", "x-bt/map-messageupdate",
        "x-bt/map-notificationregistration", "x-bt/masinstanceinformation", "x-bt/message", "x-bt/messagestatus",
        "x-bt/phonebook", "x-bt/update", "x-bt/vcard", "x-obex/rui",
    )},
    carries=("xml",),
)  # fmt: skip


@DATA_TEXT_LINES.dissector
def dissect_data_text_lines(view: View, region: Region) -> None:
    """A text that says it is XML is taken apart as that."""
    if region.buf.startswith(b"<?xml", region.start, region.end):
        view.call(view.session.catalogue.protocols["xml"], region)
        return
    view.push(DATA_TEXT_LINES, region)


@DATA_TEXT_LINES.column_writer
def write_text_lines(layer: Layer, columns: Columns) -> None:
    append_type(layer, columns)
