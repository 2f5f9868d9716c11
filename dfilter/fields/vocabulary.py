"""Where the names in a filter come from: Wireshark's registry, or an embedder's own schema.

In: names, as written in a filter.  Out: what they mean, and what their values are called.
Always: no name makes a method raise; a schema answers for every version alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.fields import registry, values
from dfilter.fields.registry import FieldInfo
from dfilter.fields.versions import Version

Table = tuple[tuple[int, int, str], ...]


class Vocabulary:
    """Wireshark's names; a subclass has others."""

    __slots__ = ()

    def lookup(self, name: str, version: Version) -> FieldInfo | None:
        """The field or protocol of this name, as `registry.lookup`."""
        return registry.lookup(name, version)

    def names(self, version: Version, start: str) -> Iterator[str]:
        """The names that begin so, sorted."""
        return registry.names(version, start)

    def everyday(self) -> tuple[str, ...]:
        """What is offered where nothing is written yet."""
        from dfilter.fields.common import EVERYDAY  # a check needs none of it

        return EVERYDAY

    def resolve_alias(self, name: str, version: Version) -> str | None:
        """The current name behind a deprecated one."""
        return registry.resolve_alias(name, version)

    def versions_of(self, name: str) -> tuple[Version, ...]:
        """The versions that have the name."""
        return registry.versions_of(name)

    def suggest(self, name: str, version: Version) -> tuple[str, ...]:
        """The few names that the writer of an unknown one may have meant, best first."""
        return registry.suggest(name, version, limit=3)

    def not_valid(self, version: Version) -> str:
        """What is said of an unknown name, after the name itself."""
        return f"is not a valid protocol or protocol field in Wireshark {version.text}"

    def labels(self, name: str, version: Version) -> Table | None:
        """The names of the values of a field, as `values.labels`."""
        return values.labels(name, version)

    def ambiguous(self, name: str, version: Version) -> frozenset[str]:
        """The labels that do not stand for exactly one number, as `values.ambiguous`."""
        return values.ambiguous(name, version)

    def unit(self, name: str) -> tuple[str, str] | None:
        """The unit after the values of a field, as `values.unit`."""
        return values.unit(name)

    def labels_unknown(self, name: str, version: Version) -> bool:
        """Does the field have labels, of which nobody here knows which?"""
        info = registry.lookup(name, version)
        return info is not None and info.labelled is not False and not values.known(name, version)


WIRESHARK = Vocabulary()
