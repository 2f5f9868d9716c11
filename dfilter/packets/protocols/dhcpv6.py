"""DHCPv6 (RFC 8415): messages, relayed messages as layers of their own, and the options in use."""

from __future__ import annotations

from collections.abc import Callable

from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.dhcp_options import add_bytes, add_number, text_of
from dfilter.packets.protocols.dhcpv6_fields import FIELDS, OPTION_NAMES
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

DHCPV6 = Protocol("dhcpv6", "DHCPv6", fields=computed_table(FIELDS), over={"udp.port": (546, 547)})

RELAY_FORWARD, RELAY_REPLY = 12, 13
RELAY_MESSAGE = 9
MAX_DEPTH = 16
"""Options in options, and relayed messages in one another: hostile packets."""

CABLE_LABS = 4491
"""The enterprise whose options have fields of their own in Wireshark 4.4."""

MAX_TEXT = 4096
"""Characters of a domain list in one text: hostile lists must not grow it quadratically."""

Reader = Callable[[Layer, int, int, int], None]


@DHCPV6.dissector
def dissect_dhcpv6(view: View, region: Region) -> None:
    _dissect_message(view, region, 0)


def _dissect_message(view: View, region: Region, depth: int) -> None:
    view.push(DHCPV6, region)
    if depth < MAX_DEPTH and region.length and region.u8(0) in (RELAY_FORWARD, RELAY_REPLY):
        offset, end = 34, region.length
        while end - offset >= 4:
            code, size = region.u16(offset), region.u16(offset + 2)
            if size > end - offset - 4:
                return
            if code == RELAY_MESSAGE:
                _dissect_message(view, region.sub(offset + 4, size), depth + 1)
            offset += 4 + size


@DHCPV6.filler
def fill_dhcpv6(layer: Layer) -> None:
    region = layer.region
    kind = add_number(layer, "dhcpv6.msgtype", 0, 1)
    if kind not in (RELAY_FORWARD, RELAY_REPLY):
        add_number(layer, "dhcpv6.xid", 1, 3)
        _fill_options(layer, 4, region.reported_length, 0)
        return
    hops = add_number(layer, "dhcpv6.hopcount", 1, 1)
    add_bytes(layer, "dhcpv6.linkaddr", 2, 16)
    add_bytes(layer, "dhcpv6.peeraddr", 18, 16)
    inner = next((other for other in layer.view.by_name["dhcpv6"] if other.index > layer.index), None)
    if inner is not None and hops != _hops_around(inner.region):
        layer.add("dhcpv6.error_hopcount", None)
    _fill_options(layer, 34, region.reported_length, 0)


def _hops_around(region: Region) -> int:
    """The hop count that a relay puts around this message (RFC 8415 section 19.1)."""
    relayed = region.length >= 2 and region.u8(0) in (RELAY_FORWARD, RELAY_REPLY)
    return region.u8(1) + 1 if relayed else 0


def _fill_options(layer: Layer, offset: int, end: int, depth: int) -> None:
    region = layer.region
    while end - offset >= 4 and depth < MAX_DEPTH:
        code, size = region.u16(offset), region.u16(offset + 2)
        if size > end - offset - 4:
            return
        at = layer.start + offset
        layer.add("dhcpv6.option.type_str", OPTION_NAMES.get(code, f"DHCP option {code}"), at, 4 + size)
        layer.add("dhcpv6.option.type", code, at, 2)
        layer.add("dhcpv6.option.length", size, at + 2, 2)
        reader = READERS.get(code)
        if reader is not None:
            reader(layer, offset + 4, size, depth)
        offset += 4 + size


def _malformed(layer: Layer) -> None:
    layer.add("dhcpv6.malformed_option", None)
    if not layer.quoted:
        layer.view.damaged(Malformed("an option of the wrong length"))


def _duid(layer: Layer, offset: int, size: int, depth: int) -> None:
    """RFC 8415 section 11."""
    if size < 2:
        _malformed(layer)
        return
    add_bytes(layer, "dhcpv6.duid.bytes", offset, size)
    kind = add_number(layer, "dhcpv6.duid.type", offset, 2)
    at, rest = offset + 2, size - 2
    if kind == 1 and rest >= 6:
        hardware = add_number(layer, "dhcpv6.duidllt.hwtype", at, 2)
        seconds = layer.region.u32(at + 2)
        layer.add("dhcpv6.duidllt.time", (seconds + 946684800) * 10**9, layer.start + at + 2, 4)
        _link_layer(layer, "dhcpv6.duidllt.link_layer_addr", hardware, at + 6, rest - 6)
    elif kind == 2 and rest >= 4:
        add_number(layer, "dhcpv6.duiden.enterprise", at, 4)
        if rest > 4:
            add_bytes(layer, "dhcpv6.duiden.identifier", at + 4, rest - 4)
    elif kind == 3 and rest >= 2:
        hardware = add_number(layer, "dhcpv6.duidll.hwtype", at, 2)
        _link_layer(layer, "dhcpv6.duidll.link_layer_addr", hardware, at + 2, rest - 2)
    elif kind == 4 and rest == 16:
        add_bytes(layer, "dhcpv6.duiduuid.bytes", at, 16)
    elif kind in (1, 2, 3):
        _malformed(layer)


