"""The parts of SIP header values: addresses (RFC 3261 section 25.1), Via, authentication.

In: a buffer and the bounds of a value.  Out: fields of the layer.  What always holds: nothing is read outside the
bounds; what does not parse is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.packets.protocols.sip_fields import AUTH_PARAMETERS, VIA_PARAMETERS
from dfilter.packets.protocols.text_lines import decode
from dfilter.packets.view import Layer

Span = tuple[int, int]


def add(layer: Layer, name: str, span: Span) -> None:
    """Add a text field that covers `span`."""
    start, end = span
    layer.add(name, decode(layer.buf[start:end]), start, end - start)


def stripped(buf: bytes, start: int, end: int) -> Span:
    """The span without white space around it."""
    text = buf[start:end]
    start += len(text) - len(text.lstrip())
    return start, start + len(text.strip())


def split(buf: bytes, start: int, end: int, separator: int) -> Iterator[Span]:
    """The parts between separators that lie outside quotes and angle brackets."""
    quoted = bracketed = False
    begin = at = start
    while at < end:
        byte = buf[at]
        if quoted:
            if byte == 0x5C:
                at += 1
            quoted = byte != 0x22
        elif byte == 0x22:
            quoted = True
        elif byte in (0x3C, 0x3E):
            bracketed = byte == 0x3C
        elif byte == separator and not bracketed:
            yield begin, at
            begin = at + 1
        at += 1
    yield begin, end


def add_uri(layer: Layer, prefix: str, start: int, end: int) -> None:
    """User, host, port and parameters of a SIP URI; other schemes have none of these names."""
    buf = layer.buf
    scheme = buf.find(b":", start, end)
    if scheme < 0 or buf[start:scheme].lower() not in (b"sip", b"sips"):
        return
    at = scheme + 1
    user_end = buf.find(b"@", at, end)
    if user_end >= 0:
        if user_end - at > 1:
            add(layer, f"{prefix}.user", (at, user_end))
        at = user_end + 1
    parameters = _first_of(buf, b";?", at, end)
    host_end = buf.find(b"]", at, parameters) if buf[at : at + 1] == b"[" else -1
    begin, host_end = (at + 1, host_end) if host_end >= 0 else (at, _first_of(buf, b":", at, parameters))
    add(layer, f"{prefix}.host", (begin, host_end))
    colon = buf.find(b":", host_end, parameters)
    if colon >= 0:
        add(layer, f"{prefix}.port", (colon + 1, parameters))
    if parameters < end and not prefix.endswith("r-uri"):
        for span in split(buf, parameters + 1, end, 0x3B):
            add(layer, f"{prefix}.param", span)


def _first_of(buf: bytes, separators: bytes, start: int, end: int) -> int:
    return min((at for byte in separators if (at := buf.find(bytes((byte,)), start, end)) >= 0), default=end)


def add_address(layer: Layer, prefix: str, uri_name: str, start: int, end: int) -> Span:
    """A display name and a URI; the span of the parameters behind it."""
    buf = layer.buf
    opening = _opening_bracket(buf, start, end)
    if opening >= 0:
        name = _display_name(buf, start, opening)
        if name[1] > name[0]:
            add(layer, f"{prefix}.display.info", name)
            add(layer, "sip.display.info", name)
        closing = buf.find(b">", opening, end)
        closing = end if closing < 0 else closing
        uri, rest = (opening + 1, closing), min(closing + 1, end)
    else:
        start = stripped(buf, start, end)[0]
        stop = _first_of(buf, b";", start, end)
        uri, rest = (start, stop), stop
    if b":" in buf[uri[0] : uri[1]]:
        add(layer, f"{prefix}.{uri_name}", uri)
        add_uri(layer, prefix, *uri)
    return rest, end


def _opening_bracket(buf: bytes, start: int, end: int) -> int:
    """Where the angle bracket opens, outside a quoted display name; -1 if there is none."""
    begin = stripped(buf, start, end)[0]
    if buf[begin : begin + 1] == b'"':
        closing = buf.find(b'"', begin + 1, end)
        begin = begin if closing < 0 else closing
    return buf.find(b"<", begin, end)


def _display_name(buf: bytes, start: int, end: int) -> Span:
    """A quoted name with its quotes; of another the white space behind it counts."""
    begin, stop = stripped(buf, start, end)
    return (begin, stop) if buf[begin : begin + 1] == b'"' or begin == stop else (begin, end)


def add_addresses(layer: Layer, prefix: str, uri_name: str, start: int, end: int) -> None:
    """A list of addresses with their parameters."""
    for item in split(layer.buf, start, end, 0x2C):
        parameters, stop = add_address(layer, prefix, uri_name, *item)
        if prefix != "sip.contact":
            continue
        for begin, finish in split(layer.buf, parameters, stop, 0x3B):
            if finish > begin and layer.buf[begin:finish].strip():
                add(layer, "sip.contact.parameter", stripped(layer.buf, begin, finish))


def add_tag(layer: Layer, name: str, start: int, end: int) -> None:
    """The tag parameter of From and To."""
    for begin, finish in split(layer.buf, start, end, 0x3B):
        key, _, _ = layer.buf[begin:finish].partition(b"=")
        if key.strip().lower() == b"tag" and b"=" in layer.buf[begin:finish]:
            span = (layer.buf.find(b"=", begin, finish) + 1, finish)
            add(layer, name, span)
            add(layer, "sip.tag", span)


def add_via(layer: Layer, start: int, end: int) -> None:
    """One or more Via values (RFC 3261 section 20.42)."""
    buf = layer.buf
    for item in split(buf, start, end, 0x2C):
        parts = [stripped(buf, *span) for span in split(buf, *stripped(buf, *item), 0x3B)]
        space = buf.find(b" ", *parts[0])
        slash = buf.rfind(b"/", parts[0][0], parts[0][1] if space < 0 else space)
        if space < 0 or slash < 0:
            continue
        add(layer, "sip.Via.transport", (slash + 1, space))
        _add_sent_by(layer, *stripped(buf, space, parts[0][1]))
        for begin, finish in parts[1:]:
            key, equals, _ = buf[begin:finish].partition(b"=")
            if key.strip().lower() in VIA_PARAMETERS:
                value = (begin + len(key) + 1, finish) if equals else (begin, finish)
                add(layer, f"sip.Via.{key.strip().lower().decode()}", value)


def _add_sent_by(layer: Layer, start: int, end: int) -> None:
    buf = layer.buf
    closing = buf.find(b"]", start, end) if buf[start : start + 1] == b"[" else -1
    colon = buf.find(b":", max(closing, start), end)
    if closing >= 0:
        add(layer, "sip.Via.sent-by.address", (start + 1, closing))
    else:
        add(layer, "sip.Via.sent-by.address", stripped(buf, start, end if colon < 0 else colon))
    port = buf[colon + 1 : end].strip() if colon >= 0 else b""
    if port.isdigit() and len(port) < 6 and int(port) < 65536:
        layer.add("sip.Via.sent-by.port", int(port), colon + 1, end - colon - 1)


def add_authentication(layer: Layer, start: int, end: int) -> None:
    """Scheme and parameters (RFC 3261 section 22)."""
    buf = layer.buf
    space = buf.find(b" ", start, end)
    if space < 0:
        return
    add(layer, "sip.auth.scheme", (start, space))
    for begin, finish in split(buf, space, end, 0x2C):
        begin, finish = stripped(buf, begin, finish)
        key, equals, _ = buf[begin:finish].partition(b"=")
        name = AUTH_PARAMETERS.get(key.strip().lower())
        if equals and name is not None:
            add(layer, f"sip.auth.{name}", stripped(buf, begin + len(key) + 1, finish))
