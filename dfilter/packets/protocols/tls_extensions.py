"""Hello extensions (RFC 8446 section 4.2, RFC 6066 and their companions; draft-ietf-tls-esni for ECH).

In: a walk over the extensions of one message.  Out: the fields of each.  What always holds: an extension cannot
read beyond its own length; one that is not known shows its bytes as `handshake.extension.data`.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.tls_quic_params import walk_quic_parameters
from dfilter.packets.protocols.tls_walk import Walk
from dfilter.slotted import field, slotted

CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET, HELLO_RETRY_REQUEST = 1, 2, 4, 6
ENCRYPTED_EXTENSIONS, CERTIFICATE, CERTIFICATE_REQUEST = 8, 11, 13
NANOSECONDS_PER_MILLISECOND = 1_000_000


@slotted(eq=True)
class HelloFacts:
    """What fingerprints need of a hello.

    Attributes:
        version: the legacy version field.
        suites: cipher suites, in order; of a server hello, the chosen one.
        extensions: types, in order.
        groups, point_formats, signature_algorithms, versions, protocols: the lists in these extensions.
        has_server_name: the client asks for a server name.
        named: signatures say their algorithm (TLS 1.2 or later).
    """

    version: int = 0
    suites: list[int] = field(default_factory=list)
    extensions: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    point_formats: list[int] = field(default_factory=list)
    signature_algorithms: list[int] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    protocols: list[bytes] = field(default_factory=list)
    has_server_name: bool = False
    named: bool = True


def walk_extensions(walk: Walk, message: int, facts: HelloFacts) -> None:
    """Pass the list of extensions of a message of type `message`, its length first."""
    inside = walk.vector("handshake.extensions_length", 2)
    while inside.left >= 4:
        type_ = inside.peek(2)
        size = int.from_bytes(inside.region.bytes(inside.at + 2, 2), "big")
        inside.note("handshake.extension", None, min(4 + size, inside.left))
        inside.number("handshake.extension.type", 2)
        one = inside.vector("handshake.extension.len", 2)
        facts.extensions.append(type_)
        handler = _HANDLERS.get(type_)
        if handler is not None:
            handler(one, message, facts)
        elif one.left or type_ not in _WITHOUT_CONTENT:
            one.opaque("handshake.extension.data", one.left)
        if one.left:
            one.note("malformed.trailing_data", None, one.left)


def _server_name(walk: Walk, message: int, facts: HelloFacts) -> None:
    facts.has_server_name = True
    if not walk.left:
        return
    names = walk.vector("handshake.extensions_server_name_list_len", 2)
    while names.left:
        names.number("handshake.extensions_server_name_type", 1)
        size = names.length("handshake.extensions_server_name_len", 2)
        names.text("handshake.extensions_server_name", size)


def _status_request(walk: Walk, message: int, facts: HelloFacts) -> None:
    if message == CLIENT_HELLO and walk.left:
        _one_status_request(walk)
    elif message == CERTIFICATE and walk.left:
        walk_certificate_status(walk)


def _one_status_request(walk: Walk) -> None:
    if walk.number("handshake.extensions_status_request_type", 1) in (1, 2):
        walk.vector("handshake.extensions_status_request_responder_ids_len", 2)
        walk.vector("handshake.extensions_status_request_exts_len", 2)


def walk_certificate_status(walk: Walk) -> None:
    """Pass a CertificateStatus (RFC 6066 section 8, RFC 6961)."""
    kind = walk.number("handshake.extensions_status_request_type", 1)
    if kind == 1:
        walk.vector("handshake.ocsp_response_len", 3)
    elif kind == 2:
        responses = walk.vector("handshake.ocsp_response_list_len", 3)
        while responses.left:
            responses.vector("handshake.ocsp_response_len", 3)


def _status_request_v2(walk: Walk, message: int, facts: HelloFacts) -> None:
    if message != CLIENT_HELLO:
        return
    items = walk.vector("handshake.extensions_status_request_list_len", 2)
    while items.left:
        items.number("handshake.extensions_status_request_type", 1)
        one = items.vector("handshake.extensions_status_request_len", 2)
        one.vector("handshake.extensions_status_request_responder_ids_len", 2)
        one.vector("handshake.extensions_status_request_exts_len", 2)


def _numbers(walk: Walk, length: str, length_size: int, group: str, name: str, size: int) -> list[int]:
    """A vector of numbers under a group of its own."""
    count = walk.length(length, length_size)
    if group:
        walk.note(group, None, count)
    inside = walk.inner(count)
    return [inside.number(name, size) for _ in range(inside.left // size)]


def _groups(walk: Walk, message: int, facts: HelloFacts) -> None:
    facts.groups += _numbers(walk, "handshake.extensions_supported_groups_length", 2,
                             "handshake.extensions_supported_groups",
                             "handshake.extensions_supported_group", 2)  # fmt: skip


def _point_formats(walk: Walk, message: int, facts: HelloFacts) -> None:
    facts.point_formats += _numbers(walk, "handshake.extensions_ec_point_formats_length", 1,
                                    "handshake.extensions_ec_point_formats",
                                    "handshake.extensions_ec_point_format", 1)  # fmt: skip


def walk_signature_algorithms(walk: Walk) -> list[int]:
    """Pass a list of signature algorithms, its length first."""
    count = walk.length("handshake.sig_hash_alg_len", 2)
    walk.note("handshake.sig_hash_algs", None, count)
    inside = walk.inner(count)
    return [walk_signature_algorithm(inside) for _ in range(inside.left // 2)]


def walk_signature_algorithm(walk: Walk) -> int:
    """Pass one signature algorithm; its two bytes are also shown as hash and signature (RFC 5246)."""
    value = walk.peek(2)
    walk.note("handshake.sig_hash_alg", value, 2)
    walk.number("handshake.sig_hash_hash", 1)
    walk.number("handshake.sig_hash_sig", 1)
    return value


def _signature_algorithms(walk: Walk, message: int, facts: HelloFacts) -> None:
    facts.signature_algorithms += walk_signature_algorithms(walk)


def _other_signature_algorithms(walk: Walk, message: int, facts: HelloFacts) -> None:
    walk_signature_algorithms(walk)


def _alpn(walk: Walk, message: int, facts: HelloFacts) -> None:
    facts.protocols += _protocol_names(walk, "alpn", "handshake.extensions_alpn_str")


def _alps(walk: Walk, message: int, facts: HelloFacts) -> None:
    if message == CLIENT_HELLO:
        _protocol_names(walk, "alps", "handshake.extensions_alps_alpn_str")
    else:
        walk.opaque("handshake.extensions_alps.settings", walk.left)


def _protocol_names(walk: Walk, kind: str, name: str) -> list[bytes]:
    size = walk.length(f"handshake.extensions_{kind}_len", 2)
    walk.note("handshake.extensions_alpn_list" if kind == "alpn" else "handshake.extensions_alps_alpn_list", None, size)
    names = walk.inner(size)
    found = []
    while names.left:
        count = names.length(name + "_len", 1)
        found.append(names.region.bytes(names.at, count))
        names.text(name, count)
    return found


def _npn(walk: Walk, message: int, facts: HelloFacts) -> None:
    while walk.left:
        walk.text("handshake.extensions_npn", walk.length("handshake.extensions_npn_str_len", 1))


def _sct(walk: Walk, message: int, facts: HelloFacts) -> None:
    if walk.left:
        walk_sct_list(walk, facts.named)


def walk_sct_list(walk: Walk, named: bool = True) -> None:
    """Pass a list of signed certificate timestamps (RFC 6962 section 3.3); `named`: signatures say their algorithm,
    as Wireshark 4.4 only expects it where the connection is TLS 1.2 or later."""
    items = walk.vector("sct.scts_length", 2)
    while items.left:
        one = items.vector("sct.sct_length", 2)
        if one.left < 47:
            return
        one.number("sct.sct_version", 1)
        one.opaque("sct.sct_logid", 32)
        one.note("sct.sct_timestamp", one.peek(8) * NANOSECONDS_PER_MILLISECOND, 8)
        one.at += 8
        extensions = one.vector("sct.sct_extensions_length", 2)
        if extensions.left:
            extensions.note("sct.sct_extensions", None, extensions.left)
        if named:
            walk_signature_algorithm(one)
        size = one.length("sct.sct_signature_length", 2)
        if size:
            one.opaque("sct.sct_signature", size)


def _certificate_type(walk: Walk, message: int, facts: HelloFacts) -> None:
    if message != CLIENT_HELLO:
        walk.number("handshake.cert_type.type", 1)
        return
    _numbers(walk, "handshake.cert_type.types_len", 1, "handshake.cert_type.types", "handshake.cert_type.type", 1)


def _token_binding(walk: Walk, message: int, facts: HelloFacts) -> None:
    walk.number("token_binding.version_major", 1)
    walk.number("token_binding.version_minor", 1)
    _numbers(walk, "token_binding.key_parameters_length", 1, "token_binding.key_parameters",
             "token_binding.key_parameter", 1)  # fmt: skip


def _pre_shared_key(walk: Walk, message: int, facts: HelloFacts) -> None:
    if message == SERVER_HELLO:
        walk.number("handshake.extensions.psk.identity.selected", 2)
        return
    identities = walk.vector("handshake.extensions.psk.identities.length", 2)
    while identities.left:
        size = identities.length("handshake.extensions.psk.identity.identity_length", 2)
        identities.opaque("handshake.extensions.psk.identity.identity", size)
        identities.number("handshake.extensions.psk.identity.obfuscated_ticket_age", 4)
    binders = walk.vector("handshake.extensions.psk.binders_len", 2)
    binders.note("handshake.extensions.psk.binders", None, binders.left)


def _early_data(walk: Walk, message: int, facts: HelloFacts) -> None:
    if message == NEW_SESSION_TICKET:
        walk.number("early_data.max_early_data_size", 4)


def _supported_versions(walk: Walk, message: int, facts: HelloFacts) -> None:
    if message == CLIENT_HELLO:
        facts.versions += _numbers(walk, "handshake.extensions.supported_versions_len", 1, "",
                                   "handshake.extensions.supported_version", 2)  # fmt: skip
    else:
        facts.versions.append(walk.number("handshake.extensions.supported_version", 2))


def _psk_modes(walk: Walk, message: int, facts: HelloFacts) -> None:
    _numbers(walk, "extension.psk_ke_modes_length", 1, "", "extension.psk_ke_mode", 1)


def _key_share(walk: Walk, message: int, facts: HelloFacts) -> None:
    if message == CLIENT_HELLO:
        shares = walk.vector("handshake.extensions_key_share_client_length", 2)
        while shares.left >= 4:
            _key_share_entry(shares)
    elif message == HELLO_RETRY_REQUEST:
        walk.number("handshake.extensions_key_share_selected_group", 2)
    else:
        _key_share_entry(walk)


def _key_share_entry(walk: Walk) -> None:
    walk.number("handshake.extensions_key_share_group", 2)
    size = walk.length("handshake.extensions_key_share_key_exchange_length", 2)
    walk.opaque("handshake.extensions_key_share_key_exchange", size)


def _renegotiation_info(walk: Walk, message: int, facts: HelloFacts) -> None:
    size = walk.length("handshake.extensions_reneg_info_len", 1)
    if size:
        walk.opaque("handshake.extensions_reneg_info", size)


def _encrypted_client_hello(walk: Walk, message: int, facts: HelloFacts) -> None:
    if message != CLIENT_HELLO or walk.number("ech.client_hello_type", 1) != 0:
        walk.at = walk.end
        return
    walk.note("ech.hpke.keyconfig.cipher_suite", None, 4)
    walk.number("ech.hpke.keyconfig.cipher_suite.kdf_id", 2)
    walk.number("ech.hpke.keyconfig.cipher_suite.aead_id", 2)
    walk.number("ech.config_id", 1)
    walk.opaque("ech.enc", walk.length("ech.enc_length", 2))
    walk.opaque("ech.payload", walk.length("ech.payload_length", 2))


def _quic_parameters(walk: Walk, message: int, facts: HelloFacts) -> None:
    walk_quic_parameters(walk)


def _all(name: str) -> Callable[[Walk, int, HelloFacts], None]:
    """An extension that is one opaque field, present even if empty."""
    return lambda walk, message, facts: (walk.opaque(name, walk.left), None)[1]


def _sized(name: str, size: int, length: str) -> Callable[[Walk, int, HelloFacts], None]:
    """An extension that is a length and an opaque of that length."""
    return lambda walk, message, facts: (walk.opaque(name, walk.length(length, size)), None)[1]


def _number(name: str, size: int) -> Callable[[Walk, int, HelloFacts], None]:
    return lambda walk, message, facts: (walk.number(name, size), None)[1]


def _compress_certificate(walk: Walk, message: int, facts: HelloFacts) -> None:
    _numbers(walk, "compress_certificate.algorithms_length", 1, "", "compress_certificate.algorithm", 2)


def _user_name(walk: Walk, message: int, facts: HelloFacts) -> None:
    walk.text("handshake.extensions_srp_username", walk.length("handshake.extensions_srp_len", 1))


_connection_id = _sized("connection_id", 1, "connection_id_length")
"""RFC 9146."""

_WITHOUT_CONTENT = frozenset({22, 23, 49})

_HANDLERS: dict[int, Callable[[Walk, int, HelloFacts], None]] = {
    0: _server_name, 1: _number("handshake.max_fragment_length", 1), 5: _status_request, 10: _groups,
    11: _point_formats, 12: _user_name, 13: _signature_algorithms,
    15: _number("handshake.extension.heartbeat.mode", 1), 16: _alpn, 17: _status_request_v2, 18: _sct,
    19: _certificate_type, 20: _certificate_type, 21: _all("handshake.extensions_padding_data"),
    24: _token_binding, 27: _compress_certificate, 28: _number("record_size_limit", 2),
    34: _other_signature_algorithms, 35: _all("handshake.extensions.session_ticket"), 40: _key_share,
    41: _pre_shared_key, 42: _early_data, 43: _supported_versions,
    44: _sized("handshake.extensions.cookie", 2, "handshake.extensions.cookie_len"), 45: _psk_modes,
    50: _other_signature_algorithms, 51: _key_share, 53: _connection_id, 54: _connection_id,
    57: _quic_parameters, 0xFFA5: _quic_parameters,
    13172: _npn, 17513: _alps, 0xFE0D: _encrypted_client_hello, 65281: _renegotiation_info,
}  # fmt: skip
