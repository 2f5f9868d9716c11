"""The body of IEEE 802.11 management frames: fixed parameters, then tagged ones (IEEE 802.11-2020 section 9.4).

In: a cursor behind the header, little-endian.  Out: the fields.  What always holds: a tag that is longer than what is
left counts as malformed and is the last one.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.cursor import Cursor, mask_table

ASSOCIATION, ASSOCIATED, REASSOCIATION, REASSOCIATED, PROBE, PROBED, BEACON = 0, 1, 2, 3, 4, 5, 8
DISASSOCIATION, AUTHENTICATION, DEAUTHENTICATION, ACTION = 10, 11, 12, 13
SAE = 3
"""Authentication algorithm: simultaneous authentication of equals."""
SAE_COMMIT, SAE_CONFIRM = 1, 2
CURVE_P256 = 19
SSID, RATES, CHANNEL, TRAFFIC, COUNTRY, ERP, HT_CAPABILITIES, RSN, MORE_RATES, HT_OPERATION, VHT = (
    0, 1, 3, 5, 7, 42, 45, 48, 50, 61, 191)  # fmt: skip
VENDOR = 221

CAPABILITIES = mask_table("""
    wlan.fixed.capabilities.ess               0x0001
    wlan.fixed.capabilities.ibss              0x0002
    wlan.fixed.capabilities.privacy           0x0010
    wlan.fixed.capabilities.short_preamble    0x0020
    wlan.fixed.capabilities.critical_update_flag             0x0040
    wlan.fixed.capabilities.nontran_bss_critical_update_flag 0x0080
    wlan.fixed.capabilities.spec_man          0x0100
    wlan.fixed.capabilities.qos               0x0200
    wlan.fixed.capabilities.short_slot_time   0x0400
    wlan.fixed.capabilities.apsd              0x0800
    wlan.fixed.capabilities.radio_measurement 0x1000
    wlan.fixed.capabilities.epd               0x2000
""")
RSN_CAPABILITIES = mask_table("""
    wlan.rsn.capabilities.preauth             0x0001
    wlan.rsn.capabilities.no_pairwise         0x0002
    wlan.rsn.capabilities.mfpr                0x0040
    wlan.rsn.capabilities.mfpc                0x0080
    wlan.rsn.capabilities.jmr                 0x0100
    wlan.rsn.capabilities.peerkey             0x0200
    wlan.rsn.capabilities.extended_key_id_iaf 0x2000
    wlan.rsn.capabilities.ocvc                0x4000
""")
HT_FLAGS = mask_table("""
    wlan.ht.capabilities.ldpccoding       0x0001
    wlan.ht.capabilities.width            0x0002
    wlan.ht.capabilities.green            0x0010
    wlan.ht.capabilities.short20          0x0020
    wlan.ht.capabilities.short40          0x0040
    wlan.ht.capabilities.txstbc           0x0080
    wlan.ht.capabilities.delayedblockack  0x0400
    wlan.ht.capabilities.amsdu            0x0800
    wlan.ht.capabilities.dsscck           0x1000
    wlan.ht.capabilities.psmp             0x2000
    wlan.ht.capabilities.40mhzintolerant  0x4000
    wlan.ht.capabilities.lsig             0x8000
