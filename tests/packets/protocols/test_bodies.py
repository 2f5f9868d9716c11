"""What HTTP bodies hold: JSON and forms, as Wireshark 4.4 takes them apart."""

from __future__ import annotations

import pytest

from dfilter.packets.protocols.http_body import MAX_DECODED, decode
from dfilter.packets.view import View
from tests.packets.protocols.http_wire import Talk


def posted(content_type: bytes, body: bytes) -> View:
    head = b"POST / HTTP/1.1\r\nContent-Type: " + content_type + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
    return Talk().client(head + body).views()[3]


def test_json() -> None:
    view = posted(b"application/json", rb'{"a": "x\u0041", "b": [1.5, true, null, {"c": false}]}')
    assert view.get("json.member") == ("a", "b", "c")
    assert view.get("json.key") == ("a", "c", "b")
    assert view.get("json.path") == ("/a", "/b/[]/c", "/b")
    assert view.get("json.path_with_value") == (r"/a:x\u0041", "/b/[]:1.5", "/b/[]:true", "/b/[]:null", "/b/[]/c:false")
    assert view.get("json.member_with_value")[:2] == (r"a:x\u0041", "[]:1.5")
    assert view.get("json.value.string") == (r"x\u0041",)
    assert view.get("json.value.number") == (1.5,)
    assert view.get("json.value.true") == view.get("json.value.null") == (None,)
    assert len(view.get("json.object")) == 2
    assert view.get("json.array") == (None,)


@pytest.mark.parametrize("body", [b"{", b'{"a"}', b'{"a":}', b"[1,]", b'{"a":1,}', b"x", b'"unfinished', b"[" * 500])
def test_what_is_not_json_is_text(body: bytes) -> None:
    view = posted(b"application/json", body)
    assert [layer.item_bytes() for layer in view.get("json")] == [b""]
    assert len(view.get("data-text-lines")) == 1


def test_forms() -> None:
    view = posted(b"application/x-www-form-urlencoded", b"a=1&b=%41+c&d&e=")
    assert view.get("urlencoded-form.key") == ("a", "b", "d", "e")
    assert view.get("urlencoded-form.value") == ("1", "A c", "", "")


def test_brotli_is_unpacked_where_its_library_is() -> None:
    brotli = pytest.importorskip("brotli")
    packed = brotli.compress(b"hello " * 30)
    assert decode(packed, b" BR") == b"hello " * 30
    assert decode(packed + b"more", b"br") is None
    assert decode(b"\xff\xfe", b"br") is None
    bomb = brotli.compress(bytes(20 * 1024 * 1024), quality=1)
    assert len(decode(bomb, b"br") or b"") == MAX_DECODED


@pytest.mark.parametrize(("content_type", "name"), [
    (b"", "data"), (b"application/octet-stream", "data"), (b"application/zip", "media"), (b"image/jpeg", "media"),
    (b"text/plain", "data-text-lines"),
])  # fmt: skip
def test_parts_of_no_known_type(content_type: bytes, name: str) -> None:
    head = b"Content-Type: " + content_type + b"\r\n" if content_type else b""
    view = posted(b"multipart/form-data; boundary=XX", b"--XX\r\n" + head + b"\r\nbody\r\n--XX--\r\n")
    assert view.layers[-1].protocol.name == name
