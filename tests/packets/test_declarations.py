"""Every declared field is a name of the registry, with the registry's type."""

from __future__ import annotations

import pytest

from dfilter.fields.registry import lookup
from dfilter.fields.versions import Version
from dfilter.packets.dispatch import catalogue

KNOWN = catalogue()


@pytest.mark.parametrize("protocol", sorted(KNOWN.protocols))
def test_fields_have_the_registered_types(protocol: str) -> None:
    for field in KNOWN.protocols[protocol].fields:
        infos = [info for version in (Version.V4_4, Version.V4_6) if (info := lookup(field.name, version))]
        assert infos, f"{field.name} is not a field of Wireshark 4.4 or 4.6"
        assert any(field.type in (info.type, *info.also) for info in infos), (
            f"{field.name} is declared {field.type.value}, the registry says {[i.type.value for i in infos]}"
        )


@pytest.mark.parametrize("protocol", sorted(KNOWN.protocols))
def test_protocols_are_registered(protocol: str) -> None:
    info = lookup(protocol, Version.V4_4) or lookup(protocol, Version.V4_6)
    assert info is not None
    assert info.is_protocol


def test_unions_name_fields_of_their_own_protocol() -> None:
    for field in KNOWN.fields.values():
        for part in field.parts:
            assert KNOWN.owner[part] == KNOWN.owner[field.name]
