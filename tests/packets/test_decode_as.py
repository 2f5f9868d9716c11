"""Protocols where the user says that they are."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

import dfilter
from dfilter.captures.frame import Frame
from dfilter.captures.write import CaptureWriter

SYSLOG = b"<34>Oct 11 22:14:15 mymachine su: failed"


def udp_frame(port: int, payload: bytes) -> bytes:
    udp = struct.pack(">HHHH", 50000, port, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    return bytes(12) + b"\x08\0" + ip + udp


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "odd-ports.pcap"
    with path.open("wb") as file, CaptureWriter(file, format="pcap") as writer:
        for number, port in enumerate((4000, 4001, 4002, 514), 1):
            data = udp_frame(port, SYSLOG)
            writer.write(Frame(number, number * 10**9, data, len(data)))
    return path


def test_a_rule_puts_a_protocol_behind_a_port(capture: Path) -> None:
    rules = {("udp.port", 4001): "syslog"}
    assert dfilter.frames(capture, "syslog.msg") == [4]
    assert dfilter.frames(capture, "syslog.msg", decode_as=rules) == [2, 4]
    assert [frame.number for frame in dfilter.read(capture, "syslog", decode_as=rules)] == [2, 4]
    assert dfilter.FilterSet({"names": "syslog.msg"}).frames(capture, decode_as=rules) == {"names": [2, 4]}
    session = dfilter.Session(decode_as=rules)
    assert dfilter.compile("syslog.msg").matches(session.feed(udp_frame(4001, SYSLOG)))


def test_a_rule_wins_over_the_port_s_own_protocol(capture: Path) -> None:
    assert dfilter.frames(capture, "syslog", decode_as={("udp.port", 514): "ntp"}) == []


def test_a_rule_makes_a_protocol_reachable_that_was_not(capture: Path) -> None:
    """Nothing that Ethernet leads to carries a layer of Linux cooked captures."""
    frame = bytes(12) + b"\xab\xcd" + struct.pack(">HHH8sH", 0, 1, 6, bytes(8), 0x0800) + udp_frame(514, SYSLOG)[14:]
    view = dfilter.Session(decode_as={("ethertype", 0xABCD): "sll"}).feed(frame)
    assert "failed" in view["syslog.msg"]
    assert dfilter.compile("sll").matches(view)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (("tcp.prot", 80, "http"), "no table 'tcp.prot' (did you mean 'tcp.port'?)"),
        (("tcp.port", 80, "htttp"), "'htttp' is no protocol that dfilter dissects (did you mean 'http'?)"),
        (("tcp.port", "80", "http"), "'80' is no key of tcp.port: a number is wanted"),
        (("tcp.port", 80000, "http"), "80000 is out of the range of tcp.port"),
        (("media_type", 1, "json"), "1 is no key of media_type: a media type, as text is wanted"),
    ],
)
def test_a_rule_without_effect_is_an_error(capture: Path, rule: tuple[str, object, str], said: str) -> None:
    table, key, protocol = rule
    with pytest.raises(dfilter.DecodeAsError) as raised:
        dfilter.read(capture, "http", decode_as={(table, key): protocol})
    assert said in str(raised.value)


def run(*arguments: str) -> int:
    from dfilter.cli.main import main

    with pytest.raises(SystemExit) as ended:
        main(["run", *arguments])
    return int(str(ended.value.code))


@pytest.mark.parametrize(
    ("rules", "count"),
    [(["udp.port==4000,syslog"], 2), (["udp.port==4000-4001,syslog"], 3), (["udp.port==4001:2,syslog"], 3),
     (["udp.port==0xfa0,syslog", "udp.port == 4002 , syslog"], 3)],
)  # fmt: skip
def test_the_command_takes_rules_as_tshark_does(capture: Path, rules: list[str], count: int,
                                                capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    options = [option for rule in rules for option in ("-d", rule)]
    assert run("--count", "syslog", *options, str(capture)) == 0
    assert capsys.readouterr().out == f"{count}\n"


@pytest.mark.parametrize(
    ("rule", "said"),
    [("udp.port=4000,syslog", "the form is TABLE==KEY,PROTOCOL"), ("udp.port==9-1,syslog", "no range of 1 to"),
     ("udp.port==4000,slysog", "no protocol that dfilter dissects")],
)  # fmt: skip
def test_the_command_says_what_is_wrong_with_a_rule(capture: Path, rule: str, said: str,
                                                    capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    assert run("--count", "syslog", "-d", rule, str(capture)) == 2
    assert said in capsys.readouterr().err
