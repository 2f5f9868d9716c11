"""RTSP: messages, bodies, interleaved data."""

from __future__ import annotations

from tests.packets.protocols.text_wire import check_damage, check_script

SCRIPT = r"""
    C DESCRIBE rtsp://h/x RTSP/1.0\r\nCSeq: 2\r\n\r\n
    S RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=
    S 0\r\n$\x00\x00\x04abcd
    C PLAY rtsp://h/x RTSP/1.0\r\nSession: 12\r\n\r\n
    S RTSP/1.0 454 Not\r\nContent-Length: 3\r\n\r\nabc
    S some text\r\n
"""


def test_messages() -> None:
    check_script(
        554,
        SCRIPT,
        r"""
        rtsp.method: 4='DESCRIBE' | 7='PLAY'
        rtsp.url: 4='rtsp://h/x' | 7='rtsp://h/x'
        rtsp.status: 6=200 | 8=454
        rtsp.session: 7='12'
        rtsp.content-length: 6=5 | 8=3
        rtsp.request: 4='DESCRIBE rtsp://h/x RTSP/1.0\\r\\n' | 7='PLAY rtsp://h/x RTSP/1.0\\r\\n'
        sdp.version: 6='0'
        rtsp.channel: 6=0
        rtsp.data: 6=b'abcd' | 8=b'abc'
        rtsp: 4=- | 6=-;- | 7=- | 8=- | 9=-
    """,
    )


def test_damage() -> None:
    check_damage(554, SCRIPT)
