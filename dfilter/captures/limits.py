"""How large a stored packet may be, so that a damaged length is recognised before memory is taken for it.

In: a link type.  Out: the most bytes a packet of it can have (observed in Wireshark 4.4: its error messages
name the limit).
"""

from __future__ import annotations

from typing import Final

MAX_PACKET: Final = 262_144
"""The limit of most link types."""

MAX_BLOCK: Final = 134_348_832
"""The longest pcapng block that Wireshark 4.4 reads."""

MAX_WIRE_LENGTH: Final = 0x7FFF_FFFF
"""Wireshark 4.4 shows larger lengths on the wire as this one."""

MAX_SECRETS: Final = 1 << 24
"""Bytes of decryption secrets, with their blocks, that are kept of a pcapng file: a hundred thousand connections."""

LINK_TYPES_END: Final = 400
"""No link type from this number on is assigned (tcpdump.org's list of LINKTYPE_ values ends before it, with room for
those to come): Wireshark 4.4 refuses to open a pcap file of one, though not a pcapng file."""

_LARGE: Final = {
    186: 134_217_728,  # USB_FREEBSD
    189: 134_217_728,  # USB_LINUX
    220: 134_217_728,  # USB_LINUX_MMAPPED
    231: 134_217_728,  # DBUS
    249: 134_217_728,  # USBPCAP
    266: 134_217_728,  # USB_DARWIN
    279: 33_554_432,  # EBHSCR
}


def max_packet(link_type: int) -> int:
    """Bytes that a packet of this link type can have at most."""
    return _LARGE.get(link_type, MAX_PACKET)
