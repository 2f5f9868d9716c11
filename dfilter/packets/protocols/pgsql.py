"""PostgreSQL's frontend/backend protocol, version 3 (manual, chapter "Frontend/Backend Protocol"): messages, queries,
errors, and the request for TLS.

In: a TCP stream.  Out: a `pgsql` layer for each message; a message that is not complete is asked for again.  What
always holds: a server that answers an SSL request with "S" hands the conversation over to TLS.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View

PGSQL_PORT = 5432
HEADER = 5
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102

PGSQL = Protocol(
    "pgsql",
    "PGSQL",
    fields=computed_table(
        """
        pgsql.type                  STRING
        pgsql.length                UINT32
        pgsql.frontend              BOOLEAN
        pgsql.request_code          UINT32
        pgsql.ssl_response          CHAR
        pgsql.gssenc_response       CHAR
        pgsql.version_major         UINT16
        pgsql.version_minor         UINT16
        pgsql.parameter_name        STRINGZ
        pgsql.parameter_value       STRINGZ
        pgsql.authtype              UINT32
        pgsql.salt                  BYTES
        pgsql.password              STRINGZ
        pgsql.auth.sasl.mech        STRINGZ
        pgsql.auth.sasl.data        BYTES
        pgsql.auth.sasl.data.length INT32
        pgsql.query                 STRINGZ
        pgsql.statement             STRINGZ
        pgsql.portal                STRINGZ
        pgsql.tag                   STRINGZ
        pgsql.pid                   UINT32
        pgsql.key                   UINT32
        pgsql.status                UINT8
        pgsql.severity              STRINGZ
        pgsql.text                  STRINGZ
        pgsql.code                  STRINGZ
        pgsql.message               STRINGZ
        pgsql.detail                STRINGZ
        pgsql.hint                  STRINGZ
        pgsql.position              STRINGZ
        pgsql.where                 STRINGZ
        pgsql.schema_name           STRINGZ
        pgsql.table_name            STRINGZ
        pgsql.column_name           STRINGZ
        pgsql.type_name             STRINGZ
        pgsql.constraint_name       STRINGZ
        pgsql.field.count           UINT16
        pgsql.col.name              STRINGZ
        pgsql.oid.table             UINT32
        pgsql.col.index             UINT32
        pgsql.oid.type              UINT32
        pgsql.col.typemod           INT32
        pgsql.format                UINT16
        pgsql.val.length            INT32
        pgsql.val.data              BYTES
        pgsql.file                  STRINGZ
        pgsql.line                  STRINGZ
        pgsql.routine               STRINGZ
        """,
        stateful=True,
    ),
    over={"tcp.port": (PGSQL_PORT,)},
    carries=("tls",),
)

_FRONTEND_TYPES = {
    "p": "Password message", "Q": "Simple query", "P": "Parse", "B": "Bind", "E": "Execute", "D": "Describe",
    "C": "Close", "H": "Flush", "S": "Sync", "F": "Function call", "d": "Copy data", "c": "Copy completion",
    "f": "Copy failure", "X": "Termination",
}  # fmt: skip
_BACKEND_TYPES = {
    "R": "Authentication request", "K": "Backend key data", "S": "Parameter status", "1": "Parse completion",
    "2": "Bind completion", "3": "Close completion", "C": "Command completion", "t": "Parameter description",
    "T": "Row description", "D": "Data row", "I": "Empty query", "n": "No data", "E": "Error", "N": "Notice",
    "s": "Portal suspended", "Z": "Ready for query", "A": "Notification", "V": "Function call response",
    "G": "CopyIn response", "H": "CopyOut response", "d": "Copy data", "c": "Copy completion", "W": "CopyBoth response",
    "v": "Negotiate protocol version",
}  # fmt: skip
_ERROR_FIELDS = {
    "S": "severity", "V": "text", "C": "code", "M": "message", "D": "detail", "H": "hint", "P": "position",
    "W": "where", "s": "schema_name", "t": "table_name", "c": "column_name", "d": "type_name",
    "n": "constraint_name", "F": "file", "L": "line", "R": "routine",
}  # fmt: skip
MD5_PASSWORD, SASL, SASL_CONTINUE, SASL_FINAL = 5, 10, 11, 12


class PgsqlConversation:
    """What is remembered of a connection: which request the server's next single byte answers, if any, and whether
    the client answers a demand for SASL (and whether it began to)."""

    __slots__ = ("pending", "sasl")

    def __init__(self) -> None:
        self.pending = 0
        self.sasl = 0


@PGSQL.dissector
def dissect_pgsql(view: View, region: Region) -> None:
    stream = view.stream
    state = PgsqlConversation()
    if stream is not None:
        state = stream.conversation.state.setdefault("pgsql", state)
    frontend = view.lookup("tcp.port", view.ports[1]) is PGSQL
    if state.pending and not frontend and region.length == 1:
        _answer(view, region, state)
        return
    at = 0
    while at < region.length:
        left = region.length - at
        starting = frontend and region.u8(at) == 0
        header = HEADER - starting
        missing = header - left
        if missing <= 0:
            missing = _total(region, at, starting) - left
        if missing > 0 and stream is not None and region.end == region.reported_end:
            raise NeedMore(region.start + at, missing)
        total = max(_total(region, at, starting), header)
        message = region.clipped(at, total)
        _push(view, message, frontend, state)
        at += total


def _total(region: Region, at: int, starting: bool) -> int:
    """Bytes of the message at `at`; the first ones of a connection have no type."""
    return region.u32(at) if starting else 1 + region.u32(at + 1)


def _answer(view: View, region: Region, state: PgsqlConversation) -> None:
    """The single byte that answers a request for encryption; "S" is followed by TLS."""
    kind, state.pending = state.pending, 0
    layer = view.push(PGSQL, region)
    layer.state = (False, kind, "")
    tls = view.session.catalogue.protocols["tls"]
    if kind == SSL_REQUEST and region.u8(0) == ord("S") and view.stream is not None:
        view.stream.conversation.protocol = tls


def _push(view: View, message: Region, frontend: bool, state: PgsqlConversation) -> None:
    layer = view.push(PGSQL, message)
    if frontend and message.u8(0) == 0:
        code = message.u32(4) if message.length >= 8 else 0
        state.pending = code if code in (SSL_REQUEST, GSS_REQUEST) else 0
        layer.state = (True, 0, _STARTS.get(code, "Startup message"))
        return
    type_ = chr(message.u8(0))
    name = (_FRONTEND_TYPES if frontend else _BACKEND_TYPES).get(type_, "Unknown")
    if frontend and type_ == "p" and state.sasl:
        name = "SASLInitialResponse message" if state.sasl == 1 else "SASLResponse message"
        state.sasl = 2
    elif not frontend and type_ == "R" and message.length >= HEADER + 4:
        kind = message.u32(HEADER)
        state.sasl = 1 if kind == SASL else state.sasl if kind == SASL_CONTINUE else 0
    layer.state = (frontend, 0, name)


_STARTS = {SSL_REQUEST: "SSL request", GSS_REQUEST: "GSS encrypt request", CANCEL_REQUEST: "Cancel request"}


@PGSQL.filler
def fill_pgsql(layer: Layer) -> None:
    frontend, answered, name = layer.state
    region = layer.region
    start = region.start
    if answered:
        ssl = answered == SSL_REQUEST
        layer.add("pgsql.type", "SSL response" if ssl else "GSS encrypt response", start)
        layer.add("pgsql.ssl_response" if ssl else "pgsql.gssenc_response", region.u8(0), start, 1)
        return
    typed = 0 if frontend and region.u8(0) == 0 else 1
    layer.add("pgsql.type", name, start, typed)
    layer.add("pgsql.length", region.u32(typed), start + typed, 4)
    layer.add("pgsql.frontend", frontend, start)
    fields = Fields(layer, typed + 4)
    fill = (_FRONTEND if frontend else _BACKEND).get(chr(region.u8(0))) if typed else _fill_start
    if fill is not None:
        fill(fields)
        region.need_all()


class Fields:
    """A cursor over a message's fields."""

    def __init__(self, layer: Layer, at: int) -> None:
        self.layer = layer
        self.region = layer.region
        self.at = at

    @property
    def left(self) -> int:
        return self.region.length - self.at

    def number(self, name: str, size: int, *, signed: bool = False) -> int:
        value = int.from_bytes(self.region.bytes(self.at, size), "big", signed=signed)
        self.layer.add("pgsql." + name, value, self.region.start + self.at, size)
        self.at += size
        return value

    def text(self, name: str) -> str:
        """A string up to its NUL; empty ones are shown too."""
        rest = self.region.rest(self.at)
        raw, nul, _ = rest.partition(b"\0")
        value = raw.decode("utf-8", "replace")
        self.layer.add("pgsql." + name, value, self.region.start + self.at, len(raw) + len(nul))
        self.at += len(raw) + len(nul)
        return value

    def rest(self, name: str) -> None:
        if self.left > 0:
            self.layer.add("pgsql." + name, self.region.rest(self.at), self.region.start + self.at, self.left)
        self.at = self.region.length


