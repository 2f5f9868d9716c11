"""The packet list's line of LDAP messages: operation, number, and what it is about.

In: a layer.  Out: the columns.  Source: what Wireshark 4.4 shows.
"""

from __future__ import annotations

from dfilter.packets.columns import Columns
from dfilter.packets.protocols.label_texts import label_of
from dfilter.packets.protocols.ldap_operations import Operation
from dfilter.packets.view import Layer

_SASL = 3
_RESULTS = frozenset({Operation.BIND_RESPONSE, Operation.SEARCH_DONE, Operation.MODIFY_RESPONSE,
                      Operation.ADD_RESPONSE, Operation.DELETE_RESPONSE, Operation.MODIFY_DN_RESPONSE,
                      Operation.COMPARE_RESPONSE})  # fmt: skip


def write_ldap(layer: Layer, columns: Columns) -> None:
    """Several messages of a frame are one list."""
    if any(before.protocol is layer.protocol for before in layer.view.layers[: layer.index]):
        columns.append(" | ")
    else:
        columns.set("")
    columns.protocol = layer.protocol.label
    numbers, operations = layer.computed("ldap.messageID"), layer.computed("ldap.protocolOp")
    if numbers and operations:
        columns.append(f"{Operation.title(operations[0])}({numbers[0]}) {_subject(layer, operations[0])}")


def _subject(layer: Layer, operation: int) -> str:
    if operation == Operation.BIND_REQUEST:
        kinds = layer.computed("ldap.authentication")
        simple = "simple " if kinds and kinds[0] == 0 else ""
        return f'"{_first(layer, "ldap.name") or "<ROOT>"}" {simple}'
    if operation == Operation.SEARCH_REQUEST:
        scope = label_of("ldap.scope", int(_first(layer, "ldap.scope") or 0))
        return f'"{_first(layer, "ldap.baseObject") or "<ROOT>"}" {scope} '
    if operation == Operation.SEARCH_ENTRY:
        return f'"{_first(layer, "ldap.objectName") or "<ROOT>"}" '
    if operation in _RESULTS:
        code, reason = _first(layer, "ldap.resultCode"), _first(layer, "ldap.errorMessage")
        text = label_of("ldap.resultCode", int(code)) + " " if code else ""
        return text + (f"({reason}) " if reason and code != "0" else "")
    return ""


def _first(layer: Layer, name: str) -> str:
    values = layer.computed(name)
    return str(values[0]) if values else ""


def conclude_ldap(layer: Layer, columns: Columns) -> None:
    """The mechanism stands behind what its credentials say."""
    operations, kinds = layer.computed("ldap.protocolOp"), layer.computed("ldap.authentication")
    if operations and operations[0] == Operation.BIND_REQUEST and kinds and kinds[0] == _SASL:
        columns.append("sasl ")
