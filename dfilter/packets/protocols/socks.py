"""SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): what client and server agree on, and what then goes through the tunnel.

In: a TCP stream.  Out: a `socks` layer a segment; what the tunnel carries is dissected by the port it leads to, as
if the proxy were that server (Wireshark 4.4).  What always holds: the conversation stays with SOCKS, whatever the
protocol inside claims.
"""

from __future__ import annotations

from enum import Enum

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen, slotted

PORT = 1080
CONNECT, BIND = 1, 2
PASSWORD_METHOD = 2
IPV4, NAME, IPV6 = 1, 3, 4
GRANTED = 90

SOCKS = Protocol(
    "socks",
    "Socks",
    fields=computed_table(
        """
        socks.version                UINT8
        socks.auth_method_count      UINT8
        socks.auth_method            UINT8
        socks.auth_accepted_method   UINT8
        socks.subnegotiation_version UINT8
        socks.username               STRING
        socks.password               STRING
        socks.auth_status            UINT8
        socks.command                UINT8
        socks.results                UINT8
        socks.reserved               UINT8
        socks.address_type           UINT8
        socks.dst                    IPv4
        socks.dstV6                  IPv6
        socks.remote_name            STRING
        socks.v4a_dns_name           STRINGZ
        socks.port                   UINT16
        socks.dstport                UINT16
        """,
        stateful=True,
    ),
    over={"tcp.port": (PORT,)},
    carries=("tcp.port", "tcp", "data"),
)


class Step(Enum):
    """What comes next, or what a segment is."""

    START = "start"
    METHODS = "methods"
    CHOICE = "choice of a method"
    LOGIN = "login"
    LOGIN_REPLY = "login reply"
    REQUEST = "request"
    REPLY = "reply"
    REQUEST_4 = "request of version 4"
    REPLY_4 = "reply of version 4"
    TUNNEL = "tunnel"
    UNKNOWN = "unknown"


@slotted
class SocksConversation:
    """What the two ends have agreed on.

    Attributes:
        step: what is expected next.
        version, command, port: of the request.
        target: the address asked for, as the layers of the tunnel show it; empty for a name.
        inner: the protocol that claimed the inside of the tunnel.
    """

    step: Step = Step.START
    version: int = 0
    command: int = 0
    port: int = 0
    target: bytes = b""
    inner: Protocol | None = None


@frozen
class Tunnelled:
    """What a layer of the tunnel repeats of the request."""

    version: int
    command: int
    target: bytes
    port: int


@SOCKS.dissector
def dissect_socks(view: View, region: Region) -> None:
    stream = view.stream
    state = SocksConversation()
    if stream is not None:
        state = stream.conversation.state.setdefault("socks", state)
    if state.step is Step.TUNNEL:
        if "socks" not in view.by_name:  # also where a segment ends one message and begins another
            layer = view.push(SOCKS, region)
            layer.state = (Step.TUNNEL, Tunnelled(state.version, state.command, state.target, state.port))
        if state.command in (CONNECT, BIND):
            _inside(view, region, state)
        return
    layer = view.push(SOCKS, region)
    from_client = stream is not None and view.lookup("tcp.port", view.ports[1]) is SOCKS
    step: Step = state.step
    if step is Step.START:
        step = {4: Step.REQUEST_4, 5: Step.METHODS}.get(region.u8(0), Step.UNKNOWN) if from_client else Step.UNKNOWN
    if (step in _CLIENT_STEPS) != from_client:
        step = Step.UNKNOWN
    layer.state = (step, None)
    state.step = following = _next_step(state, step, region)
    if following is Step.TUNNEL and stream is not None:
        stream.conversation.protocol = SOCKS


_CLIENT_STEPS = (Step.METHODS, Step.LOGIN, Step.REQUEST, Step.REQUEST_4)


def _next_step(state: SocksConversation, step: Step, region: Region) -> Step:
    """Keep what the segment settles; what must come next."""
    match step:
        case Step.METHODS:
            state.version = 5
            return Step.CHOICE
        case Step.CHOICE:
            return Step.LOGIN if region.u8(1) == PASSWORD_METHOD else Step.REQUEST
        case Step.LOGIN:
            return Step.LOGIN_REPLY
        case Step.LOGIN_REPLY:
            return Step.REQUEST
        case Step.REQUEST:
            state.command = region.u8(1)
            state.target, at = _address(region)
            state.port = region.u16(at)
            return Step.REPLY
        case Step.REQUEST_4:
            state.version, state.command, state.port = 4, region.u8(1), region.u16(2)
            state.target = region.bytes(0, 4)  # Wireshark 4.4 reads it from the start
            return Step.REPLY_4
        case Step.REPLY:
            return Step.UNKNOWN if region.u8(1) else Step.TUNNEL
        case Step.REPLY_4:
            return Step.TUNNEL if region.u8(1) == GRANTED else Step.UNKNOWN
        case Step.START | Step.TUNNEL | Step.UNKNOWN:
            return Step.UNKNOWN