def _fill_start(fields: Fields) -> None:
    code = fields.region.u32(4)
    if code in _STARTS:
        fields.number("request_code", 4)
        if code == CANCEL_REQUEST:
            fields.number("pid", 4)
            fields.number("key", 4)
        return
    fields.number("version_major", 2)
    fields.number("version_minor", 2)
    while fields.left > 1 and fields.region.u8(fields.at):
        fields.text("parameter_name")
        fields.text("parameter_value")


def _password(fields: Fields) -> None:
    name = fields.layer.state[2]
    if name == "SASLInitialResponse message":
        fields.text("auth.sasl.mech")
        fields.number("auth.sasl.data.length", 4)
        fields.rest("auth.sasl.data")
    elif name == "SASLResponse message":
        fields.rest("auth.sasl.data")
    else:
        fields.text("password")


def _authentication(fields: Fields) -> None:
    kind = fields.number("authtype", 4)
    if kind == MD5_PASSWORD:
        fields.rest("salt")
    elif kind == SASL:
        while fields.left > 1:
            fields.text("auth.sasl.mech")
    elif kind in (SASL_CONTINUE, SASL_FINAL):
        fields.rest("auth.sasl.data")


def _parse(fields: Fields) -> None:
    fields.text("statement")
    fields.text("query")


