"""Mail headers: fields, addresses, content types, bodies."""

from __future__ import annotations

from dfilter.packets.protocols.imf import decode_base64, parse_header
from tests.packets.protocols.text_wire import check_damage, check_script

HEADER = (
    r'From: "Joe Q." <joe@x>, Mary <m@y>\r\nTo: A Group:Ed <e@z>;, other@z\r\nSubject: a\r\n b\r\nX-Mailer: foo\r\n'
    r"X-Other: bar\r\n"
)


def test_fields_and_addresses() -> None:
    check_script(25, rf"""
        C DATA\r\n
        C {HEADER}\r\nbody\r\n.\r\n
    """, r"""
        imf.from: 5='"Joe Q." <joe@x>, Mary <m@y>'
        imf.mailbox_list.item: 5='"Joe Q." <joe@x>';' Mary <m@y>\r\n';'Ed <e@z>'
        imf.display_name: 5='"Joe Q."';'Mary';'A Grou';'Ed'
        imf.address: 5='joe@x';'m@y';'e@z';' other@z\r\n'
        imf.subject: 5='a\r\n b'
        imf.ext.mailer: 5='foo'
        imf.extension: 5='X-Other: bar'
        imf.extension.type: 5='X-Other'
        imf.extension.value: 5='bar'
        imf.message_text: 5=-
    """)  # fmt: skip


def test_content_type_with_parameters_names_the_body() -> None:
    check_script(25, r"""
        C DATA\r\n
        C Content-Type: text/plain; charset=x\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n.\r\n
    """, """
        imf.content.type.type: 5='text/plain'
        imf.content.type.parameters: 5=' charset=x'
        data-text-lines: 5=-
        imf.message_text: none
    """)  # fmt: skip


def test_header_without_end_reaches_to_the_end() -> None:
    text = b"A: b\r\nC: d\r\n"
    header = parse_header(text, 0, len(text))
    assert [text[f.start : f.end] for f in header.fields] == [b"b", b"d\r\n"]
    assert header.body == len(text)
    assert parse_header(b"\r\nbody", 0, 6).body == 0


def test_base64_with_anything_between() -> None:
    assert decode_base64(b"aGV\r\n sbG8=!") == b"hello"
    assert decode_base64(b"a") == b""


def test_damage() -> None:
    check_damage(25, rf"""
        C DATA\r\n
        C {HEADER}\r\nbody\r\n.\r\n
    """)  # fmt: skip
