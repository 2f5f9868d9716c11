"""Large filters are compiled without looking for garbage; after that all is as before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

import dfilter
from dfilter.collecting import LARGE, collecting_later

MANY = ", ".join(f"10.0.{i >> 8}.{i & 255}" for i in range(3000))


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def collections_while(text: str) -> int:
    before = sum(each["collections"] for each in gc.get_stats())
    dfilter.compile(text)
    return sum(each["collections"] for each in gc.get_stats()) - before


def test_a_large_filter_is_compiled_without_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"ip.src in {{{MANY}}}"
    assert len(text) > LARGE
    dfilter.compile(text)  # what it needs is loaded
    without = collections_while(text)
    assert gc.isenabled()
    monkeypatch.setattr("dfilter.filter.LARGE", len(text) + 1)
    assert without < collections_while(text) / 4


def test_a_filter_that_is_wrong_leaves_it_enabled() -> None:
    with pytest.raises(dfilter.FilterError):
        dfilter.compile(f"ip.src in {{{MANY}")
    assert gc.isenabled()


def test_who_disabled_it_finds_it_disabled() -> None:
    gc.disable()
    with collecting_later():
        assert not gc.isenabled()
    assert not gc.isenabled()
