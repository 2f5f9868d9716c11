"""sFlow version 5 (sflow.org): the datagram's head, and the packet headers that its flow samples carry."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, header
from dfilter.packets.protocols.inner import call_ip_version
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.view import View

FLOW_SAMPLE, EXPANDED_FLOW_SAMPLE, RAW_HEADER = 1, 3, 1
RECORDS_AT = {FLOW_SAMPLE: 32, EXPANDED_FLOW_SAMPLE: 44}
"""Kind of sample -> where its records begin; their number is in the four bytes before."""
ETHERNET, IPV4, IPV6 = 1, 11, 12
MAX_ITEMS = 256
SHORTEST = 28

SFLOW = Protocol(
    "sflow",
    "sFlow",
    fields=(header("sflow_245.version", T.UINT32, 0),),
    over={"udp.port": (6343,)},
    carries=("eth", "ip", "ipv6"),
)


@SFLOW.dissector
def dissect_sflow(view: View, region: Region) -> bool:
    if region.u32(0) not in (2, 4, 5):
        return False
    view.push(SFLOW, region)
    region.need(0, SHORTEST)
    if region.u32(0) == 5:
        _walk_samples(view, region)
    return True


def _walk_samples(view: View, region: Region) -> None:
    at = 12 + (16 if region.u32(4) == 2 else 4) + 8
    for _ in range(min(region.u32(at), MAX_ITEMS)):
        kind, length = region.u32(at + 4), region.u32(at + 8)
        sample = region.sub(at + 12, length)
        if kind in RECORDS_AT:
            _walk_records(view, sample, RECORDS_AT[kind])
        at += 8 + length


def _walk_records(view: View, sample: Region, at: int) -> None:
    for _ in range(min(sample.u32(at - 4), MAX_ITEMS)):
        kind, length = sample.u32(at), sample.u32(at + 4)
        record = sample.sub(at + 8, length)
        if kind == RAW_HEADER:
            _dissect_header(view, record)
        at += 8 + length


def _dissect_header(view: View, record: Region) -> None:
    """The first bytes of a sampled packet; damage inside ends only this sample."""
    kind = record.u32(0)
    payload = record.sub(16).clipped(0, record.u32(12))
    protocols = view.session.catalogue.protocols
    view.quoted += 1  # no segment of the conversations that it tells of
    try:
        if kind == ETHERNET:
            view.call(protocols["eth"], payload)
        elif kind in (IPV4, IPV6):
            call_ip_version(view, payload)
    except DissectionError as error:
        view.damaged(error)
    finally:
        view.quoted -= 1