def _address(region: Region) -> tuple[bytes, int]:
    """The address of a request or reply of version 5 (empty for a name), and where the port follows."""
    type_ = region.u8(3)
    if type_ == NAME:
        return b"", 5 + region.u8(4)
    size = 16 if type_ == IPV6 else 4
    return region.bytes(4, size), 4 + size


def _inside(view: View, region: Region, state: SocksConversation) -> None:
    """Dissect what the tunnel carries, with the port it leads to in the place of the proxy's."""
    stream, ports = view.stream, view.ports
    assert stream is not None
    to_server = view.lookup("tcp.port", ports[1]) is SOCKS
    view.ports = (ports[0], state.port) if to_server else (state.port, ports[1])
    try:
        taken = state.inner is not None and view.call(state.inner, region) is not False
        if not taken and not view.is_taken("tcp", sorted(view.ports), region, unless=SOCKS):
            view.call_data(region)
    finally:
        view.ports = ports
        claimed = stream.conversation.protocol
        if claimed is not SOCKS:
            state.inner, stream.conversation.protocol = claimed, SOCKS


@SOCKS.filler
def fill_socks(layer: Layer) -> None:
    step, tunnelled = layer.state
    region = layer.region
    match step:
        case Step.TUNNEL:
            _fill_tunnel(layer, tunnelled)
        case Step.METHODS:
            _number(layer, "version", 0)
            count = _number(layer, "auth_method_count", 1)
            for at in range(2, 2 + count):
                _number(layer, "auth_method", at)
        case Step.CHOICE:
            _number(layer, "version", 0)
            _number(layer, "auth_accepted_method", 1)
        case Step.LOGIN:
            layer.add("socks.version", 5, layer.start)
            _number(layer, "subnegotiation_version", 0)
            at = _counted(layer, "username", 1)
            _counted(layer, "password", at)
        case Step.LOGIN_REPLY:
            layer.add("socks.version", 5, layer.start)
            _number(layer, "subnegotiation_version", 0)
            _number(layer, "auth_status", 1)
        case Step.REQUEST | Step.REPLY:
            _number(layer, "version", 0)
            _number(layer, "command" if step is Step.REQUEST else "results", 1)
            _number(layer, "reserved", 2)
            _fill_address(layer, region)
        case Step.REQUEST_4 | Step.REPLY_4:
            _fill_version_4(layer, region, step is Step.REQUEST_4)
        case _:
            pass


def _number(layer: Layer, name: str, at: int, size: int = 1) -> int:
    value = int.from_bytes(layer.region.bytes(at, size), "big")
    layer.add("socks." + name, value, layer.start + at, size)
    return value


def _counted(layer: Layer, name: str, at: int) -> int:
    """A string after its length; where the next field begins."""
    size = layer.region.u8(at)
    value = layer.region.bytes(at + 1, size).decode("utf-8", "replace")
    layer.add("socks." + name, value, layer.start + at, 1 + size)
    return at + 1 + size


def _fill_tunnel(layer: Layer, tunnelled: Tunnelled) -> None:
    if tunnelled.command not in (CONNECT, BIND):
        return
    layer.add("socks.version", tunnelled.version, layer.start)
    layer.add("socks.command", tunnelled.command, layer.start)
    if tunnelled.target:
        layer.add("socks.dst" if len(tunnelled.target) == 4 else "socks.dstV6", tunnelled.target, layer.start)
    layer.add("socks.dstport", tunnelled.port, layer.start)


def _fill_address(layer: Layer, region: Region) -> None:
    type_ = _number(layer, "address_type", 3)
    if type_ == NAME:
        at = _counted(layer, "remote_name", 4)
    elif type_ in (IPV4, IPV6):
        address, at = _address(region)
        layer.add("socks.dst" if type_ == IPV4 else "socks.dstV6", address, layer.start + 4, len(address))
    else:
        return
    _number(layer, "port", at, 2)


def _fill_version_4(layer: Layer, region: Region, is_request: bool) -> None:
    """Version 4a asks for a name with an address that cannot be (0.0.0.x), and the name at the end."""
    _number(layer, "version", 0)
    _number(layer, "command" if is_request else "results", 1)
    _number(layer, "dstport", 2, 2)
    address = region.bytes(4, 4)
    layer.add("socks.dst", address, layer.start + 4, 4)
    if not is_request:
        return
    at = _terminated(layer, "username", 8)
    if address[:3] == b"\0\0\0" and address[3]:
        _terminated(layer, "v4a_dns_name", at)


def _terminated(layer: Layer, name: str, at: int) -> int:
    raw, nul, _ = layer.region.rest(at).partition(b"\0")
    layer.add("socks." + name, raw.decode("utf-8", "replace"), layer.start + at, len(raw) + len(nul))
    return at + len(raw) + len(nul)


@SOCKS.info_line
def socks_info(layer: Layer) -> str:
    return f"Version: {next(iter(layer.computed('socks.version')), 'Unknown')}"