def _bind(fields: Fields) -> None:
    fields.text("portal")
    fields.text("statement")


def _describe(fields: Fields) -> None:
    kind = fields.region.u8(fields.at)
    fields.at += 1
    fields.text("portal" if kind == ord("P") else "statement")


def _error(fields: Fields) -> None:
    """Fields, each a letter and a string, up to a NUL ("Error and Notice Message Fields")."""
    while fields.left > 1:
        letter = fields.region.u8(fields.at)
        if not letter:
            return
        fields.at += 1
        fields.text(_ERROR_FIELDS.get(chr(letter), "text"))


def _row_description(fields: Fields) -> None:
    for _ in range(fields.number("field.count", 2)):
        fields.text("col.name")
        fields.number("oid.table", 4)
        fields.number("col.index", 2)
        fields.number("oid.type", 4)
        fields.number("val.length", 2, signed=True)
        fields.number("col.typemod", 4, signed=True)
        fields.number("format", 2)


def _data_row(fields: Fields) -> None:
    for _ in range(fields.number("field.count", 2)):
        size = fields.number("val.length", 4, signed=True)
        if size > 0:
            start = fields.region.start + fields.at
            fields.layer.add("pgsql.val.data", fields.region.bytes(fields.at, size), start, size)
            fields.at += size


def _key(fields: Fields) -> None:
    fields.number("pid", 4)
    fields.number("key", 4)


def _parameter(fields: Fields) -> None:
    fields.text("parameter_name")
    fields.text("parameter_value")


_FRONTEND: dict[str, Callable[[Fields], object]] = {
    "p": _password,
    "Q": lambda fields: fields.text("query"),
    "P": _parse,
    "B": _bind,
    "E": lambda fields: fields.text("portal"),
    "D": _describe,
    "C": _describe,
}
_BACKEND: dict[str, Callable[[Fields], object]] = {
    "R": _authentication,
    "K": _key,
    "S": _parameter,
    "C": lambda fields: fields.text("tag"),
    "T": _row_description,
    "D": _data_row,
    "Z": lambda fields: fields.number("status", 1),
    "E": _error,
    "N": _error,
}


@PGSQL.info_line
def pgsql_info(layer: Layer) -> str:
    frontend, _, name = layer.state
    return f"{'>' if frontend else '<'} {name}".strip()
