"""Arithmetic, slices, layers, functions, searches: one row an observation of Wireshark 4.4 and 4.6."""

from __future__ import annotations

import pytest

from dfilter.check.typed import Constant, LabelRead, PlainRange, Truthy
from dfilter.fields.versions import Version
from tests.compile.build import (
    ALL,
    ANY,
    HERE,
    Layer,
    T,
    calc,
    call,
    compare,
    const,
    contains,
    cut,
    field,
    labels,
    matches,
    member,
    negate,
    run,
)

TTL, ID = field("ip.ttl"), field("ip.id", T.UINT16)
HOST, MAC = field("http.host", T.STRING), field("eth.src", T.ETHER)
UDP = field("udp", T.PROTOCOL)
V4_0, V4_4, V4_6 = Version.V4_0, Version.V4_4, Version.V4_6


def of_ttl(expression, ttls, **more):
    return [ttl for ttl in ttls if run(expression, {"ip.ttl": [ttl]}, **more)]


TTLS = [0, 1, 2, 5, 10, 64, 255]


@pytest.mark.parametrize(
    ("left", "relation", "right", "expected"),
    [
        (calc(TTL, "+", const(1)), ">", const(255), [255]),
        (calc(TTL, "-", const(1)), "==", const(-1), [0]),
        (calc(TTL, "-", const(1)), "<", const(0), [0]),
        (calc(const(0), "-", TTL), "==", const(-1), [1]),
        (negate(TTL), "<", const(0), [1, 2, 5, 10, 64, 255]),
        (calc(negate(TTL), "/", const(3)), "==", const(-3), [10]),
        (calc(negate(TTL), "%", const(3)), "==", const(-1), [1, 10, 64]),
        (calc(TTL, "/", const(0)), "==", const(0), []),
        (calc(TTL, "*", const(-1)), "==", const(0), [0]),
        (calc(TTL, "*", const(-1)), ">", const(5), [1]),
        (calc(TTL, "+", const(-1)), ">", const(5), [0]),
        (calc(TTL, "/", const(-3)), "==", const(0), TTLS),
        (calc(TTL, "-", const(-1)), "!=", const(0), []),
        (calc(calc(TTL, "-", const(1)), "+", const(1)), "==", const(0), [0]),
        (calc(negate(TTL), "&", const(255)), "==", const(255), [1]),
        (calc(TTL, "&", const(-1)), "==", const(64), [64]),
        (call("abs", negate(TTL), kind=T.UINT8), "==", const(64), [64]),
    ],
)
def test_integers_are_computed_as_observed(left, relation, right, expected):
    assert of_ttl(compare(left, relation, right), TTLS) == expected


@pytest.mark.parametrize(
    ("left", "relation", "right", "in_4_4", "in_4_6"),
    [
        (TTL, ">", const(-1), [], TTLS),
        (TTL, "<", const(-1), [], []),
        (const(-1), "<", TTL, TTLS, TTLS),
        (const(0), ">", calc(TTL, "-", const(1)), [], [0]),
        (calc(TTL, "-", const(1)), ">", const(-5), [0], TTLS),
        (negate(TTL), ">", const(-5), [0, 1, 2], [0, 1, 2]),
        (negate(TTL), "<=", TTL, TTLS, TTLS),
        (TTL, ">=", negate(TTL), [0], TTLS),
    ],
)
def test_unsigned_values_have_no_order_to_negative_ones_before_4_6(left, relation, right, in_4_4, in_4_6):
    assert of_ttl(compare(left, relation, right, version=V4_4), TTLS) == in_4_4
    assert of_ttl(compare(left, relation, right, version=V4_6), TTLS) == in_4_6


def test_overflow_leaves_no_value():
    wide = field("x", T.UINT64)
    total = calc(wide, "+", const(1, T.UINT64))
    assert run(compare(total, ">", const(5, T.UINT64)), {"x": [2**63]})
    assert not run(compare(total, ">=", const(0, T.UINT64)), {"x": [2**64 - 1]})
    assert not run(compare(negate(wide), "<", const(0, T.UINT64)), {"x": [2**64 - 1]})


