"""The labels are those Wireshark lists, in its order, for the version asked."""

from __future__ import annotations

import pytest

from dfilter.fields.registry import names
from dfilter.fields.types import SIGNED
from dfilter.fields.values import ambiguous, known, labels, unit
from dfilter.fields.versions import NEWEST, Version

ROWS = """
tcp.option_kind         4.6   0     0    End of Option List
ip.proto                4.4   6     6    TCP
dns.qry.type            4.6   1     1    A
eth.type                4.6   2048  2048 IPv4
ntp.stratum             4.6   2     15   secondary reference
frame.p2p_dir           4.6   -1    -1   Unknown
isakmp.id.type          4.6   3     3    ID_RFC822_ADDR
isakmp.id.type          4.4   3     3    USER_FQDN
"""


@pytest.mark.parametrize("line", ROWS.strip().split("\n"))
def test_rows(line: str) -> None:
    name, version, first, last, label = line.split(maxsplit=4)
    table = labels(name, Version.parse(version))
    assert table is not None
    assert (int(first), int(last), label) in table


def test_booleans_have_the_true_label_first() -> None:
    assert labels("tcp.flags.syn") == ((1, 1, "Set"), (0, 0, "Not set"))
    assert labels("frame.marked") is None


def test_a_field_registered_twice_has_the_first_labels_in_4_4_and_all_in_4_6() -> None:
    first = ((1, 1, "The sender received multiple responses"), (0, 0, "None"))
    assert labels("dns.flags.conflict", Version.V4_4) == first
    assert "The name is considered unique" in {label for _, _, label in labels("dns.flags.conflict") or ()}
    assert labels("wlan.fc.subtype", Version.V4_4) is None


@pytest.mark.parametrize(
    ("name", "version", "label", "expected"),
    [
        ("arp.opcode", "4.6", "reserved", True),
        ("arp.opcode", "4.6", "request", False),
        ("ntp.stratum", "4.4", "secondary reference", True),
        ("vlan.priority", "4.6", "Spare", True),
        ("vlan.priority", "4.4", "Spare", False),
        ("dns.flags.conflict", "4.6", "None", True),
    ],
)
def test_ambiguous_labels(name: str, version: str, label: str, expected: bool) -> None:
    assert (label in ambiguous(name, Version.parse(version))) is expected


def test_unknown_covers_the_other_protocols_and_hostile_names() -> None:
    assert known("tcp.port")
    assert not known("bacapp.vendor_identifier")
    for name in ("", "\n", "tcp.option_kind\n", "tcp.option_kind\t", "a" * 100_000, "nope", "ïp", "\ud800"):
        assert labels(name) is None
        assert unit(name) is None
        assert ambiguous(name) == frozenset()
        assert not known(name)


def test_units() -> None:
    assert unit("wlan_radio.signal_dbm") == (" dBm", " dBm")
    assert unit("tcp.port") is None


def test_ranges_are_not_reversed_and_only_signed_fields_have_negative_numbers() -> None:
    from dfilter.fields.registry import lookup

    for name in names(NEWEST, "i"):
        table = labels(name) or ()
        assert all(first <= last for first, last, _ in table), name
        info = lookup(name, NEWEST)
        assert info is not None
        assert info.type in SIGNED or all(first >= 0 for first, _, _ in table), name
