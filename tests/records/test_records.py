"""Filters over records: what they answer, whichever way they are run, and what they refuse."""

from __future__ import annotations

import json
import math
import pickle
import threading
from collections import ChainMap, OrderedDict, namedtuple
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dfilter
from dfilter import RecordField, Schema
from dfilter.fields.types import FieldType

FIELDS: dict[str, str | RecordField] = {
    "file.size": "uint64", "file.name": "string", "net.ip": "ipv4", "net.ip6": "FT_IPv6", "port": "uint16",
    "mac": "ETHER", "hash": "bytes", "guid": "guid", "oid": "oid", "ratio": "double", "safe": "boolean",
    "kind": RecordField("uint8", labels={1: "Request", 2: "Response"}),
    "proto.name": RecordField("uint8", labels="ip.proto"),
    "when": "absolute_time", "took": "relative_time", "seen": "none", "deep.er.still": "int32",
    "dport": RecordField("uint16", when=("proto", "TCP", "sctp")),
    "ends": RecordField("ipv4", keys=("from", "to")),
}  # fmt: skip
SCHEMA = Schema(FIELDS)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For machines that have other things to do as well."""
STRICT = Schema(FIELDS, strict=True)


def cases() -> list[tuple[str, Any, bool]]:
    rows = []
    for line in (Path(__file__).parent / "cases.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            text, record, answer = (
                line.rsplit(" | ", 2) if not line.startswith(" |") else ("", *line[3:].rsplit(" | ", 1))
            )
            rows.append((text, json.loads(record), answer == "y"))
    return rows


CASES = cases()


@pytest.mark.parametrize(
    ("text", "record", "expected"), CASES, ids=[f"{c[0]} | {c[1]}".replace("\ud800", "?") for c in CASES]
)
def test_answer(text: str, record: Any, expected: bool) -> None:
    compiled = dfilter.compile(text, schema=SCHEMA)
    assert compiled.matches(record) is expected
    assert compiled.plan.test(record) is expected, "the closures differ"
    assert compiled.matches(MappingProxyType(record)) is expected


@pytest.mark.parametrize("version", ["3.4", "4.0", "4.4", "4.6"])
def test_the_version_decides_the_language(version: str) -> None:
    compiled = dfilter.compile("port != 80 and file.name", target=version, schema=SCHEMA)
    assert compiled.matches({"port": [80, 81], "file.name": "x"}) is (version == "3.4")


# --- generated filters and records ------------------------------------------------------------------------

ODD = st.sampled_from([None, True, False, 0, 1, -1, 80, 443, 70000, 2**64, 2**65, 1.0, 0.5, math.nan, math.inf, "",
                       "443", "0x50",
                       "evil.exe", "EVIL.EXE", "é", "\ud800", "10.1.2.3", "2001:db8::1", "10.1.2.3/8",
                       "00:11:22:33:44:55", "x" * 100, b"abc", [], {}, [80], ["evil.exe", 3], {"size": 5}, [[443]],
                       "true", "request"])  # fmt: skip
RECORDS = st.dictionaries(st.sampled_from([*FIELDS, "file", "net", "deep", "proto", "from", "to"]), ODD, max_size=6)
NESTED = st.builds(lambda flat, size, name: {**flat, "file": {"size": size, "name": name}}, RECORDS, ODD, ODD)
TESTS = st.sampled_from([
    "port == 443", "port != 443", "port > 80", "port <= 443", "80 < port", "port in {80, 443}", "port not in {80, 443}",
    "port in {80 443}",
    "port in {1..100}", "port", "port & 1", "all port == 443", "any port != 443", "port == 80 or port == 443",
    "file.size >= 1", "file.size", "file.size != 5", "file.size == 18446744073709551615",
    'file.name == "evil.exe"', 'file.name != "evil.exe"', 'file.name contains "e"', 'file.name contains ""',
    'file.name matches "exe$"', 'file.name in {"evil.exe", "a"}', 'file.name > "a"', "file.name",
    'lower(file.name) == "evil.exe"', 'upper(file.name) contains "EXE"', "len(file.name) > 4",
    'lower(file.name) != "é"',
    'lower(file.name) matches "^e"', "len(file.name) == 8", 'file.name == "é"', 'file.name < "é"',
    "net.ip == 10.0.0.0/8", "net.ip != 10.1.2.3", "net.ip in {10.1.2.3, 1.1.1.1}", "net.ip", "mac == 00:11:22:33:44:55",
    "hash contains 61", "ratio > 0.5", "ratio != 0.5", "ratio", "ratio == 1", "safe == true", "safe != true", "safe",
    'kind == "request"', "kind == 1", "net", "file", "dport == 443", "ends == 10.1.2.3", "count(port) == 1",
])  # fmt: skip
FILTERS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        inner.map(lambda a: f"!({a})"),
        st.builds(lambda a, b, word: f"({a}) {word} ({b})", inner, inner, st.sampled_from(["and", "or", "xor"])),
    ),
    max_leaves=5,
)


@PATIENT
@given(FILTERS, st.one_of(RECORDS, NESTED), st.sampled_from(["3.4", "4.0", "4.4", "4.6"]))
def test_the_generated_function_answers_as_the_closures(text: str, record: Any, version: str) -> None:
    if dfilter.check(text, version, schema=SCHEMA).colour == "red":
        return
    compiled = dfilter.compile(text, target=version, schema=SCHEMA)
    assert compiled.matches(record) is compiled.plan.test(record)


@PATIENT
@given(FILTERS, st.one_of(RECORDS, NESTED))
def test_strict_or_not_a_record_of_good_values_has_one_answer(text: str, record: Any) -> None:
    if dfilter.check(text, schema=SCHEMA).colour == "red":
        return
    try:
        strict = dfilter.compile(text, schema=STRICT).matches(record)
    except dfilter.RecordError:
        return
    assert strict is dfilter.compile(text, schema=SCHEMA).matches(record)


# --- what a record can be ---------------------------------------------------------------------------------


@dataclass
class File:
    size: int
    name: str


class Row:
    """An object with attributes, one of them an object."""

    def __init__(self) -> None:
        self.file = File(2048, "evil.exe")
        self.net = SimpleNamespace(ip=ip_address("10.1.2.3"))


Pair = namedtuple("Pair", "file port")


@pytest.mark.parametrize("record", [
    Row(), {"file": File(2048, "evil.exe"), "net.ip": ip_address("10.1.2.3")},
    ChainMap({"file.size": 2048}, {"file.name": "evil.exe", "net": {"ip": b"\x0a\x01\x02\x03"}}),
    OrderedDict(file=OrderedDict(size=2048, name=b"evil.exe"), net=[{"ip": "10.1.2.3"}]),
    Pair({"size": 2048, "name": "evil.exe"}, 1)._replace(port=1),
])  # fmt: skip
def test_mappings_and_objects(record: Any) -> None:
    text = 'file.size > 1000 and file.name contains "evil"'
    assert dfilter.compile(text, schema=SCHEMA).matches(record)
    assert isinstance(record, Pair) or dfilter.compile("net.ip == 10.0.0.0/8", schema=SCHEMA).matches(record)


@pytest.mark.parametrize("record", [None, 3, "text", b"bytes", [], object(), [1, 2], float("nan")])
def test_what_is_no_record_has_no_fields(record: Any) -> None:
    assert not dfilter.compile("file or port or net", schema=SCHEMA).matches(record)


def test_a_record_that_holds_itself_is_answered() -> None:
    loop: list[Any] = []
    loop.append(loop)
    inside: dict[str, Any] = {"port": 443}
    inside["file"] = inside
    assert not dfilter.compile("port == 443", schema=SCHEMA).matches({"port": loop})
    assert not dfilter.compile("file.size", schema=SCHEMA).matches({"file": loop})
    assert not dfilter.compile("file.size", schema=SCHEMA).matches(inside)


@pytest.mark.parametrize(("text", "value"), [
    ("when == 1714557600.25", datetime(2024, 5, 1, 10, 0, 0, 250000, tzinfo=UTC)),
    ("when == 1714557600.25", datetime(2024, 5, 1, 10, 0, 0, 250000)),
    ("when == 1714557600.25", Decimal("1714557600.25")),
    ("when == 1714557600.123456789", "2024-05-01T10:00:00.123456789Z"),
    ("took == 1.5", timedelta(seconds=1.5)),
    ("took == -0.5", "-0.5"),
    ("guid == 01234567-89ab-cdef-0123-456789abcdef", UUID("01234567-89ab-cdef-0123-456789abcdef")),
    ("net.ip == 10.1.2.3", ip_address("10.1.2.3")),
    ("net.ip6 == 2001:db8::1", ip_address("2001:db8::1")),
    ("mac == 00:11:22:33:44:55", bytes.fromhex("001122334455")),
    ("hash == 61:62", bytearray(b"ab")),
    ("oid == 1.3.6.1", b"\x2b\x06\x01"),
    ("port == 443", Decimal(443)),
])  # fmt: skip
def test_python_objects_as_values(text: str, value: Any) -> None:
    name = text.split()[0]
    expected = not isinstance(value, Decimal) or name == "when"
    assert dfilter.compile(text, schema=SCHEMA).matches({name: value}) is expected


# --- strictness -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), [
    ("port", "http"), ("port", 65536), ("port", -1), ("port", True), ("port", 1.5), ("port", {"a": 1}),
    ("file.name", 3),
    ("net.ip", "10.1.2"), ("net.ip", 3), ("mac", "00:11"), ("hash", "xyz"), ("safe", 2), ("safe", "maybe"),
    ("when", "yesterday"), ("when", "9" * 500), ("took", "1e999"), ("ratio", "x"), ("guid", "x"), ("oid", "9.9.9"),
    ("kind", "Reply"), ("port", [80, "x"]),
])  # fmt: skip
def test_a_strict_schema_says_what_is_wrong(name: str, value: Any) -> None:
    with pytest.raises(dfilter.RecordError, match=name) as caught:
        dfilter.compile(name, schema=STRICT).matches({name: value})
    assert caught.value.field == name
    assert isinstance(caught.value, dfilter.DfilterError)
    assert dfilter.compile(name, schema=SCHEMA).matches({name: value}) is isinstance(value, list)


@pytest.mark.parametrize(("name", "value"), [
    ("net.ip", "2001:db8::1"), ("net.ip6", "10.1.2.3"), ("ratio", math.nan), ("port", math.nan), ("port", None),
    ("file.name", math.nan), ("port", []),
])  # fmt: skip
def test_what_is_no_value_is_absent_in_strict_schemas_too(name: str, value: Any) -> None:
    assert not dfilter.compile(name, schema=STRICT).matches({name: value})


def test_a_long_wrong_value_does_not_flood_the_message() -> None:
    with pytest.raises(dfilter.RecordError) as caught:
        dfilter.compile("port", schema=STRICT).matches({"port": "x" * 10**6})
    assert len(str(caught.value)) < 200


# --- schemas and what the check says of them --------------------------------------------------------------


@pytest.mark.parametrize(("fields", "said"), [
    ({"a b": "string"}, "cannot be a field's name"), ({"": "string"}, "cannot be"), ({"9a": "string"}, "cannot be"),
    ({"and": "string"}, "a word of the filter language"), ({"a": "strng"}, "did you mean string"),
    ({"a": "protocol"}, "no type"), ({"a": "text"}, "no type"), ({"a." * 20 + "b": "string"}, "parts"),
    ({"a": RecordField("string", labels={1: "x"})}, "only the values of integers"),
    ({"a": RecordField("uint8", labels="no.such")}, "cannot be those of"),
    ({"a": RecordField("uint8", when=("key",))}, "at least one text"), ({"x" * 300: "string"}, "cannot be"),
])  # fmt: skip
def test_a_schema_that_makes_no_sense_is_refused(fields: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Schema(fields)


@pytest.mark.parametrize(("text", "code", "said"), [
    ("file.sise > 1", "E201", "did you mean file.size?"),
    ("ip.addr == 10.0.0.1", "E201", "is not a field of this schema"),
    ("tcp", "E201", "is not a field of this schema"),
    ('file.size == "x"', "E401", "cannot be converted"),
    ("port == 70000", "E402", "too big"),
    ('net contains "x"', "E304", "cannot participate"),
    ('kind == "reply"', "E406", "cannot be found among the possible values"),
    ("file.size >", "E102", ""),
])  # fmt: skip
def test_what_is_wrong_with_a_filter(text: str, code: str, said: str) -> None:
    verdict = dfilter.check(text, schema=SCHEMA)
    assert verdict.colour == "red"
    assert verdict.diagnostics[0].code == code
    assert said in verdict.render()
    with pytest.raises(dfilter.FilterError) as caught:
        dfilter.compile(text, schema=SCHEMA)
    assert caught.value.diagnostics == verdict.diagnostics


def test_kinds_of_errors() -> None:
    with pytest.raises(dfilter.UnknownFieldError):
        dfilter.compile("no.such == 1", schema=SCHEMA)
    with pytest.raises(dfilter.FilterSyntaxError):
        dfilter.compile("(", schema=SCHEMA)
    with pytest.raises(dfilter.FilterTypeError):
        dfilter.compile("file.name + 1 == 2", schema=SCHEMA)


def test_yellow_rules_and_macros_work_on_schemas() -> None:
    assert dfilter.check("port == 80 && safe || file.size > 1", schema=SCHEMA).colour == "yellow"
    assert dfilter.compile("$big(3)", schema=SCHEMA, macros={"big": "file.size > $1"}).matches({"file.size": 4})


def test_references_read_the_selected_record() -> None:
    compiled = dfilter.compile("net.ip == ${net.ip}", schema=SCHEMA, selected={"net.ip": "10.1.1.1"})
    assert compiled.matches({"net.ip": "10.1.1.1"})
    assert not compiled.matches({"net.ip": "10.1.1.2"})


def test_wiresharks_names_stay_wiresharks() -> None:
    dfilter.check("file.size > 1", schema=SCHEMA)
    assert dfilter.check("file.size > 1").diagnostics[0].code == "E201"
    assert dfilter.check("tcp.port == 80").colour == "green"


def test_extended_and_below() -> None:
    wider = SCHEMA.extended({"file.owner": "string", "port": "uint32"})
    assert wider.below("file") == ("file.size", "file.name", "file.owner")
    assert dfilter.compile("port > 65535", schema=wider).matches({"port": 70000})
    assert not SCHEMA.below("file.owner")


def test_names_that_look_like_attributes_of_texts_read_nothing_else() -> None:
    schema = Schema({"a.upper": "string", "a.real": "uint8", "a.keys": "none"})
    assert not dfilter.compile("a.upper or a.real", schema=schema).matches({"a": "x"})
    assert not dfilter.compile("a.keys", schema=schema).matches({"a": {}})


def test_a_filter_of_ten_thousand_terms_runs() -> None:
    text = " or ".join(f'file.name contains "n{number}"' for number in range(10_000))
    assert dfilter.compile(text, schema=SCHEMA).matches({"file.name": "xn9999"})
    deep = "!(" * 40 + "port" + ")" * 40
    assert dfilter.compile(deep, schema=SCHEMA).matches({"port": 1})


def test_a_key_with_quotes_or_code_in_it_is_only_a_key() -> None:
    key = '"] or __import__("os").abort() or r["'
    schema = Schema({"a": RecordField("uint8", keys=(key,))})
    assert dfilter.compile("a == 1", schema=schema).matches({key: 1})


# --- threads ----------------------------------------------------------------------------------------------


def test_one_filter_in_many_threads() -> None:
    compiled = dfilter.compile(
        'net.ip in {10.0.0.0/8} and lower(file.name) matches "^evil" and file.size > 5', schema=SCHEMA
    )
    wrong: list[int] = []

    def work(number: int) -> None:
        for step in range(2000):
            inside = (step + number) % 2 == 0
            record = {
                "net.ip": f"{10 if inside else 11}.0.{number}.{step % 256}",
                "file.name": "EVIL",
                "file": {"size": 9},
            }
            if compiled.matches(record) is not inside:
                wrong.append(step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@PATIENT
@given(st.one_of(st.ip_addresses(v=4).map(str), st.text("0123456789.+-_ ", max_size=16)))
def test_quads_are_read_as_literals_are(text: str) -> None:
    from dfilter.check.convert.addresses import parse_ipv4
    from dfilter.records.values import converter

    try:
        found = converter(FieldType.IPv4)(text)
    except ValueError:
        found = None
    assert found == parse_ipv4(text)


# --- beside the filter


def offered(text: str) -> list[str]:
    return [item.text for item in dfilter.complete(text, schema=SCHEMA).items]


def test_names_and_values_of_a_schema_are_completed() -> None:
    assert offered("fi") == ["file", "file.name", "file.size"]
    assert offered("file.size > 1 and por") == ["port"]
    assert offered("tcp.por") == []
    assert offered("kind == ")[:2] == ['"Request"', "1"]
    assert set(SCHEMA.fields) <= set(offered(""))


def test_a_filter_over_records_is_explained() -> None:
    told = dfilter.explain('kind == "Request" and file', schema=SCHEMA)
    assert told.words.startswith("Selects records where all of these hold:")
    assert ([use.name for use in told.fields], told.missing, told.passes) == (["kind", "file"], (), 0)
    assert dfilter.explain("tcp.port == 80", schema=SCHEMA).verdict.colour == "red"


def test_schemas_and_filters_cross_processes() -> None:
    again = pickle.loads(pickle.dumps(STRICT))
    assert (again.fields, again.types, again.strict) == (STRICT.fields, STRICT.types, True)
    made = dfilter.compile("${big} and kind == $kind", schema=SCHEMA, target="4.4", macros={"big": "file.size > 9"},
                           selected={"kind": 1})  # fmt: skip
    same = pickle.loads(pickle.dumps(made))
    assert (same.text, same.version, same.fields) == (made.text, made.version, made.fields)
    records = [{"file.size": size, "kind": kind} for size in (1, 10) for kind in (1, 2)]
    assert list(same.select(records)) == list(made.select(records)) == [{"file.size": 10, "kind": 1}]