def _link_layer(layer: Layer, name: str, hardware: int, offset: int, size: int) -> None:
    if size <= 0:
        return
    raw, ethernet = layer.region.bytes(offset, size), hardware in (1, 6) and size == 6
    layer.add(name, raw.hex(":") if ethernet else raw.hex(), layer.start + offset, size)
    if ethernet:
        layer.add(name + "_ether", raw, layer.start + offset, 6)


def _association(layer: Layer, offset: int, size: int, depth: int) -> None:
    if size < 12:
        _malformed(layer)
        return
    layer.add("dhcpv6.iaid", layer.region.bytes(offset, 4).hex(), layer.start + offset, 4)
    add_number(layer, "dhcpv6.iaid.t1", offset + 4, 4)
    add_number(layer, "dhcpv6.iaid.t2", offset + 8, 4)
    _fill_options(layer, offset + 12, offset + size, depth + 1)


def _temporary(layer: Layer, offset: int, size: int, depth: int) -> None:
    if size < 4:
        _malformed(layer)
        return
    layer.add("dhcpv6.iata", layer.region.bytes(offset, 4).hex(), layer.start + offset, 4)
    _fill_options(layer, offset + 4, offset + size, depth + 1)


def _address(layer: Layer, offset: int, size: int, depth: int) -> None:
    if size < 24:
        _malformed(layer)
        return
    add_bytes(layer, "dhcpv6.iaaddr.ip", offset, 16)
    add_number(layer, "dhcpv6.iaaddr.pref_lifetime", offset + 16, 4)
    add_number(layer, "dhcpv6.iaaddr.valid_lifetime", offset + 20, 4)
    _fill_options(layer, offset + 24, offset + size, depth + 1)


def _prefix(layer: Layer, offset: int, size: int, depth: int) -> None:
    if size < 25:
        _malformed(layer)
        return
    add_number(layer, "dhcpv6.iaprefix.pref_lifetime", offset, 4)
    add_number(layer, "dhcpv6.iaprefix.valid_lifetime", offset + 4, 4)
    add_number(layer, "dhcpv6.iaprefix.pref_len", offset + 8, 1)
    add_bytes(layer, "dhcpv6.iaprefix.pref_addr", offset + 9, 16)
    _fill_options(layer, offset + 25, offset + size, depth + 1)


def _codes(name: str) -> Reader:
    def read(layer: Layer, offset: int, size: int, depth: int) -> None:
        for at in range(offset, offset + size - 1, 2):
            add_number(layer, name, at, 2)
        if size % 2:
            _malformed(layer)

    return read


def _exact_number(name: str, width: int, factor: int = 1) -> Reader:
    def read(layer: Layer, offset: int, size: int, depth: int) -> None:
        if size != width:
            _malformed(layer)
            return
        value = int.from_bytes(layer.region.bytes(offset, width), "big")
        layer.add(name, value * factor, layer.start + offset, width)

    return read


def _addresses(name: str, *, single: bool = False) -> Reader:
    def read(layer: Layer, offset: int, size: int, depth: int) -> None:
        if size % 16 or (single and size != 16):
            _malformed(layer)
            return
        for at in range(offset, offset + size, 16):
            add_bytes(layer, name, at, 16)

    return read


def _text(name: str) -> Reader:
    def read(layer: Layer, offset: int, size: int, depth: int) -> None:
        layer.add(name, text_of(layer.region, offset, size), layer.start + offset, size)

    return read


def _domains(name: str) -> Reader:
    """Domain names without compression (RFC 8415 section 10); one of a single label is shown as a TLD.

    Wireshark 4.4 shows each name of a list after those before it, in one text; so do we.
    """

    def read(layer: Layer, offset: int, size: int, depth: int) -> None:
        region, end, before = layer.region, offset + size, ""
        while offset < end:
            start, labels, complete = offset, list[str](), False
            while offset < end and not complete:
                length = region.u8(offset)
                complete = length == 0
                if length > 63 or offset + 1 + length > end:
                    return
                if length:
                    labels.append(region.bytes(offset + 1, length).decode("utf-8", "replace"))
                offset += 1 + length
            if labels:
                before += ".".join(labels) + ("." if complete else "")
                is_single = complete and len(labels) == 1
                layer.add("dhcpv6.tld" if is_single else name, before[:MAX_TEXT], layer.start + start, offset - start)

    return read


