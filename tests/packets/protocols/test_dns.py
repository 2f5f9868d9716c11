"""DNS, multicast DNS and LLMNR: records, names, transactions, damage."""

from __future__ import annotations

import struct

import pytest

from tests.packets.protocols.datagram_wire import check, icmp_error, malformed, udp, views

POINTER = b"\xc0\x0c"


def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in text.encode().split(b".") if label) + b"\0"


def question(text: str = "a.bc", kind: int = 1) -> bytes:
    return name(text) + struct.pack(">HH", kind, 1)


def record(owner: bytes, kind: int, data: bytes, class_: int = 1) -> bytes:
    return owner + struct.pack(">HHIH", kind, class_, 60, len(data)) + data


def message(flags: int, questions: list[bytes], answers: list[bytes] | None = None, number: int = 1) -> bytes:
    answers = answers or []
    head = struct.pack(">6H", number, flags, len(questions), len(answers), 0, 0)
    return head + b"".join(questions) + b"".join(answers)


def answer(kind: int, data: bytes) -> bytes:
    return message(0x8180, [question("a.bc", kind)], [record(POINTER, kind, data)])


RECORDS = [
    (1, b"\1\2\3\4", {"a": b"\1\2\3\4"}),
    (5, name("x.y"), {"cname": "x.y"}),
    (15, b"\0\5" + name("m.x"), {"mx__preference": 5, "mx__mail_exchange": "m.x"}),
    (16, b"\2ab\1c", {"txt": ["ab", "c"], "txt__length": [2, 1]}),
    (47, name("n") + b"\0\1\x40", {"nsec__next_domain_name": "n", "resp__type": [47, 1]}),
    (50, b"\1\1\0\5\0\1w\0\1\x40", {"nsec3__iterations": 5, "resp__type": [50, 1]}),
    (62, b"\0\0\0\1\0\3\0\1\x40", {"csync__flags__soaminimum": True, "resp__type": [62, 1]}),
    (30, name("n") + b"\x40", {"resp__type": [30, 1]}),
    (65, b"\0\1\0\0\1\0\6\2h2\2h3\0\3\0\2\1\xbb", {"svcb__svcparam__alpn": ["h2", "h3"],
                                                   "svcb__svcparam__port": 443, "svcb__targetname": "<Root>"}),
    (64, b"\0\1" + name("t") + b"\0\4\0\4\1\2\3\4", {"svcb__svcparam__ipv4hint__ip": b"\1\2\3\4"}),
    (257, b"\x80\5issueca", {"caa__issue": "ca", "caa__flags__issuer_critical": True}),
    (256, b"\0\1\0\2http://x", {"srv__priority": 1, "srv__target": "http://x"}),
    (42, b"\0\1\x18\x83\1\2\3", {"apl__afdpart__ipv4": b"\1\2\3\0", "apl__negation": True}),
    (999, b"abc", {"data": b"abc", "undecoded__type": None}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "data", "wanted"), RECORDS)
def test_records(kind: int, data: bytes, wanted: dict[str, object]) -> None:
    (view,) = views([udp(answer(kind, data), 53, 40000, back=True)])
    check(view, "dns.", **wanted)
    assert not malformed(view)


@pytest.mark.parametrize(
    ("owner", "wanted"),
    [
        ("_http._tcp.ex.com", {"service": "_http", "proto": "_tcp", "name": "ex.com", "instance": []}),
        ("My._ipp._tcp.local", {"instance": "My", "service": "_ipp", "proto": "_tcp", "name": "local"}),
        ("_x", {"service": "_x", "proto": []}),
    ],
)
def test_a_service_record_shows_the_parts_of_its_name_instead_of_it(owner: str, wanted: dict[str, object]) -> None:
    packet = message(0x8180, [], [record(name(owner), 33, b"\0\1\0\2\0\x50" + name("t.x"))])
    (view,) = views([udp(packet, 53, 40000, back=True)])
    check(view, "dns.srv.", **wanted)
    check(view, "dns.", resp__name=[], srv__port=80)


