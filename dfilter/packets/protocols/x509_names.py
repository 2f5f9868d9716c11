"""Names in certificates: distinguished names (X.501), attribute values (X.520), general names (RFC 5280 4.2.1.6)."""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.x509_der import (
    BMP_STRING,
    PRINTABLE_STRING,
    TELETEX_STRING,
    UNIVERSAL_STRING,
    UTF8_STRING,
    BadDer,
    Der,
    Node,
)
from dfilter.packets.region import Region
from dfilter.packets.view import Layer

_DIRECTORY_STRINGS = {
    TELETEX_STRING: (0, "x509sat.teletexString"),
    PRINTABLE_STRING: (1, "x509sat.printableString"),
    UNIVERSAL_STRING: (2, "x509sat.universalString"),
    BMP_STRING: (3, "x509sat.bmpString"),
    UTF8_STRING: (4, "x509sat.uTF8String"),
}
"""Tag -> (number of the choice, field)."""

_AT = bytes.fromhex("5504")
_DIRECTORY_ATTRIBUTES = frozenset(
    [_AT + bytes([n]) for n in (3, 4, 7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 19, 41, 42, 43, 44, 51, 54, 65)]
    + [bytes.fromhex("2b0601040182373c0201") + bytes([n]) for n in (1, 2)]
)
_PLAIN_ATTRIBUTES = {
    _AT + b"\x05": "x509sat.PrintableString",
    _AT + b"\x06": "x509sat.CountryName",
    _AT + b"\x14": "x509sat.TelephoneNumber",
    _AT + b"\x2e": "x509sat.PrintableString",
    _AT + b"\x61": "x509sat.PrintableString",
    bytes.fromhex("2a864886f70d010901"): "x509sat.IA5String",
    bytes.fromhex("0992268993f22c640119"): "x509sat.IA5String",
    bytes.fromhex("2b0601040182373c020103"): "x509sat.CountryName",
}
"""Attribute type -> the field of its value, where that is one string."""

_KERBEROS_NAME = bytes.fromhex("2b0601050202")
_USER_ID = bytes.fromhex("0992268993f22c640101")


def fill_distinguished_name(layer: Layer, region: Region, foreign: bool) -> None:
    """Add the fields of a Name on its own, as a list of accepted authorities carries them."""
    der = Der(layer, region.buf, foreign)
    try:
        for part in der.all_children(der.node(region.start, region.end)):
            _walk_rdn(der, part)
    except BadDer:
        return


def walk_rdn_sequence(der: Der, name: Node, field: str) -> None:
    """The parts of a distinguished name, under `field`."""
    parts = der.all_children(name)
    der.put(field, len(parts), name)
    for part in parts:
        _walk_rdn(der, part)


def _walk_rdn(der: Der, part: Node) -> None:
    attributes = der.all_children(part)
    der.put("x509if.RDNSequence_item", len(attributes), part)
    for attribute in attributes:
        der.add("x509if.RelativeDistinguishedName_item_element", None, attribute.start, attribute.end)
        type_, value = _pair(der, attribute)
        der.put("x509if.oid", der.bytes(type_), type_)
        _walk_attribute_value(der, der.bytes(type_), value)


def _pair(der: Der, node: Node) -> tuple[Node, Node]:
    both = der.all_children(node)
    if len(both) < 2:
        raise BadDer
    return both[0], both[1]


def _walk_attribute_value(der: Der, type_: bytes, value: Node) -> None:
    if type_ in _DIRECTORY_ATTRIBUTES:
        choice = _DIRECTORY_STRINGS.get(value.tag)
        if choice is not None:
            der.add("x509sat.DirectoryString", choice[0], value.start, value.end)
            der.put(choice[1], der.text(value), value)
    elif type_ in _PLAIN_ATTRIBUTES:
        der.put(_PLAIN_ATTRIBUTES[type_], der.text(value), value)
    elif type_ == _USER_ID:
        der.put("x509af.Userid", der.text(value), value)


def walk_general_names(der: Der, names: Node, field: str) -> None:
    """A sequence of general names, under `field`."""
    items = der.all_children(names)
    der.put(field, len(items), names)
    for item in items:
        der.put("x509ce.GeneralName", item.number, item)
        walk_general_name(der, item)


def walk_general_name(der: Der, name: Node) -> None:
    """The choice that a general name makes (its number is the tag's)."""
    walk = _GENERAL_NAMES.get(name.number)
    if walk is not None:
        walk(der, name)


def _string(field: str) -> Callable[[Der, Node], None]:
    return lambda der, name: der.put(field, der.text(name, UTF8_STRING), name)


def _other_name(der: Der, name: Node) -> None:
    der.mark("x509ce.otherName_element", name)
    type_, value = _pair(der, name)
    der.put("x509ce.type_id", der.bytes(type_), type_)
    if der.bytes(type_) == _KERBEROS_NAME:
        _kerberos_name(der, der.only(value))
    else:
        der.mark("x509ce.value_element", value)


def _kerberos_name(der: Der, name: Node) -> None:
    """A KRB5PrincipalName (RFC 4556 section 3.2.2), of which only layers of Kerberos show the parts."""
    der.mark("pkinit.KRB5PrincipalName_element", name)
    for part in der.children(name):
        value = der.only(part)
        if part.number == 0:
            der.put("kerberos.realm", der.text(value, UTF8_STRING), value)
        elif part.number == 1:
            der.mark("kerberos.cname_element", value)
            for number, item in enumerate(map(der.only, der.children(value))):
                if number == 0:
                    der.put("kerberos.name_type", der.integer(item), item)
                    continue
                texts = der.all_children(item)
                der.put("kerberos.name_string", len(texts), item)
                for text in texts:
                    der.put("kerberos.KerberosString", der.text(text, UTF8_STRING), text)


def _directory_name(der: Der, name: Node) -> None:
    der.put("x509ce.directoryName", 0, name)
    walk_rdn_sequence(der, der.only(name), "x509if.rdnSequence")


def _ip_address(der: Der, name: Node) -> None:
    value = der.bytes(name)
    der.put("x509ce.iPAddress", value, name)
    kind = {4: "ipv4", 8: "ipv4", 16: "ipv6", 32: "ipv6"}.get(len(value))
    if kind is None:
        der.put("x509ce.IPAddress.unknown", value, name)
        return
    size = 4 if kind == "ipv4" else 16
    der.add(f"x509ce.IPAddress.{kind}", value[:size], name.content, name.content + size)
    if len(value) > size:
        der.add(f"x509ce.IPAddress.{kind}_mask", value[size:], name.content + size, name.end)


_GENERAL_NAMES: dict[int, Callable[[Der, Node], None]] = {
    0: _other_name,
    1: _string("x509ce.rfc822Name"),
    2: _string("x509ce.dNSName"),
    4: _directory_name,
    6: _string("x509ce.uniformResourceIdentifier"),
    7: _ip_address,
    8: lambda der, name: der.put("x509ce.registeredID", der.bytes(name), name),
}
