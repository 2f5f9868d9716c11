"""Filters over flat mappings against lambdas that do the same test, 100,000 evaluations a round.

The bar: within a factor of three (`test_the_bar` measures the ratios side by side, for a few seconds).
"""

from __future__ import annotations

import timeit
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import dfilter

SCHEMA = dfilter.Schema({"file.size": "uint64", "file.name": "string", "net.ip": "ipv4", "port": "uint16",
                         "score": "double", "safe": "boolean"})  # fmt: skip
RECORDS = [{"file.size": 500 * (number % 9), "file.name": f"{'evil' if number % 3 else 'good'}{number % 7}.exe",
            "net.ip": f"10.{number % 5}.0.{number % 250}", "port": (80, 443, 8080, 22)[number % 4],
            "score": number / 1000, "safe": number % 2 == 0} for number in range(1000)]  # fmt: skip
ROUNDS = 100
BAR = 3.0

Test = Callable[[Mapping[str, Any]], object]
PAIRS: dict[str, tuple[str, Test]] = {
    "number": ("file.size > 1000", lambda r: r["file.size"] > 1000),
    "number and text": ('file.size > 1000 and file.name contains "evil"',
                        lambda r: r["file.size"] > 1000 and "evil" in r["file.name"]),
    "set and text": ('port in {80, 443, 8080} and file.name == "evil1.exe"',
                     lambda r: r["port"] in {80, 443, 8080} and r["file.name"] == "evil1.exe"),
    "network": ("net.ip == 10.1.0.0/16 and file.size > 1000",
                lambda r: r["net.ip"].startswith("10.1.") and r["file.size"] > 1000),
    "may be missing": ('port == 443 or !(safe == true) and score < 0.5',
                       lambda r: r.get("port") == 443 or (r.get("safe") is False and r.get("score", 1.0) < 0.5)),
    "lower case": ('lower(file.name) contains "evil"', lambda r: "evil" in r["file.name"].lower()),
}  # fmt: skip


def many(test: Test) -> int:
    """`ROUNDS` times all records; how many satisfied the test."""
    return sum(1 for _ in range(ROUNDS) for record in RECORDS if test(record))


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("how", ["dfilter", "lambda"])
def test_a_hundred_thousand_mappings(benchmark: Any, name: str, how: str) -> None:
    text, by_hand = PAIRS[name]
    benchmark.group = f"records: {name}"
    benchmark(many, dfilter.compile(text, schema=SCHEMA).matches if how == "dfilter" else by_hand)


@pytest.mark.parametrize("name", PAIRS)
def test_the_bar(name: str) -> None:
    text, by_hand = PAIRS[name]
    compiled = dfilter.compile(text, schema=SCHEMA).matches
    assert many(compiled) == many(by_hand)
    ratios = []
    for _ in range(7):  # side by side, so that what else the machine does meets both
        ours = timeit.timeit(lambda: many(compiled), number=1)
        theirs = timeit.timeit(lambda: many(by_hand), number=1)
        ratios.append(ours / theirs)
    ratio = sorted(ratios)[len(ratios) // 2]
    rate = ROUNDS * len(RECORDS) / ours
    print(f"{name}: {ratio:.2f} times the lambda's time, {rate:,.0f} evaluations a second")
    assert ratio < BAR
