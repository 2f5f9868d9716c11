"""DHCP and BOOTP (RFC 2131, 951): the message, its options in order, and options in the overloaded fields.

A message is walked only when one of its fields is asked for.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.dhcp_fields import FIELDS
from dfilter.packets.protocols.dhcp_options import OPTION_READERS, add_bytes, add_number, text_of
from dfilter.packets.protocols.dhcp_suboptions import (
    looks_like_pxe,
    relay_agent,
    vendor_identifying_class,
    vendor_identifying_data,
    vendor_specific,
)
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

DHCP = Protocol("dhcp", "DHCP", fields=computed_table(FIELDS), over={"udp.port": (67, 68, 4011)})

MAGIC_COOKIE = b"\x63\x82\x53\x63"
SERVER_NAME, BOOT_FILE, VENDOR = 44, 108, 236
"""Offsets of sname, file and the vendor area (RFC 951 section 3)."""

PAD, OVERLOAD, MESSAGE_TYPE, VENDOR_CLASS, VENDOR_SPECIFIC, END = 0, 52, 53, 60, 43, 255
_TYPES = ("", "Discover", "Offer", "Request", "Decline", "ACK", "NAK", "Release", "Inform")
ETHERNET, IEEE_802 = 1, 6
_UNENDED = "dhcp.end_option_missing"


REQUEST = 1
CLIENT_ADDRESS = 28
"""Where the client's hardware address begins."""


@DHCP.dissector
def dissect_dhcp(view: View, region: Region) -> None:
    if region.length < region.reported_length:
        _require_address(view, region)
    view.push(DHCP, region)


def _require_address(view: View, region: Region) -> None:
    """Of a request that the capture cut before the end of the client's hardware address nothing is shown, as in
    Wireshark 4.4, which names the client first; of any other message three bytes do."""
    size = region.u8(2) if region.length > 2 and region.u8(0) == REQUEST else 0
    needed = CLIENT_ADDRESS + size if size else 3
    if region.length < min(needed, region.reported_length):
        view.mention(DHCP, region)
        region.need_all()


@DHCP.filler
def fill_dhcp(layer: Layer) -> None:
    region = layer.region
    options = _options(region)
    for name, offset, size in (("type", 0, 1), ("hw.type", 1, 1), ("hw.len", 2, 1), ("hops", 3, 1), ("id", 4, 4)):
        add_number(layer, "dhcp." + name, offset, size)
    _fill_seconds(layer)
    flags = add_number(layer, "dhcp.flags", 10, 2)
    layer.add("dhcp.flags.bc", flags & 0x8000 != 0, layer.start + 10, 2)
    layer.add("dhcp.flags.reserved", flags & 0x7FFF, layer.start + 10, 2)
    for index, name in enumerate(("client", "your", "server", "relay")):
        add_bytes(layer, "dhcp.ip." + name, 12 + 4 * index, 4)
    _fill_hardware_address(layer)
    overload = next((region.u8(at) for code, at, size in options if code == OVERLOAD and size), 0)
    _fill_text(layer, "dhcp.server", SERVER_NAME, 64, "dhcp.server_name_overloaded_by_dhcp", overload & 2)
    _fill_text(layer, "dhcp.file", BOOT_FILE, 128, "dhcp.boot_filename_overloaded_by_dhcp", overload & 1)
    if all(code != MESSAGE_TYPE for code, _, _ in options):
        layer.add("dhcp.bootp", True, layer.start)
    if region.bytes(VENDOR, min(4, max(region.reported_length - VENDOR, 0))) != MAGIC_COOKIE:
        add_bytes(layer, "dhcp.vendor_specific_options", VENDOR, 64)
        return
    add_bytes(layer, "dhcp.cookie", VENDOR, 4)
    _fill_options(layer, VENDOR + 4, region.reported_length, options, _UNENDED)


def _fill_seconds(layer: Layer) -> None:
    """A count of seconds with a zero low byte is likely one in the wrong byte order, which Wireshark corrects."""
    raw = layer.region.u16(8)
    swapped = raw > 0xFF and not raw & 0xFF
    layer.add("dhcp.secs", raw >> 8 if swapped else raw, layer.start + 8, 2)
    if swapped:
        layer.add("dhcp.secs_le", None)


def _fill_hardware_address(layer: Layer) -> None:
    kind, size = layer.region.u8(1), layer.region.u8(2)
    if not 0 < size <= 16:
        layer.add("dhcp.client_address_not_given", None)
        return
    if kind in (ETHERNET, IEEE_802) and size == 6:
        add_bytes(layer, "dhcp.hw.mac_addr", 28, 6)
    else:
        add_bytes(layer, "dhcp.hw.addr", 28, 16)
    if size < 16:
        add_bytes(layer, "dhcp.hw.addr_padding", 28 + size, 16 - size)


