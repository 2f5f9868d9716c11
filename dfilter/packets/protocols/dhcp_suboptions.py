"""DHCP options that hold sub-options: relay agents (RFC 3046), vendors' own (RFC 2132, 3925) and PXE (Intel's
specification 2.1, section 2.2.5).

In: the layer, the offset and length of an option's value.  Out: the fields that Wireshark 4.4 shows.
"""

from __future__ import annotations

from dfilter.packets.protocols.dhcp_options import add_bytes, add_number, add_text, bad_length
from dfilter.packets.view import Layer

_AGENT = "dhcp.option.agent_information_option."
_AGENT_BYTES = {1: "agent_circuit_id", 2: "agent_remote_id", 3: "reserved", 7: "radius_attributes",
                8: "authentication", 12: "relay_agent_id", 17: "ani_operator_id"}  # fmt: skip
_AGENT_TEXTS = {6: "subscriber_id", 14: "ani_network_name", 15: "ani_ap_name", 18: "ani_operator_realm"}
_AGENT_ADDRESSES = {5: "link_selection", 11: "server_id_override", 150: "link_selection_cisco",
                    152: "server_id_override_cisco"}  # fmt: skip
_PXE = "dhcp.option.vendor.pxeclient."


def relay_agent(layer: Layer, offset: int, length: int) -> None:
    """Option 82."""
    end = offset + length
    while offset < end:
        if offset + 2 > end:
            layer.add("dhcp.missing_subopt_length", None)
            return
        code, size = layer.region.u8(offset), layer.region.u8(offset + 1)
        layer.add(_AGENT + "suboption", code, layer.start + offset, 2 + size)
        add_number(layer, "dhcp.option.suboption_length", offset + 1, 1)
        if offset + 2 + size > end:
            layer.add("dhcp.missing_subopt_value", None)
            return
        add_bytes(layer, _AGENT + "value", offset + 2, size)
        _agent_value(layer, code, offset + 2, size)
        offset += 2 + size


def _agent_value(layer: Layer, code: int, offset: int, size: int) -> None:
    if code in _AGENT_BYTES:
        add_bytes(layer, _AGENT + _AGENT_BYTES[code], offset, size)
    elif code in _AGENT_TEXTS:
        add_text(layer, _AGENT + _AGENT_TEXTS[code], offset, size)
    elif code in _AGENT_ADDRESSES or code == 4:
        if size != 4:
            bad_length(layer)
        elif code == 4:
            add_number(layer, _AGENT + "docsis_device_class", offset, 4)
        else:
            add_bytes(layer, _AGENT + _AGENT_ADDRESSES[code], offset, 4)
    elif code == 10:
        if size == 1:
            add_number(layer, _AGENT + "flags", offset, 1)
        else:
            bad_length(layer)
    elif code == 13:
        add_number(layer, _AGENT + "ani_att", offset, size)
    elif code == 16 and size == 6:
        add_bytes(layer, _AGENT + "ani_ap_bssid", offset, 6)
    elif code == 9:
        _agent_vendors(layer, offset, size)
    elif code == 151 and size:
        _virtual_network(layer, offset, size)


def _agent_vendors(layer: Layer, offset: int, size: int) -> None:
    """RFC 4243."""
    end = offset + size
    while end - offset >= 5:
        add_number(layer, _AGENT + "vi.enterprise", offset, 4)
        length = add_number(layer, _AGENT + "vi.data_length", offset + 4, 1)
        offset += 5
        if length:
            add_bytes(layer, _AGENT + "value", offset, length)
        offset += length


def _virtual_network(layer: Layer, offset: int, size: int) -> None:
    """RFC 6607 section 4."""
    kind = layer.region.u8(offset)
    if kind == 0:
        add_text(layer, _AGENT + "vrf_name", offset, size)
    elif kind == 255:
        add_number(layer, _AGENT + "vrf_name.global", offset, 1)
    elif size == 7:
        add_number(layer, _AGENT + "vrf_name.vpn_id.oui", offset, 3)
        add_number(layer, _AGENT + "vrf_name.vpn_id.index", offset + 3, 4)


def vendor_identifying_class(layer: Layer, offset: int, length: int) -> None:
    """Option 124 (RFC 3925 section 3)."""
    prefix = "dhcp.option.vi_class."
    if length == 1:
        add_number(layer, prefix + "cl_address_mode", offset, 1)
        return
    if length < 5:
        bad_length(layer)
        return
    end = offset + length
    while end - offset >= 5:
        add_number(layer, prefix + "enterprise", offset, 4)
        size = add_number(layer, prefix + "length", offset + 4, 1)
        offset += 5
        stop = offset + size
        while offset < stop:
            item = add_number(layer, prefix + "vendor_class_data.item.length", offset, 1)
            add_bytes(layer, prefix + "vendor_class_data.item.data", offset + 1, item)
            offset += 1 + item


