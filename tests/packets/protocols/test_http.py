"""HTTP/1: which frame shows a message, its fields, its body, its partner. Values recorded from Wireshark 4.4."""

from __future__ import annotations

import gzip
import zlib

import pytest

from tests.packets.protocols.http_wire import ACK, FIN, PSH, RST, Talk, frames_with, shown

OK = b"HTTP/1.1 200 OK\r\n"
GET = b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def reply(body: bytes = b"ab", headers: bytes = b"") -> bytes:
    return OK + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


COMPLETION = [
    ("one segment", Talk().client(GET).server(reply()), [4, 5]),
    ("head in three segments", Talk().client(GET[:3], GET[3:20], GET[20:]), [6]),
    ("body in three segments", Talk().client(GET).server(reply(b"abc")[:-2], b"b", b"c"), [4, 7]),
    ("chunks", Talk().client(GET).server(OK + CHUNKED + b"\r\n5\r\nab", b"cde\r\n", b"0\r\n", b"\r\n"), [4, 8]),
    ("chunks that stream", Talk().client(GET).server(
        OK + CHUNKED + b"Content-Type: application/grpc-web\r\n\r\n5\r\nab", b"cde\r\n", b"1\r\nx\r\n1\r\ny\r\n",
        b"0\r\n\r\n"), [4, 6, 7, 8]),
    ("chunks of a type with parameters do not stream", Talk().client(GET).server(
        OK + CHUNKED + b"Content-Type: application/grpc; a=b\r\n\r\n1\r\na\r\n", b"0\r\n\r\n"), [4, 6]),
    ("until the server closes", Talk().client(GET).server(OK + b"\r\nbody").server_closes(), [4, 6]),
    ("until it closes, with data", Talk().client(GET).server(OK + b"\r\n", b"x", flags=PSH | ACK).server(
        b"y", flags=FIN | PSH | ACK), [4, 7]),
    ("reset is not a close", Talk().client(GET).server(OK + b"\r\nbody").server(b"", flags=RST), [4]),
    ("body never complete", Talk().client(GET).server(OK + b"Content-Length: 9\r\n\r\nab").server_closes(), [4]),
    ("length beyond 2**31 lasts until the close",
     Talk().client(GET).server(OK + b"Content-Length: 2200000000\r\n\r\nab").server_closes(), [4, 6]),
    ("head never complete", Talk().client(b"GET / HTTP/1.1\r\nHost: h\r\n"), []),
    ("answer to HEAD has no body", Talk().client(b"HEAD / HTTP/1.1\r\n\r\n").server(
        OK + b"Content-Length: 100\r\n\r\n").client(GET), [4, 5, 6]),
    ("304 has no body", Talk().client(GET).server(b"HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n"), [4, 5]),
    ("another port, recognised", Talk(9998).client(GET).server(reply()), [4, 5]),
    ("another port, half a first line", Talk(9998).client(GET[:8], GET[8:]), []),
    ("another port, other versions", Talk(9998).client(b"GET / HTTP/2.0\r\n\r\n"), []),
    ("not HTTP at all", Talk().client(b"\x01\x02 garbage\r\n"), []),
    ("an unknown method first", Talk().client(b"PURGE / HTTP/1.1\r\n\r\n"), []),
    ("an unknown method later", Talk().client(GET, b"PURGE / HTTP/1.1\r\n\r\n"), [4, 5]),
    ("the middle of a body comes first", Talk().server(b"\x00\x01\x02").client(GET).server(reply()), [4, 5, 6]),
    ("text without a line end waits", Talk().client(GET).server(reply(), b"more"), [4, 5]),
    ("bytes without a line end do not", Talk().client(GET).server(reply(), b"\x80\x81"), [4, 5, 6]),
]  # fmt: skip


@pytest.mark.parametrize(("talk", "frames"), [row[1:] for row in COMPLETION], ids=[row[0] for row in COMPLETION])
def test_a_message_belongs_to_the_frame_that_completes_it(talk: Talk, frames: list[int]) -> None:
    assert frames_with(talk.views(), "http") == frames