def test_the_narrow_types_overflow_at_32_bits_in_4_0():
    sequence = calc(field("x", T.UINT32), "+", const(1, T.UINT32))
    test = compare(sequence, ">", const(5, T.UINT32), version=V4_0)
    assert not run(test, {"x": [2**32 - 1]}, version=V4_0)
    assert run(test, {"x": [2**32 - 1]}, version=V4_4)


def test_arithmetic_without_a_result_still_takes_part_in_all_tests():
    nothing = compare(calc(TTL, "/", calc(TTL, "-", TTL)), "!=", const(0), ALL)
    assert run(nothing, {"ip.ttl": [5]})
    assert not run(nothing, {})


SECOND = 1_000_000_000
DELTA = field("frame.time_delta", T.RELATIVE_TIME)


@pytest.mark.parametrize(
    ("op", "number", "kind", "seconds", "expected", "version", "answer"),
    [
        ("*", 2, T.INT64, 1, 2 * SECOND, V4_6, True),
        ("/", 2, T.INT64, 1, SECOND // 2, V4_6, True),
        ("/", 2, T.INT64, 1, SECOND // 2, V4_4, False),
        ("*", 0.5, T.DOUBLE, 2, SECOND, V4_4, True),
        ("*", 0.5, T.DOUBLE, 3, SECOND, V4_4, True),
        ("*", 0.5, T.DOUBLE, 3, SECOND, V4_6, False),
        ("/", 3, T.INT64, 1, 333_333_333, V4_6, True),
        ("/", -2, T.INT64, 1, -SECOND // 2, V4_6, True),
        ("*", 1.0000000015, T.DOUBLE, 1, 1_000_000_001, V4_6, True),
        ("/", 0, T.INT64, 1, 0, V4_6, False),
    ],
)
def test_times_are_scaled_as_observed(op, number, kind, seconds, expected, version, answer):
    scaled = calc(DELTA, op, const(number, kind))
    test = compare(scaled, "==", const(expected, T.RELATIVE_TIME), version=version)
    assert run(test, {"frame.time_delta": [seconds * SECOND]}, version=version) is answer


def test_times_wrap_at_32_bits_in_4_4_only():
    arrival = field("frame.time", T.ABSOLUTE_TIME)
    year_2020, year_2106 = 1_577_836_800 * SECOND, (2**32 - 1) * SECOND
    before = const(year_2020, T.ABSOLUTE_TIME)
    assert run(compare(arrival, "<", before, version=V4_4), {"frame.time": [year_2106]})
    assert not run(compare(arrival, "<", before, version=V4_6), {"frame.time": [year_2106]})
    assert run(
        compare(arrival, "==", const(-SECOND, T.ABSOLUTE_TIME), version=V4_4), {"frame.time": [year_2106]}
    )


def test_nan_equals_everything_in_4_4_and_nothing_in_4_6():
    nan = field("x", T.DOUBLE)
    for version, answer in ((V4_4, True), (V4_6, False)):
        for test in (
            compare(nan, "==", const(1.0, T.DOUBLE), version=version),
            member(nan, [const(1.0, T.DOUBLE)], version=version),
            compare(const(float("nan"), T.DOUBLE), "==", nan, version=version),
        ):
            assert run(test, {"x": [float("nan")]}) is answer


MAC_BYTES = bytes.fromhex("001122334455")


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([PlainRange(0, 3)], "001122"),
        ([PlainRange(5, 1)], "55"),
        ([PlainRange(2, last=3)], "2233"),
        ([PlainRange(-2)], "4455"),
        ([PlainRange(-3, last=-2)], "3344"),
        ([PlainRange(-6, 2)], "0011"),
        ([PlainRange(4, 10)], ""),
        ([PlainRange(6)], ""),
        ([PlainRange(-7)], ""),
        ([PlainRange(0, 7)], ""),
        ([PlainRange(0, 3), PlainRange(10, 2)], "001122"),
        ([PlainRange(10, 2), PlainRange(0, 3)], ""),
        ([PlainRange(0, 1), PlainRange(-1, 1)], "0055"),
    ],
)
def test_a_range_outside_the_value_yields_nothing_and_ends_the_list(ranges, expected):
    source, piece = {"eth.src": [MAC_BYTES]}, cut(MAC, *ranges)
    assert run(compare(piece, "==", const(bytes.fromhex(expected), T.BYTES)), source)
    assert run(Truthy(HERE, piece), source) is (expected != "")


def test_string_slices_are_code_points_from_4_4_on_and_octets_before():
    source = {"http.host": ["été"]}
    assert run(compare(cut(HOST, PlainRange(0, 2), kind=T.STRING), "==", const("ét", T.STRING)), source)
    assert run(compare(cut(HOST, PlainRange(0, 2)), "==", const("é".encode(), T.BYTES)), source)


def test_slices_of_slices_do_not_nest_on_the_stack():
    piece = MAC
    for _ in range(5000):
        piece = cut(piece, PlainRange(0))
    assert run(compare(piece, "==", const(MAC_BYTES, T.ETHER)), {"eth.src": [MAC_BYTES]})


def test_long_sums_do_not_nest_on_the_stack():
    total = TTL
    for _ in range(10_000):
        total = calc(total, "+", const(1))
    assert run(compare(total, "==", const(10_005, T.UINT16)), {"ip.ttl": [5]})


THREE = {"ip.ttl#": [(1, 1), (2, 2), (3, 3)]}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (PlainRange(1, 1), [1]),
        (PlainRange(0, 1), []),
        (PlainRange(4, 1), []),
        (PlainRange(-1, 1), [3]),
        (PlainRange(0, 2), [1]),
        (PlainRange(1, 5), [1, 2, 3]),
        (PlainRange(2), [2, 3]),
        (PlainRange(-2, 2), [2, 3]),
        (PlainRange(-5, 5), [1, 2, 3]),
        (PlainRange(-5, 4), [1, 2]),
        (PlainRange(2, last=3), [2, 3]),
        (PlainRange(-2, last=-1), []),
    ],
)
def test_layers_are_chosen_as_observed(part, expected):
    chosen = field("ip.ttl", layers=(part,))
    assert [ttl for ttl in (1, 2, 3) if run(compare(chosen, "==", const(ttl)), THREE)] == expected


