"""A list of indicators of compromise as a display filter.

In: lines with addresses, networks and domain names, defanged or not.  Out: a filter that selects what touches any of
them.  What always holds: a line that is none of these is an error that names it; an indicator is never dropped.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from dfilter.errors import DfilterError

_DOT = re.compile(r"\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\[\.|\.\]", re.IGNORECASE)
_COLON = re.compile(r"\[:\]|\[:|:\]")
_SCHEME = re.compile(r"^[a-z]{2,6}(\[:\]|:)//", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")

_NAME_FIELDS = ("dns.qry.name", "http.host", "tls.handshake.extensions_server_name")


class IndicatorError(DfilterError, ValueError):
    """A line of an indicator list is no address, network or domain name."""


def indicator_filter(lines: Iterable[str]) -> str:
    """The filter for a list of indicators, one a line; empty lines and what follows a ``#`` do not count.

    Of URLs the host counts. Names are compared as a whole, letter case aside, with queried DNS names, HTTP hosts and
    TLS server names.

    Raises:
        IndicatorError: a line is none of these, or there is no line.
    """
    sets: dict[str, dict[str, None]] = {"ip.addr": {}, "ipv6.addr": {}, "name": {}}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text:
            kind, value = _indicator(text, number)
            sets[kind][value] = None
    parts = [f"{name} in {{{', '.join(sets[name])}}}" for name in ("ip.addr", "ipv6.addr") if sets[name]]
    if sets["name"]:
        names = "|".join(name.replace(".", r"\.") for name in sets["name"])
        parts += [f'{field} matches r"^({names})$"' for field in _NAME_FIELDS]  # a set would mind the letter case
    if not parts:
        raise IndicatorError("the list of indicators is empty")
    return " or ".join(parts)


def refanged(text: str) -> str:
    """The indicator without what keeps it from being clicked: ``hxxp://evil[.]example`` -> ``evil.example``."""
    scheme = _SCHEME.match(text)
    plain = _COLON.sub(":", _DOT.sub(".", text[scheme.end() :] if scheme else text))
    return re.split(r"[/?#]", plain, maxsplit=1)[0] if scheme else plain


def _indicator(text: str, number: int) -> tuple[str, str]:
    """(which set it belongs to, how it is written there)."""
    plain = refanged(text)
    for candidate in (plain, plain.strip("[]"), plain.rpartition(":")[0].strip("[]")):  # an address, [v6], with a port
        try:
            network = ipaddress.ip_network(candidate, strict=False)
        except ValueError:
            continue
        single = network.prefixlen == network.max_prefixlen
        return "ip.addr" if network.version == 4 else "ipv6.addr", str(network.network_address if single else network)
    name = re.sub(r":\d{1,5}$", "", plain).rstrip(".").lower()
    labels = name.split(".")
    if len(name) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels):
        return "name", name
    raise IndicatorError(f"line {number} of the indicators is no address, network or domain name: {text[:80]!r}")
