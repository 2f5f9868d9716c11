"""QUIC transport parameters inside TLS (RFC 9000 section 18, RFC 9368, and those that Google and Meta send)."""

from __future__ import annotations

from dfilter.packets.protocols.tls_walk import Walk

_INTEGERS = {
    0x01: "max_idle_timeout", 0x03: "max_udp_payload_size", 0x04: "initial_max_data",
    0x05: "initial_max_stream_data_bidi_local", 0x06: "initial_max_stream_data_bidi_remote",
    0x07: "initial_max_stream_data_uni", 0x08: "initial_max_streams_bidi", 0x09: "initial_max_streams_uni",
    0x0A: "ack_delay_exponent", 0x0B: "max_ack_delay", 0x0E: "active_connection_id_limit",
    0x20: "max_datagram_frame_size", 0x1057: "loss_bits", 0x3127: "google.initial_rtt",
    0x7158: "enable_time_stamp_v2", 0xFF00: "facebook.partial_reliability", 0xFF04DE1A: "min_ack_delay",
    0xFF04DE1B: "min_ack_delay",
}  # fmt: skip

_OPAQUES = {
    0x00: "original_destination_connection_id", 0x02: "stateless_reset_token",
    0x0F: "initial_source_connection_id", 0x10: "retry_source_connection_id",
    0x3128: "google.connection_options",
}  # fmt: skip

PREFERRED_ADDRESS, VERSION_INFORMATION = 0x0D, 0x11
GOOGLE_USER_AGENT, GOOGLE_VERSION = 0x3129, 0x4752


def variable_integer(walk: Walk) -> tuple[int, int]:
    """(value, how many bytes it takes) of the variable-length integer here (RFC 9000 section 16)."""
    size = 1 << (walk.peek(1) >> 6)
    return walk.peek(size) & (1 << 8 * size - 2) - 1, size


def _pass_integer(walk: Walk, name: str) -> int:
    value, size = variable_integer(walk)
    walk.note(name, value, size)
    walk.at += size
    return value


def walk_quic_parameters(walk: Walk) -> None:
    """Pass the list of parameters."""
    while walk.left:
        type_ = _pass_integer(walk, "quic.parameter.type")
        size = _pass_integer(walk, "quic.parameter.length")
        one = walk.inner(size)
        one.note("quic.parameter.value", one.region.bytes(one.at, one.left), one.left)
        if size or type_ in _OPAQUES:
            _walk_parameter(one, type_)


def _walk_parameter(walk: Walk, type_: int) -> None:
    if type_ in _INTEGERS:
        _pass_integer(walk, "quic.parameter." + _INTEGERS[type_])
    elif type_ in _OPAQUES:
        walk.opaque("quic.parameter." + _OPAQUES[type_], walk.left)
    elif type_ == PREFERRED_ADDRESS:
        _preferred_address(walk)
    elif type_ == VERSION_INFORMATION:
        walk.number("quic.parameter.vi.chosen_version", 4)
        while walk.left >= 4:
            walk.number("quic.parameter.vi.other_version", 4)
    elif type_ == GOOGLE_USER_AGENT:
        walk.text("quic.parameter.google.user_agent", walk.left)
    elif type_ == GOOGLE_VERSION and walk.left >= 4:
        walk.number("quic.parameter.google.quic_version", 4)
        if walk.left:
            versions = walk.vector("quic.parameter.google.supported_versions_length", 1)
            while versions.left >= 4:
                versions.number("quic.parameter.google.supported_version", 4)


def _preferred_address(walk: Walk) -> None:
    name = "quic.parameter.preferred_address."
    walk.opaque(name + "ipv4address", 4)
    walk.number(name + "ipv4port", 2)
    walk.opaque(name + "ipv6address", 16)
    walk.number(name + "ipv6port", 2)
    walk.opaque(name + "connectionid", walk.length(name + "connectionid.length", 1))
    walk.opaque(name + "statelessresettoken", 16)