ABSENT_HOST = {"ip.ttl": [5], "http.host": []}
UPPER = call("upper", HOST)
LENGTH = call("len", UPPER, kind=T.UINT32)


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        (compare(UPPER, "!=", const("X", T.STRING), ALL), True),
        (compare(call("upper", UPPER), "!=", const("X", T.STRING), ALL), True),
        (compare(UPPER, "!=", const("X", T.STRING), ANY), False),
        (compare(LENGTH, "!=", const(5, T.UINT32), ALL), True),
        (compare(negate(LENGTH), "!=", const(5, T.UINT32), ALL), True),
        (compare(calc(LENGTH, "+", const(1, T.UINT32)), "!=", const(5, T.UINT32), ALL), True),
        (compare(cut(UPPER, PlainRange(0, 1), kind=T.STRING), "!=", const("X", T.STRING), ALL), True),
        (compare(calc(TTL, "-", LENGTH), "!=", const(5, T.UINT32), ALL), True),
        (compare(calc(ID, "-", LENGTH), "!=", const(5, T.UINT32), ALL), False),
        (compare(call("len", HOST, kind=T.UINT32), "!=", const(5, T.UINT32), ALL), False),
        (compare(call("abs", LENGTH, kind=T.UINT32), "!=", const(5, T.UINT32), ALL), False),
        (compare(call("max", LENGTH, kind=T.UINT32), "!=", const(5, T.UINT32), ALL), False),
        (
            compare(call("upper", cut(HOST, PlainRange(0), kind=T.STRING)), "!=", const("", T.STRING), ALL),
            False,
        ),
        (compare(call("upper", call("max", HOST)), "!=", const("X", T.STRING), ALL), True),
        (compare(HOST, "!=", call("lower", field("dns.qry.name", T.STRING)), ALL), False),
        (matches(UPPER, b"a", ALL), True),
        (contains(UPPER, HOST, ALL), False),
        (Truthy(HERE, UPPER), False),
        (compare(call("count", HOST, kind=T.UINT32), "==", const(0, T.UINT32)), True),
        (compare(call("upper", HOST, version=V4_0), "!=", const("X", T.STRING), ALL), False),
        (compare(call("count", HOST, kind=T.UINT32, version=V4_0), "==", const(0, T.UINT32)), False),
        (compare(call("max", HOST, const("b", T.STRING)), "==", const("b", T.STRING)), True),
    ],
)
def test_functions_of_an_absent_field(expression, answer):
    assert run(expression, ABSENT_HOST) is answer


