"""Syslog messages over UDP (RFC 5424, RFC 3164).

In: one datagram.  Out: its layer.  What always holds: as in Wireshark 4.4 a message that keeps neither format is
shown as its text alone, and marked.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.text_lines import decode
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

SYSLOG = Protocol(
    "syslog",
    "Syslog",
    fields=(
        *computed_table("""
            syslog.facility           UINT16
            syslog.level              UINT16
            syslog.version            STRING
            syslog.timestamp_rfc3164  STRING
            syslog.hostname           STRING
            syslog.appname            STRING
            syslog.procid             STRING
            syslog.msgid              STRING
            syslog.sd                 NONE
            syslog.sd.element         NONE
            syslog.sd.element.name    STRING
            syslog.sd.param           NONE
            syslog.sd.param.name      STRING
            syslog.sd.param.value     STRING
            syslog.msgid.bom          UINT24
            syslog.msg                STRING
            syslog.msg.nonconformant  NONE
        """),
        computed("syslog.timestamp", T.ABSOLUTE_TIME),
    ),
    over={"udp.port": (514,)},
)

MAX_PRIORITY_DIGITS = 9
MAX_PRIORITY = 0x3FF
"""Bits of the priority that count."""

MAX_PROCESS_NAME = 32
"""Letters and digits of an RFC 3164 tag (its section 4.1.3); a longer one is part of the message."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_TIME_3164 = re.compile(rb"[A-Za-z]{3} [ \d]\d \d\d:\d\d:\d\d ")
_TIME_5424 = re.compile(rb"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)?")
_TAG = re.compile(rb"[A-Za-z0-9]*")
_ELEMENT = re.compile(rb'\[([^ \]"=]+)((?: [^ \]"=]+="(?:[^"\\\]]|\\.)*")*) ?\]', re.S)
_PARAMETER = re.compile(rb' ([^ \]"=]+)="((?:[^"\\\]]|\\.)*)"', re.S)


@SYSLOG.dissector
def dissect_syslog(view: View, region: Region) -> None:
    if region.length and region.u8(0) == 0x3C:
        digits = _priority_digits(region.buf, region.start + 1, region.end)
        region.u8(1 + digits)  # a priority that the datagram breaks off shows nothing
        region.u8(2 + digits if region.u8(1 + digits) == 0x3E else 1 + digits)
    view.push(SYSLOG, region)


def _priority_digits(buf: bytes, at: int, stop: int) -> int:
    count = 0
    while count < MAX_PRIORITY_DIGITS and at + count < stop and 0x30 <= buf[at + count] <= 0x39:
        count += 1
    return count


def _add(layer: Layer, name: str, start: int, end: int) -> None:
    layer.add(name, decode(layer.buf[start:end]), start, end - start)


@SYSLOG.filler
def fill_syslog(layer: Layer) -> None:
    buf, at, stop = layer.buf, layer.start, layer.end
    if buf[at : at + 1] == b"<":
        digits = _priority_digits(buf, at + 1, stop)
        priority = int(buf[at + 1 : at + 1 + digits] or b"0") & MAX_PRIORITY
        after = at + 1 + digits
        after += buf[after : after + 1] == b">"
        layer.add("syslog.facility", priority >> 3, at, after - at)
        layer.add("syslog.level", priority & 7, at, after - at)
        at = after
    if buf[at : at + 1].isdigit() and buf[at + 1 : at + 2] == b" " and at + 2 < stop:
        rest, conformant = _fill_5424(layer, at, stop)
    elif _TIME_3164.match(buf, at, stop):
        rest, conformant = _fill_3164(layer, at, stop)
    else:
        rest, conformant = at, False
    if conformant and buf.startswith(BYTE_ORDER_MARK, rest, stop):
        layer.add("syslog.msgid.bom", int.from_bytes(BYTE_ORDER_MARK, "big"), rest, 3)
        rest += 3
    if rest < stop:
        _add(layer, "syslog.msg", rest, stop)
        if not conformant:
            layer.add("syslog.msg.nonconformant", None, rest)


def _fill_5424(layer: Layer, at: int, stop: int) -> tuple[int, bool]:
    """The header of RFC 5424 section 6; where the message begins, and whether all of the header is there."""
    buf = layer.buf
    for name in ("version", "timestamp", "hostname", "appname", "procid", "msgid"):
        end = buf.find(b" ", at, stop)
        if end < 0:
            return at, False
        if name == "timestamp":
            layer.add("syslog.timestamp", parse_time(buf[at:end]), at, end - at)
        else:
            _add(layer, f"syslog.{name}", at, end)
        at = end + 1
    if buf.startswith(b"- ", at, stop):
        layer.add("syslog.sd", None, at, 1)
        return at + 2, True
    end, elements = at, []
    while (found := _ELEMENT.match(buf, end, stop)) is not None:
        elements.append(found)
        end = found.end()
    if not elements or buf[end : end + 1] != b" " or end >= stop:
        return at, False
    layer.add("syslog.sd", None, at, end - at)
    for element in elements:
        _add_element(layer, element)
    return end + 1, True


def _add_element(layer: Layer, element: re.Match[bytes]) -> None:
    layer.add("syslog.sd.element", None, element.start(), element.end() - element.start())
    if element.end(2) > element.start(2):
        _add(layer, "syslog.sd.element.name", *element.span(1))
    for parameter in _PARAMETER.finditer(layer.buf, *element.span(2)):
        layer.add("syslog.sd.param", None, parameter.start() + 1, parameter.end() - parameter.start() - 1)
        _add(layer, "syslog.sd.param.name", *parameter.span(1))
        start, end = parameter.span(2)
        quote = layer.buf.find(b'"', start, end)  # Wireshark 4.4 ends the value at an escaped quote too
        _add(layer, "syslog.sd.param.value", start, end if quote < 0 else quote)


def _fill_3164(layer: Layer, at: int, stop: int) -> tuple[int, bool]:
    """The header of RFC 3164 section 4.1, as far as it is there."""
    buf = layer.buf
    _add(layer, "syslog.timestamp_rfc3164", at, at + 15)
    at += 16
    end = buf.find(b" ", at, stop)
    if end < 0:
        return at, at >= stop
    _add(layer, "syslog.hostname", at, end)
    tag = _TAG.match(buf, end + 1, stop)
    tag_end = tag.end() if tag is not None else end + 1
    if tag_end - end > MAX_PROCESS_NAME + 1:
        return end + 1, True
    if tag_end >= stop:
        raise Malformed("a tag without an end")
    _add(layer, "syslog.procid", end + 1, tag_end)
    return tag_end + 1, True


def parse_time(text: bytes) -> int:
    """Nanoseconds since 1970 UTC of an RFC 5424 timestamp; 0 for the nil value and what is no timestamp."""
    found = _TIME_5424.fullmatch(text)
    if found is None:
        return 0
    try:
        moment = datetime(*(int(part) for part in found.groups()[:6]), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return 0
    seconds = int(moment.timestamp())
    offset = found[8]
    if offset is not None and offset != b"Z":
        shift = int(offset[1:3]) * 3600 + int(offset[4:6]) * 60
        seconds += shift if offset[:1] == b"-" else -shift
    return seconds * 10**9 + int((found[7] or b"0").ljust(9, b"0"))


@SYSLOG.info_line
def syslog_info(layer: Layer) -> str:
    messages = layer.computed("syslog.msg")
    return str(messages[-1]).strip() if messages else ""
