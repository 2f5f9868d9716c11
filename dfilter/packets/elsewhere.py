"""Protocols that Wireshark dissects and dfilter does not: their bytes are not `data`, though we cannot read them.

In: a dispatch table and a key (a port, a protocol number), and the bytes.  Out: the name under which Wireshark 4.4
would go on (`tshark -G decodes` told them), as a `Protocol` without fields.  What always holds: a protocol that
dfilter itself dissects wins; of the others only the names are known here, and for some what their messages begin
with: where bytes do not, the reference's code declines them and shows `data`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from dfilter.packets.declare import Protocol
from dfilter.packets.region import Region


def known_elsewhere(table: str, key: Any, region: Region) -> Protocol | None:
    """The protocol that the reference finds under `key` of its table and that takes `region`; None if there is none."""
    protocol = _tables().get(table, {}).get(key)
    if protocol is None:
        return None
    if protocol.name in _STRANGERS:
        return None
    begins = _BEGINNINGS.get(protocol.name)
    return protocol if begins is None or begins(region.rest(), region.reported_length) else None


_STRANGERS = frozenset({
    "5co_legacy", "5co_rap", "actrace", "armagetronad", "ath", "cast", "cmpp", "componentstatusprotocol", "cpfi",
    "cpha", "adwin", "djiuav", "dtpt", "egd", "enttec", "eobi", "epl", "esio", "ff", "gdsdb", "glbp", "gvcp", "hart_ip",
    "hip", "icq", "isns", "jmirror", "kf", "kt", "laplink", "ldss", "mactelnet", "mle", "mndp", "mpeg_dsmcc", "msmms",
    "ndmp", "njack", "nxp_802154_sniffer", "omron", "opensafety", "papi", "pathport", "pcomtcp", "pnrp", "pulse",
    "pvfs", "roon_disco", "rtpproxy", "s101", "s5066sis", "saphdb", "sbus", "sigcomp", "skinny", "slimp3", "smrse",
    "ssyncp", "steam_ihs_discovery", "tapa", "tivoconnect", "tpcp", "tplink-smarthome", "tpncp", "tsdns", "uftp",
    "vines_frp", "wassp", "wimaxasncp", "xot", "z21", "zep",
})  # fmt: skip
"""Owners of a port that took none of the random, textual, empty or zero payloads offered to them (Wireshark 4.4),
and whose ports carry other things more often."""


def _starts(*prefixes: bytes) -> Callable[[bytes, int], bool]:
    return lambda data, length: data.startswith(prefixes)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")


def _is_text(data: bytes, length: int) -> bool:
    return 0x20 <= (data or b"\0")[0] < 0x7F


def _is_length_first(data: bytes, length: int) -> bool:
    return len(data) >= 4 and _number(data, 0) <= length


_BEGINNINGS: dict[str, Callable[[bytes, int], bool]] = {
    "a11": _starts(b"\x01", b"\x03", b"\x14", b"\x15", b"\x16", b"\x17", b"\x18"),
    "acap": _is_text,
    "ajp13": _starts(b"\x12\x34", b"AB"),
    "aodv": _starts(b"\x01", b"\x02", b"\x03", b"\x04", b"\x10", b"\x11", b"\x12", b"\x13"),
    "aol": _starts(b"Z"),
    "babel": _starts(b"\x2a\x02"),
    "bjnp": lambda data, length: data[:4].isalpha(),
    "bundle": lambda data, length: data[:1] in (b"\x04", b"\x05", b"\x06", b"\x07", b"\x9f"),
    "bvlc": _starts(b"\x81"),
    "caneth": _starts(b"ISO11898"),
    "cflow": lambda data, length: _number(data, 0) in (1, 5, 7, 8, 9, 10),
    "cmp": lambda data, length: int.from_bytes(data[:4], "big") == length - 4,
    "couchbase": _starts(b"\x80", b"\x81", b"\x82", b"\x83"),
    "cql": lambda data, length: len(data) >= 5 and 1 <= data[0] & 0x7F <= 6 and data[4] <= 0x10,
    "ddtp": _starts(b"\0\0\0\x01"),
    "dicom": lambda data, length: len(data) >= 2 and 1 <= data[0] <= 7 and data[1] == 0,
    "dlsw": _starts(b"\x31", b"\x4b"),
    "do-irp": _starts(b"\x02", b"\x03"),
    "edonkey": _starts(b"\xe3", b"\xe4", b"\xe5", b"\xc5", b"\xd4"),
    "epmd": lambda data, length: data[2:3] in (b"n", b"x", b"z", b"d", b"s", b"k") or data[:1] in (b"v", b"w", b"y"),
    "gsm_ipa": lambda data, length: len(data) >= 3 and not 0x20 <= data[2] < 0xDD,
    "ipdr": _starts(b"\x02"),
    "kismet": _is_text,
    "krb4": _starts(b"\x04"),
    "l2tp": lambda data, length: len(data) >= 6 and data[1] & 0x0F in (2, 3),
    "lwapp": lambda data, length: length >= 6,
    "mbudp": lambda data, length: len(data) >= 7 and _number(data, 2) == 0 and _number(data, 4) > 1,
    "mgcp": lambda data, length: (data[4:5] == b" " and data[:4].isalpha()) or data[:3].isdigit(),
    "mongo": lambda data, length: len(data) >= 16 and data[14:16] == b"\0\0",
    "mpls-echo": lambda data, length: len(data) >= 5 and _number(data, 0) == 1,
    "mrcpv2": _starts(b"MRCP/"),
    "msrp": _starts(b"MSRP "),
    "oicq": _starts(b"\x02"),
    "olsr": _is_length_first,
    "portcontrol": _starts(b"\0", b"\x01", b"\x02"),
    "reload-framing": _starts(b"\x80", b"\x81"),
    "rmcp": _starts(b"\x06"),
    "rx": lambda data, length: len(data) >= 28 and 1 <= data[20] <= 13,
    "sebek": _starts(b"\xd0\xd0\xd0\xd0"),
    "smux": _starts(b"\x60", b"\x41", b"\x62", b"\x43", b"\x44", b"\xa0", b"\xa1", b"\xa2", b"\xa3", b"\xa4"),
    "synphasor": _starts(b"\xaa"),
    "tns": lambda data, length: len(data) >= 5 and 1 <= data[4] <= 19,
    "tpkt": _starts(b"\x03"),
    "wccp": lambda data, length: data[:2] == b"\0\0" and 7 <= _number(data, 2) <= 16,
    "xdmcp": _starts(b"\0\x01"),
    "zebra": lambda data, length: data[2:3] in (b"\xff", b"\xfe"),
    "zabbix": _starts(b"ZBXD"),
}
"""What the messages of protocols begin with that decline others (their public specifications): over
the bytes and their length as reported."""


@cache
def _tables() -> dict[str, dict[int, Protocol]]:
    """From lines "[table]" and "name key,first-last,..."."""
    tables: dict[str, dict[int, Protocol]] = {}
    current: dict[int, Protocol] = {}
    from importlib.resources import files  # it loads a dozen modules, and few frames come here

    text = files("dfilter.packets").joinpath("known_elsewhere.txt").read_text("ascii")
    for line in text.splitlines():
        if line.startswith("["):
            current = tables.setdefault(line[1:-1], {})
            continue
        name, _, keys = line.partition(" ")
        protocol = Protocol(name)
        for part in keys.split(","):
            first, _, last = part.partition("-")
            current.update(dict.fromkeys(range(int(first), int(last or first) + 1), protocol))
    return tables
