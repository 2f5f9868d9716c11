"""Link types that wrap another: Linux netfilter logs, Apple's PKTAP, Solaris IPNET.

In: whole frames of these link types.  Out: their own layer, and the packet inside.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.inner import call_table
from dfilter.packets.region import Region
from dfilter.packets.view import View

PAYLOAD = 9
MAX_ATTRIBUTES = 256

NFLOG = Protocol(
    "nflog",
    "NFLOG",
    fields=(
        header("nflog.family", T.UINT8, 0),
        header("nflog.version", T.UINT8, 1),
        header("nflog.res_id", T.UINT16, 2),
        *computed_table("""
            nflog.tlv              BYTES
            nflog.tlv_length       UINT16
            nflog.tlv_type         UINT16
            nflog.prefix           STRINGZ
            nflog.uid              INT32
            nflog.gid              INT32
            nflog.ifindex_indev    UINT32
            nflog.ifindex_outdev   UINT32
        """),
    ),
    over={"link": (239,)},
    carries=("ip", "ipv6", "arp", "data"),
)

_NUMBERS = {4: "nflog.ifindex_indev", 5: "nflog.ifindex_outdev", 11: "nflog.uid", 14: "nflog.gid"}

PKTAP = Protocol(
    "pktap",
    "PKTAP",
    fields=(
        header("pktap.hdrlen", T.UINT32, 0, little_endian=True),
        header("pktap.rectype", T.UINT32, 4, little_endian=True),
        header("pktap.dlt", T.UINT32, 8, little_endian=True),
        header("pktap.ifname", T.STRINGZ, 12, 24),
        header("pktap.flags", T.UINT32, 36, little_endian=True),
        header("pktap.pfamily", T.UINT32, 40, little_endian=True),
        header("pktap.pid", T.UINT32, 52, little_endian=True),
        header("pktap.cmdname", T.STRINGZ, 56, 20),
    ),
    over={"link": (149, 258)},
    carries=("link", "data"),
)

PACKET_DATA = Protocol("pcap_pktdata", "pcap packet data", over={}, carries=())


IPNET = Protocol(
    "ipnet",
    "Solaris IPNET",
    fields=(
        header("ipnet.version", T.UINT8, 0),
        header("ipnet.family", T.UINT8, 1),
        header("ipnet.htype", T.UINT16, 2),
        header("ipnet.pktlen", T.UINT32, 4),
        header("ipnet.ifindex", T.UINT32, 8),
    ),
    over={"link": (226,)},
    carries=("ip", "ipv6", "data"),
)
IPNET_LENGTH = 24
SOLARIS_IPV6 = 26


@IPNET.dissector
def dissect_ipnet(view: View, region: Region) -> None:
    view.push(IPNET, region, IPNET_LENGTH)
    name = {2: "ip", SOLARIS_IPV6: "ipv6"}.get(region.u8(1))
    payload = region.sub(IPNET_LENGTH)
    if name is None:
        view.call_data(payload)
    else:
        view.call(view.session.catalogue.protocols[name], payload)


@NFLOG.dissector
def dissect_nflog(view: View, region: Region) -> None:
    layer = view.push(NFLOG, region)
    family, at, payload = region.u8(0), 4, None
    for _ in range(MAX_ATTRIBUTES):
        if at + 4 > region.reported_length:
            break
        length, kind = region.le16(at), region.le16(at + 2)
        if length < 4:
            break
        start, body = region.start + at, region.sub(at + 4, length - 4)
        layer.add("nflog.tlv", region.clipped(at, length).rest(), start, length)
        layer.add("nflog.tlv_length", length, start, 2)
        layer.add("nflog.tlv_type", kind, start + 2, 2)
        if kind == PAYLOAD:
            payload = body
        elif kind == 10:
            layer.add("nflog.prefix", body.rest().split(b"\0", 1)[0].decode("utf-8", "replace"), body.start)
        elif kind in _NUMBERS and body.length == 4:
            layer.add(_NUMBERS[kind], body.u32(0), body.start, 4)
        at += length + -length % 4
    if payload is not None:
        name = {2: "ip", 10: "ipv6", 3: "arp"}.get(family)
        if name is None:
            view.call_data(payload)
        else:
            view.call(view.session.catalogue.protocols[name], payload)


@PKTAP.dissector
def dissect_pktap(view: View, region: Region) -> None:
    length = region.le32(0)
    view.push(PKTAP, region, length)
    kind = region.le32(8)
    view.mention(PACKET_DATA, region)
    call_table(view, "link", kind, region.sub(length))
