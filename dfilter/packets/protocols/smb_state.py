"""What SMB 1 dissection remembers of a connection: which response answers which request.

In: headers in file order.  Out: the fields that link them.  What always holds: memory is bounded.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.packets.protocols.cursor import message_text
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, slotted

BODY = 32
"""Offset of a message's body: the length of its header."""
MAX_FILES = 16384
"""Files of one connection that are remembered; the oldest is forgotten first."""
_CLOSE, _READ, _WRITE, _TRANSACTION, _TREE_CONNECT, _NT_CREATE = 0x04, 0x2E, 0x2F, 0x25, 0x75, 0xA2
_TRANSACTION2 = 0x32
QUERY_PATH = 5
"""The subcommand of Trans2 that asks about a file by its name (MS-CIFS section 2.2.6.6)."""
MAX_PENDING = 4096
"""Requests of one connection that wait for a response; the oldest is forgotten first."""
_TITLES = {0x04: "Close", 0x25: "Trans", 0x2B: "Echo", 0x2D: "Open AndX", 0x2E: "Read AndX", 0x2F: "Write AndX",
           0x32: "Trans2", 0x71: "Tree Disconnect", 0x72: "Negotiate Protocol", 0x73: "Session Setup AndX",
           0x74: "Logoff AndX", 0x75: "Tree Connect AndX", 0xA0: "NT Trans", 0xA2: "NT Create AndX"}  # fmt: skip


@slotted
class File:
    """A file that was opened: what its request asked for, and in which frames it was opened and closed."""

    name: str
    create_flags: int
    access: int
    attributes: int
    share: int
    disposition: int
    options: int
    opened_in: int = 0


@slotted
class Request:
    """A request that waits for its response.

    Attributes:
        text: the path or name in it.
        subcommand, level: of a transaction: what it does, and what it asks of the file that `text` names.
    """

    frame: int
    time: int
    tid: int = 0
    text: str = ""
    fid: int | None = None
    file: File | None = None
    subcommand: int | None = None
    level: int | None = None


@slotted
class Connection:
    """What one connection remembers: requests by ids, open files by fid."""

    pending: OrderedDict[tuple[int, int, int], Request] = field(default_factory=OrderedDict)
    files: OrderedDict[int, File] = field(default_factory=OrderedDict)


@slotted
class Trees:
    """The shares that were connected to, by connection and tree id: path, and the frame of the response."""

    paths: OrderedDict[tuple[int, int], tuple[str, int]] = field(default_factory=OrderedDict)


@slotted(eq=True)
class Header:
    """The facts of an SMB header (MS-CIFS section 2.2.3.1) and the request that a response answers."""

    region: Region
    command: int
    response: bool
    unicode: bool
    nt_status: bool
    status: int
    tid: int
    pid: int
    uid: int
    mid: int
    request: Request | None = None
    fid: int | None = None
    file: File | None = None
    tree: tuple[str, int] | None = None

    @property
    def words(self) -> int:
        """The word count of the first command; 0 where it is missing."""
        region = self.region
        return region.u8(BODY) if region.length > BODY else 0

    @property
    def title(self) -> str:
        return _TITLES.get(self.command, f"unknown-0x{self.command:02x}")


def note(view: View, header: Header) -> None:
    """Remember a request; find the request of a response, by multiplex and process id."""
    if view.stream is None:
        return
    state = view.stream.conversation.state.setdefault("smb", Connection())
    assert isinstance(state, Connection)
    key = (header.pid, header.mid, header.command)
    if header.response:
        header.request = state.pending.get(key)
        if header.request is not None:
            view.session.foresee("smb.response_in", header.request.frame, (key, view.frame.number))
            _note_response(view, header, header.request, state)
    else:
        request = Request(view.frame.number, view.frame.time or 0, header.tid)
        _note_request(view, header, request, state)
        state.pending[key] = request
        if len(state.pending) > MAX_PENDING:
            state.pending.popitem(last=False)
    header.tree = _trees(view).paths.get((view.stream.conversation.index, header.tid))


def _trees(view: View) -> Trees:
    """The trees of the session; in a second pass the first one's."""
    session = view.session
    known = [found for found in session.foresight_for("smb.path", 0) if isinstance(found, Trees)]
    trees = session.memory("smb trees", lambda: known[0] if known else Trees())
    if not session.is_second_pass and not session.foreseen.get("smb.path", {}).get(0):
        session.foresee("smb.path", 0, trees)
    return trees


def _note_request(view: View, header: Header, request: Request, state: Connection) -> None:
    region, words = header.region, header.words
    data = BODY + 1 + 2 * words + 2
    if header.command == _TREE_CONNECT and words == 4:
        request.text = message_text(region, data + region.le16(BODY + 7), header.unicode)[0]
    elif header.command == _NT_CREATE and words == 24:
        at = BODY + 1
        values = (region.le32(at + offset) for offset in (7, 15, 27, 31, 35, 39))
        request.file = File(message_text(region, data, header.unicode)[0], *values)
        for fid in view.session.foresight_for("smb.fid", view.frame.number):
            header.fid = fid
    elif header.command == _TRANSACTION2 and words == 15:
        request.subcommand = region.le16(BODY + 29)
        if request.subcommand == QUERY_PATH:
            at = region.le16(BODY + 21)
            request.level = region.le16(at)
            request.text = message_text(region, at + 6, header.unicode)[0]
    else:
        at_fid = {(_CLOSE, 3): 1, (_READ, 10): 5, (_READ, 12): 5, (_WRITE, 12): 5, (_WRITE, 14): 5,
                  (_TRANSACTION, 16): 31}.get((header.command, words))  # fmt: skip
        if at_fid is None:
            return
        request.fid = header.fid = region.le16(BODY + at_fid)
        request.file = header.file = state.files.get(request.fid)
        if header.command == _CLOSE and header.file is not None:
            view.session.foresee("smb.fid.closed_in", header.file.opened_in, view.frame.number)


def _note_response(view: View, header: Header, request: Request, state: Connection) -> None:
    header.fid, header.file = request.fid, request.file if request.fid is not None else None
    if header.status:
        return
    region = header.region
    if header.command == _NT_CREATE and header.words >= 34 and request.file is not None:
        header.fid, header.file = region.le16(BODY + 6), request.file
        request.file.opened_in = view.frame.number
        state.files[header.fid] = request.file
        if len(state.files) > MAX_FILES:
            state.files.popitem(last=False)
        view.session.foresee("smb.fid", request.frame, header.fid)
    elif header.command == _TREE_CONNECT and view.stream is not None and not view.session.is_second_pass:
        paths = _trees(view).paths
        for tid in (header.tid, request.tid):
            paths[view.stream.conversation.index, tid] = (request.text, view.frame.number)
        while len(paths) > MAX_FILES:
            paths.popitem(last=False)


def link(layer: Layer, header: Header) -> None:
    """`smb.response_in`, or `smb.response_to` and the time it took."""
    view = layer.view
    if not header.response:
        for key, frame in view.session.foresight_for("smb.response_in", view.frame.number):
            if key == (header.pid, header.mid, header.command):
                layer.add("smb.response_in", frame, layer.start)
                return
    elif header.request is not None:
        layer.add("smb.response_to", header.request.frame, layer.start)
        layer.add("smb.time", (view.frame.time or 0) - header.request.time, layer.start)
