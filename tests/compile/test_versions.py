"""What a type means differs by version: the same filter and values, judged by each."""

from __future__ import annotations

import pytest

from dfilter.check.check import analyse
from dfilter.compile.closures import build
from dfilter.fields.versions import Version
from tests.compile.build import DictReader

EUI64 = bytes.fromhex("0002000240021002")

CASES = """
4.4 | true  | wpan.src64 + 1 == 00:02:00:02:40:02:10:03
4.4 | true  | wpan.src64 - 1 == 0x0002000240021001
4.4 | true  | -wpan.src64 < 0
4.4 | false | -wpan.src64 > 0
4.4 | true  | wpan.src64 + wpan.src64 > wpan.src64
4.4 | false | wpan.src64 - wpan.src64
4.4 | true  | abs(wpan.src64) > 0
4.4 | true  | wpan.src64 in {1..0x2000240021002}
4.4 | true  | string(wpan.src64) == "00:02:00:02:40:02:10:02"
4.6 | true  | string(wpan.src64) == "00:02:00:02:40:02:10:02"
4.6 | true  | wpan.src64[0:2] == 00:02
4.0 | true  | string(ipx.src.net) == "0x000000a8"
4.4 | true  | string(ipx.src.net) == "0x00000000000000a8"
4.6 | true  | string(ipx.src.net) == "0x00000000000000a8"
4.4 | false | wlan_radio.signal_dbm matches "dBm"
4.6 | true  | wlan_radio.signal_dbm matches "^-46 dBm$"
4.6 | true  | vals(wlan_radio.signal_dbm) == "-46 dBm"
"""
VALUES = {"wpan.src64": [EUI64], "ipx.src.net": [0xA8], "wlan_radio.signal_dbm": [-46]}


@pytest.mark.parametrize("line", [line for line in CASES.splitlines() if line])
def test_the_answer_of_a_version(line: str) -> None:
    """As Wireshark answers for frames with these values."""
    name, wanted, text = (part.strip() for part in line.split(" | "))
    version = Version.parse(name)
    typed = analyse(text, version).typed
    assert typed is not None
    assert build(typed, DictReader(), version=version)(VALUES) is (wanted == "true")
