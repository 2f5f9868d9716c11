"""Protocols that begin in the clear and hand over: PostgreSQL, MySQL, XMPP to TLS, SOCKS to what its tunnel carries."""

from __future__ import annotations

import pytest

from dfilter.packets.session import RawFrame, Session, needs_of
from tests.packets.protocols.text_wire import check_damage, check_script, conversation

HELLO = r"\x16\x03\x01\x00\x05\x0e\x00\x00\x01\x00"
LATER = r"\x15\x03\x03\x00\x02\x01\x00"
"""An alert: nothing but the conversation tells that it is TLS."""

ZEROS = r"\0" * 23

SCRIPTS = {
    "pgsql": (
        5432,
        rf"""
        C \0\0\0\x08\x04\xd2\x16\x2f
        S S
        C {LATER}
        S {HELLO}
        """,
        """
        pgsql.type: 4='SSL request' | 5='SSL response'
        pgsql.frontend: 4=True
        pgsql.ssl_response: 5=83
        tls.record.content_type: 6=21 | 7=22
        """,
    ),
    "pgsql refused": (
        5432,
        r"""
        C \0\0\0\x08\x04\xd2\x16\x2f
        S N
        C \0\0\0\x10\0\x03\0\0user\0a\0\0
        S R\0\0\0\x08\0\0\0\0
        C Q\0\0\0\x0dselect
        C  1\0
        S E\0\0\0\x16SERROR\0C42P01\0Mno\0
        """,
        """
        pgsql.type: 4='SSL request' | 5='SSL response' | 6='Startup message' | 7='Authentication request'\
 | 9='Simple query' | 10='Error'
        pgsql.parameter_value: 6='a'
        pgsql.authtype: 7=0
        pgsql.query: 9='select 1'
        pgsql.severity: 10='ERROR'
        pgsql.code: 10='42P01'
        tls: none
        """,
    ),
    "mysql": (
        3306,
        rf"""
        S \x20\0\0\0\x0a8.0\0\1\0\0\0salt1234\0\xff\xff\xff\2\0\xff\xdf\x15\0\0\0\0\0\0
        C \x20\0\0\1\x05\xae\x0f\0\0\0\0\1\x21{ZEROS}
        C {LATER}
        """,
        """
        mysql.version: 4='8.0'
        mysql.caps.server: 4=65535
        mysql.caps.client: 5=44549
        tls.record.content_type: 6=21
        """,
    ),
    "mysql in the clear": (
        3306,
        rf"""
        S \x20\0\0\0\x0a8.0\0\1\0\0\0salt1234\0\xff\xf7\xff\2\0\xff\xdf\x15\0\0\0\0\0\0
        C \x25\0\0\1\x05\xa6\x0f\0\0\0\0\1\x21{ZEROS}root\0
        S \7\0\0\2\0\0\0\2\0\0\0
        C \x09\0\0\0\x03select 1
        S \x0c\0\0\1\xff\x28\x04#42000bad
        """,
        """
        mysql.user: 5='root'
        mysql.command: 7=3
        mysql.query: 7='select 1'
        mysql.error_code: 8=1064
        mysql.sqlstate: 8='42000'
        mysql.error.message: 8='bad'
        tls: none
        """,
    ),
    "xmpp": (
        5222,
        rf"""
        C <stream:stream to='a'>
        S <?xml version='1.0'?><stream:stream><stream:features><starttls/></stream:features>
        C <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
        S <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
        C {LATER}
        """,
        """
        xmpp.stream: 4=- | 5=-
        xmpp.features: 5=-
        xmpp.starttls: 6=-
        xmpp.proceed: 7=-
        xmpp.out: 4=True | 6=True
        xmpp.in: 5=True;True;True | 7=True
        tls.record.content_type: 8=21
        """,
    ),
    "xmpp stanza in two segments": (
        5222,
        r"""
        C <message to='a'><body>x
        C </body></message><presence/>
        """,
        """
        xmpp.message: 5=-
        xmpp.presence: 5=-
        """,
    ),
    "socks5": (
        1080,
        rf"""
        C \x05\x02\0\x02
        S \x05\x02
        C \x01\x03bob\x03pwd
        S \x01\0
        C \x05\x01\0\x03\x01a\x01\xbb
        S \x05\0\0\x01\x01\x02\x03\x04\0\x50
        C {LATER}
        """,
        """
        socks.version: 4=5 | 5=5 | 6=5 | 7=5 | 8=5 | 9=5 | 10=5
        socks.auth_method: 4=0;2
        socks.username: 6='bob'
        socks.password: 6='pwd'
        socks.remote_name: 8='a'
        socks.port: 8=443 | 9=80
        socks.results: 9=0
        socks.dstport: 10=443
        tls.record.content_type: 10=21
        """,
    ),
    "socks4a to a mail server": (
        1080,
        r"""
        C \x04\x01\0\x19\0\0\0\x01bob\0ex.org\0
        S \0\x5a\0\x19\x01\x02\x03\x04
        S 220 mx\r\n
        C EHLO x\r\n
        """,
        """
        socks.v4a_dns_name: 4='ex.org'
        socks.username: 4='bob'
        socks.results: 5=90
        smtp.response.code: 6=220
        smtp.req.command: 7='EHLO'
        """,
    ),
    "socks refused": (
        1080,
        r"""
        C \x05\x01\0
        S \x05\0
        C \x05\x01\0\x01\x01\x02\x03\x04\0\x50
        S \x05\x05\0\x01\0\0\0\0\0\0
        """,
        """
        socks.dst: 6=b'\\x01\\x02\\x03\\x04' | 7=b'\\x00\\x00\\x00\\x00'
        socks.results: 7=5
        socks.dstport: none
        """,
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_hand_over(name: str) -> None:
    check_script(*SCRIPTS[name])


@pytest.mark.parametrize("name", SCRIPTS)
def test_damage(name: str) -> None:
    port, script, _ = SCRIPTS[name]
    check_damage(port, script)


def test_remote_desktop_hands_over_when_only_tls_is_wanted() -> None:
    script = r"""
        C \x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0
        S \x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\x02\0\0\0
        C \x16\x03\x01\x00\x05\x0e\x00\x00\x01\x00
    """
    session = Session(needs_of(["tls.record.length"]))
    found = []
    for number, (data, length) in enumerate(conversation(3389, script).frames, 1):
        found += session.dissect(RawFrame(number, number, data, length, 1)).get("tls.record.length")
    assert found == [5]
