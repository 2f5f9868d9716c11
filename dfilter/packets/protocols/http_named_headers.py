"""The fields that HTTP/2 and HTTP/3 show of single headers: the same ones, each under its own name.

In: a header's name and value.  Out: the field that is named after it, and for `:path` those of HTTP/1.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import computed
from dfilter.packets.protocols.http_fields import add_parameters
from dfilter.packets.view import Layer

_TEXTS = """
    accept accept_charset accept_encoding accept_language accept_ranges access_control_allow_origin allow authority
    authorization cache_control content_disposition content_encoding content_language content_location content_range
    content_type cookie date etag expect expires from if_match if_modified_since if_none_match if_range
    if_unmodified_since last_modified link location method path proxy_authenticate proxy_authorization range referer
    refresh retry_after scheme server set_cookie strict_transport_security user_agent vary via www_authenticate
"""
_NUMBERS = {"age": T.UINT64, "content_length": T.UINT64, "max_forwards": T.UINT64, "status": T.UINT16}
_TYPES = {**dict.fromkeys(_TEXTS.split(), T.STRING), **_NUMBERS}
_PSEUDO = frozenset(("authority", "method", "path", "scheme", "status"))
_MAX_DIGITS = 19
"""A longer number is none."""

SHARED_FIELDS = ("http.request.uri.path", "http.request.uri.query", "http.request.uri.query.parameter")
"""Fields of HTTP/1 that are shown for :path too."""


class NamedHeaders:
    """The fields under one prefix.

    Attributes:
        declared: all of them.
    """

    def __init__(self, prefix: str) -> None:
        names = {name: f"{prefix}.{name}" for name in _TYPES}
        self.declared = tuple(computed(names[name], type_, stateful=True) for name, type_ in _TYPES.items())
        self._texts = {_header(name): names[name] for name in _TYPES if name not in _NUMBERS}
        self._numbers = {_header(name): names[name] for name in _NUMBERS}

    def add(self, layer: Layer, name: bytes, value: bytes, at: int, length: int = 0) -> None:
        """The field for the header `name`, if it has one, covering `length` bytes at `at`."""
        text = value.decode("ascii", "replace")
        if name in self._texts:
            layer.add(self._texts[name], text, at, length)
        elif name in self._numbers and text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
            layer.add(self._numbers[name], int(text), at, length)
        if name == b":path":
            _add_path(layer, value, at)


def _header(name: str) -> bytes:
    return (":" if name in _PSEUDO else "").encode() + name.replace("_", "-").encode()


def _add_path(layer: Layer, path: bytes, at: int) -> None:
    question = path.find(b"?")
    if question < 0:
        return
    layer.add("http.request.uri.path", path[:question].decode("ascii", "replace"), at)
    layer.add("http.request.uri.query", path[question + 1 :].decode("ascii", "replace"), at)
    add_parameters(layer, path, question + 1, len(path), at)
