"""Handshake messages of TLS and DTLS (RFC 5246 section 7.4, RFC 8446 section 4).

In: one whole message without its header and what the connection has agreed on.  Out: its fields.
What always holds: nothing here changes state; damage raises as `Region` does and ends the message.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache

from dfilter.fields.values import labels
from dfilter.fields.versions import Version
from dfilter.packets.protocols.ja import ja3_text, ja3s_text, ja4, md5
from dfilter.packets.protocols.tls_compression import certificate_of
from dfilter.packets.protocols.tls_extensions import (
    CERTIFICATE,
    CERTIFICATE_REQUEST,
    CLIENT_HELLO,
    ENCRYPTED_EXTENSIONS,
    HELLO_RETRY_REQUEST,
    NEW_SESSION_TICKET,
    SERVER_HELLO,
    HelloFacts,
    walk_certificate_status,
    walk_extensions,
    walk_signature_algorithm,
    walk_signature_algorithms,
)
from dfilter.packets.protocols.tls_walk import Walk
from dfilter.packets.protocols.x509 import wants_certificates
from dfilter.packets.protocols.x509_certificate import fill_certificate
from dfilter.packets.protocols.x509_names import fill_distinguished_name
from dfilter.packets.region import Malformed, Region
from dfilter.slotted import frozen

SERVER_KEY_EXCHANGE, CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE, FINISHED = 12, 15, 16, 20
HELLO_VERIFY_REQUEST, CERTIFICATE_STATUS, KEY_UPDATE, COMPRESSED_CERTIFICATE = 3, 22, 24, 25

SSL3, TLS12, TLS13, OLD_DTLS = 0x0300, 0x0303, 0x0304, 0x0100
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a server hello that is a hello retry request (RFC 8446 section 4.1.3)."""

NAMED_CURVE = 3
SUPPORTED_VERSIONS = 43
NANOSECONDS = 10**9


@frozen
class Agreed:
    """What is known of a connection when a message is shown.

    Attributes:
        version: protocol version as on the wire, drafts of 1.3 as 1.3; 0 as long as it is not known.
        suite: the chosen cipher suite; None before the server's hello.
        transport: "t" over TCP, "q" in QUIC, "d" for DTLS; empty for TLS over anything else.
    """

    version: int
    suite: int | None
    transport: str


def is_tls13(version: int) -> bool:
    """Is it TLS 1.3, one of its drafts, or DTLS 1.3?"""
    return version in (TLS13, 0xFEFC) or version >> 8 == 0x7F


@cache
def key_exchange(suite: int | None) -> str:
    """How a cipher suite exchanges keys, as its name says: "ECDHE_RSA"; empty where it is not known."""
    for first, last, label in labels("tls.handshake.ciphersuite", Version.V4_4) or ():
        if suite is not None and first <= suite <= last and "_WITH_" in label:
            return label.removeprefix("TLS_").partition("_WITH_")[0]
    return ""


def fill_message(walk: Walk, type_: int, agreed: Agreed) -> None:
    """Add the fields of a message's body, all of which is `walk`'s."""
    if type_ == CLIENT_HELLO:
        _client_hello(walk, agreed)
    elif type_ == SERVER_HELLO:
        _server_hello(walk)
    elif type_ == HELLO_VERIFY_REQUEST and walk.prefix == "dtls":
        _hello_verify_request(walk)
    elif type_ == NEW_SESSION_TICKET:
        _new_session_ticket(walk, agreed)
    elif type_ == HELLO_RETRY_REQUEST:
        _hello_retry_request(walk)
    elif type_ == ENCRYPTED_EXTENSIONS:
        walk_extensions(walk, type_, HelloFacts())
    elif type_ == CERTIFICATE:
        _certificates(walk, agreed)
    elif type_ == SERVER_KEY_EXCHANGE:
        _server_key_exchange(walk, agreed)
    elif type_ == CERTIFICATE_REQUEST:
        _certificate_request(walk, agreed)
    elif type_ == CERTIFICATE_VERIFY:
        _certificate_verify(walk, agreed)
    elif type_ == CLIENT_KEY_EXCHANGE:
        _client_key_exchange(walk, agreed)
    elif type_ == FINISHED:
        walk.note("handshake.verify_data", None, walk.left)
    elif type_ == CERTIFICATE_STATUS:
        walk_certificate_status(walk)
    elif type_ == KEY_UPDATE:
        walk.number("handshake.key_update.request_update", 1)
    elif type_ == COMPRESSED_CERTIFICATE:
        _compressed_certificate(walk, agreed)


