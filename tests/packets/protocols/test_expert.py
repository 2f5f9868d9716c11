"""Expert information: which remarks a frame has, how severe they are. As Wireshark 4.4 shows them."""

from __future__ import annotations

from dfilter.fields.registry import versions_of
from dfilter.packets.protocols.expert import GROUPS, REMARKS, SEVERITIES
from tests.packets.builders import dissect, eth, ip4, udp, values
from tests.packets.protocols.http_wire import Talk, shown


def test_remarks_name_fields_of_the_registry() -> None:
    assert len(REMARKS) > 200
    assert not [name for name in REMARKS if not versions_of(name)]
    assert all(remark.message for remark in REMARKS.values())


def test_a_handshake_is_chat() -> None:
    views = Talk(80).views()
    assert shown(views, "_ws.expert.message")[1][0] == "Connection establish request (SYN): server port 80"
    assert shown(views, "_ws.expert.message")[2][0] == "Connection establish acknowledge (SYN+ACK): server port 80"
    assert shown(views, "_ws.expert.severity")[1][0] == SEVERITIES["chat"]
    assert shown(views, "_ws.expert.group")[2][0] == GROUPS["sequence"]
    assert 3 not in shown(views, "_ws.expert")


def test_times_to_live() -> None:
    local = bytes((224, 0, 0, 251))
    packets = [ip4(udp(b"x")), ip4(udp(b"x"))[:8] + b"\x02" + ip4(udp(b"x"))[9:], ip4(udp(b"x"), target=local)]
    views = dissect([eth(packet) for packet in packets])
    assert values(views[0], "_ws.expert") == []
    assert values(views[1], "_ws.expert.message") == ['"Time To Live" only 2']
    assert values(views[2], "ip.ttl.lncb") == [None]
    assert "!= 255" in values(views[2], "_ws.expert.message")[0]


def test_damage_is_an_error_once() -> None:
    (view,) = dissect([eth(ip4(udp(b"x", length=99)))])
    assert values(view, "_ws.expert.message") == ["Bad length value 99 > IP payload length"]
    assert values(view, "_ws.expert.severity") == [SEVERITIES["error"]]
    assert values(view, "_ws.malformed")


def test_each_hop_of_a_traceroute_has_three_ports() -> None:
    (view,) = dissect([eth(ip4(udp(b"x", target=33439)))])
    assert values(view, "_ws.expert.message") == ["Possible traceroute: hop #2, attempt #2"]


def test_a_station_is_no_group_and_padding_is_zero() -> None:
    frame = bytearray(eth(ip4(udp(b"x"))) + b"abcdefghijklmnopqrst")
    frame[6] |= 1
    (view,) = dissect([bytes(frame)])
    assert values(view, "eth.src_not_group") == [None]
    assert values(view, "eth.padding_bad") == [None]
    assert values(view, "_ws.expert.severity") == [SEVERITIES["warn"], SEVERITIES["note"]]
