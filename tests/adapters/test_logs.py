"""Filters over what Suricata and Zeek write, in their own names and in Wireshark's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dfilter
from dfilter.adapters import suricata, zeek
from dfilter.fields import registry
from dfilter.fields.versions import NEWEST

HERE = Path(__file__).parent
EVENTS = [json.loads(line) for line in (HERE / "eve.json").read_text().splitlines()]
LINES = [json.loads(line) for line in (HERE / "zeek.json").read_text().splitlines()]


def numbers(text: str, schema: dfilter.Schema, records: list[Any]) -> list[int]:
    compiled = dfilter.compile(text, schema=schema)
    found = [number for number, record in enumerate(records, 1) if compiled.matches(record)]
    assert found == [number for number, record in enumerate(records, 1) if compiled.plan.test(record)]
    return found


@pytest.mark.parametrize(("text", "expected"), [
    ("ip.src == 10.8.15.101", [1, 3, 4, 5, 7]),
    ("ip.addr == 203.0.113.0/24", [4, 6, 7]),
    ("ipv6.src == 2001:db8::/32", [8]),
    ("ipv6", [8]),
    ("tcp.dstport == 80", [4, 7]),
    ("tcp.port == 80", [4, 6, 7]),
    ("udp.port in {53, 5353}", [1, 2, 3, 8, 9]),
    ("tcp", [4, 5, 6, 7]),
    ("ip.proto == 6", [4, 5, 6, 7]),
    ('ip.proto == "UDP"', [1, 2, 3, 8, 9]),
    ("dns", [1, 2, 3, 9]),
    ('dns.qry.name contains "panel"', [1, 2]),
    ('dns.qry.name contains "_ldap"', [3]),
    ('dns.qry.type == "SRV"', [3]),
    ("dns.qry.type == 28", [9]),
    ("dns.flags.response == 1", [2, 9]),
    ("dns.flags.response == 0", [1, 3]),
    ("dns.flags.rcode == 3", [9]),
    ('dns.flags.rcode == "No such name"', [9]),
    ("dns.a == 203.0.113.77", [2]),
    ("dns.answers.ttl < 100", [2]),
    ("http.request", [4, 6]),
    ('http.host == "gate.panel.example" and http.request.method == "POST"', [4]),
    ("http.response.code == 200", [4, 6]),
    ('http.request.full_uri contains "x"', None),
    ('tls.handshake.extensions_server_name contains "c2"', [5]),
    ('tls.handshake.ja3 == "e7d705a3286e19ea42f587b344ee6865"', [5]),
    ('tls.notafter < "2027-01-02 00:00:00 UTC"', [5]),
    ('alert.severity == 1 and alert.metadata.mitre_technique_id == "T1071"', [7]),
    ("fileinfo.size > 100000 and fileinfo.stored == false", [6]),
    ("flow.age >= 60 and flow.alerted == false", [8]),
    ('frame.time > "2026-08-15 09:30:05.5 UTC"', [8, 9]),
    ('event_type in {"alert", "fileinfo"}', [6, 7]),
    ("(http.request or tls) and !(dns)", [4, 5, 6]),
    ("communityid", [4]),
])  # fmt: skip
def test_suricata(text: str, expected: list[int] | None) -> None:
    if expected is None:
        with pytest.raises(dfilter.UnknownFieldError):
            dfilter.compile(text, schema=suricata.EVE)
    else:
        assert numbers(text, suricata.EVE, EVENTS) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("ip.src == 10.8.15.101 and tcp.dstport == 80", [1]),
    ("id.resp_p == 443", [5]),
    ("icmp.type == 8", [2]),
    ("duration > 1", [1]),
    ('conn_state == "SF" and resp_bytes > 200000', [1]),
    ("eth.src == 00:11:22:33:44:55", [1]),
    ('dns.qry.name == "gate.panel.example" and dns.qry.type == "A"', [3]),
    ("dns.a == 203.0.113.77", [3]),
    ('answers == "panel.example"', [3]),
    ("count(TTLs) == 2 and rtt < 0.1", [3]),
    ('http.host contains "panel" and http.request.method == "POST"', [4]),
    ('resp_mime_types == "text/html"', [4]),
    ('tls.handshake.extensions_server_name contains "c2"', [5]),
    ('mime_type == "application/x-dosexec" and tx_hosts == 203.0.113.77', [6]),
    ("ip.proto == 6 or ip.proto == 17", [1, 3]),
    ("frame.time >= 1786786205", [5, 6]),
])  # fmt: skip
def test_zeek(text: str, expected: list[int]) -> None:
    assert numbers(text, zeek.ALL, LINES) == expected


def test_each_log_of_zeek_has_its_own_schema() -> None:
    assert numbers("tcp.dstport == 443", zeek.SSL, LINES[4:5]) == [1]
    assert numbers("tcp.port == 80", zeek.HTTP, LINES[3:4]) == [1]
    for schema, other in ((zeek.CONN, "http.host"), (zeek.DNS, "history"), (zeek.FILES, "query")):
        assert dfilter.check(f'{other} == "x"', schema=schema).colour == "red"


@pytest.mark.parametrize("schema", [suricata.EVE, zeek.ALL])
def test_a_name_of_wiresharks_has_wiresharks_type(schema: dfilter.Schema) -> None:
    shared = {name: registry.lookup(name, NEWEST) for name, field in schema.fields.items() if field.keys}
    assert len(shared) > 25
    for name, info in shared.items():
        assert info is not None, name
        assert info.type is schema.types[name], name


def test_filters_written_for_wireshark_check_green_on_events() -> None:
    for text in ("dns and ip.addr == 10.0.0.0/8", "http.request or tls.handshake.extensions_server_name",
                 'http.user_agent contains "Bot" && tcp.dstport == 80', "!(udp.port == 53)"):  # fmt: skip
        assert dfilter.check(text, schema=suricata.EVE).colour == "green", text


def test_select_takes_a_file_of_lines() -> None:
    compiled = dfilter.compile("alert", schema=suricata.EVE)
    with (HERE / "eve.json").open() as file:
        assert [event["flow_id"] for event in compiled.select(map(json.loads, file))] == [2]
