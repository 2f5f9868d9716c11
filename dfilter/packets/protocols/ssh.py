"""SSH (RFC 4253): the version lines, the plain packets of the key exchange, and what is encrypted afterwards.

In: bytes of one direction.  Out: one layer for all that is whole in them.  What always holds: as in Wireshark 4.4
without keys, what follows NEWKEYS is one encrypted packet a segment.
"""

from __future__ import annotations

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.ssh_kex import (
    KEXINIT,
    NAME_LISTS,
    NEWKEYS,
    Method,
    Proposal,
    agreed_method,
    fill_exchange,
    fill_kexinit,
    mac_length,
    read_proposal,
)
from dfilter.packets.protocols.text_lines import decode, next_line
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import MAX_ASSEMBLY, ONE_MORE_SEGMENT, NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, slotted

MAX_VERSION_LINE = 8192
"""Bytes in which the line end of a version line must come."""
LENGTH_BYTES = 4

SSH = Protocol(
    "ssh",
    "SSH",
    fields=computed_table(
        """
        ssh.protocol                   STRING
        ssh.direction                  BOOLEAN
        ssh.packet_length              UINT32
        ssh.padding_length             UINT8
        ssh.message_code               UINT8
        ssh.padding_string             BYTES
        ssh.seq_num                    UINT32
        ssh.cookie                     BYTES
        ssh.first_kex_packet_follows   UINT8
        ssh.kex.reserved               BYTES
        ssh.kex.hassh_algorithms       STRING
        ssh.kex.hassh                  STRING
        ssh.kex.hasshserver_algorithms STRING
        ssh.kex.hasshserver            STRING
        ssh.mpint_length               UINT32
        ssh.key_length.error           NONE
        ssh.dh.e                       BYTES
        ssh.dh.f                       BYTES
        ssh.dh_gex.min                 UINT32
        ssh.dh_gex.nbits               UINT32
        ssh.dh_gex.max                 UINT32
        ssh.dh_gex.p                   BYTES
        ssh.dh_gex.g                   BYTES
        ssh.ecdh.q_c_length            UINT32
        ssh.ecdh.q_c                   BYTES
        ssh.ecdh.q_s_length            UINT32
        ssh.ecdh.q_s                   BYTES
        ssh.host_key.length            UINT32
        ssh.host_key.type_length       UINT32
        ssh.host_key.type              STRING
        ssh.host_key.data              BYTES
        ssh.host_key.rsa.e             BYTES
        ssh.host_key.rsa.n             BYTES
        ssh.host_key.dsa.p             BYTES
        ssh.host_key.dsa.q             BYTES
        ssh.host_key.dsa.g             BYTES
        ssh.host_key.dsa.y             BYTES
        ssh.host_key.ecdsa.id_length   UINT32
        ssh.host_key.ecdsa.id          STRING
        ssh.host_key.ecdsa.q_length    UINT32
        ssh.host_key.ecdsa.q           BYTES
        ssh.host_key.eddsa.key_length  UINT32
        ssh.host_key.eddsa.key         BYTES
        ssh.host_sig.length            UINT32
        ssh.host_sig.type_length       UINT32
        ssh.host_sig.type              STRING
        ssh.host_sig.data              BYTES
        ssh.host_sig.rsa               BYTES
        ssh.host_sig.dsa               BYTES
        ssh.packet_length_encrypted    BYTES
        ssh.encrypted_packet           BYTES
        ssh.mac                        BYTES
    """
        + "".join(f"\nssh.{name} STRING\nssh.{name}_length UINT32" for name in NAME_LISTS),
        stateful=True,
    ),
    over={"tcp.port": (22,)},
)


@slotted
class Side:
    """What is known of one end: its version line came, its proposal, packets sent, keys are in use.

    Attributes:
        lost: it said something that is no packet; as in Wireshark 4.4 nothing of it is shown any more.
    """

    versioned: bool = False
    lost: bool = False
    proposal: Proposal | None = None
    packets: int = 0
    encrypted: bool = False


@slotted
class SshState:
    client: Side = field(default_factory=Side)
    server: Side = field(default_factory=Side)


