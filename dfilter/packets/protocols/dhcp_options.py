"""The values of DHCP options (RFC 2132 and its successors), by option code.

In: the layer, the offset and length of one option's value within its region.  Out: the fields that Wireshark 4.4
shows for it.  What always holds: reads stay inside the value as far as the packet goes; a length that does not suit
the option's type adds `dhcp.bad_length` instead of values.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer

Reader = Callable[[Layer, int, int], None]

_ADDRESS_LISTS = """
    3 router  4 time_server  5 name_server  6 domain_name_server  7 log_server  8 quotes_server  9 lpr_server
    10 impress_server  11 resource_location_server  41 nis_server  42 ntp_server  44 netbios_over_tcpip_name_server
    45 netbios_over_tcpip_dd_name_server  48 xwindows_system_font_server  49 xwindows_system_display_manager
    65 nis_plus_server  68 mobile_ip_home_agent  69 smtp_server  70 pop3_server  71 nntp_server
    72 default_www_server  73 default_finger_server  74 default_irc_server  75 streettalk_server
    76 streettalk_da_server  85 novell_dss.ip  92 associated_ip_option  112 netinfo_parent_server_address
    118 subnet_selection_option  136 pana_agent  138 capwap_access_controller  142 andsf_server  148 dots.address
    150 tftp_server_address
"""
_ADDRESSES = """
    1 subnet_mask  16 swap_server  28 broadcast_address  32 router_solicitation_address
    50 requested_ip_address  54 dhcp_server_id
"""
_TEXTS = """
    12 hostname  14 merit_dump_file  15 domain_name  17 root_path  18 extension_path  40 nis_domain
    47 netbios_over_tcpip_scope  56 message  60 vendor_class_id  62 novell_netware_ip_domain  64 nis_plus_domain
    66 tftp_server_name  67 bootfile_name  86 novell_ds_tree_name  87 novell_ds_context  100 tz_pcode  101 tz_tcode
    113 netinfo_parent_server_tag  114 captive_portal  137 lost_server_domain_name  147 dots.ri
    160 captive_portal  161 mudurl  209 pxe_config_file  210 pxe_path_prefix  252 private_proxy_autodiscovery
"""
_NUMBERS_32 = """
    24 path_mtu_aging_timeout  35 arp_cache_timeout  38 tcp_keepalive_interval  51 ip_address_lease_time
    58 renewal_time_value  59 rebinding_time_value  91 client_last_transaction_time
    108 ipv6only_preferred_wait_time  153 bulk_lease.start_time_of_state  211 pxe_reboot_time
"""
_NUMBERS_16 = "13 boot_file_size  22 max_datagram_reassembly_size  26 interface_mtu  57 dhcp_max_message_size"
_NUMBERS_8 = """
    23 default_ip_ttl  37 tcp_default_ttl  46 netbios_over_tcpip_node_type  116 dhcp_auto_configuration
    156 bulk_lease.dhcp_state
"""
_TRUTHS = """
    19 ip_forwarding  20 non_local_source_routing  27 all_subnets_are_local  29 perform_mask_discovery
    30 mask_supplier  31 perform_router_discover  34 trailer_encapsulation  36 ethernet_encapsulation
    39 tcp_keepalive_garbage  157 bulk_lease.data_source