def _authentication(layer: Layer, offset: int, size: int, depth: int) -> None:
    if size < 11:
        _malformed(layer)
        return
    for index, name in enumerate(("protocol", "algorithm", "rdm")):
        add_number(layer, "dhcpv6.auth." + name, offset + index, 1)
    add_bytes(layer, "dhcpv6.auth.replay_detection", offset + 3, 8)
    if size > 11:
        add_bytes(layer, "dhcpv6.auth.info", offset + 11, size - 11)


def _status(layer: Layer, offset: int, size: int, depth: int) -> None:
    add_number(layer, "dhcpv6.status_code", offset, 2)
    if size > 2:
        layer.add("dhcpv6.status_msg", text_of(layer.region, offset + 2, size - 2), layer.start + offset + 2, size - 2)


def _user_class(layer: Layer, offset: int, size: int, depth: int) -> None:
    end = offset + size
    while end - offset >= 2:
        length = layer.region.u16(offset)
        if length > end - offset - 2:
            _malformed(layer)
            return
        add_number(layer, "dhcpv6.userclass.length", offset, 2)
        add_bytes(layer, "dhcpv6.userclass.opaque_data", offset + 2, length)
        offset += 2 + length


def _vendor_class(layer: Layer, offset: int, size: int, depth: int) -> None:
    if size < 4:
        _malformed(layer)
        return
    add_number(layer, "dhcpv6.vendorclass.enterprise", offset, 4)
    if size >= 6:
        text = text_of(layer.region, offset + 6, size - 6)
        layer.add("dhcpv6.vendorclass.data", text, layer.start + offset + 6, size - 6)


def _vendor_options(layer: Layer, offset: int, size: int, depth: int) -> None:
    if size < 4:
        _malformed(layer)
        return
    if add_number(layer, "dhcpv6.vendoropts.enterprise", offset, 4) == CABLE_LABS:
        return
    prefix, end = "dhcpv6.vendoropts.enterprise.option_", offset + size
    offset += 4
    while offset < end:
        add_number(layer, prefix + "code", offset, 2)
        length = add_number(layer, prefix + "length", offset + 2, 2)
        if length > end - offset - 4:
            raise Malformed("a vendor's option that does not fit")
        add_bytes(layer, prefix + "data", offset + 4, length)
        offset += 4 + length


def _remote_id(layer: Layer, offset: int, size: int, depth: int) -> None:
    if size < 4:
        _malformed(layer)
        return
    add_number(layer, "dhcpv6.remoteid.enterprise", offset, 4)
    add_bytes(layer, "dhcpv6.remoteid_enterprise_id", offset + 4, size - 4)


def _client_fqdn(layer: Layer, offset: int, size: int, depth: int) -> None:
    """RFC 4704."""
    if size < 1:
        _malformed(layer)
        return
    flags = add_number(layer, "dhcpv6.client_fqdn_flags", offset, 1)
    layer.add("dhcpv6.clientfqdn.client.n", flags & 4 != 0, layer.start + offset, 1)
    layer.add("dhcpv6.clientfqdn.client.s", flags & 1 != 0, layer.start + offset, 1)
    _domains("dhcpv6.client_domain")(layer, offset + 1, size - 1, depth)


def _query(layer: Layer, offset: int, size: int, depth: int) -> None:
    if size < 17:
        _malformed(layer)
        return
    add_number(layer, "dhcpv6.lq_query", offset, 1)
    add_bytes(layer, "dhcpv6.lq_query_link_address", offset + 1, 16)
    _fill_options(layer, offset + 17, offset + size, depth + 1)


def _nested(layer: Layer, offset: int, size: int, depth: int) -> None:
    _fill_options(layer, offset, offset + size, depth + 1)


def _ntp_servers(layer: Layer, offset: int, size: int, depth: int) -> None:
    """RFC 5908."""
    prefix, end = "dhcpv6.ntpserver.", offset + size
    while end - offset >= 4:
        kind = add_number(layer, prefix + "option.type", offset, 2)
        length = add_number(layer, prefix + "option.length", offset + 2, 2)
        if length > end - offset - 4:
            return
        if kind in (1, 2) and length == 16:
            add_bytes(layer, prefix + ("addr" if kind == 1 else "mc_addr"), offset + 4, 16)
        elif kind == 3:
            _domains(prefix + "fqdn")(layer, offset + 4, length, depth)
        offset += 4 + length


