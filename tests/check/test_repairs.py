"""Fixing and migrating: nothing gets worse, nothing changes its meaning unseen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfilter.check.check import analyse
from dfilter.check.diagnostics import Colour
from dfilter.check.fix import fix_text
from dfilter.check.macro import analyse_macro
from dfilter.check.migrate import migrate_text
from dfilter.check.same import same_meaning
from dfilter.fields.versions import Version

SAFE = [
    ("tcp.port = 80", "tcp.port == 80"),
    ("tcp.port in {80 443}", "tcp.port in {80, 443}"),
    ("bootp.type == 1 and ip or udp", "(dhcp.type == 1 and ip) or udp"),
    ("ip.addr ~= 10.0.0.1", "ip.addr !== 10.0.0.1"),
    ("“a” == http.host", '"a" == http.host'),
    ("tcp.port = 80 and bootp", "tcp.port == 80 and dhcp"),
]
GUESSES = [
    ("tcp.prt == 80", "tcp.port == 80"),
    ("ip.src == 10.8.15[.]1", "ip.src == 10.8.15.1"),
    ("ip.addr != 10.0.0.1", "!(ip.addr == 10.0.0.1)"),
]
HOPELESS = ["tcp ==", "tcp.port = 80 and nosuchthing.at.all == 1", "tcp and", "(((", "http.host == 1.2.3.4 and tcp = "]


@pytest.mark.parametrize(("text", "fixed"), SAFE)
def test_safe_fixes(text, fixed) -> None:
    done = fix_text(text)
    assert (done.text, done.refused) == (fixed, "")
    assert done.after.colour is Colour.GREEN
    assert done.applied > 0


@pytest.mark.parametrize(("text", "fixed"), GUESSES)
def test_guesses_only_when_wanted(text, fixed) -> None:
    assert fix_text(text).text == text
    assert fix_text(text, unsafe=True).text == fixed


@pytest.mark.parametrize("text", HOPELESS)
def test_what_stays_red_is_left_as_it_was(text) -> None:
    done = fix_text(text)
    assert done.text == text
    assert done.refused


def test_a_guess_is_named_as_the_reason() -> None:
    assert fix_text("tcp.prt == 80").refused == "what would repair it is a guess"
    assert fix_text("tcp ==").refused == "no fix for it is known"


def test_hints_are_no_faults() -> None:
    assert fix_text("http.host == abc").text == "http.host == abc"


PIECES = ["tcp", "ip.addr", "bootp", "tcp.prt", "http.host", "==", "!=", "=", "~=", "in", "{80 443}", "{80, 443}", "(",
          ")", "and", "&&", "or", "||", "not", "10.0.0.1", "10[.]0.0.1", "80", '"a"', "“b”", "eth.src[5]", "contains",
          "matches", "xor", "AND", "$private_ipv4(ip.src)", "hxxp://a.b"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(list(Version)), st.booleans())
def test_a_fix_never_turns_a_filter_red(text: str, version: Version, unsafe: bool) -> None:
    before = analyse(text, version)
    done = fix_text(text, version, unsafe=unsafe)
    after = analyse(done.text, version)
    assert (after.verdict.colour is Colour.RED) <= (before.verdict.colour is Colour.RED)
    assert (after.verdict.colour is Colour.RED) == bool(done.refused)
    if before.typed is not None and not unsafe:
        assert same_meaning(before.typed, after.typed)
    if not done.refused:
        assert fix_text(done.text, version, unsafe=unsafe).text == done.text


MIGRATIONS = [
    ("3.4", "4.4", "dns && ip.addr || http.request", "dns && (ip.addr || http.request)"),
    ("3.4", "4.6", "tcp.port in {80 443 8000..9000}", "tcp.port in {80, 443, 8000..9000}"),
    ("3.4", "4.6", "ip.addr != 10.0.0.1 && bootp", "ip.addr !== 10.0.0.1 && dhcp"),
    ("3.4", "4.4", "eth.src[5] == 55", "eth.src[5] == 0x55"),
    ("3.4", "4.4", "http.host == 80", 'http.host == "80"'),
    ("3.4", "4.4", 'http.host == "a\\tb"', 'http.host == "atb"'),
    ("3.4", "4.4", "frame contains abc", 'frame contains "abc"'),
    ("3.4", "4.6", "ip.ttl in {1 2} and not (tcp or udp) or arp", "ip.ttl in {1, 2} and (not (tcp or udp) or arp)"),
    ("3.4", "4.6", "dns.time > .4", "dns.time > 0.4"),
    ("3.4", "4.6", "ip.proto == udp", 'ip.proto == "udp"'),
    ("3.4", "4.6", 'http.host matches "\\.ru$"', 'http.host matches ".ru$"'),
    ("3.4", "4.6", "frame matches abc", 'frame matches "abc"'),
    ("3.4", "4.6", "dns.resp.len > 100", "dns.resp.len > 100"),
    ("4.0", "4.6", "ip.addr ~= 10.0.0.1", "ip.addr !== 10.0.0.1"),
    ("4.0", "4.4", "tcp.port not in {80}", "not (tcp.port in {80})"),
    ("4.6", "3.4", "tcp.port in {80,443}", "tcp.port in {80 443}"),
    ("4.4", "4.6", "tcp.port == 80", "tcp.port == 80"),
    ("3.4", "4.4", "tcp.port in {80, 443}", "tcp.port in {80, 443}"),
    ("4.6", "3.4", "ip.addr != 10.0.0.1", "(ip.addr and not (ip.addr == 10.0.0.1))"),
    ("4.6", "3.4", "ip.src != ip.dst", "(ip.src and ip.dst and not (ip.src == ip.dst))"),
    ("4.6", "3.4", "all tcp.port > 80 && udp", "(tcp.port and not (tcp.port <= 80)) && udp"),
    ("4.6", "3.4", 'http.host === "a\\tb"', '(http.host and not (http.host != "a\\x09b"))'),
    ("4.6", "3.4", "any tcp.port !== 80", "tcp.port != 80"),
    ("4.6", "3.4", "tcp.port not in {80, 443}", "(tcp.port and not (tcp.port in {80 443}))"),
    ("4.6", "4.0", "tcp.port not in {80, 443}", "(tcp.port and not (tcp.port in {80, 443}))"),
    ("4.6", "4.0", "tcp xor udp", "((tcp) or (udp)) and not ((tcp) and (udp))"),
    ("4.6", "4.0", "64 == ip.ttl", "ip.ttl == 64"),
    ("4.6", "4.0", "10 < ip.ttl < 20", "(ip.ttl > 10 and ip.ttl < 20)"),
    ("4.6", "3.4", "ip.ttl & 4 == 4", "ip.ttl & 4"),
    ("4.6", "4.0", "ip.ttl bitand 4", "ip.ttl & 4"),
    ("4.6", "3.4", "tcp.flags.syn == true and ip.ttl == {2 * 32}", "tcp.flags.syn == 1 and ip.ttl == 64"),
    ("4.6", "3.4", "len(http.host)", "len(http.host) != 0"),
    ("4.6", "4.0", "ip.src == $ip.dst", "ip.src == ${ip.dst}"),
    ("4.6", "3.4", "$private_ipv6(ipv6.src)", "ipv6 and ipv6.src == fc00::/7"),
    ("4.6", "3.4", "not ip.addr != 10.0.0.1 and tcp or udp",
     "(not (ip.addr and not (ip.addr == 10.0.0.1)) and tcp) or udp"),
]


@pytest.mark.parametrize(("old", "new", "text", "wanted"), MIGRATIONS)
def test_migration(old, new, text, wanted) -> None:
    done = migrate_text(text, Version.parse(old), Version.parse(new))
    assert (done.text, done.refused) == (wanted, "")
    assert done.after.colour is not Colour.RED


@pytest.mark.parametrize(
    ("old", "new", "text", "reason"),
    [
        ("4.0", "4.4", "http.host[0:3] == 45:78:61", "other frames"),
        ("4.6", "3.4", "ip.ttl & 3 == 3", "other frames"),
        ("4.6", "3.4", "ip.ttl + 1 > 3", "no arithmetic"),
        ("4.6", "3.4", "ip.ttl#1 == 3", "no layers"),
        ("4.6", "4.0", "@ip.ttl == 40", "no raw values"),
        ("4.6", "3.4", "ip.src == $ip.dst", "no field references"),
        ("4.6", "4.0", 'vals(ip.proto) == "TCP"', "Function 'vals' does not exist in Wireshark 4.0"),
        ("3.4", "4.4", "nosuch == 1", "refuses it too"),
    ],
)
def test_what_cannot_be_migrated_is_left(old, new, text, reason) -> None:
    done = migrate_text(text, Version.parse(old), Version.parse(new))
    assert done.text == text
    assert reason in done.refused


ATOMS = ["tcp", "bootp", "ip.addr != 10.0.0.1", "tcp.port in {80 443}", "tcp.port in {80, 443}", "eth.src[5] == 55",
         "http.host == 80", 'http.host matches "a\\.b"', "frame contains abc", "tcp.port not in {80}", "ip.ttl & 3",
         "64 == ip.ttl", "ip.addr ~= 1.2.3.4", "ip.addr !== 1.2.3.4", "ip.ttl in {1 2..3}", "(udp or arp)",
         "ip.ttl = 5",
         "1 < ip.ttl < 9", "http.host[0:2] == 41:42", "not udp", 'http.host == "\\t"', "any ip.addr == 1.2.3.4",
         "all tcp.port > 80", "tcp xor udp", "ip.src != ip.dst", "tcp.flags.syn == true", "ip.ttl & 4 == 4",
         "tcp.port !== 80", "ip.ttl bitand 4", "dns.qry.type == AAAA", "tcp.flags.syn == Set",
         "nosuch.field"]  # fmt: skip
TERMS = st.tuples(st.sampled_from([" and ", " or ", "||", " && "]), st.sampled_from(ATOMS))
FILTERS = st.lists(TERMS, min_size=1, max_size=5).map(
    lambda terms: "".join(x for term in terms for x in term)[len(terms[0][0]) :]
)


@settings(max_examples=400, deadline=None)
@given(FILTERS, st.sampled_from(list(Version)), st.sampled_from(list(Version)))
def test_a_migrated_filter_means_the_same(text: str, old: Version, new: Version) -> None:
    before = analyse(text, old)
    done = migrate_text(text, old, new)
    after = analyse(done.text, new)
    if before.typed is not None:
        assert bool(done.refused) != same_meaning(before.typed, after.typed)
    if done.refused:
        assert done.text == text


@settings(max_examples=300, deadline=None)
@given(FILTERS, st.sampled_from(list(Version)), st.booleans())
def test_a_fix_of_a_real_filter_never_turns_it_red(text: str, version: Version, unsafe: bool) -> None:
    before = analyse(text, version)
    done = fix_text(text, version, unsafe=unsafe)
    assert bool(done.refused) == (analyse(done.text, version).typed is None)
    assert before.typed is None or unsafe or same_meaning(before.typed, analyse(done.text, version).typed)


@pytest.mark.parametrize(
    ("body", "colour"),
    [
        ("$1 == 192.168.0.0/16 or $1 == 172.16.0.0/12 or $1 == 10.0.0.0/8", "green"),
        ("$1[0] & 0x0F == 2", "green"),
        ("ipv6 and $1 == fc00::/7", "green"),
        ("(ip.src == $1 and tcp.srcport == $2) or (ip.dst == $1 and tcp.dstport == $2)", "green"),
        ("tcp.port in {$1 $2}", "red"),
        ("bootp and $1", "yellow"),
        ("tcp.prt == $1", "red"),
        ("tcp", "green"),
    ],
)
def test_the_body_of_a_macro(body, colour) -> None:
    verdict = analyse_macro(body).verdict
    assert verdict.colour == colour
    assert verdict.text == body


def test_a_problem_in_a_macro_is_placed_in_its_body() -> None:
    (found,) = analyse_macro("$1 == 10.0.0.1 and bootp").verdict.diagnostics
    assert (found.span.start, found.span.end) == (19, 24)
    assert fix_text("$1 == 10.0.0.1 and bootp", macro=True).text == "$1 == 10.0.0.1 and dhcp"


def test_an_address_in_a_macro_is_not_quoted() -> None:
    body = "ipv6 && $1 == fc00::/7"
    assert fix_text(body, macro=True).text == body
    assert migrate_text(body, Version.V3_4, Version.V4_6, macro=True).text == body
