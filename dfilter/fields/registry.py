"""What a field name means in each Wireshark version: type, display base, owning protocol.

In: names, as written in a filter.  Out: `FieldInfo`, the versions that register a name, deprecated
spellings.
Protocols of other packages (`dfilter.fields.plugins`) have their names beside those of every version.
Always: importing this module reads no data; a lookup decompresses only the block of about a thousand names
that holds the name; an unknown, hostile or overlong name is answered with None, never with an exception.

The data is what ``tshark -G fields`` of Wireshark 3.4.10, 4.0.17, 4.4.18 and 4.6.9 reports;
`dfilter.fields.build` packs it.  Each block is three parts, parted by NUL: the sorted names, one a line;
the distinct descriptions of the block, one a line (owner, versions, types, versions with labels); and for
each name the two-byte number of its description.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache

from dfilter.fields.shards import Shards, open_shards
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version
from dfilter.slotted import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

FIELDS_FILE = "fields.bin"
MAX_NAME = 255
"""No registered name is longer; longer texts are unknown without a search (and are not kept in caches)."""

OWNER_ITSELF = "*"
"""Description of a protocol: it owns itself.  An empty owner means the name up to its first dot."""

_DEPRECATED: tuple[tuple[str, str, Version], ...] = (
    ("bootp", "dhcp", Version.V3_4),
    ("ssl", "tls", Version.V3_4),
    ("104apci", "iec60870_104", Version.V3_4),
    ("104asdu", "iec60870_asdu", Version.V3_4),
    ("nas_eps", "nas-eps", Version.V4_4),
    ("nas_5gs", "nas-5gs", Version.V4_4),
    ("pkcs1", "pkixalgs", Version.V4_6),
)
"""Old prefix, new prefix, first version that accepts the old one (observed in 3.4, 4.0, 4.4 and 4.6)."""

_BY_TEXT = {version.text: version for version in Version}


@frozen
class FieldInfo:
    """One name as one version registers it.

    `display` is the display base (``"BASE_DEC"``), for a boolean the width in bits of its parent as text,
    else empty.  `protocol` is the owning protocol's name, for a protocol its own.  A name that was
    registered twice with different types has in `type` the one the filter language uses, the protocol
    (observed with ``irc.ctcp`` in 4.4), and the others in `also`.  `labelled` tells whether its
    values have names (a value string, range string or true/false string; which ones:
    `dfilter.fields.values`), None if that was not observed: the labels are those of 4.4 and 4.6, and 3.4
    and 4.0 are answered as 4.4.
    """

    name: str
    protocol: str
    type: FieldType
    display: str
    is_protocol: bool
    also: tuple[FieldType, ...] = ()
    labelled: bool | None = None


@frozen
class _Entry:
    """A name in all versions: its owner, the type text by version, the versions (4.4, 4.6) with labels."""

    name: str
    owner: str
    types: dict[Version, str]
    labelled_in: str


def _shards() -> Shards:
    return open_shards(FIELDS_FILE)


def _may_exist(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME and name.isascii() and name.isprintable()


def _parse_types(versions: str, types: str) -> dict[Version, str]:
    having = [_BY_TEXT[text] for text in versions.split(",")]
    if "=" not in types:
        return dict.fromkeys(having, types)
    pairs = (part.split("=") for part in types.split(";"))
    return {_BY_TEXT[text]: type_text for text, type_text in pairs}


@lru_cache(maxsize=4096)
def _entry(name: str) -> _Entry | None:
    shards = _shards()
    names, descriptions, codes = shards.block(shards.number_for(name)).split(b"\0", 2)
    place = (b"\n" + names + b"\n").find(b"\n" + name.encode() + b"\n")
    if place < 0:
        return None
    at = 2 * names.count(b"\n", 0, place)
    number = int.from_bytes(codes[at : at + 2], "big")
    owner, versions, types, labelled_in = descriptions.decode().split("\n")[number].split("\t")
    return _Entry(name, owner, _parse_types(versions, types), labelled_in)


@lru_cache(maxsize=4096)
def _info(name: str, version: Version) -> FieldInfo | None:
    entry = _entry(name)
    if entry is None or version not in entry.types:
        return None
    registered = [text.partition("/") for text in entry.types[version].split("|")]
    registered.sort(key=lambda parts: parts[0] != FieldType.PROTOCOL.value)
    (type_name, _, display), *others = registered
    field_type = FieldType(type_name)
    is_protocol = entry.owner == OWNER_ITSELF and field_type is FieldType.PROTOCOL
    if is_protocol:
        protocol = name
    elif entry.owner in ("", OWNER_ITSELF):
        protocol = name.partition(".")[0]
    else:
        protocol = entry.owner
    also = tuple(FieldType(other) for other, _, _ in others)
    return FieldInfo(name, protocol, field_type, display, is_protocol, also, _labelled(entry, version))


def _labelled(entry: _Entry, version: Version) -> bool | None:
    observed = max(version, Version.V4_4)
    return observed.text in entry.labelled_in.split(",") if observed in entry.types else None


def lookup(name: str, version: Version) -> FieldInfo | None:
    """The field or protocol that `version` registers as `name` (case-sensitive), or None.

    Deprecated spellings are not registered names: see `resolve_alias`.  Source: ``tshark -G fields``.
    """
    if not _may_exist(name):
        return None
    found = _info(name, version)
    return found if found is not None else _plugins().lookup(name)


def _plugins() -> ModuleType:
    """The names of other packages' protocols, loaded when Wireshark's are not enough."""
    from dfilter.fields import plugins

    return plugins


def versions_of(name: str) -> tuple[Version, ...]:
    """The versions that register `name`, oldest first; empty if none of them does."""
    entry = _entry(name) if _may_exist(name) else None
    if entry is not None:
        return tuple(sorted(entry.types))
    return tuple(_plugins().versions_of(name)) if _may_exist(name) else ()


def resolve_alias(name: str, version: Version) -> str | None:
    """The current name behind a deprecated one (``bootp.type`` -> ``dhcp.type``), or None.

    None also if `name` is itself registered, or if the new name is not (Wireshark then says it is unknown).
    Source: observed in Wireshark 3.4, 4.0, 4.4 and 4.6.
    """
    if not _may_exist(name) or lookup(name, version) is not None:
        return None
    prefix, dot, rest = name.partition(".")
    for old, new, since in _DEPRECATED:
        if prefix == old and version >= since:
            renamed = new + dot + rest
            return renamed if lookup(renamed, version) is not None else None
    return None


def renamed_prefix(name: str) -> str:
    """`name` with a deprecated first part replaced by the current one, whether or not that name exists."""
    prefix, dot, rest = name.partition(".")
    renames = {old: new for old, new, _ in _DEPRECATED}
    return renames.get(prefix, prefix) + dot + rest


@lru_cache(maxsize=64)
def _versions_in(description: bytes) -> frozenset[Version]:
    return frozenset(_BY_TEXT[text] for text in description.split(b"\t")[1].decode().split(","))


@lru_cache(maxsize=64)
def _block_names(number: int, version: Version) -> tuple[str, ...]:
    """The names of one block that `version` has."""
    joined, descriptions, codes = _shards().block(number).split(b"\0", 2)
    has = [version in _versions_in(line) for line in descriptions.split(b"\n")]
    numbers = zip(codes[::2], codes[1::2], strict=True)
    places = zip(joined.decode().split("\n"), numbers, strict=True)
    return tuple(name for name, (high, low) in places if has[high << 8 | low])


def _names_in_block(number: int, version: Version, prefix: str) -> Iterator[str]:
    names_here = _block_names(number, version)
    for place in range(bisect_left(names_here, prefix), len(names_here)):
        if not names_here[place].startswith(prefix):
            return
        yield names_here[place]


def names(version: Version, prefix: str = "") -> Iterator[str]:
    """The names that `version` registers and that start with `prefix`, sorted by code point, read lazily."""
    if prefix and not _may_exist(prefix):
        return
    found, added = _registered(version, prefix), _plugins().names(prefix)
    if added:
        from heapq import merge  # takes longer to load than names to list

        found = merge(found, added)
    yield from found


def _registered(version: Version, prefix: str) -> Iterator[str]:
    shards = _shards()
    for number in range(shards.number_for(prefix), len(shards.keys)):
        first = shards.keys[number]
        if first > prefix and not first.startswith(prefix):
            return
        yield from _names_in_block(number, version, prefix)


def suggest(name: str, version: Version, limit: int = 3) -> tuple[str, ...]:
    """Names of `version` that the writer of the unknown `name` may have meant, best first.

    Bounded work: a text longer than any name, or one far from every name, gets an empty answer.
    """
    return _suggestions(name, version, limit) if len(name) <= MAX_NAME else ()


@lru_cache(maxsize=2048)
def _suggestions(name: str, version: Version, limit: int) -> tuple[str, ...]:
    from dfilter.fields.suggest import nearest

    return nearest(name, version, limit)