def vendor_identifying_data(layer: Layer, offset: int, length: int) -> None:
    """Option 125 (RFC 3925 section 4), sub-options of unknown enterprises."""
    if length < 5:
        bad_length(layer)
        return
    end = offset + length
    while end - offset >= 5:
        add_number(layer, "dhcp.option.vi.enterprise", offset, 4)
        stop = offset + 5 + add_number(layer, "dhcp.option.vi.length", offset + 4, 1)
        offset += 5
        while offset < stop:
            add_number(layer, "dhcp.vendor.suboption", offset, 1)
            size = add_number(layer, "dhcp.option.suboption_length", offset + 1, 1)
            if offset + 2 + size > stop:
                layer.add("dhcp.missing_subopt_value", None)
                break
            add_bytes(layer, "dhcp.vendor.data", offset + 2, size)
            offset += 2 + size
        offset = stop


def vendor_specific(layer: Layer, offset: int, length: int, vendor: str) -> None:
    """Option 43, whose meaning the vendor class identifier `vendor` (option 60) decides."""
    if vendor.startswith("PXEClient"):
        _pxe(layer, offset, length)
    elif vendor.startswith("ArubaAP"):
        add_text(layer, "dhcp.option.vendor.arubaap.controllerip", offset, length)
    else:
        add_bytes(layer, "dhcp.option.vendor.value", offset, length)


def looks_like_pxe(value: bytes) -> bool:
    """Without a vendor class: is this PXE's discovery control, alone or first (tag 6, one byte)?"""
    return len(value) >= 3 and value[0] == 6 and value[1] == 1


def _pxe(layer: Layer, offset: int, length: int) -> None:
    end = offset + length
    while offset < end:
        code = layer.region.u8(offset)
        if code in (0, 255):
            add_number(layer, _PXE + ("end" if code else "padding"), offset, 1)
            offset += 1
            continue
        if offset + 2 > end:
            layer.add("dhcp.missing_subopt_length", None)
            return
        size = layer.region.u8(offset + 1)
        layer.add(_PXE + "suboption", code, layer.start + offset, 2 + size)
        add_number(layer, "dhcp.option.suboption_length", offset + 1, 1)
        if offset + 2 + size > end:
            layer.add("dhcp.missing_subopt_value", None)
            return
        add_bytes(layer, "dhcp.option.vendor.value", offset + 2, size)
        _pxe_value(layer, code, offset + 2, size)
        offset += 2 + size


def _pxe_value(layer: Layer, code: int, offset: int, size: int) -> None:
    region, at = layer.region, layer.start + offset
    if code in (1, 7) and size == 4:
        add_bytes(layer, _PXE + ("mtftp_ip" if code == 1 else "multicast_address"), offset, 4)
    elif code in (2, 3) and size == 2:
        name = "mtftp_client_port" if code == 2 else "mtftp_server_port"
        layer.add(_PXE + name, region.le16(offset), at, 2)
    elif code in (4, 5) and size == 1:
        add_number(layer, _PXE + ("mtftp_timeout" if code == 4 else "mtftp_delay"), offset, 1)
    elif code == 6 and size == 1:
        flags = add_number(layer, _PXE + "discovery_control", offset, 1)
        for bit, name in enumerate(("broadcast", "multicast", "serverlist", "bstrap")):
            layer.add(f"{_PXE}discovery_control.{name}", flags >> bit & 1 != 0, at, 1)
    elif code in (8, 9, 10, 71):
        _pxe_list(layer, code, offset, size)
    elif code == 12:
        add_bytes(layer, _PXE + "credential_types", offset, size)
    elif code not in (11,):
        layer.add("dhcp.subopt.unknown_type", None)


def _pxe_list(layer: Layer, code: int, offset: int, size: int) -> None:
    name = _PXE + {8: "boot_servers", 9: "boot_menu", 10: "menu_prompt", 71: "boot_item"}[code]
    end = offset + size
    add_bytes(layer, name, offset, size)
    if code == 10 and size:
        add_number(layer, name + ".timeout", offset, 1)
        add_text(layer, name + ".prompt", offset + 1, size - 1)
    elif code == 71 and size == 4:
        add_number(layer, name + ".type", offset, 2)
        add_bytes(layer, name + ".layer", offset + 2, 2)
    while code in (8, 9) and end - offset >= 3:
        add_number(layer, name + ".type", offset, 2)
        count = add_number(layer, name + (".count" if code == 8 else ".length"), offset + 2, 1)
        offset += 3
        if code == 9:
            add_text(layer, name + ".desc", offset, min(count, end - offset))
            offset += count
        while code == 8 and count and end - offset >= 4:
            add_bytes(layer, name + ".ip", offset, 4)
            offset, count = offset + 4, count - 1
