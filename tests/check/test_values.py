"""The values that literals become, by type."""

from __future__ import annotations

import pytest

from dfilter.check.check import analyse
from dfilter.check.comparisons import meaning_of
from dfilter.check.typed import Comparison, Conjunction, Constant, ContainsTest, LabelRead, MembershipTest, Relation
from dfilter.fields.versions import Version
from dfilter.language.ast import CompareOp, Quantifier

SECOND = 1_000_000_000


def _comparison(text: str, version: Version = Version.V4_6) -> Comparison:
    typed = analyse(text, version).typed
    assert isinstance(typed, Comparison)
    return typed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("tcp.port == 0x50", 80),
        ("ip.ttl == 2 * {16 + 16}", 64),
        ("ip.ttl == 1 - 2", -1),
        ("ip.ttl == -7 / 2", -3),
        ("ip.ttl == -10 % 3", -1),
        ("ip.ttl == 'a'", 97),
        ("ip.proto == tCp", 6),
        ("tcp.flags.syn == Set", True),
        ("tcp.flags.syn == false", False),
        ("stp.max_age == 3", 3.0),
        ('http.host == "a\\xc3"', "a\udcc3"),
        ("http.host == :ff", ":ff"),
        ("tcp.payload == 13", b"\x0d"),
        ("tcp.payload == :13", b"\x13"),
        ("tcp.payload == 0011.2-3:", b"\x00\x11\x02\x03"),
        ('tcp == "ab"', b"ab"),
        ("tcp.payload == 0f & 0c", b"\x0c"),
        ("eth.src == 00:11:22:33:44:55", bytes.fromhex("001122334455")),
        ("ip.src == 10.0.0.1", bytes((10, 0, 0, 1))),
        ("ipv6.src == ::1:2:3:4:5:6:7", bytes.fromhex("00000001000200030004000500060007")),
        ("ipv6.src == ::ffff:1.2.3.4", bytes(10) + b"\xff\xff\x01\x02\x03\x04"),
        ("snmp.name == 1.3.6.1.2.300", bytes.fromhex("2b060102822c")),
        ("smb2.client_guid == 00112233-4455-6677-8899-aabbccddeeff", bytes.fromhex("00112233445566778899aabbccddeeff")),
        ("frame.time_delta == 0.000000001", 1),
        ("frame.time_delta == -1.5", -3 * SECOND // 2),
        ("frame.time_delta == 2 * 1.5", 3 * SECOND),
        ("frame.time == 1.25", 5 * SECOND // 4),
        ('frame.time == "1970-01-01T00:00:01.5Z"', 3 * SECOND // 2),
        ('frame.time == "1970-01-01T02:00:00+02:00"', 0),
        ('frame.time == "1970-01-01 00:00:00 EST"', 5 * 3600 * SECOND),
        ('frame.time == "1970-01-01 01:00:00 A"', 0),
        ('frame.time == "Feb 30, 2000 00:00:00 UTC"', 951868800 * SECOND),
        ('frame.time == "1970-01-01T00:00:00.1234567891Z"', 0),
    ],
)  # fmt: skip
def test_constant(text: str, value: object) -> None:
    right = _comparison(text).right
    assert isinstance(right, Constant)
    assert right.value == value
    assert type(right.value) is type(value)


@pytest.mark.parametrize(("text", "prefix"), [("10.0.0.77/24", 24), ("10.0.0.1", None), ("10.0.0.1/0", 0)])
def test_prefix(text: str, prefix: int | None) -> None:
    right = _comparison(f"ip.src == {text}").right
    assert isinstance(right, Constant)
    assert right.prefix == prefix


@pytest.mark.parametrize(
    ("op", "relation", "quantifier"),
    [
        ("==", Relation.EQ, Quantifier.ANY),
        ("!=", Relation.NE, Quantifier.ALL),
        ("===", Relation.EQ, Quantifier.ALL),
        ("!==", Relation.NE, Quantifier.ANY),
        ("<", Relation.LT, Quantifier.ANY),
    ],
)
def test_default_quantifiers(op: str, relation: Relation, quantifier: Quantifier) -> None:
    found = _comparison(f"ip.ttl {op} 5")
    assert (found.relation, found.quantifier) == (relation, quantifier)
    assert _comparison(f"any ip.ttl {op} 5").quantifier is Quantifier.ANY
    assert _comparison(f"all ip.ttl {op} 5").quantifier is Quantifier.ALL


def test_not_equal_is_any_in_3_4() -> None:
    assert meaning_of(CompareOp.NE, None, Version.V3_4) == (Relation.NE, Quantifier.ANY)


def test_quantifier_before_a_chain_has_no_effect() -> None:
    typed = analyse("all 1 < ip.ttl < 15").typed
    assert isinstance(typed, Conjunction)
    assert [item.quantifier for item in typed.items if isinstance(item, Comparison)] == [Quantifier.ANY] * 2


def test_ambiguous_label_is_compared_as_text() -> None:
    newest, older = (_comparison('ip.proto == "Unassigned"', v).left for v in (Version.V4_6, Version.V4_4))
    assert isinstance(newest, LabelRead)
    assert isinstance(older, LabelRead)
    assert newest.unlabelled_as_number
    assert not older.unlabelled_as_number


def test_one_ambiguous_label_makes_the_whole_set_texts() -> None:
    typed = analyse('ip.proto in {"Unassigned", "TCP"}').typed
    assert isinstance(typed, MembershipTest)
    assert isinstance(typed.left, LabelRead)
    assert [item.value for item in typed.elements if isinstance(item, Constant)] == ["Unassigned", "TCP"]


def test_part_of_an_address_is_searched() -> None:
    typed = analyse("eth.src contains 00:11").typed
    assert isinstance(typed, ContainsTest)
    assert isinstance(typed.right, Constant)
    assert typed.right.value == b"\x00\x11"
