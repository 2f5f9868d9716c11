"""A filter as a boolean column: the answers are those for each row as a record."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dfilter
from tests.records.test_records import FILTERS, PATIENT, SCHEMA, STRICT

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")

PORTS = st.lists(st.integers(-5, 70_000), min_size=4, max_size=4)
SIZES = st.lists(st.one_of(st.none(), st.integers(0, 2**64 - 1)), min_size=4, max_size=4)
NAMES = st.lists(st.sampled_from(["evil.exe", "EVIL.EXE", "é", "", None]), min_size=4, max_size=4)
RATIOS = st.lists(st.sampled_from([0.5, 0.75, -1.0, math.nan, math.inf]), min_size=4, max_size=4)
ADDRESSES = st.lists(st.sampled_from(["10.1.2.3", "192.168.1.1", "2001:db8::1", "x", None]), min_size=4, max_size=4)
KINDS = st.lists(st.sampled_from([1, 2, 3, 300]), min_size=4, max_size=4)
PROTOS = st.lists(st.sampled_from(["TCP", "udp", None]), min_size=4, max_size=4)
COLUMNS = st.fixed_dictionaries({}, optional={
    "port": PORTS, "file.size": SIZES, "file.name": NAMES, "ratio": RATIOS, "net.ip": ADDRESSES, "kind": KINDS,
    "dport": PORTS, "proto": PROTOS, "from": ADDRESSES, "to": ADDRESSES})  # fmt: skip


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@PATIENT
@given(FILTERS, COLUMNS)
def test_pandas_answers_as_records(text: str, columns: dict[str, list[Any]]) -> None:
    if dfilter.check(text, schema=SCHEMA).colour == "red":
        return
    compiled = dfilter.compile(text, schema=SCHEMA)
    frame = pandas.DataFrame(columns)
    rows = rows_of(columns) or []
    mask = compiled.mask(frame)
    assert mask.tolist() == [compiled.matches(row) for row in rows]
    assert mask.dtype == bool
    assert len(frame[mask]) == sum(mask)


@PATIENT
@given(FILTERS, COLUMNS)
def test_polars_answers_as_records(text: str, columns: dict[str, list[Any]]) -> None:
    if dfilter.check(text, schema=SCHEMA).colour == "red":
        return
    compiled = dfilter.compile(text, schema=SCHEMA)
    frame = polars.DataFrame({name: polars.Series(values, dtype=polars.UInt64 if name == "file.size" else None)
                              for name, values in columns.items()})  # fmt: skip
    mask = compiled.mask(frame)
    assert mask.to_list() == [compiled.matches(row) for row in rows_of(columns)]
    assert frame.filter(mask).height == sum(mask)


@pytest.mark.parametrize("library", [pandas, polars])
def test_nested_columns_lists_and_dates(library: Any) -> None:
    rows = [{"file": {"size": 5, "name": "a"}, "port": [80, 443], "when": "2024-05-01T10:00:00Z"},
            {"file": {"size": 50, "name": "b"}, "port": [22], "when": "2024-05-02T10:00:00Z"}]  # fmt: skip
    frame = library.DataFrame(rows)
    select = dfilter.compile("file.size > 9 or port == 443", schema=SCHEMA)
    assert select.mask(frame).to_list() == [True, True]
    dates = library.DataFrame({"when": [row["when"] for row in rows]})
    series = library.to_datetime(dates["when"]) if library is pandas else dates["when"].str.to_datetime(time_zone="UTC")
    dates = library.DataFrame({"when": series})
    later = dfilter.compile('when > "2024-05-02 00:00:00 UTC"', schema=SCHEMA)
    assert later.mask(dates).to_list() == [False, True]


def test_the_index_of_a_pandas_frame_is_kept() -> None:
    frame = pandas.DataFrame({"port": [80, 443, 80]}, index=["a", "b", "c"])
    mask = dfilter.compile("port == 80", schema=SCHEMA).mask(frame)
    assert list(mask.index) == ["a", "b", "c"]
    assert list(frame[mask].index) == ["a", "c"]


def test_gaps_of_pandas() -> None:
    frame = pandas.DataFrame({"port": pandas.array([80, None, 443], dtype="Int64"),
                              "when": pandas.to_datetime(["2024-05-01", None, "2024-05-02"])})  # fmt: skip
    assert dfilter.compile("port != 80", schema=SCHEMA).mask(frame).tolist() == [False, False, True]
    assert dfilter.compile("port != 80", schema=STRICT).mask(frame).tolist() == [False, False, True]
    assert dfilter.compile("when", schema=STRICT).mask(frame).tolist() == [True, False, True]


def test_a_strict_schema_speaks_up() -> None:
    with pytest.raises(dfilter.RecordError):
        dfilter.compile("port == 80", schema=STRICT).mask(pandas.DataFrame({"port": [80, 70_000]}))


def test_other_things_are_refused() -> None:
    compiled = dfilter.compile("port == 80", schema=SCHEMA)
    with pytest.raises(TypeError, match="DataFrame"):
        compiled.mask([{"port": 80}])
    with pytest.raises(TypeError, match="collect"):
        compiled.mask(polars.DataFrame({"port": [80]}).lazy())
    with pytest.raises(ValueError, match="several columns"):
        compiled.mask(pandas.DataFrame([[80, 81]], columns=["port", "port"]))


def test_empty_frames() -> None:
    for library in (pandas, polars):
        for text in ("port == 80", "", "!(port == 80)", 'file.name contains "x"'):
            assert dfilter.compile(text, schema=SCHEMA).mask(library.DataFrame({"port": []})).to_list() == []