def _random(walk: Walk, with_time: bool) -> bytes:
    start = walk.at
    value = walk.opaque("handshake.random", 32)
    if with_time:
        walk.note("handshake.random_time", int.from_bytes(value[:4], "big") * NANOSECONDS, 4, start)
        walk.note("handshake.random_bytes", value[4:], 28, start + 4)
    return value


def _hello_verify_request(walk: Walk) -> None:
    """RFC 6347 section 4.2.1; in TLS there is none."""
    walk.number("handshake.version", 2)
    _cookie(walk)


def _cookie(walk: Walk) -> None:
    size = walk.length("handshake.cookie_length", 1)
    if size:
        walk.opaque("handshake.cookie", size)


def _session_id(walk: Walk) -> None:
    size = walk.length("handshake.session_id_length", 1)
    if size:
        walk.opaque("handshake.session_id", size)


def _client_hello(walk: Walk, agreed: Agreed) -> None:
    facts = HelloFacts(version=walk.peek(2))
    start = walk.at
    walk.number("handshake.version", 2)
    if walk.region.end < walk.region.reported_end:
        require_versions(walk.region, walk.prefix)
    _random(walk, not is_tls13(agreed.version))
    _session_id(walk)
    if walk.prefix == "dtls":
        _cookie(walk)
    size = walk.length("handshake.cipher_suites_length", 2)
    walk.note("handshake.ciphersuites", None, size)
    suites = walk.inner(size)
    facts.suites += [suites.number("handshake.ciphersuite", 2) for _ in range(suites.left // 2)]
    size = walk.length("handshake.comp_methods_length", 1)
    if size:
        walk.note("handshake.comp_methods", None, size)
    methods = walk.inner(size)
    while methods.left:
        methods.number("handshake.comp_method", 1)
    at = walk.at
    if walk.left:
        walk_extensions(walk, CLIENT_HELLO, facts)
    if any(is_tls13(version) for version in facts.versions):
        walk.note("handshake.legacy_version", None, 0, start)
    if walk.wants("handshake.ja4", "handshake.ja4_r"):
        for name, value in zip(("ja4", "ja4_r"), ja4(facts, agreed.transport), strict=True):
            walk.note("handshake." + name, value, 0, at)
    if not walk.wants("handshake.ja3", "handshake.ja3_full"):
        return
    text = ja3_text(facts)
    walk.note("handshake.ja3_full", text, 0, at)
    walk.note("handshake.ja3", md5(text), 0, at)


def require_versions(hello: Region, prefix: str, is_server: bool = False) -> None:
    """Raise `Truncated` for a hello of which not even as much was captured as the reference reads to learn its version:
    all up to the header of `supported_versions` (RFC 8446 section 4.2.1), else of its last extension."""
    with suppress(Malformed):
        at = 38 + 1 + hello.u8(38)
        if prefix == "dtls" and not is_server:
            at += 1 + hello.u8(at)
        if is_server:
            at += 3
        else:
            at += 2 + hello.u16(at)
            at += 1 + hello.u8(at)
        hello.need(0, min(at, hello.reported_length))
        if at < hello.reported_length:
            hello.u16(at)
            at += 2
        while at + 4 <= hello.reported_length:
            type_, size = hello.u16(at), hello.u16(at + 2)
            if type_ == SUPPORTED_VERSIONS:
                return
            at += 4 + size


def _server_hello(walk: Walk) -> None:
    facts = HelloFacts(version=walk.peek(2))
    facts_version, start = facts.version, walk.at
    is_draft = 0x7F00 <= facts_version <= 0x7F15  # drafts up to 21 had no session and no compression here
    version = agreed_version(walk)
    walk.number("handshake.version", 2)
    facts.named = has_algorithms(version)
    random = _random(walk, not is_tls13(version))
    if not is_draft:
        _session_id(walk)
    facts.suites.append(walk.number("handshake.ciphersuite", 2))
    if not is_draft:
        walk.number("handshake.comp_method", 1)
    at = walk.at
    if walk.left:
        walk_extensions(walk, HELLO_RETRY_REQUEST if random == RETRY_RANDOM else SERVER_HELLO, facts)
    if is_tls13(version) and not is_draft:
        walk.note("handshake.legacy_version", None, 0, start)
    if not walk.wants("handshake.ja3s", "handshake.ja3s_full"):
        return
    text = ja3s_text(facts)
    walk.note("handshake.ja3s_full", text, 0, at)
    walk.note("handshake.ja3s", md5(text), 0, at)


def agreed_version(hello: Walk) -> int:
    """The version that a server's hello (its body) settles: its extension's, else its own field's."""
    return server_choice(hello.region.rest(hello.at))[0]


def server_choice(hello: bytes) -> tuple[int, int | None, bytes | None]:
    """(version, cipher suite, ALPN protocol) of a server hello's body; what is cut off is not known."""
    version = int.from_bytes(hello[:2], "big")
    at = 34
    if not 0x7F00 <= version <= 0x7F15:
        at += 1 + (hello[34] if len(hello) > 34 else 0)
    suite = int.from_bytes(hello[at : at + 2], "big") if len(hello) >= at + 2 else None
    at += 4 if 0x7F00 <= version <= 0x7F15 else 5
    protocol = None
    while at + 4 <= len(hello):
        type_, size = int.from_bytes(hello[at : at + 2], "big"), int.from_bytes(hello[at + 2 : at + 4], "big")
        content = hello[at + 4 : at + 4 + size]
        if type_ == 43 and len(content) == 2:
            version = int.from_bytes(content, "big")
        elif type_ == 16 and len(content) > 3:
            protocol = content[3 : 3 + content[2]]
        at += 4 + size
    return TLS13 if version >> 8 == 0x7F else version, suite, protocol


def sole_offer(hello: bytes) -> bytes | None:
    """The ALPN protocol that a client hello's body offers, if it is the only one."""
    at = 35 + (hello[34] if len(hello) > 34 else 0)
    at += 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 3 + (hello[at] if len(hello) > at else 0)
    while at + 4 <= len(hello):
        type_, size = int.from_bytes(hello[at : at + 2], "big"), int.from_bytes(hello[at + 2 : at + 4], "big")
        content = hello[at + 4 : at + 4 + size]
        if type_ == 16:
            return content[3:] if len(content) > 3 and len(content) == 3 + content[2] else None
        at += 4 + size
    return None


def _new_session_ticket(walk: Walk, agreed: Agreed) -> None:
    walk.number("handshake.session_ticket_lifetime_hint", 4)
    if is_tls13(agreed.version):
        walk.number("handshake.session_ticket_age_add", 4)
        walk.opaque("handshake.session_ticket_nonce", walk.length("handshake.session_ticket_nonce_length", 1))
    walk.opaque("handshake.session_ticket", walk.length("handshake.session_ticket_length", 2))
    if is_tls13(agreed.version):
        walk_extensions(walk, NEW_SESSION_TICKET, HelloFacts())


def _hello_retry_request(walk: Walk) -> None:
    version = walk.number("handshake.version", 2)
    if version >= 0x7F13:
        walk.number("handshake.ciphersuite", 2)
    walk_extensions(walk, HELLO_RETRY_REQUEST, HelloFacts())


def _certificates(walk: Walk, agreed: Agreed) -> None:
    tls13 = is_tls13(agreed.version)
    if tls13:
        size = walk.length("handshake.certificate_request_context_length", 1)
        if size:
            walk.opaque("handshake.certificate_request_context", size)
    size = walk.length("handshake.certificates_length", 3)
    if not size:
        return
    walk.note("handshake.certificates", None, size)
    inside = walk.inner(size)
    while inside.left:
        size = inside.length("handshake.certificate_length", 3)
        region = inside.region.sub(inside.at, size)
        inside.opaque("handshake.certificate", size)
        if wants_certificates(walk.layer.view.session):
            fill_certificate(walk.layer, region, walk.foreign, has_algorithms(agreed.version))
        if tls13:
            walk_extensions(inside, CERTIFICATE, HelloFacts())


def _compressed_certificate(walk: Walk, agreed: Agreed) -> None:
    inside = certificate_of(walk.region.sub(walk.at))
    walk.number("compress_certificate.algorithm", 2)
    walk.number("compress_certificate.uncompressed_length", 3)
    size = walk.length("compress_certificate.compressed_certificate_message.length", 3)
    walk.opaque("compress_certificate.compressed_certificate_message", size)
    if inside is not None:
        _certificates(Walk(walk.layer, walk.prefix, inside), agreed)


def _certificate_request(walk: Walk, agreed: Agreed) -> None:
    if is_tls13(agreed.version):
        size = walk.length("handshake.certificate_request_context_length", 1)
        if size:
            walk.opaque("handshake.certificate_request_context", size)
        walk_extensions(walk, CERTIFICATE_REQUEST, HelloFacts())
        return
    size = walk.length("handshake.cert_types_count", 1)
    if size:
        walk.note("handshake.cert_types", None, size)
    types = walk.inner(size)
    while types.left:
        types.number("handshake.cert_type", 1)
    if has_algorithms(agreed.version):
        walk_signature_algorithms(walk)
    size = walk.length("handshake.dnames_len", 2)
    if size:
        walk.note("handshake.dnames", None, size)
    names = walk.inner(size)
    while names.left:
        size = names.length("handshake.dname_len", 2)
        names.note("handshake.dname", None, size)
        if wants_certificates(walk.layer.view.session):
            fill_distinguished_name(walk.layer, names.region.sub(names.at, size), walk.foreign)
        names.at += size


def has_algorithms(version: int) -> bool:
    """From TLS 1.2 and DTLS 1.2 on, signatures say their algorithm."""
    return version in (TLS12, TLS13, 0xFEFD, 0xFEFC)


def _certificate_verify(walk: Walk, agreed: Agreed) -> None:
    if has_algorithms(agreed.version):
        walk_signature_algorithm(walk)
    walk.opaque("handshake.client_cert_vrfy.sig", walk.length("handshake.client_cert_vrfy.sig_len", 2))


def _signature(walk: Walk, agreed: Agreed) -> None:
    if has_algorithms(agreed.version):
        walk_signature_algorithm(walk)
    walk.opaque("handshake.sig", walk.length("handshake.sig_len", 2))


def _numbered(walk: Walk, *names: str) -> None:
    """Opaques with a length of two bytes each."""
    for name in names:
        walk.opaque(f"handshake.{name}", walk.length(f"handshake.{name}_len", 2))


def _server_key_exchange(walk: Walk, agreed: Agreed) -> None:
    exchange = key_exchange(agreed.suite)
    if exchange.endswith("PSK"):
        _numbered(walk, "hint")
    if exchange.startswith(("ECDHE", "ECDH_anon", "ECDH_ANON")):
        if walk.number("handshake.server_curve_type", 1) != NAMED_CURVE:
            return
        walk.number("handshake.server_named_curve", 2)
        walk.opaque("handshake.server_point", walk.length("handshake.server_point_len", 1))
    elif exchange.startswith("DH"):
        _numbered(walk, "p", "g", "ys")
    elif exchange.startswith("RSA") and "PSK" not in exchange:
        _numbered(walk, "modulus", "exponent")
    else:
        return
    if not exchange.lower().endswith(("anon", "psk", "anon_export")):
        _signature(walk, agreed)


def _client_key_exchange(walk: Walk, agreed: Agreed) -> None:
    exchange = key_exchange(agreed.suite)
    if exchange.endswith("PSK"):
        _numbered(walk, "identity")
    if exchange.startswith("ECDH"):
        walk.opaque("handshake.client_point", walk.length("handshake.client_point_len", 1))
    elif exchange.startswith("DH"):
        _numbered(walk, "yc")
    elif exchange.startswith("RSA") and agreed.version in (SSL3, OLD_DTLS):
        walk.opaque("handshake.epms", walk.left)
    elif exchange.startswith("RSA"):
        _numbered(walk, "epms")
