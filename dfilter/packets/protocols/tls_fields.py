"""The fields of handshake messages that TLS and DTLS have in common, by type.

Wireshark registers each of them twice, once a protocol, under the same name after the protocol's own.
"""

from __future__ import annotations

from dfilter.packets.declare import Field, computed_table
from dfilter.packets.protocols.x509 import is_certificate_field
from dfilter.packets.session import Session

_HANDSHAKE = {
    "NONE": """
        handshake handshake.legacy_version handshake.ciphersuites handshake.comp_methods handshake.extension
        handshake.extensions_supported_groups handshake.extensions_ec_point_formats handshake.sig_hash_algs
        handshake.extensions_alpn_list handshake.extensions_alps_alpn_list handshake.extensions.psk.binders
        handshake.cert_type.types handshake.certificates handshake.cert_types handshake.dnames handshake.dname
        handshake.verify_data malformed.buffer_too_small malformed.trailing_data
        ech.hpke.keyconfig.cipher_suite token_binding.key_parameters quic.parameter.google.support_handshake_done
        quic.parameter.google.key_update_not_yet_supported sct.sct_extensions
        """,
    "BOOLEAN": "",
    "UINT8": """
        handshake.comp_method handshake.comp_methods_length handshake.extensions_server_name_type
        handshake.max_fragment_length handshake.extensions_status_request_type handshake.extensions_srp_len
        handshake.extensions_ec_point_formats_length handshake.extensions_ec_point_format handshake.sig_hash_hash
        handshake.sig_hash_sig handshake.extension.heartbeat.mode handshake.extensions_alpn_str_len
        handshake.extensions_alps_alpn_str_len handshake.extensions_npn_str_len handshake.cert_type.types_len
        handshake.cert_type.type token_binding.version_major token_binding.version_minor
        token_binding.key_parameters_length token_binding.key_parameter compress_certificate.algorithms_length
        handshake.extensions.supported_versions_len extension.psk_ke_modes_length extension.psk_ke_mode
        handshake.extensions_reneg_info_len ech.client_hello_type ech.config_id sct.sct_version handshake.type
        handshake.session_ticket_nonce_length handshake.certificate_request_context_length
        handshake.cert_types_count handshake.cert_type handshake.server_curve_type handshake.server_point_len
        handshake.client_point_len handshake.key_update.request_update connection_id_length
        quic.parameter.preferred_address.connectionid.length quic.parameter.google.supported_versions_length
        """,
    "UINT16": """
        handshake.version handshake.cipher_suites_length handshake.ciphersuite
        handshake.extensions_length handshake.extension.type handshake.extension.len
        handshake.extensions_server_name_list_len handshake.extensions_server_name_len
        handshake.extensions_status_request_responder_ids_len handshake.extensions_status_request_exts_len
        handshake.extensions_status_request_len handshake.extensions_status_request_list_len
        handshake.extensions_supported_groups_length handshake.extensions_supported_group
        handshake.sig_hash_alg_len handshake.sig_hash_alg handshake.extensions_alpn_len
        handshake.extensions_alps_len compress_certificate.algorithm record_size_limit
        handshake.extensions.psk.identities.length handshake.extensions.psk.identity.identity_length
        handshake.extensions.psk.binders_len handshake.extensions.psk.identity.selected
        handshake.extensions.supported_version handshake.extensions.cookie_len
        handshake.extensions_key_share_client_length handshake.extensions_key_share_group
        handshake.extensions_key_share_key_exchange_length handshake.extensions_key_share_selected_group
        ech.hpke.keyconfig.cipher_suite.kdf_id ech.hpke.keyconfig.cipher_suite.aead_id ech.enc_length
        ech.payload_length sct.scts_length sct.sct_length sct.sct_extensions_length sct.sct_signature_length
        handshake.session_ticket_length handshake.dnames_len handshake.dname_len handshake.server_named_curve
        handshake.sig_len handshake.p_len handshake.g_len handshake.ys_len handshake.yc_len handshake.modulus_len
        handshake.exponent_len handshake.hint_len handshake.identity_len handshake.epms_len
        handshake.client_cert_vrfy.sig_len quic.len quic.parameter.length.old
        quic.parameter.preferred_address.ipv4port quic.parameter.preferred_address.ipv6port
        """,
    "UINT24": """
        handshake.length handshake.certificates_length handshake.certificate_length handshake.ocsp_response_len
        handshake.ocsp_response_list_len compress_certificate.uncompressed_length
        compress_certificate.compressed_certificate_message.length
        """,
    "UINT32": """
        handshake.extensions.psk.identity.obfuscated_ticket_age early_data.max_early_data_size
        handshake.session_ticket_lifetime_hint handshake.session_ticket_age_add
        quic.parameter.google.quic_version quic.parameter.google.supported_version
        quic.parameter.vi.chosen_version quic.parameter.vi.other_version
        """,
    "UINT64": """
        quic.parameter.type quic.parameter.length quic.parameter.max_idle_timeout
        quic.parameter.max_udp_payload_size quic.parameter.initial_max_data
        quic.parameter.initial_max_stream_data_bidi_local quic.parameter.initial_max_stream_data_bidi_remote
        quic.parameter.initial_max_stream_data_uni quic.parameter.initial_max_streams_bidi
        quic.parameter.initial_max_streams_uni quic.parameter.ack_delay_exponent quic.parameter.max_ack_delay
        quic.parameter.active_connection_id_limit quic.parameter.max_datagram_frame_size quic.parameter.loss_bits
        quic.parameter.min_ack_delay quic.parameter.enable_time_stamp_v2 quic.parameter.enable_multipath
        quic.parameter.google.initial_rtt quic.parameter.facebook.partial_reliability
        """,
    "BYTES": """
        handshake.random handshake.session_id handshake.extension.data handshake.extensions_reneg_info
        handshake.extensions.session_ticket handshake.extensions_padding_data handshake.extensions_alps.settings
        handshake.extensions.psk.identity.identity handshake.extensions.cookie
        handshake.extensions_key_share_key_exchange ech.enc ech.payload sct.sct_logid sct.sct_signature
        handshake.session_ticket handshake.session_ticket_nonce handshake.certificate
        handshake.certificate_request_context handshake.server_point handshake.client_point handshake.sig
        handshake.p handshake.g handshake.ys handshake.yc handshake.modulus handshake.exponent handshake.hint
        handshake.identity handshake.epms handshake.client_cert_vrfy.sig connection_id
        compress_certificate.compressed_certificate_message quic.parameter.value
        quic.parameter.original_destination_connection_id quic.parameter.stateless_reset_token
        quic.parameter.initial_source_connection_id quic.parameter.retry_source_connection_id
        quic.parameter.preferred_address.connectionid quic.parameter.preferred_address.statelessresettoken
        quic.parameter.google.connection_options
        """,
    "STRING": """
        handshake.extensions_server_name handshake.extensions_srp_username handshake.extensions_alpn_str
        handshake.extensions_alps_alpn_str handshake.extensions_npn handshake.ja3 handshake.ja3_full
        handshake.ja3s handshake.ja3s_full handshake.ja4 handshake.ja4_r quic.parameter.google.user_agent
        """,
    "ABSOLUTE_TIME": "sct.sct_timestamp",
    "IPv4": "quic.parameter.preferred_address.ipv4address",
    "IPv6": "quic.parameter.preferred_address.ipv6address",
}


def handshake_fields(prefix: str) -> tuple[Field, ...]:
    """The common fields under the names that begin with `prefix`."""
    rows = [f"{prefix}.{name} {type_}" for type_, names in _HANDSHAKE.items() for name in names.split()]
    rows.append(f"{prefix}.handshake.session_id_length {'UINT16' if prefix == 'tls' else 'UINT8'}")
    return computed_table("\n".join(rows))


def wants_bodies(session: Session) -> bool:
    """Will any field be asked for that lies inside handshake messages?"""
    names = session.needs.names
    return names is None or session.memory("tls.bodies", lambda: [any(map(_is_body_field, names))])[0]


def _is_body_field(name: str) -> bool:
    if name in _OUTER_FIELDS or name.startswith("tls.record."):
        return False
    return name.startswith("tls.") or is_certificate_field(name)


_OUTER_FIELDS = frozenset({
    "tls.handshake", "tls.handshake.type", "tls.handshake.length", "tls.app_data", "tls.app_data_proto",
    "tls.alert_message", "tls.alert_message.level", "tls.alert_message.desc", "tls.change_cipher_spec",
})  # fmt: skip
