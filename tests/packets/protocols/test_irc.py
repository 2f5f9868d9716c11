"""IRC: prefixes, commands, parameters, client-to-client messages."""

from __future__ import annotations

from tests.packets.protocols.text_wire import check_damage, check_script

SCRIPT = r"""
    C NICK foo\r\nUSER a b :real name\r\n
    S :srv 001 foo :Welcome to\r\n
    C PRIVMSG #a :\x01ACTION waves\x01\r\n
    S :only\r\n
    C 123 x\r\n
"""


def test_lines() -> None:
    check_script(
        6667,
        SCRIPT,
        r"""
        irc.request: 4='NICK foo';'USER a b :real name' | 6='PRIVMSG #a :\x01ACTION waves\x01' | 8='123 x'
        irc.request.command: 4='NICK';'USER' | 6='PRIVMSG' | 8='123'
        irc.request.command.numeric: 8=-
        irc.request.command_parameter: 4='foo';'a';'b' | 6='#a' | 8='x'
        irc.request.trailer: 4='real name' | 6='\x01ACTION waves\x01'
        irc.response.prefix: 5='srv'
        irc.response.num_command: 5=1
        irc.response.trailer: 5='Welcome to'
        irc.prefix_missing_ending_space: 7=-
        _ws.malformed: 7=-
        irc.ctcp.command: 6='ACTION'
        irc.ctcp.parameters: 6='waves'
    """,
    )


def test_damage() -> None:
    check_damage(6667, SCRIPT)
