"""A filter in plain words."""

from __future__ import annotations

import pytest

import dfilter
from dfilter.check.check import analyse
from dfilter.check.explain import MOST_SHOWN, tree, uses, words

SENTENCES = [
    ("", "Selects every frame."),
    ("tcp", "Selects frames where the protocol tcp is present."),
    ("not tcp.port", "Selects frames where there is no tcp.port."),
    ("tcp.port == 80", "Selects frames where some value of tcp.port equals 80."),
    ("ip.addr != 10.0.0.0/8", "Selects frames where every value of ip.addr is not in 10.0.0.0/8."),
    ("tcp.port in {80, 8000..9000}", "Selects frames where some value of tcp.port is 80 or from 8000 to 9000."),
    ("tcp.port not in {80}", "Selects frames where there is a tcp.port, and none is 80."),
    ("ip.ttl & 1", "Selects frames where (ip.ttl & 1) is not zero and not empty."),
    ("frame.time_delta < 0.5", "Selects frames where some value of frame.time_delta is less than 0.5."),
    ('http.host matches "a\\n"',
     'Selects frames where some value of http.host matches the regular expression "a\\n", in any case.'),
    ("ip.src#2 == $ip.src",
     "Selects frames where some value of ip.src of layer 2 equals ip.src in the selected frame."),
    ("tcp and not (udp or arp)",
     "Selects frames where all of these hold:\n  - the protocol tcp is present\n"
     "  - it is not true that at least one of these holds:\n      - the protocol udp is present\n"
     "      - the protocol arp is present"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), SENTENCES)
def test_words(text, sentence) -> None:
    typed = analyse(text).typed
    assert typed is not None
    assert words(typed) == sentence


def test_the_tree_has_types() -> None:
    typed = analyse("not len(http.host) > 3").typed
    assert typed is not None
    assert tree(typed).split("\n") == [
        "not",
        "└─ any >",
        "   ├─ len(): Unsigned integer (32 bits)",
        "   │  └─ http.host: Character string",
        "   └─ 3: Unsigned integer (32 bits)",
    ]
    assert [use.name for use in uses(typed)] == ["http.host"]


def test_what_it_needs() -> None:
    plain, state, ahead = map(dfilter.explain, ("ip.ttl == 64", "tcp.analysis.retransmission", "dns.response_in"))
    assert (plain.stateful, plain.passes) == (False, 1)
    assert (state.stateful, state.passes) == (True, 1)
    assert (ahead.stateful, ahead.passes) == (True, 2)
    assert dfilter.explain("zbee_zcl or tcp").missing == ("zbee_zcl",)
    red = dfilter.explain("tcp ==")
    assert (red.words, red.verdict.colour) == ("", "red")


@pytest.mark.parametrize("text", [" or ".join(f"tcp.port == {n}" for n in range(60_000)),
                                  "ip.src in {" + ", ".join(["1.2.3.4"] * 60_000) + "}",
                                  "ip.ttl" + " + 1" * 10_000 + " > 3"])  # fmt: skip
def test_an_explanation_is_bounded(text: str) -> None:
    typed = analyse(text).typed
    assert typed is not None
    assert len(words(typed).split("\n")) <= MOST_SHOWN + 2
    assert len(tree(typed)) < 10_000
    assert len(uses(typed)) == 1
