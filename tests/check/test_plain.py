"""What is said in fewer words selects the same frames."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dfilter.check.check import analyse
from dfilter.check.plain import plain
from dfilter.compile.closures import build
from dfilter.fields.versions import Version
from tests.compile.build import DictReader

ADDRESSES = [bytes([10, 0, 0, number]) for number in (1, 2, 3)]
VALUES = st.fixed_dictionaries({
    "ip.addr": st.lists(st.sampled_from(ADDRESSES), max_size=3),
    "ip.src": st.lists(st.sampled_from(ADDRESSES), max_size=2),
    "ip.ttl": st.lists(st.sampled_from([0, 1, 4, 5, 64]), max_size=3),
    "tcp.port": st.lists(st.sampled_from([80, 81, 443]), max_size=3),
    "dns.time": st.lists(st.sampled_from([0, 10**9]), max_size=2),
    "http.host": st.lists(st.sampled_from(["", "a", "b"]), max_size=2),
})  # fmt: skip
ATOMS = st.sampled_from([
    "ip.addr != 10.0.0.1", "ip.addr === 10.0.0.1", "ip.addr !== ip.src", "all ip.addr != ip.src", "ip.addr",
    "all tcp.port > 80", "all tcp.port <= 80", "any tcp.port != 80", "80 < tcp.port", "80 == tcp.port",
    "all 80 < tcp.port", "ip.ttl & 4", "ip.ttl & 4 == 4", "ip.ttl & 5 == 5", "ip.ttl + 0", "ip.ttl & 4 == 0",
    "tcp.port not in {80, 443}", "all tcp.port not in {80}", "tcp.port in {80}", "all tcp.port in {80, 81}",
    "len(http.host)", "len(http.host) != 0", 'all http.host != "a"', 'http.host === "a"', "http.host",
    "all dns.time > 0", "dns.time != 0", "not ip.ttl == 4", "0 != ip.ttl", "ip.ttl - 1 != 4", "all ip.ttl - 4 > 0",
])  # fmt: skip
WORDS = st.sampled_from(["and", "or", "xor"])
JOINED = st.recursive(
    ATOMS, lambda inner: st.tuples(inner, WORDS, inner).map(lambda parts: f"({' '.join(parts)})"), max_leaves=4
)


@settings(max_examples=400, deadline=None)
@given(JOINED, st.lists(VALUES, min_size=3, max_size=6), st.sampled_from([Version.V4_4, Version.V4_6]))
def test_a_plainer_expression_selects_the_same(text: str, frames: list[dict[str, object]], version: Version) -> None:
    typed = analyse(text, version).typed
    assert typed is not None
    first, second = (build(each, DictReader(), version=version) for each in (typed, plain(typed)))
    assert [first(frame) for frame in frames] == [second(frame) for frame in frames]


def test_a_negated_condition_too() -> None:
    for text in ("not ip.addr != 10.0.0.1", "not (tcp.port not in {80} xor ip.addr)"):
        typed = analyse(text).typed
        assert typed is not None
        assert plain(typed) != typed
