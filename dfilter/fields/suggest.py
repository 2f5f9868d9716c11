"""Did you mean: the registered names nearest to an unknown one.

In: a text that no version, or not this one, registers.  Out: a few names that it does, best first.
Always: the same answer for the same question; bounded work, whatever the text (`MAX_CANDIDATES`, `MAX_TEXT`).

Candidates come from four places: the names below the same first part (``tcp.``); the names below protocols
whose name is nearly that first part (``htpp.host``); the everyday protocols' names that end alike
(``srcport``); and the registered names that begin with the text.  Each gets a cost, 0 best: what kind of
slip leads from it to the text (`_slip`), plus a little if its protocol is rarely met, plus a little for its
length.
"""

from __future__ import annotations

import heapq
import re
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from dfilter.fields.common import DISSECTED, EVERYDAY
from dfilter.fields.registry import lookup, names, renamed_prefix, resolve_alias
from dfilter.fields.shards import DATA
from dfilter.fields.versions import Version

HEADS_FILE = "heads.bin"
MAX_CANDIDATES = 20_000
MAX_TEXT = 100
MAX_HEADS = 3
MAX_STRANGE_LETTERS = 9
FAR = 9.0
WORST, WINDOW = 3.5, 1.2
"""The greatest cost that is shown, and how much worse than the best one a name may be to stand beside it."""
OTHER_PROTOCOL = 0.6

_PARTS = re.compile(r"[._-]+")
_SYNONYMS = {
    "source": "src", "destination": "dst", "dest": "dst", "address": "addr", "length": "len",
    "identifier": "id", "number": "num", "version": "ver", "sequence": "seq", "acknowledgement": "ack",
    "checksum": "cksum", "adress": "addr", "addres": "addr",
    "protocol": "proto", "message": "msg", "hostname": "host", "query": "qry", "response": "resp",
}  # fmt: skip

_NICKNAMES = """
tls.sni tls.handshake.extensions_server_name
sni tls.handshake.extensions_server_name
tls.server_name tls.handshake.extensions_server_name
tls.version tls.handshake.version tls.record.version
tls.ja3 tls.handshake.ja3
tls.ja3s tls.handshake.ja3s
tls.cipher tls.handshake.ciphersuite
dns.name dns.qry.name
dns.query dns.qry.name
dns.type dns.qry.type
dns.rcode dns.flags.rcode
dns.response dns.flags.response
http.status http.response.code
http.status_code http.response.code
http.method http.request.method
http.uri http.request.uri
http.url http.request.full_uri
http.agent http.user_agent
mac eth.addr
port tcp.port udp.port
sport tcp.srcport udp.srcport
dport tcp.dstport udp.dstport
src_port tcp.srcport udp.srcport
dst_port tcp.dstport udp.dstport
src ip.src
dst ip.dst
src_ip ip.src
dst_ip ip.dst
ip.port tcp.port udp.port
ip.srcport tcp.srcport udp.srcport
ip.dstport tcp.dstport udp.dstport
tcp.length tcp.len
frame.size frame.len
ssid wlan.ssid
bssid wlan.bssid
"""
NICKNAMES: dict[str, tuple[str, ...]] = {
    line.split()[0]: tuple(line.split()[1:]) for line in _NICKNAMES.strip().split("\n")
}
"""What people write who know the thing but not its name here, and the names it has."""


def distance(left: str, right: str, most: int) -> int:
    """Edits (insert, delete, replace, swap of neighbours) between two texts, or `most` + 1 if there are more.

    Optimal string alignment, bit-parallel: H. Hyyrö, "A bit-vector algorithm for computing Levenshtein and
    Damerau edit distances", 2003.
    """
    if abs(len(left) - len(right)) > most:
        return most + 1
    if not left:
        return len(right)
    places: dict[str, int] = {}
    for number, character in enumerate(left):
        places[character] = places.get(character, 0) | 1 << number
    last = 1 << len(left) - 1
    full = (last << 1) - 1
    plus, minus, before, seen_before, edits = full, 0, 0, 0, len(left)
    for character in right:
        seen = places.get(character, 0)
        swapped = ((~before & seen) << 1) & seen_before
        diagonal = (((seen & plus) + plus) ^ plus) | seen | minus | swapped
        rises = minus | ~(diagonal | plus)
        falls = diagonal & plus
        edits += bool(rises & last) - bool(falls & last)
        rises = rises << 1 | 1
        plus = (falls << 1 | ~(diagonal | rises)) & full
        minus = rises & diagonal & full
        before, seen_before = diagonal & full, seen
    return min(edits, most + 1)


@lru_cache(maxsize=1)
def _heads() -> tuple[str, ...]:
    return tuple(zlib.decompress((Path(DATA) / HEADS_FILE).read_bytes()).decode().split("\n"))


def _rank(head: str) -> float:
    """How rarely a protocol is met, 0 (everyday) to 0.6."""
    if head in EVERYDAY:
        return 0.01 * EVERYDAY.index(head)
    return 0.3 if head in DISSECTED else 0.6


def _near_heads(head: str) -> list[str]:
    """Protocols spelled almost like `head`, nearest first."""
    most = 1 if len(head) <= 4 else 2
    scored = []
    for other in _heads():
        edits = distance(head, other.lower(), most)
        if 0 < edits <= most:
            scored.append((edits + _rank(other), len(other), other))
    return [other for _, _, other in heapq.nsmallest(MAX_HEADS, scored)]


