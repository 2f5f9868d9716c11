"""The registry answers as the list it was built from, quickly and without reading what it need not."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from dfilter.fields import registry
from dfilter.fields.registry import FieldInfo, lookup, names, resolve_alias, suggest, versions_of
from dfilter.fields.types import FieldType
from dfilter.fields.versions import NEWEST, Version

TSV = Path(__file__).parents[3] / "shared" / "registry" / "fields.tsv.gz"
V34, V40, V44, V46 = Version


def type_text(info: FieldInfo) -> str:
    return f"{info.type.value}/{info.display}" if info.display else info.type.value


def expected_types(versions: str, types: str) -> dict[str, str]:
    if "=" in types:
        return dict(part.split("=") for part in types.split(";"))
    return dict.fromkeys(versions.split(","), types)


@pytest.mark.skipif(not TSV.exists(), reason="the source list is not beside this repository")
def test_every_name_round_trips_with_versions_and_type() -> None:
    wrong = []
    with gzip.open(TSV, "rt") as file:
        next(file)
        for line in file:
            name, kind, owner, versions, types = line.rstrip("\n").split("\t")
            expected = expected_types(versions, types)
            if tuple(v.text for v in versions_of(name)) != tuple(versions.split(",")):
                wrong.append(name)
            for version in Version:
                info = lookup(name, version)
                text = expected.get(version.text)
                if info is None or text is None:
                    wrong += [name] if (info is None) != (text is None) else []
                    continue
                right_owner = kind == "P" or info.protocol == owner
                if type_text(info) not in text.split("|") or not right_owner:
                    wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("version", list(Version))
def test_names_are_sorted_distinct_and_found(version: Version) -> None:
    listed = list(names(version, "tcp."))
    assert listed == sorted(set(listed))
    assert "tcp.port" in listed
    assert all(lookup(name, version) for name in listed)
    assert "tcp" not in listed


def test_prefixes_of_names_agree_with_a_filter_over_all_names() -> None:
    every = list(names(V44))
    assert len(every) == 261_555
    for prefix in ("", "zz", "a", "radius.", "_ws", "wlan.fc.type", "zzzz", "29west", "0", "\n"):
        assert list(names(V44, prefix)) == [name for name in every if name.startswith(prefix)]


FACTS = """
tcp                 3.4 PROTOCOL             tcp      protocol
tcp.flags.syn       4.6 BOOLEAN/12           tcp      field
tcp.port            4.4 UINT16/BASE_PT_TCP   tcp      field
ip.addr             4.0 IPv4                 ip       field
irc.ctcp            3.4 STRING               irc      field
irc.ctcp            4.4 PROTOCOL             irc.ctcp protocol
dns.flags.conflict  4.6 BOOLEAN/16           dns      field
"""


@pytest.mark.parametrize("line", FACTS.strip().split("\n"))
def test_facts(line: str) -> None:
    name, version, types, owner, kind = line.split()
    info = lookup(name, Version.parse(version))
    assert info is not None
    assert (type_text(info), info.protocol, info.is_protocol) == (types, owner, kind == "protocol")


def test_a_name_registered_twice_has_the_type_the_language_uses_and_the_other() -> None:
    info = lookup("irc.ctcp", V44)
    assert info is not None
    assert (info.type, info.also) == (FieldType.PROTOCOL, (FieldType.STRING,))


@pytest.mark.parametrize(
    "name",
    ["", " ", "\n", "\0", "\t", "tcp\n", "tcp\ntcp.ack", "TCP", "tcp.", ".tcp", "ïp", "a" * 99_999, "\ud800"],
)
def test_hostile_names_are_unknown(name: str) -> None:
    assert lookup(name, NEWEST) is None
    assert versions_of(name) == ()
    assert resolve_alias(name, NEWEST) is None


ALIASES = """
bootp.type            3.4 dhcp.type
bootp                 4.6 dhcp
ssl.handshake.type    4.4 tls.handshake.type
104apci               4.0 iec60870_104
nas_eps               4.4 nas-eps
nas_eps               4.0 -
pkcs1                 4.6 pkixalgs
pkcs1                 4.4 -
bootp.no_such_field   4.6 -
bootpx                4.6 -
tcp                   4.6 -
"""


@pytest.mark.parametrize("line", ALIASES.strip().split("\n"))
def test_aliases(line: str) -> None:
    old, version, new = line.split()
    assert resolve_alias(old, Version.parse(version)) == (None if new == "-" else new)


def test_labelled_follows_the_observed_versions() -> None:
    for name, version, labelled in (
        ("tcp.flags.syn", V46, True), ("tcp.port", V46, False), ("tcp.option_kind", V34, True),
        ("bacapp.vendor_identifier", V44, True), ("wlan.fc.subtype", V44, False),
        ("wlan.fc.subtype", V46, True),
    ):  # fmt: skip
        info = lookup(name, version)
        assert info is not None
        assert info.labelled is labelled


SUBPROCESS = """
import json, sys, time
from dfilter.fields import registry, values
from dfilter.fields.shards import open_shards
from dfilter.fields.versions import Version
loaded = open_shards.cache_info().currsize
heavy = sorted({"numpy", "dpkt", "lark", "lzma", "rich", "dfilter.fields.suggest"} & set(sys.modules))
start = time.perf_counter()
found = registry.lookup("zbee_zcl.cmd.mc", Version.V4_6) is not None
taken = time.perf_counter() - start
read = registry._shards().block.cache_info().currsize
print(json.dumps([loaded, heavy, found, taken, read]))
"""


def test_importing_reads_no_data_and_a_lookup_one_block() -> None:
    runs = []
    for _ in range(3):
        command = [sys.executable, "-c", SUBPROCESS]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        loaded, heavy, found, taken, read = json.loads(done.stdout)
        assert (loaded, heavy, found, read) == (0, [], True, 1)
        runs.append(taken)
    assert min(runs) < 0.020


def test_suggest_is_reachable_from_the_registry() -> None:
    assert suggest("tcp.prot", NEWEST, 1) == ("tcp.port",)
    assert registry.suggest("tcp.prot", NEWEST, 0) == ()