"""
_TIMES = "152 bulk_lease.base_time  154 bulk_lease.query_start_time  155 bulk_lease.query_end_time"
_LISTS_16 = "25 path_mtu_plateau_table_item  93 client_system_architecture"
_LISTS_8 = "55 request_list_item  145 forcerenew_nonce.algorithm"


def bad_length(layer: Layer) -> None:
    layer.add("dhcp.bad_length", None)


def add_number(layer: Layer, name: str, offset: int, size: int) -> int:
    value = int.from_bytes(layer.region.bytes(offset, size), "big")
    layer.add(name, value, layer.start + offset, size)
    return value


def add_bytes(layer: Layer, name: str, offset: int, size: int) -> None:
    layer.add(name, layer.region.bytes(offset, size), layer.start + offset, size)


def text_of(region: Region, offset: int, size: int) -> str:
    """A string that ends at its first NUL byte."""
    return region.bytes(offset, size).split(b"\0", 1)[0].decode("utf-8", "replace")


def add_text(layer: Layer, name: str, offset: int, size: int) -> None:
    layer.add(name, text_of(layer.region, offset, size), layer.start + offset, size)


def _list(name: str, size: int, *, number: bool) -> Reader:
    add = add_number if number else add_bytes

    def read(layer: Layer, offset: int, length: int) -> None:
        whole = length - length % size
        for at in range(offset, offset + whole, size):
            add(layer, name, at, size)
        if whole != length:
            bad_length(layer)

    return read


def _exactly(name: str, size: int, *, number: bool) -> Reader:
    add = add_number if number else add_bytes

    def read(layer: Layer, offset: int, length: int) -> None:
        if length == size:
            add(layer, name, offset, size)
        else:
            bad_length(layer)

    return read


def _text(name: str) -> Reader:
    return lambda layer, offset, length: add_text(layer, name, offset, length)


def _truth(name: str) -> Reader:
    def read(layer: Layer, offset: int, length: int) -> None:
        if length == 1:
            layer.add(name, layer.region.u8(offset) != 0, layer.start + offset, 1)
        else:
            bad_length(layer)

    return read


def _time(name: str) -> Reader:
    def read(layer: Layer, offset: int, length: int) -> None:
        if length == 4:
            seconds = layer.region.u32(offset)
            layer.add(name, _ntp_or_unix(seconds), layer.start + offset, 4)
        else:
            bad_length(layer)

    return read


def _ntp_or_unix(seconds: int) -> int:
    """Seconds of NTP's clock as Unix nanoseconds: with the top bit they count from 1900, else from 2036 (RFC 5905)."""
    return (seconds + (-2208988800 if seconds & 0x80000000 else 2085978496)) * 10**9


def _time_offset(layer: Layer, offset: int, length: int) -> None:
    if length != 4:
        bad_length(layer)
        return
    value = int.from_bytes(layer.region.bytes(offset, 4), "big", signed=True)
    layer.add("dhcp.option.time_offset", value, layer.start + offset, 4)


def _pairs(first: str, second: str) -> Reader:
    def read(layer: Layer, offset: int, length: int) -> None:
        whole = length - length % 8
        for at in range(offset, offset + whole, 8):
            add_bytes(layer, first, at, 4)
            add_bytes(layer, second, at + 4, 4)
        if whole != length:
            bad_length(layer)

    return read


def _client_id(layer: Layer, offset: int, length: int) -> None:
    """RFC 2132 section 9.14 and RFC 4361."""
    if length < 1:
        return
    kind = layer.region.u8(offset)
    if kind == 255 and length >= 8:
        _duid(layer, offset + 1, length - 1)
    elif length == 7 and kind in (1, 6):
        add_number(layer, "dhcp.hw.type", offset, 1)
        add_bytes(layer, "dhcp.hw.mac_addr", offset + 1, 6)
    elif kind == 0 and length > 1:
        add_number(layer, "dhcp.client_id.type", offset, 1)
        add_text(layer, "dhcp.client_id.undef", offset + 1, length - 1)


def _duid(layer: Layer, offset: int, length: int) -> None:
    """IAID and DUID (RFC 8415 section 11)."""
    region, end = layer.region, offset + length
    layer.add("dhcp.client_id.iaid", region.bytes(offset, 4).hex(), layer.start + offset, 4)
    kind = add_number(layer, "dhcp.client_id.duid_type", offset + 4, 2)
    at = offset + 6
    if kind == 1 and end - at >= 6:
        hardware = add_number(layer, "dhcp.client_id.duid_llt_hw_type", at, 2)
        add_number(layer, "dhcp.client_id.time", at + 2, 4)
        _link_layer_address(layer, hardware, at + 6, end - at - 6)
    elif kind == 2 and end - at >= 4:
        add_number(layer, "dhcp.client_id.enterprise_num", at, 4)
        if end - at > 4:
            add_bytes(layer, "dhcp.client_id", at + 4, end - at - 4)
    elif kind == 3 and end - at >= 2:
        hardware = add_number(layer, "dhcp.client_id.duid_ll_hw_type", at, 2)
        _link_layer_address(layer, hardware, at + 2, end - at - 2)
    elif kind in (1, 2, 3):
        layer.add("dhcp.malformed.duid", None)


