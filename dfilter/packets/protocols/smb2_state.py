"""What SMB2 dissection remembers: which response answers which request, trees, sessions, open files.

In: message headers in file order.  Out: `Message` with what is known about it.  What always holds: memory is bounded;
in a second pass the tables of the first one are there from the start.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from enum import IntEnum
from typing import TypeVar

from dfilter.packets.region import Region
from dfilter.packets.session import Session
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, slotted

MAX_PENDING = 4096
"""Requests of one connection that wait for a response; the oldest is forgotten first."""
MAX_ENTRIES = 65536
"""Trees, sessions and files that are remembered; the oldest is forgotten first."""
_UNSOLICITED = (1 << 64) - 1
STATUS_PENDING = 0x103
MORE_PROCESSING = 0xC0000016
K = TypeVar("K")
V = TypeVar("V")


class Command(IntEnum):
    """MS-SMB2 section 2.2.1."""

    NEGOTIATE = 0
    SESSION_SETUP = 1
    LOGOFF = 2
    TREE_CONNECT = 3
    TREE_DISCONNECT = 4
    CREATE = 5
    CLOSE = 6
    FLUSH = 7
    READ = 8
    WRITE = 9
    LOCK = 10
    IOCTL = 11
    CANCEL = 12
    KEEP_ALIVE = 13
    FIND = 14
    NOTIFY = 15
    GET_INFO = 16
    SET_INFO = 17
    BREAK = 18


_TITLES = ("Negotiate Protocol", "Session Setup", "Session Logoff", "Tree Connect", "Tree Disconnect", "Create",
           "Close", "Flush", "Read", "Write", "Lock", "Ioctl", "Cancel", "KeepAlive", "Find", "Notify", "GetInfo",
           "SetInfo", "Break")  # fmt: skip


@slotted
class Exchange:
    """A request and its response.

    Attributes:
        info: class and level of a GetInfo or SetInfo; the level of a Find.
        name: the file or tree that the request names.
        fid: the file that it is about.
        known: the capture holds its opening, so that `name` is its name, the empty one of a share's root too.
        pattern: which names a Find asks for.
    """

    frame: int
    time: int
    command: int
    response_frame: int = 0
    info: tuple[int, int] = (0, 0)
    name: str = ""
    fid: bytes = b""
    known: bool = False
    pattern: str = ""


@frozen
class Tree:
    """A share that was connected to."""

    name: str
    share_type: int
    frame: int


@slotted
class Directory:
    """Everything that outlives a connection's requests: by (session, tree) and by session."""

    trees: OrderedDict[tuple[int, int], Tree] = field(default_factory=OrderedDict)
    auth_frames: OrderedDict[int, int] = field(default_factory=OrderedDict)


@slotted
class Connection:
    """What one connection remembers."""

    pending: OrderedDict[int, Exchange] = field(default_factory=OrderedDict)
    preauth: bytes = bytes(64)
    sessions: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    files: OrderedDict[bytes, str] = field(default_factory=OrderedDict)


@slotted
class Message:
    """One header's facts, and what is known from other frames."""

    region: Region
    frame: int
    command: int
    response: bool
    is_async: bool
    chained: bool
    status: int
    chain_offset: int
    message_id: int
    tid: int
    sesid: int
    header_length: int
    exchange: Exchange | None = None
    tree: Tree | None = None
    auth_frame: int = 0
    hash: bytes | None = None

    @property
    def title(self) -> str:
        return _TITLES[self.command] if self.command < len(_TITLES) else "unknown"


def directory(session: Session) -> Directory:
    """The session's directory; in a second pass the first one's."""

    def make() -> Directory:
        for known in session.foresight_for("smb2.tree", 0) or session.foresight_for("smb2.auth_frame", 0):
            if isinstance(known, Directory):
                return known
        return Directory()

    return session.memory("smb2", make)


def remember(table: OrderedDict[K, V], key: K, value: V) -> None:
    """Add an entry; beyond `MAX_ENTRIES` the oldest is forgotten."""
    table[key] = value
    if len(table) > MAX_ENTRIES:
        table.popitem(last=False)


def connection(view: View) -> Connection:
    """The state of the TCP connection below; a fresh one where there is none."""
    if view.stream is None:
        return view.session.memory("smb2 elsewhere", Connection)
    state = view.stream.conversation.state.get("smb2")
    if state is None:
        state = view.stream.conversation.state["smb2"] = Connection()
    assert isinstance(state, Connection)
    return state


def note_request(view: View, message: Message) -> None:
    """A request waits for its response; what is known of its tree and session is noted on it."""
    state = connection(view)
    if message.message_id != _UNSOLICITED and message.command != Command.CANCEL:
        exchange = Exchange(message.frame, view.frame.time or 0, message.command)
        message.exchange = state.pending[message.message_id] = exchange
        if len(state.pending) > MAX_PENDING:
            state.pending.popitem(last=False)
    _note_directory(view, message)
    _note_hash(view, message, state)


def note_response(view: View, message: Message) -> None:
    """Find the request that a response answers."""
    state = connection(view)
    exchange = state.pending.get(message.message_id)
    if exchange is not None and message.message_id != _UNSOLICITED and exchange.command == message.command:
        message.exchange = exchange
        if not exchange.response_frame or exchange.response_frame == message.frame:
            exchange.response_frame = message.frame
        if message.status != STATUS_PENDING:
            view.session.foresee("smb2.response_in", exchange.frame, (message.message_id, message.frame))
        if message.status == 0 and message.command == Command.SESSION_SETUP:
            remember(directory(view.session).auth_frames, message.sesid, message.frame)
    _note_directory(view, message)
    _note_hash(view, message, state)


def _note_directory(view: View, message: Message) -> None:
    known = directory(view.session)
    message.tree = known.trees.get((message.sesid, message.tid))
    message.auth_frame = known.auth_frames.get(message.sesid, 0)
    for name in ("smb2.tree", "smb2.auth_frame"):
        if not view.session.is_second_pass and not view.session.foreseen.get(name, {}).get(0):
            view.session.foresee(name, 0, known)


def _note_hash(view: View, message: Message, state: Connection) -> None:
    """The preauthentication integrity hash after this message (MS-SMB2 section 3.2.5.2)."""
    if message.command not in (Command.NEGOTIATE, Command.SESSION_SETUP):
        return
    if not view.session.needs.wants("smb2.preauth_hash") or (message.response and message.exchange is None):
        return
    content = message.region.rest()
    if message.command == Command.NEGOTIATE:
        start = state.preauth if message.response else bytes(64)
        message.hash = state.preauth = hashlib.sha512(start + content).digest()
        return
    start = state.sessions.pop(0 if 0 in state.sessions else message.sesid, state.preauth)
    final = message.response and message.status != MORE_PROCESSING
    message.hash = start if final else hashlib.sha512(start + content).digest()
    if not final:
        remember(state.sessions, message.sesid, message.hash)


def link(layer: Layer, message: Message) -> None:
    """Show the frame of the other half of an exchange, and how long it took."""
    exchange, start = message.exchange, layer.start
    if not message.response:
        for identity, frame in layer.view.session.foresight_for("smb2.response_in", message.frame):
            if identity == message.message_id:
                layer.add("smb2.response_in", frame, start)
                break
    elif exchange is not None:
        layer.add("smb2.response_to", exchange.frame, start)
        layer.add("smb2.time", (layer.view.frame.time or 0) - exchange.time, start)
