"""Value strings: fields whose values have names.

In: a field that was read and the text it is compared with.  Out: the number behind the text, or a `LabelRead`
where the text names several numbers or a range (section 3 of the language notes).
"""

from __future__ import annotations

from dfilter.check.convert.errors import UNKNOWN_LABEL, ConversionError, quoted
from dfilter.check.typed import Constant, FieldRead, LabelRead
from dfilter.check.typenames import type_name
from dfilter.fields.types import INTEGERS, FieldType
from dfilter.fields.versions import Version
from dfilter.fields.vocabulary import WIRESHARK, Vocabulary
from dfilter.language import ast
from dfilter.language.source import Span
from dfilter.slotted import frozen

Table = tuple[tuple[int, int, str], ...]

_TRUE_FALSE: Table = ((1, 1, "True"), (0, 0, "False"))


@frozen
class Labels:
    """The labels of one field.

    `own`: it has a table of its own (a boolean without one still takes "True" and "False" for values).
    `verified`: the table is known to dfilter; without it any text is accepted.
    `unit`: its values have a unit; they can be searched as text, but no text stands for a value.
    `names`: where the table comes from.
    """

    table: Table
    own: bool
    verified: bool
    unit: tuple[str, str] | None = None
    names: Vocabulary = WIRESHARK


def labels_of(field: FieldRead, version: Version, names: Vocabulary) -> Labels | None:
    """The labels of the values of `field`, None where they have none."""
    if field.raw or field.selected or not (field.type in INTEGERS or field.type is FieldType.BOOLEAN):
        return None
    table = names.labels(field.name, version)
    if table:
        return Labels(table, own=True, verified=True, names=names)
    unit = names.unit(field.name)
    if unit is not None:
        return Labels((), own=True, verified=True, unit=unit)
    if names.labels_unknown(field.name, version):
        return Labels((), own=True, verified=False)
    return Labels(_TRUE_FALSE, own=False, verified=True) if field.type is FieldType.BOOLEAN else None


def label_read(field: FieldRead, labels: Labels, version: Version) -> LabelRead:
    """The text of each value. In 4.4 booleans have none, nor has a number that the table lacks."""
    hidden = field.type is FieldType.BOOLEAN and version < Version.V4_6
    table = () if hidden else labels.table
    numbers_shown = version >= Version.V4_6
    unit = labels.unit if numbers_shown else None
    return LabelRead(field.span, FieldType.STRING, field, table, numbers_shown, unit)


def find(labels: Labels, text: str, field: FieldRead, span: Span, version: Version) -> Constant | None:
    """The one value whose label is `text` in any case; None if the text must be compared as a label.

    Raises:
        ConversionError: no value has this label.
    """
    if not labels.verified:
        return None
    wanted = text.lower()
    found = [row for row in labels.table if row[2].lower() == wanted]
    if not found:
        raise _unknown(labels, text, field)
    first = found[0][0]
    if version <= Version.V4_0 and any(row[0] != row[1] for row in labels.table):
        raise ConversionError(UNKNOWN_LABEL, f'"{field.name}" cannot accept [range] strings as values')
    if version > Version.V4_0 and _is_ambiguous(found, labels, field.name, version):
        return None
    return Constant(span, field.type, bool(first) if field.type is FieldType.BOOLEAN else first)


def value_named(field: FieldRead, node: ast.Operand, version: Version, names: Vocabulary) -> Constant | None:
    """The value of `field` that the text `node` names; None where it is no text or names none."""
    labels = labels_of(field, version, names)
    if labels is None or not isinstance(node, ast.String | ast.Word):
        return None
    text = node.value.decode("utf-8", "replace") if isinstance(node, ast.String) else node.text
    try:
        return find(labels, text, field, node.span, version)
    except ConversionError:
        return None


def _is_ambiguous(found: list[tuple[int, int, str]], labels: Labels, name: str, version: Version) -> bool:
    """Do these rows of the table stand for more than one number?"""
    if any(first != last for first, last, _ in found) or len({first for first, _, _ in found}) > 1:
        return True
    return not labels.names.ambiguous(name, version).isdisjoint(label for _, _, label in found)


_SHOWN = 4


def _unknown(labels: Labels, text: str, field: FieldRead) -> ConversionError:
    names = [label for _, _, label in labels.table]
    if field.type is FieldType.BOOLEAN:
        wanted = " or ".join(f'"{name}"' for name in names)
        message = f"expected {wanted}, not {quoted(text)} for {field.name}"
        return ConversionError(UNKNOWN_LABEL, message, ("or true, false, 1, 0 without quotes",))
    near = [name for name in names if text.lower() in name.lower()] or names
    shown = ", ".join(f'"{name}"' for name in near[:_SHOWN]) + (", …" if len(near) > _SHOWN else "")
    return ConversionError(
        UNKNOWN_LABEL,
        f"{quoted(text)} cannot be found among the possible values for {field.name}",
        (f"its values are numbers ({type_name(field.type)}) and names such as {shown}",),
    )