def _link_layer_address(layer: Layer, hardware: int, offset: int, length: int) -> None:
    if length <= 0:
        return
    raw = layer.region.bytes(offset, length)
    text = raw.hex(":") if hardware in (1, 6) and length == 6 else raw.hex()
    layer.add("dhcp.client_id.link_layer_address", text, layer.start + offset, length)
    if hardware in (1, 6) and length == 6:
        layer.add("dhcp.client_id.link_layer_address_ether", raw, layer.start + offset, 6)


def _uuid(layer: Layer, offset: int, length: int) -> None:
    """RFC 4578 section 2.3: type 0, then a UUID whose first three parts are little endian."""
    if length != 17:
        return
    raw = layer.region.bytes(offset + 1, 16)
    value = raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]
    layer.add("dhcp.client_id.uuid", value, layer.start + offset + 1, 16)


def _network_interface(layer: Layer, offset: int, length: int) -> None:
    if length < 3:
        raise Malformed("a network interface needs three bytes")
    if layer.region.u8(offset) == 1:
        add_number(layer, "dhcp.client_network_id_major", offset + 1, 1)
        add_number(layer, "dhcp.client_network_id_minor", offset + 2, 1)


def _fqdn(layer: Layer, offset: int, length: int) -> None:
    """RFC 4702 section 2."""
    if length < 3:
        bad_length(layer)
        return
    flags = add_number(layer, "dhcp.fqdn.flags", offset, 1)
    at = layer.start + offset
    layer.add("dhcp.fqdn.mbz", flags >> 4, at, 1)
    for name, mask in (("n", 8), ("e", 4), ("o", 2), ("s", 1)):
        layer.add("dhcp.fqdn." + name, flags & mask != 0, at, 1)
    add_number(layer, "dhcp.fqdn.rcode1", offset + 1, 1)
    add_number(layer, "dhcp.fqdn.rcode2", offset + 2, 1)
    if length == 3:
        return
    if flags & 4:
        text, _ = name_of(layer.region, offset + 3, offset + 3)
        layer.add("dhcp.fqdn.name", text, at + 3, length - 3)
    else:
        add_text(layer, "dhcp.fqdn.name", offset + 3, length - 3)


def name_of(region: Region, offset: int, base: int) -> tuple[str, int]:
    """A domain name as in DNS (RFC 1035 section 4.1.4), pointers counted from `base`; and the offset after it."""
    from dfilter.packets.protocols.dns_names import read_name

    name = read_name(region, offset, base)
    return name.text, name.end


def _domain_search(layer: Layer, offset: int, length: int) -> None:
    """RFC 3397."""
    at, end = offset, offset + length
    value = layer.region.sub(offset, length)
    while at < end:
        text, relative = name_of(value, at - offset, 0)
        stop = offset + relative
        layer.add("dhcp.option.dhcp_dns_domain_search_list_fqdn", text, layer.start + at, stop - at)
        at = stop


def _classless_routes(layer: Layer, offset: int, length: int) -> None:
    """RFC 3442: mask width, the octets of the destination that matter, router."""
    if length < 5:
        bad_length(layer)
        return
    region, end = layer.region, offset + length
    while offset < end:
        width = region.u8(offset)
        if width > 32:
            layer.add("dhcp.option.classless_static.route", None)
            return
        size = 1 + (width + 7) // 8 + 4
        if offset + size > end:
            raise Malformed("a route that does not fit its option")
        add_bytes(layer, "dhcp.option.classless_static_route", offset, size)
        offset += size


