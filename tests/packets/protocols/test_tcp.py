"""TCP's header, flags and options, as Wireshark 4.4 shows them; and what damage does."""

from __future__ import annotations

import random

import pytest

from dfilter.packets.protocols.tcp import flag_text
from dfilter.packets.session import Session, needs_of
from tests.packets.streams.segments import TestFrame, tcp_frame, values, views

OPTIONS = """
    020405b401030307        kind=2,1,3 len=4,3 mss_val=1460 wscale.shift=7 wscale.multiplier=128 sack_perm.absent
    02030500                kind=2,0 len=3 invalid sack_perm.absent
    03030f00                kind=3,0 len=3 wscale.shift=15 wscale.shift.invalid wscale.multiplier=16384 mss.absent sack_perm.absent
    04020101                kind=4,1,1 len=2 mss.absent
    080a00000007000000080101 kind=8,1,1 len=10 timestamp.tsval=7 timestamp.tsecr=8 mss.absent sack_perm.absent
    080a0000                invalid
    63046162                kind=99 len=4 unknown.payload=b'ab' mss.absent sack_perm.absent
    63010000                invalid
    00010203                kind=0 after_eol
    00000000                kind=0,0,0,0 mss.absent sack_perm.absent
    01010101                kind=1,1,1,1 nops mss.absent sack_perm.absent
    22020000                kind=34,0,0 len=2 tfo.request mss.absent sack_perm.absent
    220a31323334353637380000 kind=34,0,0 len=10 tfo.cookie=b'12345678' mss.absent sack_perm.absent
    fd06f98961620000        kind=253,0,0 len=6 experimental.exid=63881 tfo.cookie=b'ab' mss.absent sack_perm.absent
    1c048005                kind=28 len=4 user_to_granularity=True user_to_val=5 mss.absent sack_perm.absent
    ac0b01020304050607080900 kind=172,0 len=11 acc_ecn.ee0b=66051 acc_ecn.eceb=263430 acc_ecn.ee1b=460809 mss.absent sack_perm.absent
"""  # noqa: E501
WORDS = {"kind": "tcp.option_kind", "len": "tcp.option_len", "invalid": "tcp.option.len.invalid", "nops": "tcp.nop",
         "after_eol": "tcp.non_zero_bytes_after_eol"}  # fmt: skip
SHOWN = [
    "mss_val", "mss.absent", "mss.present", "wscale.shift", "wscale.shift.invalid", "wscale.multiplier",
    "sack_perm.absent", "sack_perm.present", "timestamp.tsval", "timestamp.tsecr", "unknown.payload", "tfo.request",
    "tfo.cookie", "experimental.exid", "user_to_granularity", "user_to_val", "acc_ecn.ee0b", "acc_ecn.eceb",
    "acc_ecn.ee1b",
]  # fmt: skip
OPTION_CASES = [line.split(None, 1) for line in OPTIONS.splitlines() if line.strip()]


def segment(options: str = "-", *, flags: str = "S", payload: str = "-", ack: int = 0) -> TestFrame:
    return tcp_frame(1, f"c\t{flags}\t1000\t{ack}\t{payload}\t0\t8192\t{options}")


@pytest.mark.parametrize(("options", "expected"), OPTION_CASES, ids=[case[0] for case in OPTION_CASES])
def test_options_of_a_syn(options: str, expected: str) -> None:
    [view] = views([segment(options)])
    found = set()
    for word, name in {**WORDS, **{word: f"tcp.options.{word}" for word in SHOWN}}.items():
        got = values(view, name)
        if got:
            found.add(word if got == [None] else f"{word}={','.join(map(str, got))}")
    assert found == set(expected.split())


def test_selective_acknowledgements_count_like_the_acknowledgement_number() -> None:
    blocks = "0512" + (5900).to_bytes(4).hex() + (5950).to_bytes(4).hex() + "00001b5800001bbc" + "0101"
    [view] = views([segment(blocks, flags="A", ack=6001)])
    assert values(view, "tcp.options.sack_le") == [5900 - 6000 & 0xFFFFFFFF, 1000]
    assert values(view, "tcp.options.sack_re") == [5950 - 6000 & 0xFFFFFFFF, 1100]
    assert values(view, "tcp.options.sack.dsack_re") == [5950 - 6000 & 0xFFFFFFFF]
    assert values(view, "tcp.options.sack.count") == [2]


@pytest.mark.parametrize(
    ("flags", "names"),
    [("S", {"syn"}), ("SA", {"synack"}), ("FA", {"fin", "fin_active"}), ("RA", {"rst"}), ("A", set())],
)
def test_connection_remarks(flags: str, names: set[str]) -> None:
    [view] = views([segment(flags=flags)])
    every = ("syn", "synack", "fin", "rst", "fin_active", "fin_passive")
    assert {name for name in every if values(view, "tcp.connection." + name)} == names


