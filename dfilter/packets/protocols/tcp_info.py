"""TCP's line in the packet list: ports, flags, numbers, options, and before it what the analysis found.

In: a filled layer.  Out: the columns.  Source: what Wireshark 4.4 shows.
"""

from __future__ import annotations

from dfilter.packets.columns import Columns
from dfilter.packets.view import Layer

_FLAGS = ((0x001, "FIN"), (0x002, "SYN"), (0x004, "RST"), (0x008, "PSH"), (0x010, "ACK"), (0x020, "URG"),
          (0x040, "ECE"), (0x080, "CWR"), (0x100, "AE"), (0xE00, "Reserved"))  # fmt: skip
_REMARKS = (
    ("zero_window_probe_ack", "TCP ZeroWindowProbeAck"),
    ("zero_window", "TCP ZeroWindow"),
    ("zero_window_probe", "TCP ZeroWindowProbe"),
    ("duplicate_ack", "TCP Dup ACK"),
    ("keep_alive_ack", "TCP Keep-Alive ACK"),
    ("keep_alive", "TCP Keep-Alive"),
    ("window_full", "TCP Window Full"),
    ("window_update", "TCP Window Update"),
    ("ack_lost_segment", "TCP ACKed unseen segment"),
    ("lost_segment", "TCP Previous segment not captured"),
    ("reused_ports", "TCP Port numbers reused"),
    ("out_of_order", "TCP Out-Of-Order"),
    ("spurious_retransmission", "TCP Spurious Retransmission"),
    ("fast_retransmission", "TCP Fast Retransmission"),
    ("retransmission", "TCP Retransmission"),
)
"""In the order in which they stand in the line.  A fast or spurious retransmission is not called one again."""
_MULTIPATH = 30
_OPTION_TEXTS = {
    2: (("MSS", "tcp.options.mss_val"),),
    3: (("WS", "tcp.options.wscale.multiplier"),),
    4: (("SACK_PERM", ""),),
    5: (("SLE", "tcp.options.sack_le"), ("SRE", "tcp.options.sack_re")),
    19: (("MD5", ""),),
    8: (("TSval", "tcp.options.timestamp.tsval"), ("TSecr", "tcp.options.timestamp.tsecr")),
}
"""Option kind -> what it adds to the line, and the field with the value."""


def write_columns(layer: Layer, columns: Columns) -> None:
    """TCP's columns; what the analysis found stays, whatever the layers above write."""
    columns.protocol = "MPTCP" if _MULTIPATH in layer.computed("tcp.option_kind") else "TCP"
    columns.set("")
    region = layer.region
    if region.length < 20:
        return
    kinds = {name: label for name, label in _REMARKS if layer.computed("tcp.analysis." + name)}
    if kinds.keys() & {"fast_retransmission", "spurious_retransmission"}:
        kinds.pop("retransmission", None)
    for name, label in kinds.items():
        columns.fence_after(f"[{label}{_repeated(layer) if name == 'duplicate_ack' else ''}] ")
    columns.set(_line(layer))


def _repeated(layer: Layer) -> str:
    frames, numbers = (layer.computed("tcp.analysis.duplicate_ack_" + name) for name in ("frame", "num"))
    return f" {frames[0]}#{numbers[0]}" if frames and numbers else ""


def _line(layer: Layer) -> str:
    region = layer.region
    flags = region.u16(12) & 0xFFF
    names = ", ".join(name for bit, name in _FLAGS if flags & bit)
    text = f"{region.u16(0)} → {region.u16(2)} [{names or '<None>'}]"
    parts = [("Seq", layer.computed("tcp.seq") or [region.u32(4)])]
    if flags & 0x10:
        parts.append(("Ack", layer.computed("tcp.ack") or [region.u32(8)]))
    parts.append(("Win", layer.computed("tcp.window_size") or [region.u16(14)]))
    if flags & 0x20:
        parts.append(("Urg", [region.u16(18)]))
    parts.append(("Len", layer.computed("tcp.len")))
    text += "".join(f" {name}={values[0]}" for name, values in parts if values)
    if layer.computed("tcp.bogus_header_length"):
        return f"{text}, bogus TCP header length ({(region.u8(12) >> 4) * 4}, must be at least 20)"
    return text + _options(layer)


def _options(layer: Layer) -> str:
    """The options in their order; of one that comes several times each has its own values."""
    text = ""
    used: dict[str, int] = {}
    for kind in layer.computed("tcp.option_kind"):
        if kind == 5:
            text += _blocks(layer)
            continue
        if kind in _FAST_OPEN:
            text += _fast_open(layer)
            continue
        for name, field in _OPTION_TEXTS.get(kind, ()):
            values, index = layer.computed(field) if field else (), used.get(field, 0)
            used[field] = index + 1
            if not field:
                text += f" {name}"
            elif index < len(values):
                text += f" {name}={values[index]}"
    return text


_FAST_OPEN = frozenset({34, 253, 254})
"""The option itself, and those for experiments, under which it began (RFC 7413 section 4.1.1)."""


def _fast_open(layer: Layer) -> str:
    if layer.computed("tcp.options.tfo.cookie"):
        return " TFO=C"
    return " TFO=R" if layer.computed("tcp.options.tfo.request") else ""


def _blocks(layer: Layer) -> str:
    """The blocks of a selective acknowledgement."""
    edges = zip(layer.computed("tcp.options.sack_le"), layer.computed("tcp.options.sack_re"), strict=False)
    return "".join(f" SLE={left} SRE={right}" for left, right in edges)


def write_reassembly(layer: Layer, columns: Columns) -> None:
    """Where the message is complete to which this segment belongs; said after all else."""
    for frame in layer.computed("tcp.reassembled_in")[:1]:
        columns.append(f"[TCP PDU reassembled in {frame}]", " ")