def _link_layer_option(layer: Layer, offset: int, size: int, depth: int) -> None:
    """RFC 6939."""
    if size < 2:
        _malformed(layer)
        return
    hardware = add_number(layer, "dhcpv6.client_link_layer_addr_hwtype", offset, 2)
    raw = layer.region.bytes(offset + 2, size - 2)
    text = raw.hex(":") if hardware in (1, 6) and len(raw) == 6 else raw.hex()
    if raw:
        layer.add("dhcpv6.client_link_layer_addr", text, layer.start + offset + 2, len(raw))


def _interface(layer: Layer, offset: int, size: int, depth: int) -> None:
    add_bytes(layer, "dhcpv6.interface_id", offset, size)


READERS: dict[int, Reader] = {
    1: _duid, 2: _duid, 53: _duid, 3: _association, 25: _association, 4: _temporary, 5: _address, 26: _prefix,
    6: _codes("dhcpv6.requested_option_code"), 43: _codes("dhcpv6.requested_option_code"),
    7: _exact_number("dhcpv6.option_preference", 1), 8: _exact_number("dhcpv6.elapsed_time", 2, 10),
    11: _authentication, 12: _addresses("dhcpv6.unicast", single=True), 13: _status, 15: _user_class,
    16: _vendor_class, 17: _vendor_options, 18: _interface, 19: _exact_number("dhcpv6.reconf_msg", 1),
    21: _domains("dhcpv6.sip_server_domain_search_fqdn"), 24: _domains("dhcpv6.search_list_entry"),
    29: _domains("dhcpv6.nis_fqdn"), 30: _domains("dhcpv6.nisp_fqdn"), 33: _domains("dhcpv6.bcmcs_server_fqdn"),
    64: _domains("dhcpv6.aftr_name"), 22: _addresses("dhcpv6.sip_server_a"), 23: _addresses("dhcpv6.dns_server"),
    27: _addresses("dhcpv6.nis_server"), 28: _addresses("dhcpv6.nisp_server"), 31: _addresses("dhcpv6.sntp_server"),
    34: _addresses("dhcpv6.bcmcs_server_a"), 40: _addresses("dhcpv6.pana_agent"),
    48: _addresses("dhcpv6.lq_client_link"), 52: _addresses("dhcpv6.capwap_ac_v6"),
    88: _addresses("dhcpv6.dhcp4o6_server"), 32: _exact_number("dhcpv6.lifetime", 4),
    46: _exact_number("dhcpv6.clt_time", 4), 37: _remote_id, 38: _text("dhcpv6.subscriber_id"), 39: _client_fqdn,
    41: _text("dhcpv6.timezone"), 42: _text("dhcpv6.tzdb"), 44: _query, 45: _nested, 56: _ntp_servers,
    79: _link_layer_option, 94: _nested, 95: _nested, 96: _nested, 103: _text("dhcpv6.captive_portal"),
    111: _codes("dhcpv6.option_code"), 112: _text("dhcpv6.mudurl"), 135: _exact_number("dhcpv6.relay_port", 2),
}  # fmt: skip
"""Option code -> reader (layer, offset of the value, its length, depth); others show their code and length only."""

_MESSAGES = ("", "Solicit", "Advertise", "Request", "Confirm", "Renew", "Rebind", "Reply", "Release", "Decline",
             "Reconfigure", "Information-request", "Relay-forw", "Relay-reply")  # fmt: skip


@DHCPV6.info_line
def dhcpv6_info(layer: Layer) -> str:
    """The message, its transaction, the client, the addresses; the latter two in the order of their options."""
    kinds, ids = layer.computed("dhcpv6.msgtype"), layer.computed("dhcpv6.xid")
    if not kinds:
        return ""
    text = (_MESSAGES[kinds[0]] if kinds[0] < len(_MESSAGES) else str(kinds[0])) + " "
    if ids:
        text += f"XID: 0x{ids[0]:06x} "
    options = list(zip(layer.computed("dhcpv6.option.type"), layer.spans.get("dhcpv6.option.type", ()), strict=True))
    parts = [(start, f"CID: {_option_bytes(layer, start).hex()} ") for kind, (start, _) in options if kind == 1]
    parts += [(start, f"IAA: {value_text(_option_bytes(layer, start)[:16], T.IPv6)} ")
              for kind, (start, _) in options if kind == 5]  # fmt: skip
    return text + "".join(part for _, part in sorted(parts))


def _option_bytes(layer: Layer, start: int) -> bytes:
    """The value of the option that begins at an absolute offset."""
    length = int.from_bytes(layer.buf[start + 2 : start + 4], "big")
    return layer.buf[start + 4 : start + 4 + length]
