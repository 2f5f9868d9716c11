"""LLDP's organizationally specific TLVs: IEEE 802.1 with DCBX, IEEE 802.3, LLDP-MED (ANSI/TIA-1057), IANA.

In: a cursor behind the TLV's type and length.  Out: its fields.  What always holds: what no rule here knows keeps its
subtype and its bytes.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor

IEEE_802_1, IEEE_802_3, MEDIA, IANA = 0x0080C2, 0x00120F, 0x0012BB, 0x00005E
PRIORITIES = range(8)
ADVERTISED = ("1000base_tfd", "1000base_t", "1000base_xfd", "1000base_x", "fdx_bpause", "fdx_spause", "fdx_apause",
              "fdx_pause", "100base_t2fd", "100base_t2", "100base_txfd", "100base_tx", "100base_t4", "10base_tfd",
              "10base_t", "other")  # fmt: skip
_ADVERTISED = "lldp.ieee.802_3.pmd_auto_neg_advertised_caps"
INVENTORY = {5: "hardware", 6: "firmware", 7: "software", 8: "sn", 9: "manufacturer", 10: "model", 11: "asset"}
MEDIA_CAPABILITIES = ("llpd", "network_policy", "location_id", "mdi_pse", "mid_pd", "inventory")


def _numbered(name: str, type_: str) -> str:
    return "\n".join(f"{name}{number} {type_}" for number in PRIORITIES)


FIELDS = "\n".join((
    """
    lldp.orgtlv.oui                                     UINT24
    lldp.unknown_subtype                                UINT8
    lldp.unknown_subtype.content                        BYTES
    lldp.ieee.802_1.subtype                             UINT8
    lldp.ieee.802_1.port_vlan.id                        UINT16
    lldp.ieee.802_1.port_and_vlan_id_flag               UINT8
    lldp.ieee.802_1.port_and_vlan_id_flag.supported     BOOLEAN
    lldp.ieee.802_1.port_and_vlan_id_flag.enabled       BOOLEAN
    lldp.ieee.802_1.port_proto_vlan.id                  UINT16
    lldp.ieee.802_1.vlan.id                             UINT16
    lldp.ieee.802_1.vlan.name_len                       UINT8
    lldp.ieee.802_1.vlan.name                           STRINGZ
    lldp.ieee.802_1.proto.id_length                     UINT8
    lldp.ieee.802_1.proto.id                            BYTES
    lldp.dcbx.ieee.willing                              BOOLEAN
    lldp.dcbx.ieee.ets.cbs                              BOOLEAN
    lldp.dcbx.ieee.ets.maxtcs                           UINT8
    lldp.dcbx.feature.pg.reserved                       UINT8
    lldp.dcbx.ieee.pfc.mbc                              BOOLEAN
    lldp.dcbx.ieee.pfc.numtcs                           UINT8
    lldp.dcbx.ieee.app.reserved                         UINT8
    lldp.dcbx.ieee.app.prio                             UINT8
    lldp.dcbx.iee.app.sf                                UINT8
    lldp.dcbx.feature.app.proto                         UINT16
    lldp.ieee.802_3.subtype                             UINT8
    lldp.ieee.802_3.mac_phy_auto_neg_status             UINT8
    lldp.ieee.802_3.mac_phy_auto_neg_status.supported   BOOLEAN
    lldp.ieee.802_3.mac_phy_auto_neg_status.enabled     BOOLEAN
    lldp.ieee.802_3.pmd_auto_neg_advertised_caps        UINT16
    lldp.ieee.802_3.pmd_mau_type                        UINT16
    lldp.ieee.802_3.mdi_power_support                   UINT8
    lldp.ieee.802_3.mdi_power_support.port_class        BOOLEAN
    lldp.ieee.802_3.mdi_power_support.supported         BOOLEAN
    lldp.ieee.802_3.mdi_power_support.enabled           BOOLEAN
    lldp.ieee.802_3.mdi_power_support.pse_pairs         BOOLEAN
    lldp.ieee.802_3.mdi_pse_pair                        UINT8
    lldp.ieee.802_3.mdi_power_class                     UINT8
    lldp.ieee.802_3.mdi_power_type                      UINT8
    lldp.ieee.802_3.mdi_power_source                    UINT8
    lldp.ieee.802_3.mdi_power_pd4pid                    BOOLEAN
    lldp.ieee.802_3.mdi_power_priority                  UINT8
    lldp.ieee.802_3.mdi_pde_requested                   UINT16
    lldp.ieee.802_3.mdi_pse_allocated                   UINT16
    lldp.ieee.802_3.aggregation_status                  UINT8
    lldp.ieee.802_3.aggregation_status.cap              BOOLEAN
    lldp.ieee.802_3.aggregation_status.enabled          BOOLEAN
    lldp.ieee.802_3.aggregated_port_id                  UINT32
    lldp.ieee.802_3.max_frame_size                      UINT16
    lldp.media.subtype                                  UINT8
    lldp.media.subtype.caps                             UINT16
    lldp.media.subtype.class                            UINT8
    lldp.media.app_type                                 UINT8
    lldp.media.policy_flag                              BOOLEAN
    lldp.media.tag_flag                                 BOOLEAN
    lldp.media.vlan_id                                  UINT24
    lldp.media.l2_prio                                  UINT24
    lldp.media.dscp                                     UINT24
    lldp.media.power.type                               UINT8
    lldp.media.power.source                             UINT8
    lldp.media.power.prio                               UINT8
    lldp.media.power.value                              UINT16
    lldp.iana.subtype                                   UINT8
    lldp.iana.mudurl                                    STRING
    """,
    _numbered("lldp.dcbx.feature.pg.pgid_prio", "UINT16"),
    _numbered("lldp.dcbx.feature.pg.per", "UINT8"),
    _numbered("lldp.dcbx.ieee.ets.tsa", "UINT8"),
    _numbered("lldp.dcbx.feature.pfc.prio", "BOOLEAN"),
    _numbered("lldp.ieee.802_1qau.cnpv.prio", "BOOLEAN"),
    _numbered("lldp.ieee.802_1qau.ready.prio", "BOOLEAN"),
    *(f"{_ADVERTISED}{inverse}.{name} BOOLEAN" for inverse in ("", "_inv") for name in ADVERTISED),
    *(f"lldp.media.{name} STRINGZPAD" for name in INVENTORY.values()),
    *(f"lldp.media.subtype.caps.{name} BOOLEAN" for name in MEDIA_CAPABILITIES),
))  # fmt: skip


def fill_organization(cursor: Cursor, length: int) -> None:
    """The TLV behind its header, `length` bytes."""
    stop = cursor.at + length
    oui = cursor.integer("lldp.orgtlv.oui", 3)
    if oui == IEEE_802_1:
        _fill_802_1(cursor, stop)
    elif oui == IEEE_802_3:
        _fill_802_3(cursor, stop)
    elif oui == MEDIA:
        _fill_media(cursor, stop)
    elif oui == IANA:
        if cursor.u8("lldp.iana.subtype") == 1:
            cursor.text("lldp.iana.mudurl", stop - cursor.at)
    else:
        cursor.u8("lldp.unknown_subtype")
        if cursor.at < stop:
            cursor.raw("lldp.unknown_subtype.content", stop - cursor.at)


def _bits(name: str) -> list[tuple[str, int]]:
    return [(f"{name}{number}", 1 << number) for number in PRIORITIES]


def _fill_802_1(cursor: Cursor, stop: int) -> None:
    kind = cursor.u8("lldp.ieee.802_1.subtype")
    if kind == 1:
        cursor.u16("lldp.ieee.802_1.port_vlan.id")
    elif kind == 2:
        name = "lldp.ieee.802_1.port_and_vlan_id_flag"
        cursor.flags(name, 1, ((name + ".supported", 2), (name + ".enabled", 4)))
        cursor.u16("lldp.ieee.802_1.port_proto_vlan.id")
    elif kind == 3:
        cursor.u16("lldp.ieee.802_1.vlan.id")
        size = cursor.u8("lldp.ieee.802_1.vlan.name_len")
        if size:
            cursor.text("lldp.ieee.802_1.vlan.name", size)
    elif kind == 4:
        size = cursor.u8("lldp.ieee.802_1.proto.id_length")
        if size:
            cursor.raw("lldp.ieee.802_1.proto.id", size)
    elif kind == 8:
        cursor.parts(1, (), _bits("lldp.ieee.802_1qau.cnpv.prio"))
        cursor.parts(1, (), _bits("lldp.ieee.802_1qau.ready.prio"))
    elif kind in (9, 10):
        _fill_transmission(cursor, kind == 9)
    elif kind == 11:
        cursor.parts(1, (("lldp.dcbx.ieee.pfc.numtcs", 0x0F),),
                     (("lldp.dcbx.ieee.willing", 0x80), ("lldp.dcbx.ieee.pfc.mbc", 0x40)))  # fmt: skip
        cursor.parts(1, (), _bits("lldp.dcbx.feature.pfc.prio"))
    elif kind == 12:
        cursor.u8("lldp.dcbx.ieee.app.reserved")
        while cursor.at + 3 <= stop:
            cursor.parts(1, (("lldp.dcbx.ieee.app.prio", 0xE0), ("lldp.dcbx.iee.app.sf", 0x07)))
            cursor.u16("lldp.dcbx.feature.app.proto")


def _fill_transmission(cursor: Cursor, configuration: bool) -> None:
    """Enhanced transmission selection (IEEE 802.1Qaz): as configured or as recommended."""
    if configuration:
        cursor.parts(1, (("lldp.dcbx.ieee.ets.maxtcs", 0x07),),
                     (("lldp.dcbx.ieee.willing", 0x80), ("lldp.dcbx.ieee.ets.cbs", 0x40)))  # fmt: skip
    else:
        cursor.u8("lldp.dcbx.feature.pg.reserved")
    for number in PRIORITIES[::2]:
        name = "lldp.dcbx.feature.pg.pgid_prio"
        cursor.parts(1, ((f"{name}{number}", 0xF0), (f"{name}{number + 1}", 0x0F)))
    for name in ("lldp.dcbx.feature.pg.per", "lldp.dcbx.ieee.ets.tsa"):
        for number in PRIORITIES:
            cursor.u8(f"{name}{number}")


def _fill_802_3(cursor: Cursor, stop: int) -> None:
    kind = cursor.u8("lldp.ieee.802_3.subtype")
    if kind == 1:
        name = "lldp.ieee.802_3.mac_phy_auto_neg_status"
        cursor.flags(name, 1, ((name + ".supported", 1), (name + ".enabled", 2)))
        cursor.parts(2, (), [(f"{_ADVERTISED}_inv.{bit}", 0x8000 >> place) for place, bit in enumerate(ADVERTISED)])
        cursor.at -= 2
        cursor.flags(_ADVERTISED, 2, [(f"{_ADVERTISED}.{bit}", 1 << place) for place, bit in enumerate(ADVERTISED)])
        cursor.u16("lldp.ieee.802_3.pmd_mau_type")
    elif kind == 2:
        name = "lldp.ieee.802_3.mdi_power_support"
        bits = ("port_class", "supported", "enabled", "pse_pairs")
        cursor.flags(name, 1, [(f"{name}.{bit}", 1 << place) for place, bit in enumerate(bits)])
        cursor.u8("lldp.ieee.802_3.mdi_pse_pair")
        cursor.u8("lldp.ieee.802_3.mdi_power_class")
        if stop - cursor.at >= 5:
            cursor.parts(1, (("lldp.ieee.802_3.mdi_power_type", 0xC0), ("lldp.ieee.802_3.mdi_power_source", 0x30),
                             ("lldp.ieee.802_3.mdi_power_priority", 0x03)),
                         (("lldp.ieee.802_3.mdi_power_pd4pid", 0x04),))  # fmt: skip
            cursor.u16("lldp.ieee.802_3.mdi_pde_requested")
            cursor.u16("lldp.ieee.802_3.mdi_pse_allocated")
    elif kind == 3:
        name = "lldp.ieee.802_3.aggregation_status"
        cursor.flags(name, 1, ((name + ".cap", 1), (name + ".enabled", 2)))
        cursor.u32("lldp.ieee.802_3.aggregated_port_id")
    elif kind == 4:
        cursor.u16("lldp.ieee.802_3.max_frame_size")


def _fill_media(cursor: Cursor, stop: int) -> None:
    kind = cursor.u8("lldp.media.subtype")
    if kind == 1:
        name = "lldp.media.subtype.caps"
        cursor.flags(name, 2, [(f"{name}.{bit}", 1 << place) for place, bit in enumerate(MEDIA_CAPABILITIES)])
        cursor.u8("lldp.media.subtype.class")
    elif kind == 2:
        cursor.u8("lldp.media.app_type")
        cursor.parts(3, (("lldp.media.vlan_id", 0x1FFE00), ("lldp.media.l2_prio", 0x1C0), ("lldp.media.dscp", 0x3F)),
                     (("lldp.media.policy_flag", 0x800000), ("lldp.media.tag_flag", 0x400000)))  # fmt: skip
    elif kind == 4:
        cursor.parts(1, (("lldp.media.power.type", 0xC0), ("lldp.media.power.source", 0x30),
                         ("lldp.media.power.prio", 0x0F)))  # fmt: skip
        cursor.u16("lldp.media.power.value")
    elif kind in INVENTORY and cursor.at < stop:
        cursor.text("lldp.media." + INVENTORY[kind], stop - cursor.at)