def _user_class(layer: Layer, offset: int, length: int) -> None:
    """RFC 3004; Microsoft's plain text is told apart by lengths that do not add up."""
    if length < 2:
        bad_length(layer)
        return
    region, end, index = layer.region, offset + length, 0
    while offset < end:
        size = region.u8(offset)
        if size == 0 or offset + 1 + size > end:
            add_text(layer, "dhcp.option.user_class.text", offset, end - offset)
            layer.add("dhcp.option.nonstd_data", None)
            return
        layer.add("dhcp.option.user_class", index, layer.start + offset, 1 + size)
        add_number(layer, "dhcp.option.user_class.length", offset, 1)
        add_bytes(layer, "dhcp.option.user_class.data", offset + 1, size)
        offset += 1 + size
        index += 1


def _directory_agents(layer: Layer, offset: int, length: int) -> None:
    if length >= 1:
        add_number(layer, "dhcp.option.slp_directory_agent.value", offset, 1)
        _list("dhcp.option.slp_directory_agent.slpda_address", 4, number=False)(layer, offset + 1, length - 1)


def _service_scope(layer: Layer, offset: int, length: int) -> None:
    if length >= 1:
        add_number(layer, "dhcp.option.slp_service_scope.value", offset, 1)
        add_text(layer, "dhcp.option.slp_service_scope.string", offset + 1, length - 1)


def _status(layer: Layer, offset: int, length: int) -> None:
    if length >= 1:
        add_number(layer, "dhcp.option.bulk_lease.status_code", offset, 1)
        if length > 1:
            add_text(layer, "dhcp.option.bulk_lease.status_code_message", offset + 1, length - 1)


def _sip_servers(layer: Layer, offset: int, length: int) -> None:
    """RFC 3361: encoding 0 names, 1 addresses."""
    if length < 1:
        bad_length(layer)
        return
    encoding = add_number(layer, "dhcp.option.sip_server.encoding", offset, 1)
    if encoding == 0 and length >= 3:
        value, at = layer.region.sub(offset, length), 1
        while at < length:
            text, stop = name_of(value, at, 0)
            layer.add("dhcp.option.sip_server.name", text, layer.start + offset + at, stop - at)
            at = stop
    elif encoding == 1 and length >= 5 and length % 4 == 1:
        _list("dhcp.option.sip_server.address", 4, number=False)(layer, offset + 1, length - 1)
    elif encoding > 1:
        layer.add("dhcp.option.sip_server_address.encoding", None)
    else:
        bad_length(layer)


def _authentication(layer: Layer, offset: int, length: int) -> None:
    """RFC 3118."""
    if length < 11:
        bad_length(layer)
        return
    prefix = "dhcp.option.dhcp_authentication."
    protocol = add_number(layer, prefix + "protocol", offset, 1)
    add_number(layer, prefix + ("alg_delay" if protocol == 1 else "algorithm"), offset + 1, 1)
    method = add_number(layer, prefix + "rdm", offset + 2, 1)
    if method == 0:
        add_number(layer, prefix + "rdm_replay_detection", offset + 3, 8)
    else:
        layer.add(prefix + "rdm_rdv", layer.region.bytes(offset + 3, 8).hex(), layer.start + offset + 3, 8)
    rest = length - 11
    if protocol == 1 and rest >= 20:
        add_number(layer, prefix + "secret_id", offset + 11, 4)
        add_bytes(layer, prefix + "hmac_md5_hash", offset + 15, 16)
    elif protocol != 1 and rest > 0:
        add_text(layer, prefix + "information", offset + 11, rest)


