"""TLS records that the capture cut: how many bytes of a segment must be there for its fields to be shown, as Wireshark
4.4 shows them."""

from __future__ import annotations

import pytest

from tests.packets.protocols.http_wire import Talk
from tests.packets.protocols.tls_wire import client_hello, extension, record, server_hello

HEADERS = 54
"""Bytes before the payload."""
NAMES = {
    "record.length": "tls.record.length", "segment": "tls.segment.data", "h": "tls.handshake",
    "version": "tls.handshake.version", "random": "tls.handshake.random", "suite": "tls.handshake.ciphersuite",
    "change": "tls.change_cipher_spec", "alert": "tls.alert_message", "level": "tls.alert_message.level",
    "app_data": "tls.app_data",
}  # fmt: skip
EXTENSIONS = extension(10, b"\0\2\0\x1d") + extension(43, b"\2\3\3") + extension(16, b"\0\3\2h2")
CLIENT_HELLO = client_hello(EXTENSIONS, suites=b"\xc0\x2f", session=b"abcd")
SERVER_HELLO = server_hello(extension(0, b"") + extension(16, b"\0\3\2h2"), suite=0xC02F)
RECORDS = {
    "client": record(22, CLIENT_HELLO),
    "server": record(22, SERVER_HELLO),
    "alert": record(21, b"\2\x28"),
    "change": record(20, b"\1"),
    "data": record(23, bytes(range(60))),
    "unfinished": record(23, bytes(300))[:100],
}
CASES = """
client      4
client      5   record.length
client      9   record.length
client      10  record.length h
client      11  record.length h version
client      60  record.length h version
alert       5   record.length
alert       6   record.length alert
alert       7   record.length alert level
change      5   record.length
change      6   record.length change
data        64  record.length
data        65  record.length app_data
unfinished  4
unfinished  5   segment
"""


@pytest.mark.parametrize("case", CASES.strip().splitlines())
def test_records(case: str) -> None:
    name, captured, *shown = case.split()
    payload = RECORDS[name]
    view = Talk(443).client(payload, snap=HEADERS + int(captured)).views()[-1]
    assert "tls" in view.by_name
    assert [word for word, field in NAMES.items() if view.get(field)] == shown


def test_a_hello_is_shown_where_its_version_can_be_known() -> None:
    """All up to the header of the supported versions must have been captured, or to that of the last extension."""
    client, server = RECORDS["client"], RECORDS["server"]
    known = client.index(extension(43, b"\2\3\3")) + 4
    for captured, shown in ((known - 1, []), (known, ["random", "suite"])):
        view = Talk(443).client(client, snap=HEADERS + captured).views()[-1]
        assert [word for word in ("random", "suite") if view.get(NAMES[word])] == shown
    known = server.index(extension(16, b"\0\3\2h2")) + 4
    for captured, shown in ((known - 1, []), (known, ["h", "version", "random", "suite"])):
        view = Talk(443).client(client).server(server, snap=HEADERS + captured).views()[-1]
        assert view.get("tls.record.length")
        assert [word for word in ("h", "version", "random", "suite") if view.get(NAMES[word])] == shown