REQUEST = (
    b"GET /a;b/c?q=1&&z;y=2+3,4#f HTTP/1.1\r\nhost:  www.example.com  \r\nCookie: a=b; c=d;;e\r\n"
    b"Authorization: Basic dXNlcjpwYXNz\r\nX-Forwarded-For: 1.2.3.4\r\nX-\xdc: y\r\nContent-Length: 0\r\n\r\n"
)
REQUEST_FIELDS = """
    http.request.method                 GET
    http.request.uri                    /a;b/c?q=1&&z;y=2+3,4#f
    http.request.uri.path               /a;b/c
    http.request.uri.path.segment       /a|b/c
    http.request.uri.query              q=1&&z;y=2+3,4#f
    http.request.uri.query.parameter    q=1|&z|y=2|3|4#f
    http.request.version                HTTP/1.1
    http.request.full_uri               http://www.example.com/a;b/c?q=1&&z;y=2+3,4#f
    http.cookie_pair                    a=b|c=d|e
    http.authbasic                      user:pass
    http.x_forwarded_for                1.2.3.4
    http.content_length_header          0
    http.content_length                 0
    http.bad_header_name                None
    http.request                        True
"""


def test_fields_of_a_request() -> None:
    view = Talk().client(REQUEST).views()[3]
    for line in REQUEST_FIELDS.strip("\n").split("\n"):
        name, _, wanted = line.strip(" ").partition(" ")
        assert "|".join(map(str, view.get(name))) == wanted.lstrip(" "), name
    assert view.get("http.host") == ("www.example.com  ",)
    assert view.get("http.request.line")[1] == "Cookie: a=b; c=d;;e\r\n"


RESPONSE_LINES = [
    (b"HTTP/1.1 404 Not  Found Here", ("HTTP/1.1", 404, "Not Found", "Not  Found Here")),
    (b"HTTP/1.1  200  OK", ("HTTP/1.1", 200, "OK", "OK")),
    (b"HTTP/1.1 599 x", ("HTTP/1.1", 599, "Server Error - Others", "x")),
    (b"HTTP/1.1 abc x", ("HTTP/1.1", 0, "Unknown (0)", "x")),
    (b"HTTP/1.1 2000 x", ("HTTP/1.1", 200, "OK", "x")),
    (b"HTTP/1.1 20 x", ("HTTP/1.1", None, None, None)),
    (b"HTTP/1.1 200", ("HTTP/1.1", 200, "OK", None)),
    (b"ICY 200 OK", ("ICY", 200, "OK", "OK")),
]


@pytest.mark.parametrize(("line", "wanted"), RESPONSE_LINES)
def test_status_lines(line: bytes, wanted: tuple[object, ...]) -> None:
    view = Talk().client(GET).server(line + b"\r\nContent-Length: 0\r\n\r\n").views()[4]
    names = ("http.response.version", "http.response.code", "http.response.code.desc", "http.response.phrase")
    assert tuple(next(iter(view.get(name)), None) for name in names) == wanted


def test_requests_and_responses_know_each_other() -> None:
    continued = b"HTTP/1.1 100 Continue\r\n\r\n"
    views = Talk().client(GET).server(continued, reply()).client(GET.replace(b"/1", b"/2")).server(reply()).views()
    assert shown(views, "http.response_in") == {4: [6], 7: [8]}
    assert shown(views, "http.request_in") == {5: [4], 6: [4], 8: [7]}
    assert shown(views, "http.time") == {5: [10**7], 6: [2 * 10**7], 8: [10**7]}
    assert shown(views, "http.request.uri")[8] == ["/2"]


