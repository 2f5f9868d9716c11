"""What HTTP bodies hold: JSON and forms, as Wireshark 4.4 takes them apart."""

from __future__ import annotations

import gzip

import pytest

from dfilter.packets import view as view_module
from dfilter.packets.protocols import http_body, json_text
from dfilter.packets.protocols.http_body import MAX_DECODED, MAX_TRAILER, decode, missing_chunks, read_chunks
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


def test_a_text_of_countless_values_is_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Millions of values of two bytes each, unpacked from a few kilobytes, must not eat memory."""
    monkeypatch.setattr(json_text, "MAX_SHOWN", 100_000)
    assert len(posted(b"application/json", b"[" + b"1," * 300 + b"1]").get("json.value.number")) == 301
    for text in (b"[" + b"1," * 3000 + b"1]", b"{" + b'"a":{},' * 3000 + b'"a":1}', b"[" + b"[]," * 3000 + b"[]]"):
        assert posted(b"application/json", text).get("json.array") == ()


def test_a_form_shows_values_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_module, "MAX_VALUES", 10)
    view = posted(b"application/x-www-form-urlencoded", b"a&" * 20)
    assert view.get("urlencoded-form.key") == ("a",) * 10
    assert len(view.get("_ws.malformed")) == 1


def test_chunks_are_listed_up_to_a_limit_and_all_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_body, "MAX_CHUNKS", 3)
    text = b"1\r\na\r\n" * 9 + b"0\r\nx: 1\r\ny: 2\r\n\r\nrest"
    found = read_chunks(text, 0, len(text))
    assert [chunk.size for chunk in found.chunks] == [1, 1, 1, 0]
    assert found.join(text) == b"a" * 9
    assert found.trailer is not None
    assert text[slice(*found.trailer)] == b"x: 1\r\ny: 2\r\n"
    assert text[found.end :] == b"rest"


def test_what_a_packed_body_holds_is_bounded() -> None:
    packed = gzip.compress(b"[" + b"1," * 8_000_000 + b"1]")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    view = Talk().server(head + b"Content-Length: %d\r\n\r\n" % len(packed) + packed).views()[3]
    assert [layer.item_bytes() for layer in view.get("json")] == [b""]


@pytest.mark.parametrize(("rest", "missing", "trailer", "end"), [
    (b"", 1, b"", 0), (b"\r", 1, b"", 0), (b"\r\nmore", 0, b"", 2), (b"\nmore", 0, b"", 1),
    (b"a: b\r\n", 1, b"", 0), (b"a: b\r\nc\n\r\nmore", 0, b"a: b\r\nc\n", 10), (b"a: b\n\nmore", 0, b"a: b\n", 6),
    (b"a: b\r\n" * MAX_TRAILER, 0, b"a: b\r\n" * MAX_TRAILER, 6 * MAX_TRAILER),
])  # fmt: skip
def test_trailer(rest: bytes, missing: int, trailer: bytes, end: int) -> None:
    text = b"0\r\n" + rest
    found = read_chunks(text, 0, len(text))
    assert (found.missing, missing_chunks(text, 0, len(text))[0]) == (missing, missing)
    assert text[slice(*found.trailer or (0, 0))] == trailer
    assert missing or found.end == 3 + end
