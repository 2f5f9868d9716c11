"""Indicator lists become filters, whatever way they were defanged."""

from __future__ import annotations

import pytest

import dfilter
from dfilter.indicators import IndicatorError, indicator_filter, refanged

LINES = """
192.0.2.1               ip.addr in {192.0.2.1}
192.0.2[.]1             ip.addr in {192.0.2.1}
198[.]51[.]100[.]0/24   ip.addr in {198.51.100.0/24}
192.0.2.77/24           ip.addr in {192.0.2.0/24}
hxxp://192.0.2.1:8080/x ip.addr in {192.0.2.1}
192.0.2.1:443           ip.addr in {192.0.2.1}
2001:db8::1             ipv6.addr in {2001:db8::1}
2001:db8[:][:]1         ipv6.addr in {2001:db8::1}
[2001:db8::1]:443       ipv6.addr in {2001:db8::1}
2001:db8::/32           ipv6.addr in {2001:db8::/32}
""".strip().splitlines()

NAMES = """
Evil.Example            evil.example
evil[.]example          evil.example
evil(dot)example        evil.example
hxxps[:]//evil[.]example/a?b=c   evil.example
evil.example:8443       evil.example
evil.example.           evil.example
_dmarc.evil.example     _dmarc.evil.example
""".strip().splitlines()


@pytest.mark.parametrize("line", LINES)
def test_addresses(line: str) -> None:
    text, _, expected = line.partition(" ")
    assert indicator_filter([text]) == expected.strip()


@pytest.mark.parametrize("line", NAMES)
def test_names(line: str) -> None:
    text, name = line.split()
    pattern = name.replace(".", r"\.")
    assert indicator_filter([text]) == " or ".join(
        f'{field} matches r"^({pattern})$"'
        for field in ("dns.qry.name", "http.host", "tls.handshake.extensions_server_name"))  # fmt: skip


def test_a_mixed_list_compiles() -> None:
    text = indicator_filter(["# campaign", "", "192.0.2.1  # first", "192.0.2.1", "2001:db8::/48", "evil[.]example"])
    assert text.startswith("ip.addr in {192.0.2.1} or ipv6.addr in {2001:db8::/48} or dns.qry.name matches ")
    assert dfilter.check(text).colour == "green"
    assert dfilter.compile(text).stateful


@pytest.mark.parametrize("line", ["evil", "not a name.example", "1.2.3.4.5/", "a" * 300 + ".example", "-x.test", '"'])
def test_what_is_no_indicator_is_refused(line: str) -> None:
    with pytest.raises(IndicatorError, match="line 2 "):
        indicator_filter(["192.0.2.1", line])


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(IndicatorError, match="empty"):
        indicator_filter(["# nothing", ""])


def test_a_plain_text_stays() -> None:
    assert refanged("evil.example") == "evil.example"