def test_pipelined_requests_as_the_reference_links_them() -> None:
    second = GET.replace(b"/1", b"/2")
    views = Talk().client(GET, second).server(reply(), reply()).views()
    assert shown(views, "http.request_in") == {6: [5]}
    assert shown(views, "http.response_in") == {5: [6]}
    views = Talk().client(GET + second).server(reply()).views()
    assert shown(views, "http.request.full_uri")[4] == ["http://h/2", "http://h/2"]


def test_ranges_are_matched_by_their_numbers() -> None:
    def ask(uri: bytes, wanted: bytes) -> bytes:
        return b"GET " + uri + b" HTTP/1.1\r\nRange: bytes=" + wanted + b"\r\n\r\n"

    def part(given: bytes) -> bytes:
        return b"HTTP/1.1 206 P\r\nContent-Range: bytes " + given + b"/99\r\nContent-Length: 0\r\n\r\n"

    talk = Talk().client(ask(b"/a", b"10-19"), ask(b"/b", b"20-29")).server(part(b"20-29"), part(b"10-19"))
    assert shown(talk.views(), "http.request_in") == {6: [5], 7: [4]}


PACKED = gzip.compress(b"hello hello\n" * 9, mtime=0)
BODIES = [
    ("gzip", b"gzip", PACKED, b"hello hello\n" * 9),
    ("x-gzip", b"x-gzip", PACKED, b"hello hello\n" * 9),
    ("broken off", b"gzip", PACKED[:18], b"hello h"),
    ("wrong checksum", b"gzip", PACKED[:-8] + b"\0" * 8, b"hello hello\n" * 9),
    ("deflate with a header", b"deflate", zlib.compress(b"hello"), b"hello"),
    ("deflate without one", b"deflate", zlib.compress(b"hello")[2:-4], b"hello"),
    ("not packed after all", b"gzip", b"plain text here\n", None),
    ("unknown", b"foo", b"abc", None),
    ("identity", b"identity", b"abc", b"abc"),
]


