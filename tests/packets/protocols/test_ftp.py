"""FTP: control lines, announced addresses, data connections, working directory."""

from __future__ import annotations

import pytest

from dfilter.packets.protocols.ftp_addresses import find_extended_port, find_six_numbers, parse_eprt
from tests.packets.protocols.http_wire import Talk
from tests.packets.protocols.text_wire import check, check_damage, check_script, conversation, two_passes

LOGIN = r"""
    S 220-Welcome\r\n more\r\n220 ready\r\n
    C USER joe\r\n
    S 331 password\r\n
    C PASS x y\r\n
    S 230\r\n
    C PWD\r\n
    S 257 "/a""b" is it\r\n
    C CWD ../c\r\n
    S 250 ok\r\n
    C CDUP\r\n
    S 500 no\r\n
    S hello\r\n
"""


def test_lines() -> None:
    check_script(
        21,
        "\n".join(LOGIN.splitlines()[:6]),
        """
        ftp.request: 4=False | 5=True | 6=False | 7=True | 8=False
    """,
    )
    check_script(
        21,
        LOGIN,
        """
        ftp.request.command: 5='USER' | 7='PASS' | 9='PWD' | 11='CWD' | 13='CDUP'
        ftp.request.arg: 5='joe' | 7='x y' | 11='../c'
        ftp.response.code: 4=220 | 6=331 | 8=230 | 10=257 | 12=250 | 14=500
        ftp.response.arg: 4='Welcome' | 6='password' | 10='"/a""b" is it' | 12='ok' | 14='no' | 15='hello'
    """,
    )


def test_working_directory() -> None:
    views = conversation(21, LOGIN).views()
    assert [view["ftp.current-working-directory"] for view in views[9:13]] == ['/a"b', '/a"b', "/c", "/c"]


def transfer(setup: str, port: int, *, from_server: bool) -> Talk:
    """A control connection with a setup and RETR, then a data connection."""
    talk = conversation(21, setup)
    data = Talk(port)
    if from_server:  # swap the ends: the server connects from port 20
        data = Talk(20)
        data.ports = (port, 20)
    data.server(b"some text\r\n", b"\xff\xd8\xff")
    talk.frames += data.frames
    return talk


PASSIVE = [(r"227 ok (10,0,0,2,4,5)\r\n", "PASV"), (r"229 ok (|||1029|)\r\n", "EPASV")]


@pytest.mark.parametrize(("reply", "method"), PASSIVE)
def test_passive(reply: str, method: str) -> None:
    talk = transfer(rf"""
        C {method.replace("EPA", "EP")}\r\n
        S {reply}
        C RETR x\r\n
    """, 1029, from_server=False)  # fmt: skip
    check(
        two_passes(talk.frames),
        f"""
        ftp-data.setup-frame: 10=5 | 11=5
        ftp-data.setup-method: 10='{method}' | 11='{method}'
        ftp-data.command: 10='RETR x' | 11='RETR x'
        ftp-data.command-frame: 10=6 | 11=6
        data-text-lines: 10=-
        ftp.command: 5='RETR x'
        ftp.command-frame: 5=6
        ftp.setup-frame: 6=5
        ftp.command-response.frames: 6=2
        ftp.command-response.bytes: 6=14
        ftp.command-response.first-frame-num: 6=10
        ftp.command-response.last-frame-num: 6=11
        ftp.command-response.duration: 6=10
        ftp.command-response.bitrate: 6=11
    """,
    )


def test_active() -> None:
    talk = transfer(r"""
        C PORT 10,0,0,1,156,65\r\n
        S 200 ok\r\n
        C STOR y\r\n
    """, 40001, from_server=True)  # fmt: skip
    check(
        two_passes(talk.frames),
        """
        ftp.active.cip: 4=b'\\n\\x00\\x00\\x01'
        ftp.active.port: 4=40001
        ftp.active.nat: none
        ftp-data.setup-frame: 10=4 | 11=4
        ftp-data.command: 10='STOR y' | 11='STOR y'
    """,
    )


def test_announced_address_serves_one_connection() -> None:
    talk = transfer(r"""
        C PASV\r\n
        S 227 (10,0,0,2,4,5)\r\n
        C RETR x\r\n
    """, 1029, from_server=False)  # fmt: skip
    again = Talk(1029)
    again.ports = (40002, 1029)
    again.frames = []
    again.server(b"more\r\n")
    talk.frames += again.frames
    check(two_passes(talk.frames), "ftp-data: 10=- | 11=-")


def test_command_without_data_connection() -> None:
    check_script(21, r"""
        C EPRT |1|10.0.0.1|5555|\r\n
        C LIST\r\n
    """, """
        ftp.eprt.af: 4=1
        ftp.eprt.ip: 4=b'\\n\\x00\\x00\\x01'
        ftp.eprt.port: 4=5555
        ftp.setup-frame: 5=0
        ftp.command-response.frames: 5=0
        ftp.command: none
    """)  # fmt: skip


def test_addresses() -> None:
    found = find_six_numbers(b"=300,1,1,1,1,2 x")
    assert found is not None
    assert (found.address, found.port, found.address_span) == (b"\x2c\1\1\1", 258, (1, 9))
    assert find_six_numbers(b"1,2,3,4,5") is None
    assert find_extended_port(b"x (|||70000|)") == (65535, 6, 5)
    assert find_extended_port(b"x (||||)") == (0, 6, 0)
    assert find_extended_port(b"nothing") is None
    six = parse_eprt(b"|2|::1|5556|")
    assert six is not None
    assert (six.family, six.address[-1], six.port) == (2, 1, 5556)
    assert parse_eprt(b"|3|x|1|") is None
    assert parse_eprt(b"") is None


def test_damage() -> None:
    check_damage(21, LOGIN + r"""
        C PORT 10,0,0,1,4,6\r\n
        S 227 (10,0,0,2,4,5)\r\n
        S 229 (|||5|)\r\n
    """)  # fmt: skip
