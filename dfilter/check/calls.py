"""Function calls: arguments checked against the signatures.

In: a call in the syntax tree.  Out: `FunctionCall`, typed; `vals(f)` becomes the `LabelRead` that it means.
"""

from __future__ import annotations

from dfilter.check.diagnostics import Fix
from dfilter.check.fold import strip
from dfilter.check.functions import (
    Signature,
    Takes,
    accepts,
    first_version,
    function_names,
    may_nest,
    refusal,
    signature_of,
)
from dfilter.check.infer import (
    CONSTANT_EXPRESSION,
    Inferred,
    Typed,
    Untyped,
    constant_as,
    infer,
    infer_not_word,
)
from dfilter.check.labels import label_read, labels_of
from dfilter.check.operators import comparable
from dfilter.check.resolve import Scope
from dfilter.check.typed import FieldRead, FunctionCall, TypedOperand
from dfilter.check.typenames import type_name
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version
from dfilter.language import ast

UNKNOWN_FUNCTION = "E202"
WRONG_ARITY = "E501"
WRONG_ARGUMENT = "E502"


def infer_call(node: ast.Call, scope: Scope) -> Inferred:
    """The typed call, or None after reporting what is wrong with it."""
    signature = signature_of(node.name, scope.version)
    if signature is None:
        _unknown_function(node, scope)
        return None
    if not _arity_fits(node, signature, scope):
        return None
    if any(isinstance(argument, ast.Call) for argument in node.arguments) and not may_nest(
        node.name, scope.version
    ):
        message = f"{node.name}() takes no function call in Wireshark {scope.version.text}"
        scope.report(WRONG_ARGUMENT, node.span, message)
        return None
    if signature.takes is Takes.COMMON:
        return _common(node, scope)
    if signature.takes is Takes.FIELD:
        return _of_field(node, signature, scope)
    if signature.takes is Takes.STRING:
        return _of_string(node, signature, scope)
    return _of_values(node, signature, scope)


def _unknown_function(node: ast.Call, scope: Scope) -> None:
    from dfilter.fields.suggest import nearest_of  # for errors only

    since = first_version(node.name)
    if since is not None:
        notes: tuple[str, ...] = (f"Wireshark has it from {since.text} on",)
    elif signature_of(node.name.lower(), scope.version) is not None:
        notes = (f"names are case-sensitive: {node.name.lower()}",)
    else:
        notes = ("functions: " + ", ".join(function_names(scope.version)),)
    message = f"Function '{node.name[:60]}' does not exist in Wireshark {scope.version.text}"
    near = nearest_of(node.name[:60], function_names(scope.version), 1) if since is None else ()
    if near and near[0] != node.name.lower():
        notes = (f"did you mean {near[0]}?",)
    scope.report(UNKNOWN_FUNCTION, node.name_span, message, notes, tuple(Fix(node.name_span, name) for name in near))


def _arity_fits(node: ast.Call, signature: Signature, scope: Scope) -> bool:
    given = len(node.arguments)
    if given == 0:
        scope.report(WRONG_ARITY, node.span, f"Function {node.name} needs at least 1 argument")
        return False
    if signature.most is not None and given > signature.most:
        arguments = "1 argument" if signature.most == 1 else f"{signature.most} arguments"
        scope.report(WRONG_ARITY, node.span, f"Function {node.name} can only accept {arguments}")
        return False
    return True


def _of_field(node: ast.Call, signature: Signature, scope: Scope) -> Inferred:
    found = infer_not_word(node.arguments[0], scope)
    if found is None:
        return None
    if not (isinstance(found, Typed) and isinstance(found.operand, FieldRead) and not found.constant):
        message = f"Only fields can be used as parameter for {node.name}()"
        scope.report(WRONG_ARGUMENT, node.arguments[0].span, message)
        return None
    field = found.operand
    if node.name == "vals":
        return _labels_of_values(node, field, scope)
    if not accepts(node.name, _own_type(field, scope), scope.version):
        scope.report(WRONG_ARGUMENT, field.span, refusal(node.name, field.name))
        return None
    assert signature.result is not None
    return Typed(FunctionCall(node.span, signature.result, node.name, (field,), scope.version))


def _own_type(field: FieldRead, scope: Scope) -> FieldType:
    """The type of the field itself, also where its raw bytes are read."""
    info = scope.names.lookup(field.name, scope.version)
    return info.type if info is not None else field.type


