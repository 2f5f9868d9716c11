"""SMTP: commands, replies, logins, messages in one and in several segments, chunks."""

from __future__ import annotations

from tests.packets.protocols.text_wire import check_damage, check_script

MAIL = r"""
    S 220 mx ready\r\n
    C EHLO me\r\n
    S 250-mx\r\n250-SIZE 5\r\n250 STARTTLS\r\n
    C MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n
    S 250 ok\r\n250 ok\r\n354 go\r\n
    C Subject: x\r\n\r\nbody\r\n
    C more\r\n
    C .\r\nQUIT\r\n
    S 221 bye\r\n
"""


def test_commands_and_replies() -> None:
    check_script(
        25,
        MAIL,
        r"""
        smtp.req.command: 5='EHLO' | 7='MAIL';'RCPT';'DATA' | 11='QUIT'
        smtp.req.parameter: 5='me' | 7='FROM:<a>';'TO:<b>'
        smtp.command_line: 5='EHLO me\r\n' | 7='MAIL FROM:<a>\r\n';'RCPT TO:<b>\r\n';'DATA\r\n' | 11='QUIT\r\n'
        smtp.response.code: 4=220 | 6=250 | 8=250;250;354 | 12=221
        smtp.rsp.parameter: 4='mx ready' | 6='mx';'SIZE 5';'STARTTLS' | 8='ok';'ok';'go' | 12='bye'
        smtp.rsp: 4=True | 6=True | 8=True | 12=True
    """,
    )


def test_message_in_several_segments() -> None:
    check_script(
        25,
        MAIL,
        """
        smtp.data.reassembled.in: 9=11 | 10=11
        smtp.data.fragment: 11=9;10;11
        smtp.data.fragment.count: 11=3
        smtp.data.reassembled.length: 11=26
        smtp.eom: 11=-
        imf: 11=-
        imf.subject: 11='x'
        data-text-lines: 9=- | 10=-
    """,
    )


def test_message_in_one_segment_has_no_fragments() -> None:
    check_script(25, r"""
        C DATA\r\n
        C Subject: x\r\n\r\nbody\r\n.\r\n
        C DATA\r\n
        C .\r\n
    """, """
        smtp.data.fragment: none
        imf: 5=- | 7=-
        imf.subject: 5='x'
        smtp.eom: 5=- | 7=-
    """)  # fmt: skip


def test_starttls_is_four_letters_and_a_parameter() -> None:
    check_script(25, r"""
        C STARTTLS\r\n
        S 454 no\r\n
        C NOOP\r\n
    """, """
        smtp.req.command: 4='STAR' | 6='NOOP'
        smtp.req.parameter: 4='TLS'
    """)  # fmt: skip


def test_logins() -> None:
    check_script(587, r"""
        C AUTH LOGIN\r\n
        S 334 VXNlcm5hbWU6\r\n
        C dXNlcjE=\r\n
        S 334 UGFzc3dvcmQ6\r\n
        C cGFzczE=\r\n
        S 235 ok\r\n
        C AUTH PLAIN AGEAYg==\r\n
        C AUTH PLAIN\r\n
        S 334\r\n
        C AGEAYw==\r\n
        C AUTH LOGIN dXNlcjI=\r\n
    """, """
        smtp.auth.username: 6='dXNlcjE=' | 14='dXNlcjI='
        smtp.auth.password: 8='cGFzczE='
        smtp.auth.username_password: 10='AGEAYg==' | 13='AGEAYw=='
    """)  # fmt: skip


def test_line_across_segments_waits() -> None:
    check_script(25, r"""
        S 220 hi
        S  there\r\n
        C EH
        C LO me\r\n
    """, """
        smtp.rsp.parameter: 5='hi there'
        smtp.req.command: 7='EHLO'
    """)  # fmt: skip


def test_text_that_is_no_command_belongs_to_a_message() -> None:
    check_script(25, r"""
        C MAIL FROM:<a>\r\njunk:\r\n
        C x\r\n.\r\n
        C DATA\r\n
        C y\r\n.\r\n
    """, """
        smtp.req.command: 6='DATA'
        data-text-lines: 4=- | 5=-
        smtp.data.fragment: 7=4;5;7
    """)  # fmt: skip


def test_chunks() -> None:
    check_script(25, r"""
        C BDAT 14\r\nSubject: a\r\n\r\n
        C BDAT 4 LAST\r\nbodyQUIT\r\n
        C BDAT 14\r\nSubject: b\r\n\r\n
        C BDAT 0 LAST\r\n
    """, """
        smtp.req.command: 4='BDAT' | 5='BDAT';'QUIT' | 6='BDAT' | 7='BDAT'
        smtp.data.fragment: 5=4;5 | 7=6
        imf.subject: 5='a' | 7='b'
    """)  # fmt: skip


def test_damage() -> None:
    check_damage(25, MAIL)