def _civic_location(layer: Layer, offset: int, length: int) -> None:
    """RFC 4776."""
    if length < 3:
        return
    prefix, end = "dhcp.option.civic_location.", offset + length
    add_number(layer, prefix + "what", offset, 1)
    add_text(layer, prefix + "country", offset + 1, 2)
    offset += 3
    while end - offset >= 2:
        add_number(layer, prefix + "ca_type", offset, 1)
        size = add_number(layer, prefix + "ca_length", offset + 1, 1)
        offset += 2
        if size > end - offset:
            layer.add(prefix + "bad_cattype", None)
            return
        add_text(layer, prefix + "ca_value", offset, size)
        offset += size


def _rdnss(layer: Layer, offset: int, length: int) -> None:
    """RFC 6731 section 4.3."""
    if length < 10:
        bad_length(layer)
        return
    prefix, first = "dhcp.option.rdnss.", layer.region.u8(offset)
    layer.add(prefix + "reserved", first >> 2, layer.start + offset, 1)
    layer.add(prefix + "preference", first & 3, layer.start + offset, 1)
    add_bytes(layer, prefix + "primary_dns", offset + 1, 4)
    add_bytes(layer, prefix + "secondary_dns", offset + 5, 4)
    text, stop = name_of(layer.region, offset + 9, offset + 9)
    layer.add(prefix + "domain", text, layer.start + offset + 9, stop - offset - 9)


def _6rd(layer: Layer, offset: int, length: int) -> None:
    """RFC 5969 section 7.1.1."""
    prefix = "dhcp.option.6RD."
    if length < 22 or (length - 22) % 4:
        layer.add(prefix + "malformed", None)
        return
    add_number(layer, prefix + "ipv4_mask_len", offset, 1)
    add_number(layer, prefix + "prefix_len", offset + 1, 1)
    add_bytes(layer, prefix + "prefix", offset + 2, 16)
    _list(prefix + "border_relay_ip", 4, number=False)(layer, offset + 18, length - 18)


def _port_parameters(layer: Layer, offset: int, length: int) -> None:
    """RFC 7618 section 9."""
    if length != 4:
        bad_length(layer)
        return
    add_number(layer, "dhcp.option.portparams.offset", offset, 1)
    add_number(layer, "dhcp.option.portparams.psid_length", offset + 1, 1)
    add_bytes(layer, "dhcp.option.portparams.psid", offset + 2, 2)


def _rows(text: str) -> list[tuple[int, str]]:
    words = text.split()
    return [(int(code), "dhcp.option." + name) for code, name in zip(words[::2], words[1::2], strict=True)]


def _table() -> dict[int, Reader]:
    table: dict[int, Reader] = {
        2: _time_offset, 61: _client_id, 97: _uuid, 94: _network_interface, 81: _fqdn, 119: _domain_search,
        121: _classless_routes, 249: _classless_routes, 77: _user_class, 78: _directory_agents, 79: _service_scope,
        151: _status, 120: _sip_servers, 90: _authentication, 99: _civic_location, 146: _rdnss, 212: _6rd,
        159: _port_parameters, 21: _pairs("dhcp.option.policy_filter.ip", "dhcp.option.policy_filter.subnet_mask"),
        33: _pairs("dhcp.option.static_route.ip", "dhcp.option.static_route.router"),
    }  # fmt: skip
    table |= {code: _list(name, 4, number=False) for code, name in _rows(_ADDRESS_LISTS)}
    table |= {code: _exactly(name, 4, number=False) for code, name in _rows(_ADDRESSES)}
    table |= {code: _text(name) for code, name in _rows(_TEXTS)}
    for rows, size in ((_NUMBERS_32, 4), (_NUMBERS_16, 2), (_NUMBERS_8, 1)):
        table |= {code: _exactly(name, size, number=True) for code, name in _rows(rows)}
    table |= {code: _truth(name) for code, name in _rows(_TRUTHS)}
    table |= {code: _time(name) for code, name in _rows(_TIMES)}
    table |= {code: _list(name, 2, number=True) for code, name in _rows(_LISTS_16)}
    table |= {code: _list(name, 1, number=True) for code, name in _rows(_LISTS_8)}
    return table


OPTION_READERS = _table()
"""Option code -> reader of its value; the options of the base protocol are `dhcp.py`'s own."""