def _plain(text: str) -> str:
    """`text` without case and separators, common long words by their short forms."""
    return "".join(_SYNONYMS.get(part, part) for part in _PARTS.split(text.lower()))


class _Wanted:
    """The unknown text, prepared once for comparison with many names."""

    __slots__ = ("letters", "lower", "most", "plain", "sorted_plain", "tail")

    def __init__(self, text: str) -> None:
        self.lower = text.lower()
        self.plain = _plain(text)
        self.sorted_plain = sorted(self.plain)
        self.letters = set(self.lower)
        self.tail = self.lower.rpartition(".")[2]
        self.most = max(1, min(4, len(text) // 3))

    def slip(self, name: str) -> float:
        """The cost of the slip that turns `name` into the text, `FAR` if none does."""
        lower = name.lower()
        if lower == self.lower:
            return 0.0
        longer = len(lower) - len(self.lower)
        starts = longer > 0 and lower.startswith(self.lower)
        strange = len(self.letters ^ set(lower))
        cost = 1.2 + 0.05 * longer if starts else FAR
        if abs(longer) <= self.most and strange <= 2 * self.most:
            edits = distance(self.lower, lower, self.most)
            cost = min(cost, 0.9 * edits) if edits <= self.most else cost
        last = lower.rpartition(".")[2]
        if len(self.tail) > 2 and self.tail in last:
            cost = min(cost, (0.8 if last == self.lower else 2.2) + 0.05 * abs(longer))
        if cost > 0.3 and strange <= MAX_STRANGE_LETTERS:
            cost = min(cost, self._plain_slip(_plain(name)))
        return cost

    def _plain_slip(self, plain: str) -> float:
        """The cost once case, separators and long words are out of the way."""
        longer = len(plain) - len(self.plain)
        if plain == self.plain:
            return 0.2
        if longer == 0 and sorted(plain) == self.sorted_plain:
            return 0.85
        return 1.3 + 0.05 * longer if longer > 0 and plain.startswith(self.plain) else FAR


def _candidates(text: str, version: Version) -> Iterator[str]:
    """Names worth a comparison; each source may repeat what another gave."""
    head, dot, rest = text.partition(".")
    yield from names(version, head + ".")
    for spelling in dict.fromkeys((head, head.lower(), *_near_heads(head.lower()))):
        if lookup(spelling, version):
            yield spelling
        if dot:
            yield from names(version, f"{spelling}.")
    if not dot:
        yield from (name for name in names(version, text) if name.count(".") < 2)
    tail = rest.rpartition(".")[2] or head
    for everyday in EVERYDAY:
        yield from (name for name in names(version, everyday + ".") if name.endswith(tail))


def _known_start(text: str, version: Version) -> str | None:
    """The longest registered name that `text` continues below (``ip.addr.foo`` -> ``ip.addr``)."""
    while "." in text:
        text = text.rpartition(".")[0]
        if lookup(text, version):
            return text
    return None


_LAST_PARTS = {"sport": "srcport", "dport": "dstport", "source": "src", "destination": "dst", "src_port": "srcport",
               "dst_port": "dstport", "address": "addr", "length": "len"}  # fmt: skip
"""Last parts of names as others write them."""


def _turned(text: str, version: Version) -> Iterator[str]:
    """`tcp.dport` is tcp.dstport, `src.ip` is ip.src."""
    head, dot, tail = text.lower().rpartition(".")
    if not dot:
        return
    for other in (f"{head}.{_LAST_PARTS.get(tail, tail)}", f"{tail}.{_LAST_PARTS.get(head, head)}"):
        if lookup(other, version):
            yield other


def nearest(name: str, version: Version, limit: int) -> tuple[str, ...]:
    """See `dfilter.fields.registry.suggest`."""
    if not 0 < len(name) <= MAX_TEXT or not name.isascii() or not name.isprintable() or limit < 1:
        return ()
    text = renamed_prefix(name)
    alias = resolve_alias(name, version)
    nicknamed = (other for other in NICKNAMES.get(text.lower(), ()) if lookup(other, version))
    known = [alias] if alias else [*nicknamed, *_turned(text, version)]
    head = text.partition(".")[0]
    found = dict.fromkeys(islice(_candidates(text, version), MAX_CANDIDATES))
    scored = _scored(_Wanted(text), found, head if head in found or head in _heads() else "")
    best = heapq.nsmallest(limit, scored)
    bar = WINDOW if known else min(WORST, min((cost for cost, _, _ in best), default=FAR) + WINDOW)
    near = [other for cost, _, other in best if cost <= bar and other != name]
    if not known and not near and (start := _known_start(name, version)):
        known = [start]
    return tuple(dict.fromkeys([*known, *near]))[:limit]


def nearest_of(name: str, known: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """As `nearest`, among the names of an embedder's schema."""
    if not 0 < len(name) <= MAX_TEXT:
        return ()
    wanted = _Wanted(name)
    scored = ((wanted.slip(other), len(other), other) for other in islice(known, MAX_CANDIDATES))
    best = heapq.nsmallest(limit, (found for found in scored if found[0] <= WORST))
    return tuple(other for cost, _, other in best if cost <= best[0][0] + WINDOW)


def _scored(wanted: _Wanted, found: Iterable[str], head: str) -> Iterator[tuple[float, int, str]]:
    """Cost, length and name of those that are near; another protocol than the existing `head` costs more."""
    for other in found:
        cost = wanted.slip(other)
        if cost < FAR:
            own = other.partition(".")[0]
            yield cost + _rank(own) + (OTHER_PROTOCOL if head and own != head else 0.0), len(other), other
