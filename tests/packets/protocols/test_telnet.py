"""Telnet: commands, suboptions, lines."""

from __future__ import annotations

from tests.packets.protocols.text_wire import check_damage, check_script

SCRIPT = r"""
    S \xff\xfd\x18\xff\xfb\x03login:
    C \xff\xfa\x18\x00xterm\xff\xf0bob\r\n
    C \xff\xfa\x1f\x00\x50\x00\x18\xff\xf0
    S a\r\nb\r\x00c
    C \xff\xf4\xff
    S \xff\xfa\x20\x01\xff\xf0
"""


def test_negotiation_and_lines() -> None:
    check_script(
        23,
        SCRIPT,
        r"""
        telnet.cmd: 4=253;251 | 5=250;240 | 6=250;240 | 8=244 | 9=250;240
        telnet.subcmd: 4=24;3 | 5=24;0 | 6=31 | 9=32
        telnet.string_subopt.value: 5='xterm'
        telnet.naws_subopt.width: 6=80
        telnet.naws_subopt.height: 6=24
        telnet.data: 4='login:' | 5='bob\r\n' | 7='a\r\n';'b\r';'c'
        telnet.option_data: 9=b'\x01'
        _ws.malformed: 8=-
    """,
    )


def test_damage() -> None:
    check_damage(23, SCRIPT)