""")
ERP_FLAGS = (("wlan.erp_info.erp_present", 1), ("wlan.erp_info.use_protection", 2),
             ("wlan.erp_info.barker_preamble_mode", 4))  # fmt: skip

FIELDS = "\n".join((
    """
    wlan.mgt                              PROTOCOL
    wlan.fixed.all                        NONE
    wlan.fixed.timestamp                  UINT64
    wlan.fixed.beacon                     UINT32
    wlan.fixed.capabilities               UINT16
    wlan.fixed.listen_ival                UINT16
    wlan.fixed.current_ap                 ETHER
    wlan.fixed.aid                        UINT16
    wlan.fixed.status_code                UINT16
    wlan.fixed.reason_code                UINT16
    wlan.fixed.auth.alg                   UINT16
    wlan.fixed.auth_seq                   UINT16
    wlan.fixed.sae_message_type           UINT16
    wlan.fixed.finite_cyclic_group        UINT16
    wlan.fixed.scalar                     BYTES
    wlan.fixed.finite_field_element       BYTES
    wlan.fixed.send_confirm               UINT16
    wlan.fixed.confirm                    BYTES
    wlan.fixed.category_code              UINT16
    wlan.tagged.all                       NONE
    wlan.tag                              NONE
    wlan.tag.number                       UINT8
    wlan.tag.length                       UINT32
    wlan.ssid                             BYTES
    wlan.supported_rates                  UINT8
    wlan.extended_supported_rates         UINT8
    wlan.ds.current_channel               UINT8
    wlan.tim.dtim_count                   UINT8
    wlan.tim.dtim_period                  UINT8
    wlan.tim.bmapctl                      UINT8
    wlan.tim.bmapctl.multicast            BOOLEAN
    wlan.tim.bmapctl.offset               UINT8
    wlan.tim.partial_virtual_bitmap       BYTES
    wlan.country_info.code                STRING
    wlan.country_info.environment         UINT8
    wlan.country_info.fnm                 NONE
    wlan.country_info.fnm.fcn             UINT8
    wlan.country_info.fnm.nc              UINT8
    wlan.country_info.fnm.mtpl            INT8
    wlan.erp_info                         UINT8
    wlan.rsn.version                      UINT16
    wlan.rsn.gcs                          UINT32
    wlan.rsn.gcs.oui                      UINT24
    wlan.rsn.gcs.type                     UINT8
    wlan.rsn.pcs.count                    UINT16
    wlan.rsn.pcs.list                     NONE
    wlan.rsn.pcs                          UINT32
    wlan.rsn.pcs.oui                      UINT24
    wlan.rsn.pcs.type                     UINT8
    wlan.rsn.akms.count                   UINT16
    wlan.rsn.akms.list                    NONE
    wlan.rsn.akms                         UINT32
    wlan.rsn.akms.oui                     UINT24
    wlan.rsn.akms.type                    UINT8
    wlan.rsn.capabilities                 UINT16
    wlan.rsn.capabilities.ptksa_replay_counter UINT16
    wlan.rsn.capabilities.gtksa_replay_counter UINT16
    wlan.ht.capabilities                  UINT16
    wlan.ht.capabilities.sm               UINT16
    wlan.ht.capabilities.rxstbc           UINT16
    wlan.ht.ampduparam                    UINT8
    wlan.ht.info.primarychannel           UINT8
    wlan.vht.capabilities                 UINT32
    wlan.tag.oui                          UINT24
    wlan.tag.vendor.oui.type              UINT8
    """,
    *(f"{name} BOOLEAN" for rows in (CAPABILITIES, RSN_CAPABILITIES, HT_FLAGS, ERP_FLAGS) for name, _ in rows),
))  # fmt: skip


def fill_management(cursor: Cursor, subtype: int) -> None:
    """The body of a frame of this subtype."""
    layer, start = cursor.layer, cursor.at
    layer.add("wlan.mgt", layer.part(cursor.absolute, cursor.region.length - start), cursor.absolute, cursor.left)
    fixed = FIXED.get(subtype)
    has_tags = subtype == PROBE
    if fixed is not None:
        has_tags = fixed(cursor)
        if subtype != ACTION:
            layer.add("wlan.fixed.all", None, cursor.region.start + start, cursor.at - start)
    if has_tags and cursor.left > 0:
        cursor.mark("wlan.tagged.all", cursor.left)
        while cursor.left >= 2:
            if not _fill_tag(cursor):
                return


def _fill_capabilities(cursor: Cursor) -> None:
    cursor.flags("wlan.fixed.capabilities", 2, CAPABILITIES)


def _fill_request(cursor: Cursor) -> bool:
    _fill_capabilities(cursor)
    cursor.u16("wlan.fixed.listen_ival")
    return True


def _fill_again(cursor: Cursor) -> bool:
    _fill_request(cursor)
    cursor.raw("wlan.fixed.current_ap", 6)
    return True


def _fill_response(cursor: Cursor) -> bool:
    _fill_capabilities(cursor)
    cursor.u16("wlan.fixed.status_code")
    cursor.parts(2, (("wlan.fixed.aid", 0x3FFF),))
    return True


def _fill_beacon(cursor: Cursor) -> bool:
    cursor.u64("wlan.fixed.timestamp")
    cursor.integer("wlan.fixed.beacon", 2)
    _fill_capabilities(cursor)
    return True


def _fill_reason(cursor: Cursor) -> bool:
    cursor.u16("wlan.fixed.reason_code")
    return True


def _fill_authentication(cursor: Cursor) -> bool:
    algorithm = cursor.u16("wlan.fixed.auth.alg")
    number = cursor.u16("wlan.fixed.auth_seq")
    status = cursor.u16("wlan.fixed.status_code")
    if algorithm != SAE:
        return True
    cursor.mark("wlan.fixed.sae_message_type", 2, number)
    if number == SAE_COMMIT and status == 0:
        if cursor.u16("wlan.fixed.finite_cyclic_group") != CURVE_P256:
            return False
        cursor.raw("wlan.fixed.scalar", 32)
        cursor.raw("wlan.fixed.finite_field_element", 64)
    elif number == SAE_CONFIRM:
        cursor.u16("wlan.fixed.send_confirm")
        cursor.raw("wlan.fixed.confirm", cursor.left)
    return True


def _fill_action(cursor: Cursor) -> bool:
    cursor.integer("wlan.fixed.category_code", 1)
    return False


FIXED: dict[int, Callable[[Cursor], bool]] = {
    ASSOCIATION: _fill_request, ASSOCIATED: _fill_response, REASSOCIATION: _fill_again, REASSOCIATED: _fill_response,
    PROBED: _fill_beacon, BEACON: _fill_beacon, DISASSOCIATION: _fill_reason, DEAUTHENTICATION: _fill_reason,
    AUTHENTICATION: _fill_authentication, ACTION: _fill_action,
}  # fmt: skip
"""Subtype -> its fixed parameters, and whether tags follow."""


def _fill_tag(cursor: Cursor) -> bool:
    number, length = cursor.peek(1), cursor.peek(1, skip=1)
    if 2 + length <= cursor.left:
        cursor.region.bytes(cursor.at, 2 + length)  # a tag that was cut shows nothing
    cursor.mark("wlan.tag", min(2 + length, cursor.left))
    cursor.u8("wlan.tag.number")
    cursor.u8("wlan.tag.length")
    if length > cursor.left:
        cursor.wrong("a tag longer than what is left")
        return False
    stop = cursor.at + length
    tag = TAGS.get(number)
    if tag is not None:
        tag(cursor, stop)
    cursor.at = stop
    return True


def _fill_each(name: str) -> Callable[[Cursor, int], None]:
    def fill(cursor: Cursor, stop: int) -> None:
        while cursor.at < stop:
            cursor.u8(name)

    return fill


def _fill_name(cursor: Cursor, stop: int) -> None:
    cursor.raw("wlan.ssid", stop - cursor.at)


def _fill_traffic(cursor: Cursor, stop: int) -> None:
    if stop - cursor.at < 4:
        cursor.wrong("a traffic indication map shorter than its header")
        return
    cursor.u8("wlan.tim.dtim_count")
    cursor.u8("wlan.tim.dtim_period")
    cursor.mark("wlan.tim.bmapctl", 1, cursor.peek(1))
    cursor.parts(1, (("wlan.tim.bmapctl.offset", 0xFE),), (("wlan.tim.bmapctl.multicast", 1),))
    cursor.raw("wlan.tim.partial_virtual_bitmap", stop - cursor.at)


def _fill_country(cursor: Cursor, stop: int) -> None:
    if stop - cursor.at < 6:
        cursor.wrong("country information shorter than its header")
        return
    cursor.text("wlan.country_info.code", 2)
    cursor.u8("wlan.country_info.environment")
    while stop - cursor.at >= 3:
        if cursor.peek(1) > 200:
            cursor.skip(3)
            continue
        cursor.mark("wlan.country_info.fnm", 3)
        cursor.u8("wlan.country_info.fnm.fcn")
        cursor.u8("wlan.country_info.fnm.nc")
        power = cursor.peek(1)
        cursor.mark("wlan.country_info.fnm.mtpl", 1, power - 256 if power > 127 else power)
        cursor.skip(1)


def _fill_erp(cursor: Cursor, stop: int) -> None:
    if stop - cursor.at != 1:
        cursor.wrong("ERP information of a wrong length")
        return
    cursor.flags("wlan.erp_info", 1, ERP_FLAGS)


def _fill_suite(cursor: Cursor, name: str) -> None:
    """A suite selector: an organization and a type, big-endian."""
    value = int.from_bytes(cursor.region.bytes(cursor.at, 4), "big")
    cursor.mark(name, 4, value)
    cursor.mark(name + ".oui", 3, value >> 8)
    cursor.skip(3)
    cursor.u8(name + ".type")


def _fill_suites(cursor: Cursor, stop: int, name: str) -> None:
    count = cursor.u16(name + ".count")
    if 4 * count > stop - cursor.at:
        cursor.wrong("more suites than there is room for")
        count = (stop - cursor.at) // 4
    cursor.mark(name + ".list", 4 * count)
    for _ in range(count):
        _fill_suite(cursor, name)


def _fill_security(cursor: Cursor, stop: int) -> None:
    if stop - cursor.at < 2:
        cursor.wrong("security information without a version")
        return
    cursor.u16("wlan.rsn.version")
    if cursor.at >= stop:
        return
    _fill_suite(cursor, "wlan.rsn.gcs")
    for name in ("wlan.rsn.pcs", "wlan.rsn.akms"):
        if cursor.at >= stop:
            return
        _fill_suites(cursor, stop, name)
    if cursor.at >= stop:
        return
    cursor.mark("wlan.rsn.capabilities", 2, cursor.peek(2))
    numbers = (("wlan.rsn.capabilities.ptksa_replay_counter", 0x0C),
               ("wlan.rsn.capabilities.gtksa_replay_counter", 0x30))  # fmt: skip
    cursor.parts(2, numbers, RSN_CAPABILITIES)


def _fill_ht(cursor: Cursor, stop: int) -> None:
    if stop - cursor.at < 26:
        cursor.wrong("HT capabilities of a wrong length")
        return
    cursor.mark("wlan.ht.capabilities", 2, cursor.peek(2))
    numbers = (("wlan.ht.capabilities.sm", 0x0C), ("wlan.ht.capabilities.rxstbc", 0x300))
    cursor.parts(2, numbers, HT_FLAGS)
    cursor.u8("wlan.ht.ampduparam")


def _fill_ht_operation(cursor: Cursor, stop: int) -> None:
    if stop - cursor.at < 22:
        cursor.wrong("HT operation of a wrong length")
        return
    cursor.u8("wlan.ht.info.primarychannel")


def _fill_vht(cursor: Cursor, stop: int) -> None:
    if stop - cursor.at != 12:
        cursor.wrong("VHT capabilities of a wrong length")
        return
    cursor.u32("wlan.vht.capabilities")


def _fill_vendor(cursor: Cursor, stop: int) -> None:
    if stop - cursor.at < 3:
        cursor.wrong("a vendor's tag without the vendor")
        return
    cursor.mark("wlan.tag.oui", 3, int.from_bytes(cursor.region.bytes(cursor.at, 3), "big"))
    cursor.skip(3)
    if cursor.at < stop:
        cursor.u8("wlan.tag.vendor.oui.type")


TAGS: dict[int, Callable[[Cursor, int], None]] = {
    SSID: _fill_name, RATES: _fill_each("wlan.supported_rates"),
    MORE_RATES: _fill_each("wlan.extended_supported_rates"),
    CHANNEL: _fill_each("wlan.ds.current_channel"), TRAFFIC: _fill_traffic, COUNTRY: _fill_country, ERP: _fill_erp,
    RSN: _fill_security, HT_CAPABILITIES: _fill_ht, HT_OPERATION: _fill_ht_operation, VHT: _fill_vht,
    VENDOR: _fill_vendor,
}  # fmt: skip