def _labels_of_values(node: ast.Call, field: FieldRead, scope: Scope) -> Inferred:
    if field.raw:
        if scope.version >= Version.V4_6:
            scope.report(WRONG_ARGUMENT, field.span, 'The raw operator ("@") cannot be used with vals()')
            return None
        own = _own_type(field, scope)
        field = FieldRead(field.span, own, field.name, field.protocol, field.layers)
    labels = labels_of(field, scope.version, scope.names)
    if labels is None or not labels.own:
        scope.report(WRONG_ARGUMENT, field.span, f'Field "{field.name}" does not have a value string')
        return None
    return Typed(label_read(field, labels, scope.version))


def _of_string(node: ast.Call, signature: Signature, scope: Scope) -> Inferred:
    found = infer_not_word(node.arguments[0], scope)
    if found is None:
        return None
    if isinstance(found, Untyped):
        if scope.version <= Version.V4_0:
            scope.report(WRONG_ARGUMENT, found.node.span, refusal(node.name, ""))
            return None
        constant = constant_as(found, FieldType.STRING, scope)
        if constant is None:
            return None
        found = Typed(constant, constant=True)
    if not accepts(node.name, found.operand.type, scope.version):
        scope.report(WRONG_ARGUMENT, found.operand.span, refusal(node.name, ""))
        return None
    assert signature.result is not None
    call = FunctionCall(node.span, signature.result, node.name, (found.operand,), scope.version)
    return Typed(call, found.constant)


def _of_values(node: ast.Call, signature: Signature, scope: Scope) -> Inferred:
    found = infer_not_word(node.arguments[0], scope)
    if found is None:
        return None
    if isinstance(found, Untyped):
        if node.name == "len":
            scope.report(WRONG_ARGUMENT, found.node.span, refusal("len", ""))
        else:
            scope.report(
                CONSTANT_EXPRESSION, node.span, "Constant expression is invalid: no field in the argument"
            )
        return None
    operand = found.operand
    if scope.version <= Version.V4_0 and node.name == "len" and not isinstance(operand, FieldRead):
        scope.report(WRONG_ARGUMENT, operand.span, "Only fields can be used as parameter for len()")
        return None
    if not accepts(node.name, operand.type, scope.version):
        scope.report(WRONG_ARGUMENT, operand.span, refusal(node.name, ""))
        return None
    kind = operand.type if signature.result is None else signature.result
    return Typed(FunctionCall(node.span, kind, node.name, (operand,), scope.version), found.constant)


def _common(node: ast.Call, scope: Scope) -> Inferred:
    """max() and min(): the first typed argument decides, literals are converted to its type."""
    found = [infer(argument, scope) for argument in node.arguments]
    if any(item is None for item in found):
        return None
    typed = [item for item in found if isinstance(item, Typed)]
    if not typed or typed[0].operand.type is FieldType.NONE:
        scope.report(
            CONSTANT_EXPRESSION, node.span, "Constant expression is invalid: no field in the arguments"
        )
        return None
    kind = typed[0].operand.type
    arguments: list[TypedOperand] = []
    for item in found:
        operand = _as_type(node, item, kind, scope)
        if operand is None:
            return None
        arguments.append(operand)
    constant = all(item.constant for item in typed)
    return Typed(FunctionCall(node.span, kind, node.name, tuple(arguments), scope.version), constant)


def _as_type(node: ast.Call, item: Inferred, kind: FieldType, scope: Scope) -> TypedOperand | None:
    if isinstance(item, Untyped):
        textual = isinstance(strip(item.node), ast.String | ast.Character)
        if scope.version is Version.V4_0 and (textual or item.node is node.arguments[0]):
            message = f"Argument is not valid for {node.name}() in Wireshark 4.0: the first is no literal, none is text"
            scope.report(WRONG_ARGUMENT, item.node.span, message)
            return None
        return constant_as(item, kind, scope)
    assert item is not None
    if comparable(kind, item.operand.type, scope.version):
        return item.operand
    message = (
        f"Arguments to '{node.name}' must be of compatible type "
        f"(expected {type_name(kind)}, got {type_name(item.operand.type)})"
    )
    scope.report(WRONG_ARGUMENT, item.operand.span, message)
    return None
