"""IMAP: requests, responses, logins, mails in literals."""

from __future__ import annotations

from tests.packets.protocols.text_wire import check_damage, check_script

SCRIPT = r"""
    S * OK ready\r\n
    C a1 LOGIN joe "secret"\r\n
    S a1 OK done\r\n
    C a2 UID FETCH 1 (BODY[])\r\na3 select inbox\r\n
    S * 1 FETCH (BODY[] {18}\r\nSubject: x\r\n
    S \r\nbody)\r\na2 OK\r\na3 NO x\r\n
"""


def test_lines() -> None:
    check_script(
        143,
        SCRIPT,
        r"""
        imap.isrequest: 4=False | 5=True | 6=False | 7=True | 9=False;False
        imap.request_tag: 5='a1' | 7='a2';'a3'
        imap.request.command: 5='LOGIN' | 7='FETCH';'select'
        imap.request.command.uid: 7=True
        imap.command: 5='LOGIN' | 6='done' | 7='UID';'select' | 9='x'
        imap.request.username: 5='joe'
        imap.request.password: 5='secret'
        imap.request.folder: 7='inbox'
        imap.response.status: 6='OK' | 9='OK';'NO'
        imap.response: 6='a1 OK done' | 9=')';'a2 OK';'a3 NO x'
    """,
    )


def test_responses_know_their_requests() -> None:
    check_script(
        143,
        SCRIPT,
        """
        imap.response_in: 5=6 | 7=9;9
        imap.response_to: 6=5 | 9=7;7
        imap.time: 6=10000000 | 9=20000000;20000000
    """,
    )


def test_mail() -> None:
    check_script(143, SCRIPT, "imf.subject: 9='x'")


def test_damage() -> None:
    check_damage(143, SCRIPT)
