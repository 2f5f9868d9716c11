"""Did-you-mean finds what was meant, in bounded time, and its distance is the textbook's."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfilter.fields.registry import lookup, suggest
from dfilter.fields.suggest import distance
from dfilter.fields.versions import NEWEST, Version

MEANT = """
tcp.prot                     tcp.port
tpc.port                     tcp.port
htpp.host                    http.host
HTTP.HOST                    http.host
http.useragent               http.user_agent
http.response_code           http.response.code
http.status                  http.response.code
ip.source                    ip.src
ip.adress                    ip.addr
ip.addr.foo                  ip.addr
tcp.port.dst                 tcp.dstport
tcp.flag                     tcp.flags
srcport                      tcp.srcport
dns.query                    dns.qry.name
tls.sni                      tls.handshake.extensions_server_name
bootp.typ                    dhcp.type
ssl.handshake.typ            tls.handshake.type
radius.username              radius.User_Name
tcp.analysis.retransmision   tcp.analysis.retransmission
frame.lenght                 frame.len
"""


@pytest.mark.parametrize("line", MEANT.strip().split("\n"))
def test_the_first_suggestion_is_what_was_meant(line: str) -> None:
    text, meant = line.split()
    assert suggest(text, NEWEST)[0] == meant


def textbook(left: str, right: str) -> int:
    rows = [list(range(len(right) + 1))]
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@given(st.text("abc.", max_size=12), st.text("abc.", max_size=12), st.integers(0, 12))
def test_distance_is_the_textbooks(left: str, right: str, most: int) -> None:
    assert distance(left, right, most) == min(textbook(left, right), most + 1)


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "tcp." + "x" * 90, "." * 80, "\0\n", "ïp.src", "-", "asterix.", "radius.x", "a" * 99],
)
def test_weird_texts_are_answered_in_time(text: str) -> None:
    suggest("warm.up", NEWEST)
    times = []
    for _ in range(3):
        start = time.process_time()
        found = suggest(text, NEWEST)
        times.append(time.process_time() - start)
    assert min(times) < 0.2
    assert len(found) <= 3


@given(st.text(max_size=20), st.sampled_from(list(Version)))
def test_suggestions_are_names_of_that_version(text: str, version: Version) -> None:
    found = suggest(text, version)
    assert len(set(found)) == len(found) <= 3
    assert all(lookup(name, version) for name in found)
