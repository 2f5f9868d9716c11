"""XML bodies (`xml`): that they are there; their elements are not taken apart."""

from __future__ import annotations

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol
from dfilter.packets.protocols.media_types import XML_TYPES
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

XML = Protocol("xml", "eXtensible Markup Language", over={"media_type": XML_TYPES})


@XML.dissector
def dissect_xml(view: View, region: Region) -> None:
    view.push(XML, region)


@XML.column_writer
def write_xml(layer: Layer, columns: Columns) -> None:
    """XML joins the protocol that carries it."""
    columns.protocol += "/XML" if columns.protocol else "XML"
