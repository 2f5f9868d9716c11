"""POP3: requests, responses, mails between them."""

from __future__ import annotations

from tests.packets.protocols.text_wire import check_damage, check_script

SCRIPT = r"""
    S +OK ready\r\n
    C USER x y\r\n
    S -ERR no\r\n
    C RETR 1\r\n
    S +OK 20 octets\r\n
    S Subject: a\r\n
    S \r\nbody\r\n.\r\n
    C LIST\r\n
    S +OK\r\n1 2\r\n.\r\n
"""


def test_lines() -> None:
    check_script(
        110,
        SCRIPT,
        """
        pop.request.command: 5='USER' | 7='RETR' | 11='LIST'
        pop.request.parameter: 5='x y' | 7='1'
        pop.response.indicator: 4='+OK' | 6='-ERR' | 8='+OK' | 12='+OK'
        pop.response.description: 4='ready' | 6='no' | 8='20 octets'
        pop.response.data: 12='';''
        pop.request: 5='' | 7='' | 11=''
    """,
    )


def test_mail_whose_length_is_known() -> None:
    check_script(
        110,
        SCRIPT,
        """
        pop.data.reassembled.in: 9=10
        pop.data.fragment: 10=9;10
        imf.subject: 10='a'
    """,
    )


def test_mail_whose_length_is_not_known() -> None:
    check_script(110, r"""
        C RETR 1\r\n
        S +OK message follows\r\n
        S Subject: a\r\n\r\n.\r\n
    """, """
        pop.response.tot_len.invalid: 5=-
        imf.subject: 6='a'
        pop.data.fragment: none
    """)  # fmt: skip


def test_damage() -> None:
    check_damage(110, SCRIPT)
