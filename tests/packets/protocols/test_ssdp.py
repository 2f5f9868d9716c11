"""SSDP: HTTP's fields in layers of its own over UDP."""

from __future__ import annotations

from tests.packets.protocols.http_wire import datagram, frames_with, shown, two_passes

SEARCH = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nST: ssdp:all\r\n\r\n"
NOTIFY = b"NOTIFY * HTTP/1.1\r\nHOST: h\r\nNTS: ssdp:alive\r\n\r\n"
FOUND = b"HTTP/1.1 200 OK\r\nLocation: http://a/\r\nContent-Length: 0\r\n\r\n"


def test_messages_over_udp() -> None:
    frames = [datagram(5555, 1900, SEARCH), datagram(1900, 1900, NOTIFY), datagram(1900, 5555, FOUND),
              datagram(1900, 1900, b"garbage"), datagram(1900, 1900, SEARCH[:40])]  # fmt: skip
    views = two_passes([(frame, len(frame)) for frame in frames])
    assert frames_with(views, "ssdp") == [1, 2, 3, 4, 5]
    assert frames_with(views, "http") == []
    assert frames_with(views, "http.request") == [1, 5]
    assert shown(views, "http.request.method") == {1: ["M-SEARCH"], 2: ["NOTIFY"], 5: ["M-SEARCH"]}
    assert shown(views, "http.request.full_uri")[1] == ["http://239.255.255.250:1900*"]
    assert frames_with(views, "http.notification") == [2]
    assert shown(views, "http.unknown_header") == {2: ["NTS: ssdp:alive\\r\\n"]}
    assert shown(views, "http.location") == {3: ["http://a/"]}
    assert shown(views, "http.file_data") == {4: [b"garbage"]}
