"""The addresses that FTP announces in text: PORT and PASV (RFC 959), EPRT and EPSV (RFC 2428).

In: the text of one line.  Out: addresses, ports and where they stand in it; None where there are none.
As Wireshark 4.4 reads them: numbers beyond a byte lose their upper bits, ports beyond 65535 count as 65535.
"""

from __future__ import annotations

import ipaddress
import re

from dfilter.slotted import frozen

_SIX = re.compile(rb"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)")
_LEADING = re.compile(rb"\d*")
IPV4_FAMILY, IPV6_FAMILY = 1, 2


@frozen
class Endpoint:
    """An announced endpoint; the spans are (start, length) in the text.

    Attributes:
        family: the address family of EPRT and its place; 0 elsewhere.
    """

    address: bytes
    address_span: tuple[int, int]
    port: int
    port_span: tuple[int, int]
    family: int = 0
    family_span: tuple[int, int] = (0, 0)


def _number(digits: bytes) -> int:
    return int(digits[-9:])


def find_six_numbers(text: bytes) -> Endpoint | None:
    """The first h1,h2,h3,h4,p1,p2 of a line (RFC 959 sections 4.1.2 and 4.2)."""
    found = _SIX.search(text)
    if found is None:
        return None
    numbers = [_number(digits) & 0xFF for digits in found.groups()]
    return Endpoint(bytes(numbers[:4]), (found.start(1), found.end(4) - found.start(1)),
                    numbers[4] << 8 | numbers[5], (found.start(5), found.end(6) - found.start(5)))  # fmt: skip


def port_number(digits: bytes) -> int:
    """The port that leading digits name."""
    leading = _LEADING.match(digits)
    return min(int((leading[0][:9] if leading else b"") or b"0"), 0xFFFF)


def find_extended_port(text: bytes) -> tuple[int, int, int] | None:
    """The port of an EPSV response `(|||port|)`: (port, start, length); None without parentheses or delimiters."""
    at = text.find(b"(")
    if at < 0 or at + 1 >= len(text):
        return None
    delimiter = text[at + 1]
    start = at + 1
    while start < len(text) and start < at + 4 and text[start] == delimiter:
        start += 1
    close = text.find(b")", start)
    end = text.rfind(bytes((delimiter,)), start, close if close >= 0 else len(text))
    if end < 0:
        return None
    return port_number(text[start:end]), start, end - start


def parse_eprt(text: bytes) -> Endpoint | None:
    """The argument of EPRT, `|family|address|port|` (RFC 2428 section 2); None where it has not this form."""
    if len(text) < 2:
        return None
    parts = text.split(text[:1])
    if len(parts) < 5 or parts[1] not in (b"1", b"2"):
        return None
    family = int(parts[1])
    try:
        address = ipaddress.ip_address(parts[2].decode("ascii"))
    except ValueError:
        return None
    if address.version != (4 if family == IPV4_FAMILY else 6):
        return None
    at_address = 1 + len(parts[1]) + 1
    at_port = at_address + len(parts[2]) + 1
    return Endpoint(address.packed, (at_address, len(parts[2])), port_number(parts[3]), (at_port, len(parts[3])),
                    family, (1, len(parts[1])))  # fmt: skip
