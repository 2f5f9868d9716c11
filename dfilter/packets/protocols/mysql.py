"""MySQL's client/server protocol (MySQL Internals Manual, chapter 14): greetings, logins, commands, errors, and the
request for TLS.

In: a TCP stream.  Out: a `mysql` layer for each packet; one that is not complete is asked for again.  What always
holds: a client that asks for TLS in its login hands the conversation over to TLS; results are passed over.
"""

from __future__ import annotations

from enum import Enum

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

HEADER = 4
ERROR = 0xFF
PROTOCOL_41, CLIENT_SSL = 0x0200, 0x0800
QUERY_ATTRIBUTES = 0x0800
"""In the extended capabilities."""
QUERY, CHANGE_USER, PREPARE = 3, 17, 22

MYSQL = Protocol(
    "mysql",
    "MySQL",
    fields=computed_table(
        """
        mysql.packet_length      UINT24
        mysql.packet_number      UINT8
        mysql.server_greeting    NONE
        mysql.protocol           UINT8
        mysql.version            STRINGZ
        mysql.thread_id          UINT32
        mysql.salt               STRINGZ
        mysql.caps.server        UINT16
        mysql.extcaps.server     UINT16
        mysql.server_language    UINT8
        mysql.login_request      NONE
        mysql.caps.client        UINT16
        mysql.extcaps.client     UINT16
        mysql.max_packet         UINT32
        mysql.collation          UINT16
        mysql.user               STRINGZ
        mysql.command            UINT8
        mysql.query              STRING
        mysql.error_code         UINT16
        mysql.sqlstate           STRING
        mysql.error.message      STRING
        """,
        stateful=True,
    ),
    over={"tcp.port": (3306,)},
    carries=("tls",),
)


class Kind(Enum):
    """What a packet is, as the ones before it tell."""

    GREETING = "greeting"
    LOGIN = "login"
    COMMAND = "command"
    REFUSAL = "error instead of a greeting"
    ERROR = "error"
    OTHER = "other"


@slotted
class MysqlConversation:
    """Whether the server greeted, the client logged in and was let in, and what it can do."""

    greeted: bool = False
    logged_in: bool = False
    answering: bool = False
    attributes: bool = False


@MYSQL.dissector
def dissect_mysql(view: View, region: Region) -> None:
    stream = view.stream
    state = MysqlConversation()
    if stream is not None:
        state = stream.conversation.state.setdefault("mysql", state)
    from_client = view.lookup("tcp.port", view.ports[1]) is MYSQL
    at = 0
    while at < region.length:
        left = region.length - at
        missing = HEADER - left if left < HEADER else HEADER + _size(region, at) - left
        if missing > 0 and stream is not None and region.end == region.reported_end:
            raise NeedMore(region.start + at, missing)
        packet = region.clipped(at, HEADER + _size(region, at))
        _push(view, packet, from_client, state)
        at += packet.length


def _size(region: Region, at: int) -> int:
    region.need(at, HEADER)
    return region.le16(at) | region.u8(at + 2) << 16


def _push(view: View, packet: Region, from_client: bool, state: MysqlConversation) -> None:
    layer = view.push(MYSQL, packet)
    kind = _client_kind(packet, state) if from_client else _server_kind(packet, state)
    attributes = state.attributes
    layer.state = (kind, attributes)
    if kind is Kind.LOGIN and packet.length >= HEADER + 4:
        state.attributes = packet.le16(HEADER + 2) & QUERY_ATTRIBUTES != 0
        if packet.le16(HEADER) & CLIENT_SSL and view.stream is not None:
            view.stream.conversation.protocol = view.session.catalogue.protocols["tls"]


def _client_kind(packet: Region, state: MysqlConversation) -> Kind:
    state.answering = True
    if state.greeted and not state.logged_in:
        state.logged_in = True
        return Kind.LOGIN
    return Kind.COMMAND if packet.length > HEADER and packet.u8(3) == 0 else Kind.OTHER


def _server_kind(packet: Region, state: MysqlConversation) -> Kind:
    answering, state.answering = state.answering, False
    is_error = packet.length > HEADER and packet.u8(HEADER) == ERROR
    if packet.length > HEADER and packet.u8(3) == 0 and not state.greeted and not answering:
        state.greeted = True
        return Kind.REFUSAL if is_error else Kind.GREETING
    return Kind.ERROR if is_error and answering else Kind.OTHER


