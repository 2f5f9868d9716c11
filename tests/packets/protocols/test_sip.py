"""SIP, the session descriptions in it, and the RTP and RTCP that these announce."""

from __future__ import annotations

import random
import struct

import pytest

from dfilter.packets.protocols.rtp import nearest
from tests.packets.protocols.http_wire import datagram, shown, two_passes
from tests.packets.protocols.text_wire import check

SDP = (
    b"v=0\r\no=joe 1 2 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.2/127\r\nt=0 0\r\nm=audio 4000/2 RTP/AVP 0 101\r\n"
    b"a=rtpmap:101 telephone-event/8000/1\r\na=fmtp:101 0-15;x=y\r\na=sendrecv\r\n"
)
INVITE = (
    b"INVITE sip:bob@h:5070;x=y SIP/2.0\r\nVia: SIP/2.0/UDP pc.test:5060;branch=z9;rport\r\n"
    b'f: "Al, B" <sips:al@x.test:5062>;tag=12\r\nTo: Bob <tel:+1>\r\nContact: <sip:a@pc>;q=1, *\r\ni: id1\r\n'
    b'CSeq: 3 INVITE\r\nMax-Forwards: 70\r\nX-Foo: bar\r\nAuthorization: Digest username="u",nc=1\r\n'
    b"c: application/sdp\r\n\r\n" + SDP
)


def reply(code: int, method: bytes = b"INVITE") -> bytes:
    return b"SIP/2.0 %d x\r\nFrom: sip:a@b;tag=1\r\nCall-ID: id1\r\nCSeq: 3 %s\r\n\r\n" % (code, method)


def sip(*texts: bytes) -> list[tuple[bytes, int]]:
    return [(frame, len(frame)) for frame in (datagram(5060, 5060, text) for text in texts)]


def test_request() -> None:
    check(
        two_passes(sip(INVITE)),
        """
        sip.Request-Line: 1='INVITE sip:bob@h:5070;x=y SIP/2.0'
        sip.Method: 1='INVITE'
        sip.r-uri: 1='sip:bob@h:5070;x=y'
        sip.r-uri.user: 1='bob'
        sip.r-uri.host: 1='h'
        sip.r-uri.port: 1='5070'
        sip.Via.transport: 1='UDP'
        sip.Via.sent-by.address: 1='pc.test'
        sip.Via.sent-by.port: 1=5060
        sip.Via.branch: 1='z9'
        sip.Via.rport: 1='rport'
        sip.from.display.info: 1='"Al, B"'
        sip.from.addr: 1='sips:al@x.test:5062'
        sip.from.user: 1='al'
        sip.from.tag: 1='12'
        sip.to.display.info: 1='Bob '
        sip.to.addr: 1='tel:+1'
        sip.contact.uri: 1='sip:a@pc'
        sip.contact.parameter: 1='q=1'
        sip.Call-ID: 1='id1'
        sip.CSeq.seq: 1=3
        sip.CSeq.method: 1='INVITE'
        sip.Max-Forwards: 1=70
        sip.unrecognized_header: 1=-
        sip.auth.scheme: 1='Digest'
        sip.auth.username: 1='"u"'
        sip.auth.nc: 1='1'
        sip.Content-Type: 1='application/sdp'
    """,
    )


def test_exchanges() -> None:
    views = two_passes(sip(INVITE, INVITE, reply(100), reply(200), reply(200)))
    check(
        views,
        """
        sip.resend: 1=False | 2=True | 3=False | 4=False | 5=True
        sip.resend-original: 2=1 | 5=4
        sip.response-request: 3=1 | 4=1 | 5=1
        sip.response-time: 3=20 | 4=30 | 5=40
        sip.Status-Code: 3=100 | 4=200 | 5=200
    """,
    )


def test_session_description() -> None:
    check(
        two_passes(sip(INVITE)),
        """
        sdp.owner.username: 1='joe'
        sdp.connection_info.address: 1='10.0.0.2'
        sdp.connection_info.ttl: 1='127'
        sdp.media.media: 1='audio'
        sdp.media.port: 1=4000
        sdp.media.portcount: 1='2'
        sdp.media.format: 1='ITU-T G.711 PCMU';'DynamicRTP-Type-101';'101';'101'
        sdp.media_attribute.field: 1='rtpmap';'fmtp'
        sdp.mime.type: 1='telephone-event'
        sdp.sample_rate: 1='8000'
        sdp.channels: 1='1'
        sdp.fmtp.parameter: 1='0-15';'x=y'
    """,
    )


def rtp(seq: int, timestamp: int, payload: bytes = b"voice") -> bytes:
    return struct.pack(">BBHII", 0x80, 0x80, seq, timestamp, 7) + payload


def test_announced_media() -> None:
    report = struct.pack(">BBHIIIIII", 0x80, 200, 6, 7, 0x80000000, 0, 1, 2, 3)
    source = struct.pack(">BBHI", 0x81, 202, 3, 7) + b"\1\3abc\0\0\0"
    media = [datagram(9, 4000, rtp(65535, 5)), datagram(9, 4000, rtp(0, 6)), datagram(9, 4001, report + source),
             datagram(9, 4002, rtp(1, 1))]  # fmt: skip
    views = two_passes(sip(INVITE) + [(frame, len(frame)) for frame in media])
    check(
        views,
        """
        rtp.setup-frame: 2=1 | 3=1
        rtp.setup-method: 2='SDP' | 3='SDP'
        rtp.seq: 2=65535 | 3=0
        rtp.extseq: 2=131071 | 3=131072
        rtp.marker: 2=True | 3=True
        rtp.ssrc: 2=7 | 3=7
        rtp.payload: 2=b'voice' | 3=b'voice'
        rtcp.pt: 4=200;202
        rtcp.senderssrc: 4=7
        rtcp.sender.octetcount: 4=3
        rtcp.sdes.text: 4='abc'
        rtcp.length_check: 4=True
    """,
    )
    assert shown(views, "sip.call_id_generated")[2] == ["id1"]


@pytest.mark.parametrize("text", [b"\r\n\r\n", b"hello", b"OPTIONS  sip:x SIP/3.0\r\n", b""])
def test_what_is_no_message(text: bytes) -> None:
    check(two_passes(sip(text)), "sip: none")


def test_extended_counters_take_the_nearest_number() -> None:
    assert nearest(65536 + 65535, 0, 16) == 131072
    assert nearest(131072, 65535, 16) == 131071


def test_damage() -> None:
    rng = random.Random(5060)
    texts = []
    for _ in range(150):
        text = bytearray(INVITE)
        for _ in range(rng.randint(1, 6)):
            text[rng.randrange(len(text))] = rng.choice((0, 10, 13, 32, 34, 44, 58, 59, 60, rng.randrange(256)))
        texts.append(bytes(text[: rng.randrange(len(text))] if rng.random() < 0.3 else text))
    two_passes(sip(*texts))
