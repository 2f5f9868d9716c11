"""Multipart bodies: delimiters, part headers, what the parts hold."""

from __future__ import annotations

from tests.packets.protocols.text_wire import check_damage, check_script

SCRIPT = (
    r"""
    C DATA\r\n
    C Content-Type: multipart/mixed; boundary="XX"\r\n\r\npre\r\n--XX\r\nContent-Type: text/html;  a=b\r\n\r\nhi\r\n"""
    r"--XX\r\n\r\nnone\r\n--XX\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n--XX--\r\nend\r\n.\r\n"
)


def test_parts() -> None:
    check_script(
        25,
        SCRIPT,
        r"""
        mime_multipart.type: 5='multipart/mixed'
        mime_multipart.preamble: 5=b'pre\r\n'
        mime_multipart.first_boundary: 5='--XX\r\n'
        mime_multipart.boundary: 5='\r\n--XX\r\n';'\r\n--XX\r\n'
        mime_multipart.last_boundary: 5='\r\n--XX--\r\n'
        mime_multipart.trailer: 5=b'end\r\n'
        mime_multipart.header.content-type: 5='text/html;a=b';'message/rfc822'
        imf.subject: 5='in'
        data-text-lines: 5=-
        data.data: 5=b'\r\nnone'
    """,
    )


def test_damage() -> None:
    check_damage(25, SCRIPT)