@frozen
class Packet:
    """One part of a layer; absolute offsets.

    Attributes:
        length: of a plain packet, as it says; None for a version line; -1 for an encrypted packet.
        number: of a plain packet in its direction.
        tag: bytes of the authentication code of an encrypted packet.
    """

    start: int
    end: int
    length: int | None
    number: int = 0
    method: Method = Method.DH
    tag: int = 0


@frozen
class Content:
    """`versioned`: a version line came before, or comes here."""

    from_server: bool
    packets: tuple[Packet, ...]
    versioned: bool


@SSH.dissector
def dissect_ssh(view: View, region: Region) -> None:
    stream = view.stream
    from_server = view.lookup("tcp.port", view.ports[0]) is SSH and view.lookup("tcp.port", view.ports[1]) is not SSH
    state = SshState() if stream is None else stream.conversation.state.setdefault("ssh", SshState())
    packets: list[Packet] = []
    at, missing = region.start, 0
    while at < region.end:
        packet, missing = _next_packet(state, region, at, from_server)
        if packet is None:
            break
        packets.append(packet)
        at = packet.end
    is_cut = region.end < region.reported_end
    if missing and is_cut and stream is not None:
        packet = _cut_packet(state, region, at, from_server)
        packets += [packet] if packet is not None else []
        missing = 0
    if missing and stream is None:
        missing, at = 0, region.end
    if packets or (is_cut and not missing):
        layer = view.push(SSH, region if is_cut else region.clipped(0, at - region.start))
        layer.state = Content(from_server, tuple(packets), state.client.versioned or state.server.versioned)
    if missing:
        raise NeedMore(at, missing)


def _cut_packet(state: SshState, region: Region, at: int, from_server: bool) -> Packet | None:
    """What a segment that the capture cut holds of its last packet, should that not go beyond the segment."""
    side, length = state.server if from_server else state.client, region.end - at
    if not side.versioned and region.buf.startswith(b"SSH-", at, region.end):
        side.versioned = True
        return Packet(at, region.end, None)
    size = int.from_bytes(region.buf[at : at + 4], "big") if length >= LENGTH_BYTES else region.reported_length
    if at + LENGTH_BYTES + size > region.reported_end:
        return None
    side.packets += 1
    method = agreed_method(state.client.proposal, state.server.proposal)
    return Packet(at, at + LENGTH_BYTES + size, size, side.packets - 1, method)


def _next_packet(state: SshState, region: Region, at: int, from_server: bool) -> tuple[Packet | None, int]:
    """The packet at `at`, or how many more bytes it needs."""
    side = state.server if from_server else state.client
    buf, stop = region.buf, region.end
    if side.encrypted:
        return Packet(at, stop, -1, tag=mac_length(state.client.proposal, state.server.proposal, not from_server)), 0
    if not (side.versioned or side.lost) and buf.startswith(b"SSH-", at, stop):
        line = next_line(buf, at, stop)
        if not line.terminated and stop - at < MAX_VERSION_LINE:
            return None, ONE_MORE_SEGMENT
        side.versioned = True
        return Packet(at, line.next, None), 0
    if not state.client.versioned and not state.server.versioned:
        side.encrypted = True  # the capture began in the middle
        return Packet(at, stop, -1), 0
    if stop - at < 4:
        return None, ONE_MORE_SEGMENT
    length = int.from_bytes(buf[at : at + 4], "big")
    side.lost = side.lost or length > MAX_ASSEMBLY
    if side.lost:
        return None, MAX_ASSEMBLY + 1
    if at + 4 + length > stop:
        return None, at + 4 + length - stop
    method = agreed_method(state.client.proposal, state.server.proposal)
    packet = Packet(at, at + 4 + length, length, side.packets, method)
    side.packets += 1
    code = buf[at + 5] if length > 1 else 0
    if code == KEXINIT:
        side.proposal = read_proposal(buf[at + 5 : at + 4 + length])
    elif code == NEWKEYS:
        side.encrypted = True
    return packet, 0


@SSH.filler
def fill_ssh(layer: Layer) -> None:
    content: Content = layer.state
    for packet in content.packets:
        if packet.length is None:
            line = next_line(layer.buf, packet.start, packet.end)
            text = decode(layer.buf[packet.start : line.end])
            layer.add("ssh.protocol", text, packet.start, line.end - packet.start)
        elif packet.length < 0:
            _fill_encrypted(layer, packet)
        else:
            _fill_plain(layer, packet, content.from_server)
    if not content.packets:
        layer.region.need_all()
    layer.add("ssh.direction", content.from_server, layer.start)


