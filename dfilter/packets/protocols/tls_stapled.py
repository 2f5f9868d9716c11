"""Where OCSP responses lie in handshake messages: in certificate status messages (RFC 6066 section 8), and with each
certificate in TLS 1.3 (RFC 8446 section 4.4.2.1), compressed or not.

In: one whole message.  Out: the regions of its responses, in order.  What always holds: what does not fit ends it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.packets.protocols.tls_compression import certificate_of
from dfilter.packets.protocols.tls_handshake import CERTIFICATE_STATUS, COMPRESSED_CERTIFICATE, is_tls13
from dfilter.packets.region import DissectionError, Region

CERTIFICATE, HANDSHAKE_HEADER, STATUS_REQUEST, OCSP = 11, 4, 5, 1


def stapled_responses(type_: int | None, message: Region, version: int) -> Iterator[Region]:
    """The OCSP responses in a message, header included, of a connection of this version."""
    body = message.sub(HANDSHAKE_HEADER)
    try:
        if type_ == CERTIFICATE_STATUS:
            yield from _response(body)
        elif type_ == CERTIFICATE and is_tls13(version):
            yield from _of_entries(body)
        elif type_ == COMPRESSED_CERTIFICATE:
            inside = certificate_of(body)
            if inside is not None:
                yield from _of_entries(inside)
    except DissectionError:
        return


def _response(status: Region) -> Iterator[Region]:
    if status.length > HANDSHAKE_HEADER and status.u8(0) == OCSP and 0 < status.u24(1) <= status.length - 4:
        yield status.sub(4, status.u24(1))


def _of_entries(body: Region) -> Iterator[Region]:
    at = 1 + body.u8(0)
    end = at + 3 + body.u24(at)
    at += 3
    while at < end:
        at += 3 + body.u24(at)
        after = at + 2 + body.u16(at)
        at += 2
        while at < after:
            kind, size = body.u16(at), body.u16(at + 2)
            if kind == STATUS_REQUEST:
                yield from _response(body.sub(at + 4, size))
            at += 4 + size
