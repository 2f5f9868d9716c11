"""LDAP's operations (RFC 4511 section 4), component by component.

In: one message, as an element.  Out: its fields.  What always holds: filters are walked as deep as `MAX_FILTER_DEPTH`
only, and components that do not fit the operation are passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from dfilter.packets.protocols.ber import (
    CONTEXT,
    ENUMERATED,
    OCTET_STRING,
    SEQUENCE,
    Element,
    elements,
    inner,
    read_element,
)
from dfilter.packets.region import Malformed
from dfilter.packets.view import Layer

MAX_FILTER_DEPTH = 123
"""Filters in filters at which the walk of a message ends, as in Wireshark 4.4."""
_LAST_FILTER = 9
_PAGED_RESULTS = "1.2.840.113556.1.4.319"


class Operation(IntEnum):
    """Application tags of RFC 4511 section 4.1.1."""

    BIND_REQUEST = 0
    BIND_RESPONSE = 1
    UNBIND = 2
    SEARCH_REQUEST = 3
    SEARCH_ENTRY = 4
    SEARCH_DONE = 5
    MODIFY_REQUEST = 6
    MODIFY_RESPONSE = 7
    ADD_REQUEST = 8
    ADD_RESPONSE = 9
    DELETE_REQUEST = 10
    DELETE_RESPONSE = 11
    MODIFY_DN_REQUEST = 12
    MODIFY_DN_RESPONSE = 13
    COMPARE_REQUEST = 14
    COMPARE_RESPONSE = 15
    ABANDON = 16
    SEARCH_REFERENCE = 19
    EXTENDED_REQUEST = 23
    EXTENDED_RESPONSE = 24
    INTERMEDIATE = 25

    @staticmethod
    def is_request(tag: int) -> bool:
        """Does a response belong to it?"""
        return tag in _ANSWERED

    @staticmethod
    def title(tag: int) -> str:
        return _ELEMENTS.get(tag, "unknown").removesuffix("_element")


class _TooDeep(Exception):  # noqa: N818 - it ends the walk, it is no error of the message
    """A filter is nested so deep that the rest of the message is left alone."""


_ANSWERED = frozenset({0, 3, 6, 8, 10, 12, 14, 23})
_ELEMENTS = {
    0: "bindRequest_element", 1: "bindResponse_element", 2: "unbindRequest_element", 3: "searchRequest_element",
    4: "searchResEntry_element", 5: "searchResDone_element", 6: "modifyRequest_element",
    7: "modifyResponse_element", 8: "addRequest_element", 9: "addResponse_element", 11: "delResponse_element",
    12: "modDNRequest_element", 13: "modDNResponse_element", 14: "compareRequest_element",
    15: "compareResponse_element", 23: "extendedReq_element", 24: "extendedResp_element",
    25: "intermediateResponse_element",
}  # fmt: skip


def fill_message(layer: Layer, message: Element) -> None:
    """messageID, the operation and the controls."""
    layer.add("ldap.LDAPMessage_element", None, message.start, message.end - message.start)
    parts = list(elements(message.content))
    if len(parts) < 2:
        raise Malformed("a message without operation")
    _number(layer, "messageID", parts[0])
    operation = parts[1]
    layer.add("ldap.protocolOp", operation.tag, operation.start, operation.end - operation.start)
    element = _ELEMENTS.get(operation.tag)
    if element is not None:
        layer.add("ldap." + element, None, operation.content.start, operation.content.length)
    filler = _FILLERS.get(operation.tag)
    try:
        if filler is not None:
            filler(layer, operation)
    except _TooDeep:
        return
    for part in parts[2:]:
        if part.identifier == CONTEXT:
            _fill_controls(layer, part)


def _text(layer: Layer, name: str, value: Element) -> None:
    """A string, up to its NUL if it has one."""
    text = value.octets().split(b"\0", 1)[0].decode("utf-8", "replace")
    layer.add("ldap." + name, text, value.content.start, value.content.length)


def _number(layer: Layer, name: str, value: Element) -> None:
    layer.add("ldap." + name, value.unsigned() & 0xFFFFFFFF, value.content.start, value.content.length)


def _octets(layer: Layer, name: str, value: Element) -> None:
    layer.add("ldap." + name, value.octets(), value.content.start, value.content.length)


def _boolean(layer: Layer, name: str, value: Element) -> None:
    layer.add("ldap." + name, value.unsigned() != 0, value.content.start, value.content.length)


def _count(layer: Layer, name: str, value: Element) -> list[Element]:
    """A list shows as the number of its members."""
    members = list(elements(value.content))
    layer.add("ldap." + name, len(members), value.content.start, value.content.length)
    return members


def _assertion(layer: Layer, name: str, value: Element) -> None:
    """An assertion value: text if it is printable, else its bytes in hexadecimal, as Wireshark 4.4 shows it."""
    octets = value.octets()
    printable = all(0x20 <= octet < 0x7F for octet in octets)
    text = octets.decode("ascii") if printable else octets.hex(":")
    layer.add("ldap." + name, text, value.content.start, value.content.length)


def _fill_bind_request(layer: Layer, operation: Element) -> None:
    parts = list(elements(operation.content))
    for name, part, fill in zip(("version", "name"), parts, (_number, _text), strict=False):
        fill(layer, name, part)
    for part in parts[2:]:
        layer.add("ldap.authentication", part.tag, part.content.start, part.content.length)
        if part.tag == 0:
            _text(layer, "simple", part)
        elif part.tag == 3:
            layer.add("ldap.sasl_element", None, part.content.start, part.content.length)
            for name, value, fill in zip(("mechanism", "credentials"), elements(part.content), (_text, _octets),
                                         strict=False):  # fmt: skip
                fill(layer, name, value)


def _fill_result(layer: Layer, operation: Element) -> list[Element]:
    """The components of LDAPResult (section 4.1.9); what follows them."""
    rest: list[Element] = []
    fixed = iter(((ENUMERATED, "resultCode", _number), (OCTET_STRING, "matchedDN", _text),
                  (OCTET_STRING, "errorMessage", _text)))  # fmt: skip
    for part in elements(operation.content):
        expected = next(fixed, None)
        if expected is not None and part.identifier == expected[0]:
            expected[2](layer, expected[1], part)
        elif part.identifier == CONTEXT + 3:
            for url in _count(layer, "referral", part):
                _text(layer, "LDAPURL", url)
        else:
            rest.append(part)
    return rest


def _fill_plain_result(layer: Layer, operation: Element) -> None:
    _fill_result(layer, operation)


def _fill_bind_response(layer: Layer, operation: Element) -> None:
    for part in _fill_result(layer, operation):
        if part.is_context and part.tag == 7:
            _octets(layer, "serverSaslCreds", part)


def _fill_search_request(layer: Layer, operation: Element) -> None:
    parts = list(elements(operation.content))
    names: tuple[tuple[str, Callable[[Layer, str, Element], None]], ...] = (
        ("baseObject", _text), ("scope", _number), ("derefAliases", _number), ("sizeLimit", _number),
        ("timeLimit", _number), ("typesOnly", _boolean))  # fmt: skip
    for (name, fill), part in zip(names, parts, strict=False):
        fill(layer, name, part)
    if len(parts) > 6:
        _fill_filter(layer, "filter", parts[6], 0)
    if len(parts) > 7:
        for attribute in _count(layer, "attributes", parts[7]):
            _text(layer, "AttributeDescription", attribute)


def _fill_filter(layer: Layer, name: str, choice: Element, depth: int) -> None:
    """A filter (section 4.5.1.7): the field says which kind it is, its members follow."""
    if choice.tag > _LAST_FILTER:
        return
    layer.add("ldap." + name, choice.tag, choice.start, choice.end - choice.start)
    if depth >= MAX_FILTER_DEPTH:
        raise _TooDeep
    tag = choice.tag
    if tag in (0, 1):
        kind = ("and", "or")[tag]
        for member in _count(layer, kind, choice):
            _fill_filter(layer, kind + "_item", member, depth + 1)
    elif tag == 2:
        _fill_filter(layer, "not", inner(choice), depth + 1)
    elif tag in _COMPARISONS:
        layer.add(f"ldap.{_COMPARISONS[tag]}_element", None, choice.content.start, choice.content.length)
        for field, fill, part in zip(("attributeDesc", "assertionValue"), (_text, _assertion),
                                     elements(choice.content), strict=False):  # fmt: skip
            fill(layer, field, part)
    elif tag == 4:
        _fill_substrings(layer, choice)
    elif tag == 7:
        _text(layer, "present", choice)
    elif tag == 9:
        _fill_extensible(layer, choice)


_COMPARISONS = {3: "equalityMatch", 5: "greaterOrEqual", 6: "lessOrEqual", 8: "approxMatch"}


def _fill_substrings(layer: Layer, choice: Element) -> None:
    layer.add("ldap.substrings_element", None, choice.content.start, choice.content.length)
    parts = list(elements(choice.content))
    if len(parts) < 2:
        return
    _text(layer, "type", parts[0])
    for item in _count(layer, "substrings", parts[1]):
        layer.add("ldap.substrings_item", item.tag, item.start, item.end - item.start)
        if item.tag <= 2:
            _assertion(layer, ("initial", "any", "final")[item.tag], item)


def _fill_extensible(layer: Layer, choice: Element) -> None:
    layer.add("ldap.extensibleMatch_element", None, choice.content.start, choice.content.length)
    fillers: dict[int, tuple[str, Callable[[Layer, str, Element], None]]] = {
        1: ("matchingRule", _text),
        2: ("type", _text),
        3: ("matchValue", _assertion),
        4: ("dnAttributes", _boolean),
    }
    for part in elements(choice.content):
        if part.tag in fillers:
            name, fill = fillers[part.tag]
            fill(layer, name, part)


def _fill_entry(layer: Layer, operation: Element) -> None:
    """An entry that was found, or one to add: its name and attributes."""
    parts = list(elements(operation.content))
    if len(parts) < 2:
        return
    _text(layer, "objectName" if operation.tag == Operation.SEARCH_ENTRY else "entry", parts[0])
    member = "PartialAttributeList_item_element"
    if operation.tag == Operation.ADD_REQUEST:
        member = "AttributeList_item_element"
    for attribute in _count(layer, "attributes", parts[1]):
        layer.add("ldap." + member, None, attribute.start, attribute.end - attribute.start)
        _fill_attribute(layer, attribute)


def _fill_attribute(layer: Layer, attribute: Element) -> None:
    parts = list(elements(attribute.content))
    if len(parts) < 2:
        return
    _text(layer, "type", parts[0])
    for value in _count(layer, "vals", parts[1]):
        _octets(layer, "AttributeValue", value)


def _fill_references(layer: Layer, operation: Element) -> None:
    for url in _count(layer, "searchResRef", operation):
        _text(layer, "LDAPURL", url)


def _fill_modify(layer: Layer, operation: Element) -> None:
    parts = list(elements(operation.content))
    if len(parts) < 2:
        return
    _text(layer, "object", parts[0])
    for change in _count(layer, "modification", parts[1]):
        layer.add("ldap.modification_item_element", None, change.start, change.end - change.start)
        values = list(elements(change.content))
        if len(values) == 2:
            _number(layer, "operation", values[0])
            layer.add("ldap.modification_element", None, values[1].start, values[1].end - values[1].start)
            _fill_attribute(layer, values[1])


def _fill_delete(layer: Layer, operation: Element) -> None:
    _text(layer, "delRequest", operation)


def _fill_modify_dn(layer: Layer, operation: Element) -> None:
    for name, fill, part in zip(("entry", "newrdn", "deleteoldrdn", "newSuperior"), (_text, _text, _boolean, _text),
                                elements(operation.content), strict=False):  # fmt: skip
        fill(layer, name, part)


def _fill_compare(layer: Layer, operation: Element) -> None:
    parts = list(elements(operation.content))
    if len(parts) < 2:
        return
    _text(layer, "entry", parts[0])
    layer.add("ldap.ava_element", None, parts[1].start, parts[1].end - parts[1].start)
    for name, fill, part in zip(("attributeDesc", "assertionValue"), (_text, _assertion),
                                elements(parts[1].content), strict=False):  # fmt: skip
        fill(layer, name, part)


def _fill_abandon(layer: Layer, operation: Element) -> None:
    _number(layer, "abandonRequest", operation)


def _fill_extended_request(layer: Layer, operation: Element) -> None:
    for part in elements(operation.content):
        if part.tag == 0:
            _text(layer, "requestName", part)
        elif part.tag == 1:
            _octets(layer, "requestValue", part)


def _fill_extended_response(layer: Layer, operation: Element) -> None:
    for part in _fill_result(layer, operation):
        if part.is_context and part.tag == 10:
            _text(layer, "responseName", part)
        elif part.is_context and part.tag == 11:
            _octets(layer, "response", part)


_FILLERS: dict[int, Callable[[Layer, Element], None]] = {
    0: _fill_bind_request, 1: _fill_bind_response, 3: _fill_search_request, 4: _fill_entry, 5: _fill_plain_result,
    6: _fill_modify, 7: _fill_plain_result, 8: _fill_entry, 9: _fill_plain_result, 10: _fill_delete,
    11: _fill_plain_result, 12: _fill_modify_dn, 13: _fill_plain_result, 14: _fill_compare, 15: _fill_plain_result,
    16: _fill_abandon, 19: _fill_references, 23: _fill_extended_request, 24: _fill_extended_response,
}  # fmt: skip


def _fill_controls(layer: Layer, controls: Element) -> None:
    for control in _count(layer, "controls", controls):
        layer.add("ldap.Control_element", None, control.start, control.end - control.start)
        kind = ""
        for index, part in enumerate(elements(control.content)):
            if index == 0:
                kind = part.octets().decode("latin-1")
                _text(layer, "controlType", part)
            elif part.identifier == 0x01:
                _boolean(layer, "criticality", part)
            elif kind == _PAGED_RESULTS:
                _fill_paging(layer, part)
            else:
                _octets(layer, "controlValue", part)


def _fill_paging(layer: Layer, value: Element) -> None:
    """The page size and cookie of RFC 2696."""
    layer.add("ldap.SearchControlValue_element", None, value.content.start, value.content.length)
    sequence = read_element(value.content)
    if sequence.identifier != SEQUENCE:
        return
    parts = list(elements(sequence.content))
    if len(parts) == 2:
        layer.add("ldap.size", parts[0].integer(), parts[0].content.start, parts[0].content.length)
        _octets(layer, "cookie", parts[1])
