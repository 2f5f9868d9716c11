"""RPL messages and their options. Values are as in Wireshark 4.4."""

from __future__ import annotations

import pytest

from dfilter.packets.view import View
from tests.packets.builders import dissect, eth, values

GRAPH = "20010db8000000000000000000000005"
INFORMATION = f"2a 07 0200 8d 09 00 00 {GRAPH}"
ENDS = "fe80" + "00" * 13 + "01" + "ff02" + "00" * 13 + "1a"
OPTIONS = f"""
0100                                        opt.padn None
030e 40 08 00000e10 20010db800000000         route.pref 1
030e 40 08 00000e10 20010db800000000         route.prefix 20010db8000000000000000000000000
040e 1b 14 0c 00 0800 0100 0001 00 1e 003c   config.pcs 3
040e 1b 14 0c 00 0800 0100 0001 00 1e 003c   config.lifetime_unit 60
0512 00 80 {GRAPH}                           target.prefix {GRAPH}
0614 80 e4 03 ff {GRAPH}                     transit.pathctl.pc2 2
0604 00 00 03 ff                             transit.pathlifetime 255
0713 2a e5 {GRAPH} 07                        solicited.flag.rsv 5
081e 40 e0 00000064 00000032 00000000 {GRAPH} prefix.valid_lifetime 100
0904 deadbeef                                targetdesc.descriptor 3735928559
"""


def message(code: int, body: str) -> View:
    content = bytes((155, code, 0, 0)) + bytes.fromhex(body)
    header = bytes.fromhex("60000000") + len(content).to_bytes(2, "big") + bytes((58, 255)) + bytes.fromhex(ENDS)
    [view] = dissect([eth(header + content, 0x86DD)])
    return view


@pytest.mark.parametrize("row", [line for line in OPTIONS.splitlines() if line])
def test_options(row: str) -> None:
    *option, name, value = row.split()
    view = message(1, INFORMATION + " ".join(option))
    field = f"icmpv6.rpl.{name}" if name.startswith("opt.") else f"icmpv6.rpl.opt.{name}"
    [found] = values(view, field)
    assert (found.hex() if isinstance(found, bytes) else str(found)) == value
    assert "_ws.malformed" not in view.by_name


def test_messages() -> None:
    information = message(1, INFORMATION)
    assert values(information, "icmpv6.rpl.dio.rank") == [512]
    assert values(information, "icmpv6.rpl.dio.flag.preference") == [5]
    advertisement = message(2, f"01 c1 00 09 {GRAPH} 00")
    assert values(advertisement, "icmpv6.rpl.dao.flag.k") == [True]
    assert values(advertisement, "icmpv6.rpl.opt.type") == [0]
    assert values(message(3, "01 01 05 02"), "icmpv6.rpl.daoack.status") == [2]
    assert message(3, "01 01 05 02").info == "RPL Control (Destination Advertisement Object Acknowledgment)"


@pytest.mark.parametrize("option", ["0507 00 21 20010db800", "0540 00 00", "030b 21 18 00000e10 20010db800"])
def test_options_of_impossible_lengths(option: str) -> None:
    view = message(1, INFORMATION + option)
    assert values(view, "icmpv6.invalid_option_length") == [None]
    assert "_ws.malformed" in view.by_name
