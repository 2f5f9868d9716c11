"""WHOIS and Finger: questions of a line, answers until the server closes. As Wireshark 4.4 shows it."""

from __future__ import annotations

from tests.packets.protocols.http_wire import FIN, Talk, shown
from tests.packets.protocols.text_wire import check_damage


def test_an_answer_is_shown_where_the_server_closes() -> None:
    views = Talk(43).client(b"exa", b"mple.com\r\n").server(b"one\r\ntwo", b"\r\nthree\n").server_closes().views()
    assert shown(views, "whois.query") == {5: ["example.com\r\n"]}
    assert shown(views, "whois.answer_in") == {5: [8]}
    assert shown(views, "whois.answer") == {8: ["one\r\n", "two\r\n", "three\n"]}
    assert shown(views, "whois.answer_to") == {8: [5]}
    assert shown(views, "whois.response_time") == {8: [3 * 10**7]}
    assert shown(views, "tcp.segment") == {5: [4, 5], 8: [6, 7, 8]}


def test_a_finger_response_is_one_text() -> None:
    views = Talk(79).client(b"user\r\n").server(b"a\r\n").server(b"b\r\n", flags=FIN | 16).views()
    assert shown(views, "finger.query") == {4: ["user\r\n"]}
    assert shown(views, "finger.response") == {6: ["a\r\nb\r\n"]}
    assert shown(views, "finger.response_to") == {6: [4]}
    assert shown(views, "finger.response_in") == {4: [6]}


def test_a_question_without_an_end_waits() -> None:
    views = Talk(43).client(b"exa").server(b"reply\r\n").server_closes().views()
    assert shown(views, "whois.query") == {}
    assert shown(views, "whois.answer") == {6: ["reply\r\n"]}
    assert shown(views, "whois.answer_to") == {}


def test_damage() -> None:
    check_damage(43, "C example.com\\r\\n\nS one\\r\\n")
