"""What a plan says of itself, and that long filters cost neither stack nor time."""

from __future__ import annotations

import time

import pytest

from dfilter.check.typed import Always, Conjunction, Disjunction, ExclusiveDisjunction, Negation
from dfilter.compile.plan import make_plan
from tests.compile.build import (
    ALL,
    HERE,
    DictReader,
    T,
    calc,
    call,
    compare,
    const,
    exists,
    field,
    labels,
    matches,
    member,
    run,
)

ADDRESS = field("ip.addr", T.IPv4)


def address(number: int) -> bytes:
    return number.to_bytes(4, "big")


def test_a_plan_names_every_field_that_it_reads():
    expression = Conjunction(
        HERE,
        (
            compare(calc(field("a.x"), "+", field("b.y")), "==", call("max", field("c.z"), kind=T.UINT8)),
            Negation(HERE, member(field("d.w"), [field("e.v"), const(1)])),
            matches(labels(field("f.u"), [(1, 1, "one")]), b"on"),
            exists("g"),
        ),
    )
    plan = make_plan(expression, DictReader())
    assert plan.fields == {"a.x", "b.y", "c.z", "d.w", "e.v", "f.u", "g"}
    assert plan.protocols == set("abcdefg")
    assert plan.test({}) is False


def test_ten_thousand_addresses_cost_what_one_costs():
    terms = tuple(compare(ADDRESS, "==", const(address(7 * n), T.IPv4)) for n in range(10_000))
    plan = make_plan(Disjunction(HERE, terms), DictReader())
    frames = [{"ip.addr": [address(7 * n + 1), address(3)]} for n in range(1000)]
    began = time.perf_counter()
    assert not any(plan.test(frame) for frame in frames)
    assert time.perf_counter() - began < 0.1
    assert plan.test({"ip.addr": [address(1), address(700)]})


def test_networks_of_a_set_are_grouped_by_prefix_length():
    nets = [const(address(n << 16), T.IPv4, 16) for n in range(5000)]
    test = make_plan(member(ADDRESS, nets), DictReader()).test
    assert test({"ip.addr": [address((4999 << 16) + 5)]})
    assert not test({"ip.addr": [address(5000 << 16)]})


@pytest.mark.parametrize("join", [Conjunction, Disjunction, ExclusiveDisjunction])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 10_000])
def test_any_number_of_items_can_be_joined(join, size):
    items = tuple(exists(f"f{n}") for n in range(size))
    every = {f"f{n}": [1] for n in range(size)}
    assert run(join(HERE, items), every) is (join is not ExclusiveDisjunction or size % 2 == 1)
    assert run(join(HERE, items), {"f0": [1]}) is (size == 1 or join is not Conjunction)


def test_constant_parts_are_folded_away():
    never = Negation(HERE, Always(HERE))
    one = compare(const(1), "==", const(1), ALL)
    assert run(Conjunction(HERE, (one, Disjunction(HERE, (never, exists("a"))))), {"a": [1]})
    assert not run(Conjunction(HERE, (never, exists("a"))), {"a": [1]})


def test_a_chain_of_differences_excludes_the_whole_list():
    terms = tuple(compare(ADDRESS, "!=", const(address(n), T.IPv4), ALL) for n in range(100))
    chain = Conjunction(HERE, terms)
    assert run(chain, {"ip.addr": [address(100)]})
    assert not run(chain, {"ip.addr": [address(100), address(50)]})
    assert not run(chain, {})
