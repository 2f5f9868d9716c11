"""The packet list's columns of TLS and DTLS: the version, and what each record holds.

In: a layer.  Out: the columns.  Source: what Wireshark 4.4 shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dfilter.packets.columns import Columns
from dfilter.packets.protocols.label_texts import label_of
from dfilter.packets.protocols.tls_records import RECORD_HEADER, Record
from dfilter.packets.protocols.tls_session import Message
from dfilter.packets.view import Layer

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = 20, 21, 22, 23, 24
VERSION_NAMES = {
    0x0002: "SSLv2", 0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3",
    0xFEFF: "DTLSv1.0", 0xFEFD: "DTLSv1.2", 0xFEFC: "DTLSv1.3",
}  # fmt: skip
MESSAGE_NAMES = {
    0: "Hello Request", 1: "Client Hello", 2: "Server Hello", 3: "Hello Verify Request", 4: "New Session Ticket",
    5: "End of Early Data", 6: "Hello Retry Request", 8: "Encrypted Extensions", 11: "Certificate",
    12: "Server Key Exchange", 13: "Certificate Request", 14: "Server Hello Done", 15: "Certificate Verify",
    16: "Client Key Exchange", 20: "Finished", 21: "Client Certificate URL", 22: "Certificate Status",
    23: "Supplemental Data", 24: "Key Update", 25: "Compressed Certificate", 67: "Encrypted Extensions",
}  # fmt: skip


def version_name(version: int, unknown: str) -> str:
    """How the packet list calls a version; drafts of TLS 1.3 as that."""
    return "TLSv1.3" if version >> 8 == 0x7F else VERSION_NAMES.get(version, unknown)


def write_tls(layer: Layer, columns: Columns) -> None:
    """One name a record, or a message of it; several layers of a frame are one list."""
    state = layer.state
    if state.bare is not None:
        return  # QUIC says itself what it carries
    if not any(before.protocol is layer.protocol for before in layer.view.layers[: layer.index]):
        columns.set("")
    if state.records:
        last = state.records[-1]
        columns.protocol = version_name(last.agreed.version or _offered(layer, last) or last.version, "TLS")
    elif state.ssl2:
        columns.protocol = "SSLv2"
    else:
        columns.protocol = version_name(state.version, "SSL")
    names = [name for record in state.records for name in _record_names(layer, record)]
    names += ["Client Hello"] * len(state.ssl2)
    for name in names or ["Continuation Data"]:
        columns.append(name, ", ")


def _offered(layer: Layer, record: Record) -> int:
    """A hello that lists its versions counts as the least of them until the answer comes."""
    if not any(message.type == 1 for message in record.messages):
        return 0
    versions = layer.computed("tls.handshake.extensions.supported_version")
    return min((version for version in versions if version in VERSION_NAMES), default=0)


def _record_names(layer: Layer, record: Record) -> Iterator[str]:
    if record.inner_type == HANDSHAKE:
        for message in record.messages:
            if message.piece and message.at:
                continue  # a piece shows only where its record begins with it
            yield _message_name(layer, message)
    elif record.inner_type == ALERT:
        yield _alert_name(layer, record)
    elif record.inner_type == HEARTBEAT:
        kind = layer.buf[layer.start + record.at + RECORD_HEADER]
        yield {1: "Heartbeat Request", 2: "Heartbeat Response"}.get(kind, "Heartbeat")
    elif record.type == CHANGE_CIPHER_SPEC:
        yield "Change Cipher Spec"
    elif record.inner_type == APPLICATION_DATA:
        yield "Application Data"


def _message_name(layer: Layer, message: Message) -> str:
    if message.type is None and message.piece and not message.parts:
        return f"[{MESSAGE_NAMES.get(message.piece_type, 'Encrypted Handshake Message')} Fragment]"
    name = MESSAGE_NAMES.get(-1 if message.type is None else message.type, "Encrypted Handshake Message")
    return name + _server_name(layer) if message.type == 1 else name


def _server_name(layer: Layer) -> str:
    names = layer.computed(f"{layer.protocol.name}.handshake.extensions_server_name")
    return f" (SNI={names[0]})" if names else ""


def _alert_name(layer: Layer, record: Record) -> str:
    if record.plain is None and record.length != RECORD_HEADER + 2:
        return "Encrypted Alert"
    at = layer.region.start + record.at + RECORD_HEADER
    data = record.plain.rest() if record.plain is not None else layer.region.buf[at : at + 2]
    if len(data) < 2:
        return "Alert"
    level, description = (label_of(f"tls.alert_message.{name}", value, f"Unknown ({value})")
                          for name, value in (("level", data[0]), ("desc", data[1])))  # fmt: skip
    return f"Alert (Level: {level}, Description: {description})"


def write_dtls(layer: Layer, columns: Columns) -> None:
    """The same for datagrams."""
    records: list[Any] = layer.state
    versions = layer.computed("dtls.record.version")
    agreed = next((record.agreed.version for record in reversed(records) if record.agreed.version), 0)
    columns.protocol = version_name(agreed or (versions[-1] if versions else 0), "DTLS")
    names = [name for record in records for name in _datagram_names(layer, record)]
    columns.set(", ".join(names))


def _datagram_names(layer: Layer, record: Any) -> Iterator[str]:
    if record.type == HANDSHAKE:
        if not record.fragments:
            yield "Encrypted Handshake Message"
        for fragment in record.fragments:
            kind = layer.region.u8(fragment.at)
            whole = fragment.body is not None
            name = MESSAGE_NAMES.get(kind, "Encrypted Handshake Message")
            yield (name + _server_name(layer) if kind == 1 else name) if whole else f"{name} (Fragment)"
    elif record.type == ALERT:
        yield "Encrypted Alert" if record.length > RECORD_HEADER + 10 else "Alert"
    else:
        yield {CHANGE_CIPHER_SPEC: "Change Cipher Spec", APPLICATION_DATA: "Application Data",
               HEARTBEAT: "Heartbeat", 25: "Connection ID", 26: "ACK"}.get(record.type, "Encrypted Data")  # fmt: skip
