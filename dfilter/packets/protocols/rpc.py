"""ONC RPC (RFC 5531): calls and replies over UDP, and over TCP behind the record mark of its section 11.

In: a datagram or the bytes of a stream.  Out: the `rpc` layer of the message.  What always holds: as in Wireshark
4.4 a call is recognised by its version and a program with a known number, a reply by the call that has its
transaction id; of what the programs themselves carry, NFS and its mounts are dissected.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Evidence, Protocol, computed, computed_table
from dfilter.packets.protocols.nfs import BY_PROGRAM, Procedure, dissect_program
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.streams.reassembly import each_message
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

CALL, REPLY = 0, 1
VERSION = 2
ACCEPTED = 0
LAST_FRAGMENT = 0x80000000
MAX_FRAGMENT = 4 * 1024 * 1024
"""A longer fragment is not believed."""
MAX_CALLS = 65536
"""Calls remembered for their replies; the oldest are forgotten."""
PROGRAMS = frozenset({
    100000, 100001, 100003, 100004, 100005, 100007, 100008, 100009, 100011, 100012, 100020, 100021, 100024, 100026,
    100069, 100227, 100231, 100232, 100300, 100302, 150001, 200048, 395183, 395184, 1298437, 14398633, 0x40000000,
})  # fmt: skip
"""Program numbers by which a call is recognised: portmap, nfs, mount and so on (asked of Wireshark 4.4)."""
KNOWN_VERSIONS = {
    100000: (1, 2, 3, 4), 100001: (1, 2, 3, 4), 100003: (2, 3, 4), 100004: (1, 2), 100005: (1, 2, 3), 100007: (1, 2),
    100009: (1,), 100011: (1, 2), 100012: (1,), 100020: (1,), 100021: (1, 2, 3, 4), 100024: (1,), 100026: (1,),
    100069: (1,), 100227: (2, 3), 100231: (1,), 100300: (3,), 100302: (1,), 150001: (1, 2), 200048: (1,),
    395184: (1,), 14398633: (1, 2), 0x40000000: (1, 4),
}  # fmt: skip
"""Versions of programs that Wireshark 4.4 dissects; what others carry is data."""
SHORTEST_CALL, SHORTEST_REPLY = 24, 12
RECOGNISED_CALL = 16
"""Bytes that tell a call, up to its program; the capture may lack the others."""

RPC = Protocol(
    "rpc",
    "RPC",
    fields=(
        *computed_table("""
            rpc.lastfrag       BOOLEAN
            rpc.fraglen        UINT32
            rpc.xid            UINT32
            rpc.msgtyp         UINT32
            rpc.version        UINT32
            rpc.program        UINT32
            rpc.programversion UINT32
            rpc.procedure      UINT32
            rpc.auth.flavor    UINT32
            rpc.auth.length    UINT32
            rpc.replystat      UINT32
            rpc.state_accept   UINT32
            rpc.state_reject   UINT32
        """),
        computed("rpc.repframe", T.FRAMENUM, stateful=True),
        computed("rpc.time", T.RELATIVE_TIME, stateful=True),
        computed("rpc.reqframe", T.FRAMENUM, look_ahead=True),
    ),
    carries=("data", "nfs", "mount"),
    heuristics={"udp": lambda view, region: _recognises(view, region, 0),
                "tcp": lambda view, region: _recognises_record(view, region)},
    evidence=Evidence(starts={"tcp": (((0, 0x80, 0x80), (8, 0xFF, 0), (9, 0xFF, 0), (10, 0xFF, 0), (11, 0xFE, 0)),)}),
)  # fmt: skip


@frozen
class _Call:
    frame: int
    time: int
    program: int
    version: int
    procedure: int


_Calls = OrderedDict[int, _Call]


def _recognises(view: View, region: Region, at: int) -> bool:
    if region.length < at + SHORTEST_REPLY:
        return False
    kind = region.u32(at + 4)
    if kind == CALL:
        if region.reported_length < at + SHORTEST_CALL or region.length < at + RECOGNISED_CALL:
            return False
        return region.u32(at + 8) == VERSION and region.u32(at + 12) in PROGRAMS
    return kind == REPLY and region.u32(at) in _calls(view) and region.u32(at + 8) <= 1


def _recognises_record(view: View, region: Region) -> bool:
    if region.length < 4 or not region.u32(0) & LAST_FRAGMENT:
        return False
    return (region.u32(0) & ~LAST_FRAGMENT) <= MAX_FRAGMENT and _recognises(view, region, 4)


def _calls(view: View) -> _Calls:
    calls: _Calls = view.session.memory("rpc", OrderedDict)
    return calls


@RPC.dissector
def dissect_rpc(view: View, region: Region) -> bool:
    if view.stream is None:
        if not _recognises(view, region, 0):
            return False
        _dissect_message(view, region, 0)
        return True

    def length_of(rest: Region) -> int:
        return 4 + (rest.u32(0) & ~LAST_FRAGMENT) if _recognises_record(view, rest) else 0

    return each_message(region, 4, length_of, lambda record: _dissect_message(view, record, 4))


def _dissect_message(view: View, region: Region, at: int) -> None:
    layer = view.push(RPC, region)
    layer.state = (at, None)
    if view.quoted:
        return
    calls = _calls(view)
    xid, number = region.u32(at), view.frame.number
    if region.u32(at + 4) == CALL:
        program, version, procedure = (region.u32(at + offset) for offset in (12, 16, 20))
        calls[xid] = _Call(number, view.frame.time or 0, program, version, procedure)
        if len(calls) > MAX_CALLS:
            calls.popitem(last=False)
        for frame in view.session.foresight_for("rpc.reqframe", number):
            layer.add("rpc.reqframe", frame)
        _pass_on(view, region, at, Procedure(program, version, procedure, True))
        return
    call = calls.get(xid)
    layer.state = (at, call)
    if call is not None:
        view.session.foresee("rpc.reqframe", call.frame, number)
        _pass_on(view, region, at, Procedure(call.program, call.version, call.procedure, False))


def _pass_on(view: View, region: Region, at: int, procedure: Procedure) -> None:
    """What a call or a reply carries: data, if nobody dissects its program."""
    is_known = procedure.version in KNOWN_VERSIONS.get(procedure.program, ())
    followers = ("nfs", "mount") if procedure.program in BY_PROGRAM else ()
    if view.session.reachable.isdisjoint((*followers, "data")) or (is_known and not followers):
        return
    try:
        if procedure.is_call:
            body = _auth_end(region, _auth_end(region, at + 24))
        elif region.u32(at + 8) == ACCEPTED:
            accepted = _auth_end(region, at + 12)
            if region.u32(accepted) != ACCEPTED:
                return
            body = accepted + 4
        else:
            return
    except DissectionError:
        return
    if body > region.reported_length:
        return
    if is_known:
        dissect_program(view, region.sub(body), procedure)
    elif body < region.reported_length:
        view.call_data(region.sub(body))


def _auth_end(region: Region, at: int) -> int:
    """Behind credentials or a verifier, in whole words."""
    length = region.u32(at + 4)
    return at + 8 + length + -length % 4


@RPC.filler
def fill_rpc(layer: Layer) -> None:
    at, call = layer.state
    region, start = layer.region, layer.start
    if at:
        mark = region.u32(0)
        layer.add("rpc.lastfrag", bool(mark & LAST_FRAGMENT), start, 4)
        layer.add("rpc.fraglen", mark & ~LAST_FRAGMENT, start, 4)
    _add_words(layer, at, ("rpc.xid", "rpc.msgtyp"))
    if region.u32(at + 4) == CALL:
        _add_words(layer, at + 8, ("rpc.version", "rpc.program", "rpc.programversion", "rpc.procedure"))
        _fill_auth(layer, _fill_auth(layer, at + 24))
        layer.add("rpc.programversion", region.u32(at + 16))
        return
    if call is not None:
        for name, value in (("rpc.program", call.program), ("rpc.programversion", call.version),
                            ("rpc.procedure", call.procedure)):  # fmt: skip
            layer.add(name, value)
        layer.add("rpc.repframe", call.frame)
        layer.add("rpc.time", (layer.view.frame.time or 0) - call.time)
    _add_words(layer, at + 8, ("rpc.replystat",))
    if region.u32(at + 8) == ACCEPTED:
        _add_words(layer, _fill_auth(layer, at + 12), ("rpc.state_accept",))
    else:
        _add_words(layer, at + 12, ("rpc.state_reject",))
    if call is not None:
        layer.add("rpc.programversion", call.version)


def _add_words(layer: Layer, at: int, names: tuple[str, ...]) -> None:
    for name in names:
        layer.add(name, layer.region.u32(at), layer.start + at, 4)
        at += 4


def _fill_auth(layer: Layer, at: int) -> int:
    """Credentials or a verifier; where it ends."""
    _add_words(layer, at, ("rpc.auth.flavor", "rpc.auth.length"))
    return _auth_end(layer.region, at)


@RPC.info_line
def rpc_info(layer: Layer) -> str:
    try:
        at, _ = layer.state
        return f"{'Call' if layer.region.u32(at + 4) == CALL else 'Reply'} XID 0x{layer.region.u32(at):08x}"
    except DissectionError:
        return ""