@pytest.mark.parametrize(("options", "expected"), [
    ("1e040101", "subtype=0 version=1 flags=1 sha256.flag=1"),
    ("1e0c1001 0a0b0c0d 01020304", "subtype=1 flags=16 backup.flag=0 addrid=1 recvtok=168496141 sendrand=16909060"),
    ("1e082001 00000007", "subtype=2 flags=1 dataack8.flag=0 rawdataack=7"),
    ("1e083401 0a010202", "subtype=3 ipver=4 addrid=1"),
    ("1e083101 0a010202", "subtype=3 echo=1 addrid=1"),
    ("1e044003", "subtype=4 addrid=3"),
    ("1e048106", "subtype=8 rst_reason=6"),
])  # fmt: skip
def test_multipath_options(options: str, expected: str) -> None:
    [view] = views([segment(options.replace(" ", ""))])
    for word in expected.split():
        name, _, value = word.partition("=")
        assert [int(found) for found in values(view, "tcp.options.mptcp." + name)] == [int(value)], name
    [cut] = views([segment("1e032001")])
    assert values(cut, "_ws.malformed")


@pytest.mark.parametrize(("options", "acknowledged", "names"), [
    ("220a31323334353637380101", 1005, {"tfo_syn", "tfo_ack"}),
    ("220a31323334353637380101", 1001, {"tfo_syn", "tfo_ignored"}),
    ("-", 1005, {"tfo_ack"}),
    ("-", 1001, set()),
])  # fmt: skip
def test_data_in_a_syn(options: str, acknowledged: int, names: set[str]) -> None:
    answer = tcp_frame(2, f"s\tSA\t5000\t{acknowledged}\t-\t10\t8192\t-")
    both = views([segment(options, payload="61626364"), answer])
    every = ("tfo_syn", "tfo_ack", "tfo_ignored")
    found = {name for view in both for name in every if values(view, "tcp.analysis." + name)}
    assert found == names


def test_text_in_a_reset() -> None:
    [view] = views([segment(flags="R", payload=b"go away\0x".hex(), ack=77)])
    assert values(view, "tcp.reset_cause") == ["go away"]
    assert values(view, "tcp.payload") == []
    assert values(view, "tcp.ack.nonzero") == [None]
    assert values(view, "tcp.ack") == [77]


def test_item_covers_the_whole_segment() -> None:
    [view] = views([segment(flags="A", payload="x30")])
    [layer] = view.by_name["tcp"]
    assert len(layer.item_bytes()) == 50


def test_flag_letters() -> None:
    assert flag_text(0x002) == "··········S·"
    assert flag_text(0xFFF) == "RRRACEUAPRSF"


CUT_HEADERS = """
    0   -
    3   -
    4   tcp.srcport
    15  tcp.srcport
    16  tcp.srcport tcp.seq_raw tcp.flags tcp.window_size tcp.stream
    18  tcp.srcport tcp.seq_raw tcp.flags tcp.window_size tcp.stream tcp.checksum
    20  tcp.srcport tcp.seq_raw tcp.flags tcp.window_size tcp.stream tcp.checksum tcp.time_relative
    24  tcp.srcport tcp.seq_raw tcp.flags tcp.window_size tcp.stream tcp.checksum tcp.time_relative tcp.options.mss_val
"""
"""Bytes captured of a SYN's header of 28, and which of these fields Wireshark 4.4 then shows."""


@pytest.mark.parametrize("line", CUT_HEADERS.strip().splitlines())
@pytest.mark.parametrize("on_the_wire", [True, False])
def test_cut_headers(line: str, on_the_wire: bool) -> None:
    cut, *shown = line.split()
    whole = segment("020405b401030307").data
    data = bytearray(whole[: 34 + int(cut)])
    if not on_the_wire:
        data[16:18] = (20 + int(cut)).to_bytes(2, "big")
    [view] = views([TestFrame(1, 0, bytes(data))])
    assert ("tcp" in view.by_name) == (shown != ["-"])
    asked = CUT_HEADERS.split("\n")[-2].split()[1:]
    assert [name for name in asked if values(view, name)] == [name for name in shown if name != "-"]
    assert not values(view, "tcp.options.wscale.shift")
    assert not values(view, "tcp.len")
    assert len(values(view, "tcp.short_segment")) == (int(cut) >= 16)


def test_segments_with_cut_headers_belong_to_their_conversation() -> None:
    whole = segment("020405b401030307").data
    found = views([TestFrame(1, 0, whole[:58]), TestFrame(2, 1, whole[:45]), TestFrame(3, 2, whole)])
    assert [values(view, "tcp.stream.pnum") for view in found] == [[1], [], [2]]
    assert ["_ws.malformed" in view.by_name for view in found] == [True, True, False]


def test_bogus_header_length() -> None:
    data = bytearray(segment(flags="A").data)
    data[34 + 12] = 0x40
    [view] = views([TestFrame(1, 0, bytes(data))])
    assert values(view, "tcp.bogus_header_length") == [None]
    assert (values(view, "tcp.seq"), values(view, "tcp.len"), values(view, "tcp.hdr_len")) == ([1], [4], [16])
    assert values(view, "tcp.ack_raw") == values(view, "tcp.flags") == []


def test_random_segments_are_survived() -> None:
    chance = random.Random(7)
    session = Session(needs_of(None))
    for number in range(1, 1500):
        data = bytearray(segment("020405b401030307", flags="A", payload="x40").data)
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(34, len(data))] = chance.choice((0, 1, 5, 8, 0x60, 0xFF, chance.randrange(256)))
        session.dissect(TestFrame(number, number, bytes(data[: chance.randrange(34, len(data) + 1)]))).complete()
    assert session.internal_errors == []