@MYSQL.filler
def fill_mysql(layer: Layer) -> None:
    kind, attributes = layer.state
    region, start = layer.region, layer.start
    layer.add("mysql.packet_length", _size(region, 0), start, 3)
    layer.add("mysql.packet_number", region.u8(3), start + 3, 1)
    match kind:
        case Kind.GREETING:
            _fill_greeting(layer, region)
        case Kind.LOGIN:
            _fill_login(layer, region)
        case Kind.COMMAND:
            _fill_command(layer, region, attributes)
        case Kind.REFUSAL | Kind.ERROR:
            _fill_error(layer, region)
    region.need_all()


def _number(layer: Layer, name: str, at: int, size: int) -> int:
    value = int.from_bytes(layer.region.bytes(at, size), "little")
    layer.add("mysql." + name, value, layer.start + at, size)
    return value


def _text(layer: Layer, name: str, at: int) -> int:
    """A string up to its NUL; where the next field begins."""
    raw, nul, _ = layer.region.rest(at).partition(b"\0")
    layer.add("mysql." + name, raw.decode("utf-8", "replace"), layer.start + at, len(raw) + len(nul))
    return at + len(raw) + len(nul)


def _fill_greeting(layer: Layer, region: Region) -> None:
    layer.add("mysql.server_greeting", None, layer.start + HEADER, region.length - HEADER)
    _number(layer, "protocol", HEADER, 1)
    at = _text(layer, "version", HEADER + 1)
    _number(layer, "thread_id", at, 4)
    at = _text(layer, "salt", at + 4)
    if at + 2 > region.length:
        return
    _number(layer, "caps.server", at, 2)
    if at + 3 > region.length:
        return
    _number(layer, "server_language", at + 2, 1)
    _number(layer, "extcaps.server", at + 5, 2)


def _fill_login(layer: Layer, region: Region) -> None:
    """A request for TLS is a login that ends before the user's name."""
    layer.add("mysql.login_request", None, layer.start + HEADER, region.length - HEADER)
    capabilities = _number(layer, "caps.client", HEADER, 2)
    if not capabilities & PROTOCOL_41:
        _number(layer, "max_packet", HEADER + 2, 3)
        _text(layer, "user", HEADER + 5)
        return
    _number(layer, "extcaps.client", HEADER + 2, 2)
    _number(layer, "max_packet", HEADER + 4, 4)
    _number(layer, "collation", HEADER + 8, 1)
    _text(layer, "user", HEADER + 32)


def _fill_command(layer: Layer, region: Region, attributes: bool) -> None:
    command = _number(layer, "command", HEADER, 1)
    if command == CHANGE_USER:
        at = _text(layer, "user", HEADER + 1)
        at += 1 + region.u8(at)
        database, _, _ = region.rest(at).partition(b"\0")
        _number(layer, "collation", at + len(database) + 1, 1)
    if command not in (QUERY, PREPARE):
        return
    at = HEADER + 1
    if attributes and command == QUERY:
        if region.u8(at):
            return  # their values come before the text, in the binary form of each type
        at += 2
    layer.add("mysql.query", region.rest(at).decode("utf-8", "replace"), layer.start + at, region.length - at)


def _fill_error(layer: Layer, region: Region) -> None:
    at = HEADER + 1
    _number(layer, "error_code", at, 2)
    at += 2
    if region.rest(at)[:1] == b"#":
        layer.add("mysql.sqlstate", region.bytes(at + 1, 5).decode("utf-8", "replace"), layer.start + at + 1, 5)
        at += 6
    layer.add("mysql.error.message", region.rest(at).decode("utf-8", "replace"), layer.start + at, region.length - at)


@MYSQL.info_line
def mysql_info(layer: Layer) -> str:
    kind = layer.state[0]
    if kind is Kind.COMMAND:
        return "Request " + " ".join(str(value) for value in layer.computed("mysql.query"))
    return "Server Greeting" if kind in (Kind.GREETING, Kind.REFUSAL) else "Login Request" if kind is Kind.LOGIN else (
        "Response")  # fmt: skip