@pytest.mark.parametrize(("coding", "body", "wanted"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_content_codings(coding: bytes, body: bytes, wanted: bytes | None) -> None:
    headers = b"Content-Type: text/plain\r\nContent-Encoding: " + coding + b"\r\n"
    view = Talk().client(GET).server(reply(body, headers)).views()[4]
    assert view.get("http.file_data") == (() if wanted is None else (wanted,))
    assert len(view.get("data-text-lines")) == (0 if wanted is None else 1)
    assert len(view.get("http.decompression_failed")) == (1 if wanted is None else 0)


def test_a_small_body_does_not_fill_the_memory() -> None:
    bomb = gzip.compress(b"\0" * (20 << 20), mtime=0)
    talk = Talk().client(GET).server(reply(bomb, b"Content-Encoding: gzip\r\n"))
    assert len(talk.views()[4].get("http.file_data")[0]) == 16 << 20


def test_chunks() -> None:
    body = b"a;ext=1\r\n0123456789\r\n1\r\nx\r\n0\r\nTrail: er\r\n\r\n"
    view = Talk().client(GET).server(OK + CHUNKED + b"\r\n" + body + reply(b"zz")).views()[4]
    assert view.get("http.chunk_size") == (10, 1, 0)
    assert view.get("http.chunk_data") == (b"0123456789", b"x")
    assert view.get("http.chunked_trailer_part") == ("Trail: er\r\n",)
    assert view.get("http.file_data") == (b"0123456789x", b"zz")


MEDIA = [
    (b"text/html", b"<p>", "data-text-lines"),
    (b"TEXT/HTML ;x=y", b"<p>", "data-text-lines"),
    (b"text/html", b"<?xml version='1.0'?>", "xml"),
    (b"application/xml", b"<a/>", "xml"),
    (b"image/svg+xml", b"<a/>", "xml"),
    (b"application/made-up+xml", b"<a/>", "xml"),
    (b"application/zip", b"PK", "media"),
    (b"image/png", b"not a picture", "media"),
    (b"image/png", b"\x89PNG\r\n\x1a\n" + bytes(20), "png"),
    (b"application/octet-stream", b"abc", "data"),
    (b"application/json", b'{"a": 1}', "json"),
    (b"application/json", b"not json", "data-text-lines"),
    (b"multipart/mixed; boundary=x", b"--x--", "mime_multipart"),
    (b"application/x-www-form-urlencoded", b"a=1", "urlencoded-form"),
    (None, b"abc", "data"),
]


@pytest.mark.parametrize(("content_type", "body", "protocol"), MEDIA)
def test_bodies_by_their_type(content_type: bytes | None, body: bytes, protocol: str) -> None:
    headers = b"" if content_type is None else b"Content-Type: " + content_type + b"\r\n"
    view = Talk().client(GET).server(reply(body, headers)).views()[4]
    assert [layer.protocol.name for layer in view.layers][-1] == protocol or view.get(protocol)
    assert view.get("http.file_data") == (body,)


def test_connect_makes_a_tunnel() -> None:
    talk = Talk(8080).client(b"CONNECT h:65000 HTTP/1.1\r\n\r\n")
    talk.server(b"HTTP/1.1 200 Yes\r\n\r\n").client(b"\x00\x01")
    views = talk.views()
    assert shown(views, "http.proxy_connect_port") == {6: [65000]}
    assert shown(views, "data.data") == {6: [b"\x00\x01"]}
    refused = Talk(8080).client(b"CONNECT h:65000 HTTP/1.1\r\n\r\n").server(
        b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n").client(GET)  # fmt: skip
    assert shown(refused.views(), "http.proxy_connect_port") == {}


def test_bytes_after_a_message_that_begin_none() -> None:
    view = Talk().client(GET.replace(b"\r\n\r\n", b"\r\nno colon here\r\nX: y\r\n\r\n")).views()[3]
    assert len(view.get("http")) == 2
    assert view.get("http.excess_data") == (None,)
    assert view.get("http.request.line") == ("Host: h\r\n",)


def test_headers_whose_start_line_was_lost() -> None:
    views = Talk().client(b"Foo: x\r\nHost: h\r\n\r\nbody", b"nope\r\n", b"foo bar: x\r\n").views()
    assert frames_with(views, "http") == [4]
    assert shown(views, "http.unknown_header") == {4: ["Foo: x\\r\\n"]}
    assert shown(views, "http.host") == {4: ["h"]}
    assert shown(views, "http.file_data") == {4: [b"body"]}
    assert frames_with(views, "http.request") == []


DAMAGE = [
    ("cut in a header's name", reply(b"x" * 500), 80, [], True),
    ("cut in the body", reply(b"x" * 500), 200, [b"x" * 106], True),
    ("whole", reply(b"x"), None, [b"x"], False),
]


@pytest.mark.parametrize(("message", "snap", "bodies", "short"), [row[1:] for row in DAMAGE],
                         ids=[row[0] for row in DAMAGE])  # fmt: skip
def test_frames_cut_by_the_capture(message: bytes, snap: int | None, bodies: list[bytes], short: bool) -> None:
    view = Talk().client(GET).server(message, snap=snap).views()[4]
    assert list(view.get("http.file_data")) == bodies
    assert view.get("http.response.code") == (200,)
    assert bool(view.get("_ws.short")) is short


HOSTILE = [
    b"GET " + b"?&" * 20000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 12000 + b"\r\n",
    b"GET / HTTP/1.1\r\nCookie: " + b";" * 50000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 9000 + b"0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 60000 + b"\r\n",
    b"GET\n\n" * 10000,
    b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n" + b"[" * 60000,
    b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n" + b'{"a":' * 12000,
    b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 50000 + b"\r\n\r\n",
    b"\r\n" * 30000,
]


@pytest.mark.parametrize("payload", HOSTILE, ids=[repr(payload[:40]) for payload in HOSTILE])
def test_hostile_messages_end(payload: bytes) -> None:
    views = Talk().client(GET).client(payload).server(payload).views()
    assert frames_with(views, "http")[0] == 4
