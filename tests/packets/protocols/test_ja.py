"""Fingerprints of hellos: values that Wireshark 4.4 shows for the same hellos."""

from __future__ import annotations

import pytest

from dfilter.packets.protocols.ja import is_grease, ja3_text, ja3s_text, ja4, md5
from dfilter.packets.protocols.tls_extensions import HelloFacts

OLD = HelloFacts(version=0x0303, suites=[0x002F])
RETRIED = HelloFacts(
    version=0x0303, suites=[4866, 4867, 4865, 255], extensions=[11, 10, 35, 22, 23, 13, 43, 45, 51],
    groups=[21, 23, 24], point_formats=[0, 1, 2], versions=[0x0304],
)  # fmt: skip


def test_ja3() -> None:
    assert ja3_text(OLD) == "771,47,,,"
    assert md5(ja3_text(OLD)) == "fde4273625b2ac63bd01d9c500dac91b"
    assert md5(ja3_text(RETRIED)) == "0f14b679807628ec7f9c02cada3ee941"


def test_ja3s() -> None:
    answer = HelloFacts(version=0x0303, suites=[4866], extensions=[43, 51])
    assert ja3s_text(answer) == "771,4866,43-51"
    assert md5(ja3s_text(answer)) == "15af977ce25de452b96affa2addb1036"


def test_ja4() -> None:
    assert ja4(OLD, "t") == ("t12i010000_ba72b8082249_000000000000", "t12i010000_002f_")
    assert ja4(RETRIED, "t")[0].startswith("t13i040900_16476d049b0b_")


PROTOCOLS = [([], "00"), ([b"h2"], "h2"), ([b"http/1.1", b"h2"], "h1"), ([b"\xab\xcd"], "ad")]


@pytest.mark.parametrize(("protocols", "expected"), PROTOCOLS)
def test_ja4_of_protocols(protocols: list[bytes], expected: str) -> None:
    hello = HelloFacts(version=0x0303, suites=[0x0A0A, 0x1301], extensions=[0x1A1A, 0, 16], protocols=protocols,
                       has_server_name=True, versions=[0x2A2A, 0x0304])  # fmt: skip
    assert ja4(hello, "q")[0].split("_")[0] == "q13d0102" + expected


def test_grease() -> None:
    assert [value for value in range(0x10000) if is_grease(value)] == [0x0A0A + 0x1010 * n for n in range(16)]