NAMES = [
    (b"\3a\0b\0", "a\\000b", 3, 1),
    (b"\0", "<Root>", 6, 1),
    (b"\3a.b\1c\0", "a.b.c", 5, 3),
    ((b"\x3f" + b"a" * 63) * 4 + b"\0", "<Name too long>", 15, 1),
    (b"\1a\xc0\x0c", "<Name contains a pointer that loops>", 36, 1),
    (b"\xc0\x0c", "<Name contains a pointer that loops>", 36, 1),
]


@pytest.mark.parametrize(("wire", "text", "length", "labels"), NAMES)
def test_names(wire: bytes, text: str, length: int, labels: int) -> None:
    (view,) = views([udp(message(0x100, [wire + b"\0\1\0\1"]), 40000, 53)])
    check(view, "dns.", qry__name=text, qry__name__len=length, count__labels=labels)


def test_queries_and_responses_find_each_other() -> None:
    query, reply = message(0x100, [question()]), answer(1, b"\1\2\3\4")
    packets = [udp(query, 40000, 53), udp(query, 40000, 53), udp(reply, 53, 40000, back=True),
               udp(reply, 53, 40000, back=True), udp(query, 40000, 53)]  # fmt: skip
    first, again, answered, repeated, lonely = views(packets)
    check(first, "dns.", response_in=3, response_missing=[])
    check(again, "dns.", retransmission=True, retransmit_request_in=1, response_missing=[])
    check(answered, "dns.", response_to=1, time=2 * 10**9, unsolicited=[])
    check(repeated, "dns.", retransmission=True, retransmit_response_in=3, response_to=[])
    check(lonely, "dns.", response_missing=None, retransmission=[])


def test_a_query_five_seconds_later_is_a_new_one() -> None:
    query = udp(message(0x100, [question()]), 40000, 53)
    first, second = views([query, query], times=(0, 5))
    check(first, "dns.", response_missing=None)
    check(second, "dns.", response_missing=None, retransmission=[])


def test_a_quoted_query_counts_for_nothing() -> None:
    query = udp(message(0x100, [question()]), 40000, 53)
    _, error, again = views([query, icmp_error(query), query])
    check(error, "dns.", response_missing=None, retransmission=[])
    check(again, "dns.", retransmit_request_in=1)


def test_multicast_dns_takes_a_bit_of_the_class() -> None:
    packet = message(0, [name("x.local") + b"\0\1\x80\1"], [record(POINTER, 1, b"\1\2\3\4", 0x8001)])
    (view,) = views([udp(packet, 5353, 5353)])
    check(view, "dns.", qry__qu=True, qry__class=1, resp__cache_flush=True, resp__class=1)
    assert "mdns" in view.by_name


def test_llmnr_reads_other_flags() -> None:
    (view,) = views([udp(message(0x0500, [question()]), 40000, 5355)])
    check(view, "dns.flags.", conflict=True, tentative=True, recdesired=[])


@pytest.mark.parametrize(("flags", "questions", "is_dns"), [(0x100, 1, True), (0x100, 2, False), (0x2800, 1, False)])
def test_other_ports_are_recognised(flags: int, questions: int, is_dns: bool) -> None:
    (view,) = views([udp(message(flags, [question()] * questions), 40000, 40001)])
    assert ("dns" in view.by_name) is is_dns


def test_bytes_after_the_message_are_extraneous() -> None:
    (view,) = views([udp(message(0x100, [question()]) + b"xyz", 40000, 53)])
    check(view, "dns.extraneous", __data=b"xyz", __length=3)
    assert not malformed(view)


@pytest.mark.parametrize("length", [2, 11, 14, 20])
def test_what_was_read_before_the_damage_counts(length: int) -> None:
    (view,) = views([udp(message(0x100, [question()])[:length], 40000, 53)])
    assert malformed(view)
    check(view, "dns.", id=[] if length == 2 else 1, response_missing=[])


def test_a_cut_capture_is_short_not_malformed() -> None:
    (view,) = views([udp(message(0x100, [question()]), 40000, 53)], cut=45)
    assert "_ws.short" in view.by_name
    assert not malformed(view)