def _fill_text(layer: Layer, name: str, offset: int, size: int, overloaded: str, is_overloaded: int) -> None:
    if is_overloaded:
        layer.add(overloaded, None)
    else:
        layer.add(name, text_of(layer.region, offset, size), layer.start + offset, size)


def _options(region: Region) -> list[tuple[int, int, int]]:
    """(code, offset of the value, its length) of every option that is wholly there, before the end option.

    Raises `Truncated` where the capture cut the options, so that such a message has no fields at all.
    """
    found: list[tuple[int, int, int]] = []
    at, end = VENDOR + 4, region.reported_length
    while at < end and (code := region.u8(at)) != END:
        if code == PAD:
            at += 1
            continue
        if at + 1 >= end:
            break
        size = region.u8(at + 1)
        if at + 2 + size <= end:
            found.append((code, at + 2, size))
        at += 2 + size
    return found


def _fill_options(layer: Layer, at: int, end: int, options: list[tuple[int, int, int]], unended: str) -> None:
    """The options from `at` to `end`; `unended` is the note where no end option comes."""
    inner = unended != _UNENDED
    region = layer.region
    while at < end:
        code = region.u8(at)
        if code == PAD:
            size = _zeros(region, at, end)
            layer.add("dhcp.option.type", 0, layer.start + at, 1)
            add_bytes(layer, "dhcp.option.padding", at, size)
            at += size
            continue
        if code == END:
            layer.add("dhcp.option.type", 0, layer.start + at, 1)
            layer.add("dhcp.option.end", END, layer.start + at, 1)
            if at + 1 < end and not inner:
                add_bytes(layer, "dhcp.option.padding", at + 1, end - at - 1)
            return
        size = region.u8(at + 1)
        layer.add("dhcp.option.type", code, layer.start + at, 2 + size)
        layer.add("dhcp.option.length", size, layer.start + at + 1, 1)
        add_bytes(layer, "dhcp.option.value", at + 2, size)
        if not (inner and code == OVERLOAD):
            _fill_option(layer, code, at + 2, size, options)
        at += 2 + size
    layer.add(unended, None)


def _zeros(region: Region, at: int, end: int) -> int:
    data = region.bytes(at, end - at)
    return len(data) - len(data.lstrip(b"\0"))


def _fill_option(layer: Layer, code: int, at: int, size: int, options: list[tuple[int, int, int]]) -> None:
    reader = OPTION_READERS.get(code)
    if reader is not None:
        reader(layer, at, size)
    elif code == MESSAGE_TYPE:
        add_number(layer, "dhcp.option.dhcp", at, 1)
    elif code == OVERLOAD:
        _fill_overload(layer, add_number(layer, "dhcp.option.option_overload", at, 1), options)
    elif code == 82:
        relay_agent(layer, at, size)
    elif code == VENDOR_SPECIFIC:
        vendor_specific(layer, at, size, _vendor(layer.region, options, at, size))
    elif code == 124:
        vendor_identifying_class(layer, at, size)
    elif code == 125:
        vendor_identifying_data(layer, at, size)


def _vendor(region: Region, options: list[tuple[int, int, int]], at: int, size: int) -> str:
    for code, offset, length in reversed(options):
        if code == VENDOR_CLASS:
            return text_of(region, offset, length)
    return "PXEClient" if looks_like_pxe(region.bytes(at, size)) else ""


def _fill_overload(layer: Layer, which: int, options: list[tuple[int, int, int]]) -> None:
    """RFC 2132 section 9.3: the options go on in the boot file name (1), the server name (2) or both (3)."""
    for bit, offset, size, note in (
        (2, SERVER_NAME, 64, "dhcp.option.option_overload.sname_end_missing"),
        (1, BOOT_FILE, 128, "dhcp.option.option_overload.file_end_missing"),
    ):
        if which in (1, 2, 3) and which & bit:
            _fill_options(layer, offset, offset + size, options, note)


@DHCP.info_line
def dhcp_info(layer: Layer) -> str:
    kinds, ids = layer.computed("dhcp.option.dhcp"), layer.computed("dhcp.id")
    if not ids:
        return ""
    if not kinds:
        return f"Boot {'Request' if layer.computed('dhcp.type')[0] == 1 else 'Reply'}"
    name = _TYPES[kinds[0]] if kinds[0] < len(_TYPES) else str(kinds[0])
    return f"DHCP {name:8} - Transaction ID 0x{ids[0]:x}"