@pytest.mark.parametrize(
    ("function", "argument", "value", "expected"),
    [
        ("upper", T.STRING, "été", "éTé"),
        ("lower", T.STRING, "AbÉ", "abÉ"),
        ("string", T.UINT16, 80, "80"),
        ("string", T.DOUBLE, 20.25, "20.25"),
        ("string", T.DOUBLE, 20.0, "20"),
        ("string", T.IPv4, bytes([10, 0, 0, 1]), "10.0.0.1"),
        ("string", T.IPv6, bytes(15) + b"\1", "::1"),
        ("string", T.ETHER, MAC_BYTES, "00:11:22:33:44:55"),
        ("string", T.OID, bytes.fromhex("2a864886f70d"), "1.2.840.113549"),
        ("string", T.GUID, bytes(range(16)), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ("hex", T.UINT8, 64, "0x40"),
        ("hex", T.UINT16, 80, "0x0050"),
        ("hex", T.UINT24, 0, "0x000000"),
        ("hex", T.FRAMENUM, 1, "0x00000001"),
        ("dec", T.UINT16, 80, "80"),
        ("ip_special_name", T.IPv4, bytes([10, 1, 1, 1]), "Private-Use"),
        ("ip_special_name", T.IPv4, bytes(4), '"This host on this network"'),
        ("ip_special_name", T.IPv6, bytes.fromhex("20010db8") + bytes(12), "Documentation"),
    ],
)
def test_functions_give_the_observed_text(function, argument, value, expected):
    test = compare(call(function, field("x", argument)), "==", const(expected, T.STRING))
    assert run(test, {"x": [value]})


def test_an_address_without_a_block_has_no_special_name():
    name = call("ip_special_name", field("ip.src", T.IPv4))
    assert not run(compare(name, "!=", const("", T.STRING), ALL), {"ip.src": [bytes([8, 8, 8, 8])]})


NET = Constant(HERE, T.IPv4, bytes([10, 0, 0, 77]), 24)
SRC = field("ip.src", T.IPv4)


@pytest.mark.parametrize(
    ("relation", "expected"),
    [("==", [1]), ("!=", [0, 2]), ("<", [0]), ("<=", [0, 1]), (">", [2]), (">=", [1, 2])],
)
def test_an_address_is_compared_under_the_prefix(relation, expected):
    quantifier = ALL if relation == "!=" else ANY
    addresses = [bytes([9, 255, 255, 255]), bytes([10, 0, 0, 3]), bytes([10, 0, 1, 0])]
    test = compare(SRC, relation, NET, quantifier)
    assert [n for n, address in enumerate(addresses) if run(test, {"ip.src": [address]})] == expected


def test_protocols_are_ordered_by_length_and_searched_to_the_end_of_the_data():
    source = {"udp": [Layer(b"\x01\x02", b"hello")]}
    assert run(compare(UDP, "==", const(b"\x01\x02", T.PROTOCOL)), source)
    assert run(compare(UDP, "<", const(b"\x00\x00\x00", T.PROTOCOL)), source)
    assert run(compare(call("len", UDP, kind=T.UINT32), "==", const(2, T.UINT32)), source)
    assert run(contains(UDP, const(b"hello", T.PROTOCOL)), source)
    assert run(matches(UDP, b"^..HEL"), source)
    assert not run(contains(UDP, const(b"", T.PROTOCOL)), source)


def test_bytes_are_ordered_by_length_first_up_to_4_0():
    payload, one = field("tcp.payload", T.BYTES), const(b"\x01", T.BYTES)
    source = {"tcp.payload": [b"\x00\x00"]}
    assert run(compare(payload, "<", one, version=V4_4), source)
    assert not run(compare(payload, "<", one, version=V4_0), source)


@pytest.mark.parametrize(
    ("expression", "source", "answer"),
    [
        (contains(HOST, const("", T.STRING)), {"http.host": ["a"]}, False),
        (contains(HOST, const("\udcc3", T.STRING)), {"http.host": ["é"]}, True),
        (contains(MAC, const(b"\x11\x22", T.ETHER)), {"eth.src": [MAC_BYTES]}, True),
        (contains(field("b", T.BYTES), const(b"", T.BYTES)), {"b": [b"x"]}, True),
        (contains(field("b", T.BYTES), const(b"", T.BYTES)), {"b": [b""]}, False),
        (matches(HOST, b"^$"), {"http.host": [""]}, True),
        (matches(field("b", T.BYTES), b"^$"), {"b": [b""]}, False),
        (matches(HOST, b"^.t.$"), {"http.host": ["été"]}, False),
        (matches(HOST, b"^..t..$"), {"http.host": ["été"]}, True),
        (matches(HOST, b"EXAMPLE"), {"http.host": ["an example"]}, True),
    ],
)
def test_searches(expression, source, answer):
    assert run(expression, source) is answer


TABLE = [(1, 1, "request"), (3, 9, "reserved"), (5, 5, "never reached")]


@pytest.mark.parametrize(("value", "label"), [(1, "request"), (3, "reserved"), (5, "reserved"), (10, "10")])
def test_labels(value, label):
    named: LabelRead = labels(TTL, TABLE)
    assert run(compare(named, "==", const(label, T.STRING)), {"ip.ttl": [value]})
    nameless = labels(TTL, TABLE, numbered=False)
    different = compare(nameless, "!=", const("x", T.STRING), ALL)
    assert run(different, {"ip.ttl": [value]}) is (value != 10)


def test_a_reference_reads_the_selected_frame_and_has_no_value_without_one():
    test = compare(TTL, "==", field("ip.ttl", selected=True))
    assert run(test, {"ip.ttl": [5]}, selected={"ip.ttl": [4, 5]})
    assert not run(test, {"ip.ttl": [6]}, selected={"ip.ttl": [4, 5]})
    assert not run(test, {"ip.ttl": [5]})
    assert not run(compare(TTL, "!=", field("ip.ttl", selected=True), ALL), {"ip.ttl": [5]})


def test_the_raw_operator_reads_the_covered_bytes():
    raw = field("ip.version", T.BYTES, raw=True)
    assert run(compare(raw, "==", const(b"\x45", T.BYTES)), {"@ip.version": [b"\x45"]})


def test_bitwise_and_of_bytes_is_as_long_as_the_shorter_side():
    masked = calc(MAC, "&", const(b"\xff\xff", T.BYTES), T.BYTES)
    assert run(compare(masked, "==", const(b"\x00\x11", T.BYTES)), {"eth.src": [MAC_BYTES]})
