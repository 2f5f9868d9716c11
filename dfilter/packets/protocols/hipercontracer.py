"""HiPerConTracer's probes: recognised by a time to live and a time of sending, as Wireshark 4.4 recognises them.

In: bytes over UDP or TCP that nobody else claimed.  Out: one layer.  What always holds: the time of sending, in
microseconds since 1976-09-29, lies between 2016 and 2100, or the bytes are not ours; over TCP they are not, either, if
they begin like DCE/RPC: Wireshark asks first who recognised its bytes last, and in such streams that is DCE/RPC.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header
from dfilter.packets.protocols.dcerpc import looks_like as is_dcerpc
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

HEADER_LENGTH = 16
EARLIEST, LATEST = 1_238_799_600_000_000, 3_889_637_999_999_999
EPOCH = 212_803_200
"""Seconds from 1970 to 1976-09-29."""

PROBE = Protocol(
    "hipercontracer",
    "HiPerConTracer",
    fields=(
        header("hipercontracer.magic_number", T.UINT32, 0),
        header("hipercontracer.send_ttl", T.UINT8, 4),
        header("hipercontracer.round", T.UINT8, 5),
        header("hipercontracer.seq_number", T.UINT16, 6),
        computed("hipercontracer.send_timestamp", T.ABSOLUTE_TIME),
    ),
    heuristics={
        "udp": lambda view, region: _recognises(region),
        "tcp": lambda view, region: _recognises(region) and not is_dcerpc(region),
    },
)


def _recognises(region: Region) -> bool:
    return region.length >= HEADER_LENGTH and region.u8(4) > 0 and EARLIEST <= region.u64(8) <= LATEST


@PROBE.dissector
def dissect_probe(view: View, region: Region) -> bool:
    if not _recognises(region):
        return False
    view.push(PROBE, region)
    return True


@PROBE.filler
def fill_probe(layer: Layer) -> None:
    sent = layer.region.u64(8) * 1000 + EPOCH * 10**9
    layer.add("hipercontracer.send_timestamp", sent, layer.start + 8, 8)