def _fill_plain(layer: Layer, packet: Packet, from_server: bool) -> None:
    """A binary packet (RFC 4253 section 6): length, padding length, message, padding."""
    region = Region(layer.buf, packet.start, min(packet.end, layer.region.end), packet.end)
    layer.add("ssh.packet_length", packet.length, packet.start, 4)
    padding = region.u8(4)
    layer.add("ssh.padding_length", padding, packet.start + 4, 1)
    code = region.u8(5)
    layer.add("ssh.message_code", code, packet.start + 5, 1)
    message = region.clipped(6, (packet.length or 0) - padding - 2)
    number = packet.number
    if code == KEXINIT:
        fill_kexinit(layer, message, not from_server)
    elif 30 <= code <= 49:
        fill_exchange(layer, message, code, packet.method)
        number += packet.method is not Method.ECDH  # Wireshark 4.4 counts these twice
    region.need_all()
    layer.add("ssh.padding_string", layer.buf[packet.end - padding : packet.end], packet.end - padding, padding)
    layer.add("ssh.seq_num", number, packet.end)


def _fill_encrypted(layer: Layer, packet: Packet) -> None:
    """As Wireshark 4.4 shows it: with one byte less than an authentication code needs, the rest counts twice."""
    buf, start, end = layer.buf, packet.start, packet.end
    left = end - start - LENGTH_BYTES - packet.tag
    if end - start > LENGTH_BYTES:
        layer.add("ssh.packet_length_encrypted", buf[start : start + LENGTH_BYTES], start, LENGTH_BYTES)
    layer.region.need_all()
    if end - start <= LENGTH_BYTES or left < -1:
        raise Malformed("an encrypted packet that lacks its authentication code")
    tag, start = end - packet.tag, start + LENGTH_BYTES
    stop = end if left < 0 else tag
    layer.add("ssh.encrypted_packet", buf[start:stop], start, stop - start)
    if packet.tag:
        layer.add("ssh.mac", buf[tag:end], tag, packet.tag)


@SSH.column_writer
def write_ssh(layer: Layer, columns: Columns) -> None:
    """Who sends what; the version shows once the exchange of keys has begun."""
    content: Content = layer.state
    sender = "Server" if content.from_server else "Client"
    columns.protocol = "SSH"
    texts = []
    for packet in content.packets:
        if packet.length is None:
            line = next_line(layer.buf, packet.start, packet.end)
            texts.append(f"Protocol ({decode(layer.buf[packet.start : line.end])})")
            continue
        columns.protocol = "SSHv2" if content.versioned else "SSH"
        if packet.length < 0:
            texts.append(f"Encrypted packet (len={packet.end - packet.start})")
        else:
            texts.append(_message_name(layer.buf[packet.start + 5], packet.method))
    columns.set(f"{sender}: {', '.join(texts)}")


def _message_name(code: int, method: Method) -> str:
    """RFC 4253 section 12; the messages of an exchange by its method (RFC 4432, 4419, 5656)."""
    names = {KEXINIT: "Key Exchange Init", 21: "New Keys", 1: "Disconnect", 2: "Ignore", 3: "Unimplemented",
             4: "Debug", 5: "Service Request", 6: "Service Accept"}  # fmt: skip
    if not 30 <= code <= 49:
        return names.get(code, f"Unknown ({code})")
    if method is Method.ECDH:
        return f"Elliptic Curve Diffie-Hellman Key Exchange {'Init' if code == 30 else 'Reply'}"
    if method is Method.GROUP_EXCHANGE:
        names = {30: "Request (Old)", 31: "Group", 32: "Init", 33: "Reply", 34: "Request"}
        return f"Diffie-Hellman Group Exchange {names.get(code, '')}".rstrip()
    exchange = {30: "Init", 31: "Reply", 32: "Init", 33: "Reply", 34: "Request"}.get(code, "")
    return f"Diffie-Hellman {'Group ' if code > 31 else ''}Key Exchange {exchange}".rstrip()
