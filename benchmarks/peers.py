"""The same question asked in other libraries' loops: how many frames have TCP port 443?

    python -m benchmarks.peers NAME CAPTURE

In: the name of a library and a pcap file.  Out: the number, printed.
"""

from __future__ import annotations

import sys
from pathlib import Path

PORT = 443


def with_dpkt(path: str) -> int:
    import dpkt

    found = 0
    with Path(path).open("rb") as file:
        for _, data in dpkt.pcap.Reader(file):
            try:
                network = dpkt.ethernet.Ethernet(data).data
            except dpkt.UnpackError:
                continue
            segment = getattr(network, "data", None)
            found += isinstance(segment, dpkt.tcp.TCP) and PORT in (segment.sport, segment.dport)
    return found


def with_scapy(path: str) -> int:
    from scapy.layers.inet import TCP
    from scapy.utils import PcapReader

    with PcapReader(path) as packets:
        return sum(1 for packet in packets if TCP in packet and PORT in (packet[TCP].sport, packet[TCP].dport))


def with_pyshark(path: str) -> int:
    import pyshark

    with pyshark.FileCapture(path, display_filter=f"tcp.port == {PORT}", keep_packets=False) as packets:
        return sum(1 for _ in packets)


LOOPS = {"dpkt": with_dpkt, "scapy": with_scapy, "pyshark": with_pyshark}

if __name__ == "__main__":
    print(LOOPS[sys.argv[1]](sys.argv[2]))
