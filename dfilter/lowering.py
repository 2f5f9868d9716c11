"""Functions over whole numbers and bytes, written in Python, as machine code.

In: functions in a small part of Python.  Out: LLVM assembly that does what they do.  What always holds: the functions
run as Python too, and give the same as long as every number stays within 64 bits.

The part of Python: parameters are `int`, or as `packets.plain` names them `Bytes` or `Room` (numbers from 0 to 255) or
`Words` (64-bit numbers), of which the last two can be set; all else is an `int`. There are assignments, `if`, `while`,
`break`, `continue`, `return`; comparisons, `and`, `or`, `not`, conditional expressions; `+ - * & | ^ ~ << >>`; calls of
such functions; and names of whole numbers, and of tuples of them, from the function's module. No index is checked:
reading beyond an end is a bug, which running the function as Python shows.
"""

from __future__ import annotations

import ast
import ctypes
import inspect
import linecache
import textwrap
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from dfilter.native import available, compile_function

_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
              ast.LShift: "shl", ast.RShift: "ashr"}  # fmt: skip
_RELATIONS = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "slt", ast.LtE: "sle", ast.Gt: "sgt", ast.GtE: "sge"}
_POINTERS = {"Bytes": "i8", "Room": "i8", "Words": "i64"}

Lowerable = Callable[..., int]


def compile_lowered(function: Lowerable, chosen: Mapping[Lowerable, Sequence[Lowerable]] = MappingProxyType({}),
                    *, thorough: bool = True) -> Lowerable | None:  # fmt: skip
    """The machine code of a function, which takes addresses for `Bytes` and `Words`; None where it cannot be had:
    without llvmlite, or without the source of dfilter. For the arguments see `lower` and `native.compile_function`."""
    if not available():
        return None
    try:
        assembly = lower(function, chosen)
    except OSError:
        return None
    kinds = [ctypes.c_void_p if parameter.annotation in _POINTERS else ctypes.c_int64
             for parameter in inspect.signature(function).parameters.values()]  # fmt: skip
    return compile_function(assembly, symbol(function), ctypes.c_int64, *kinds, thorough=thorough)


class NotLowerableError(Exception):
    """A function does something that has no machine code here; says what and where."""


def lower(function: Lowerable, chosen: Mapping[Lowerable, Sequence[Lowerable]] = MappingProxyType({})) -> str:
    """The assembly of a function, and of those that it calls.

    Args:
        chosen: for a function that is called with a number first, those that stand for it: the number's, from 0 on,
            is called with the other arguments.
    """
    found: set[str] = set()
    constants: dict[str, str] = {}
    texts: list[str] = []
    waiting = [function]
    while waiting:
        function = waiting.pop()
        name = symbol(function)
        if name not in found:
            found.add(name)
            if function in chosen:
                texts.append(_switch(function, chosen[function]))
                waiting += chosen[function]
            else:
                writer = _Writer(function, constants)
                texts.append(writer.text())
                waiting += writer.called
    return "\n".join([*constants.values(), *texts])


def _switch(function: Lowerable, chosen: Sequence[Lowerable]) -> str:
    """A function that calls one of those that stand for it."""
    kinds = ["ptr" if parameter.annotation in _POINTERS else "i64"
             for parameter in inspect.signature(function).parameters.values()]  # fmt: skip
    given = ", ".join(f"{kind} %a{place}" for place, kind in enumerate(kinds))
    passed = given.partition(", ")[2]
    cases = " ".join(f"i64 {place}, label %c{place}" for place in range(len(chosen)))
    lines = [f'define i64 @"{symbol(function)}"({given}) {{', f"  switch i64 %a0, label %none [{cases}]"]
    for place, each in enumerate(chosen):
        lines += [f"c{place}:", f'  %v{place} = call i64 @"{symbol(each)}"({passed})', f"  ret i64 %v{place}"]
    return "\n".join([*lines, "none:", "  unreachable", "}", ""])


def symbol(function: Lowerable) -> str:
    """What a function is called in assembly."""
    return f"{function.__module__}.{function.__qualname__}"


def _source(function: Lowerable) -> str:
    """As `inspect.getsource`, which reads token after token to find the end; OSError where there is none."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename)
    last = max(end or 0 for _, end, _, _ in code.co_positions())
    if last > len(lines):
        raise OSError(f"no source of {symbol(function)}")
    return "".join(lines[code.co_firstlineno - 1 : last])


class _Writer:
    """Writes one function; each variable is a place in memory, which LLVM makes a register of."""

    def __init__(self, function: Lowerable, constants: dict[str, str]) -> None:
        self._function = function
        self._constants = constants
        self._globals: Mapping[str, Any] = function.__globals__
        self._lines: list[str] = []
        self._names: dict[str, None] = {}
        self._pointers: dict[str, str] = {}
        self._loops: list[tuple[str, str]] = []
        self._count = 0
        self._is_open = True
        self.called: list[Lowerable] = []

    def text(self) -> str:
        tree = ast.parse(textwrap.dedent(_source(self._function))).body[0]
        assert isinstance(tree, ast.FunctionDef)
        parameters = []
        for parameter in tree.args.args:
            kind = ast.unparse(parameter.annotation) if parameter.annotation is not None else ""
            if kind in _POINTERS:
                self._pointers[parameter.arg] = _POINTERS[kind]
                parameters.append(f"ptr %{parameter.arg}")
            elif kind == "int":
                self._names[parameter.arg] = None
                parameters.append(f"i64 %{parameter.arg}")
            else:
                raise self._fault(parameter, "a parameter of this kind")
        stores = [f"  store i64 %{name}, ptr %{name}.at" for name in self._names]
        self._block(tree.body)
        if self._is_open:
            self._end("unreachable")
        places = [f"  %{name}.at = alloca i64" for name in self._names]
        head = f'define i64 @"{symbol(self._function)}"({", ".join(parameters)}) {{'
        return "\n".join([head, "entry:", *places, *stores, *self._lines, "}", ""])

    # --- statements

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                pass  # what it says of itself
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, value in zip(targets, [self._value(value) for value in values], strict=True):
                    self._store(target, value)
            case ast.Assign(targets=targets, value=value):
                number = self._value(value)
                for target in targets:
                    self._store(target, number)
            case ast.AugAssign(target=ast.Name() | ast.Subscript() as target, op=op, value=value):
                read = ast.parse(ast.unparse(target), mode="eval").body
                self._store(target, self._value(ast.BinOp(read, op, value)))
            case ast.If(test=test, body=body, orelse=orelse):
                self._if(test, body, orelse)
            case ast.While(test=test, body=body, orelse=[]):
                self._while(test, body)
            case ast.Break() | ast.Continue() if self._loops:
                self._go(self._loops[-1][isinstance(statement, ast.Continue)])
            case ast.Return(value=ast.expr() as value):
                self._end(f"ret i64 {self._value(value)}")
            case _:
                raise self._fault(statement, "this statement")

    def _if(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        yes, no, after = self._label(), self._label(), self._label()
        self._test(test, yes, no)
        self._begin(yes)
        self._block(body)
        self._go(after)
        self._begin(no)
        self._block(orelse)
        self._go(after)
        self._begin(after)

    def _while(self, test: ast.expr, body: list[ast.stmt]) -> None:
        again, inside, after = self._label(), self._label(), self._label()
        self._go(again)
        self._begin(again)
        self._test(test, inside, after)
        self._begin(inside)
        self._loops.append((after, again))
        self._block(body)
        self._loops.pop()
        self._go(again)
        self._begin(after)

    def _store(self, target: ast.expr, number: str) -> None:
        match target:
            case ast.Name(id=name) if name not in self._pointers:
                self._names[name] = None
                self._add(f"store i64 {number}, ptr %{name}.at")
            case ast.Subscript(value=ast.Name(id=name), slice=index) if name in self._pointers:
                kind = self._pointers[name]
                cut = number if kind == "i64" else self._let(f"trunc i64 {number} to i8")
                self._add(f"store {kind} {cut}, ptr {self._place(name, index)}")
            case _:
                raise self._fault(target, "setting this")

    # --- conditions

    def _test(self, test: ast.expr, yes: str, no: str) -> None:
        """Go to one of two labels."""
        match test:
            case ast.BoolOp(op=op, values=values):
                is_and = isinstance(op, ast.And)
                for value in values[:-1]:
                    following = self._label()
                    self._test(value, *((following, no) if is_and else (yes, following)))
                    self._begin(following)
                self._test(values[-1], yes, no)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._test(operand, no, yes)
            case ast.Constant(value=True):
                self._go(yes)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                first = self._value(left)
                for place, (relation, right) in enumerate(zip(ops, comparators, strict=True)):
                    if type(relation) not in _RELATIONS:
                        raise self._fault(test, "this comparison")
                    second = self._value(right)
                    bit = self._let(f"icmp {_RELATIONS[type(relation)]} i64 {first}, {second}")
                    following = yes if place == len(ops) - 1 else self._label()
                    self._end(f"br i1 {bit}, label %{following}, label %{no}")
                    if following != yes:
                        self._begin(following)
                    first = second
            case _:
                bit = self._let(f"icmp ne i64 {self._value(test)}, 0")
                self._end(f"br i1 {bit}, label %{yes}, label %{no}")

    # --- numbers

    def _value(self, value: ast.expr) -> str:
        match value:
            case ast.Constant(value=int() as number):
                return str(int(number))
            case ast.Name(id=name) if name in self._names:
                return self._let(f"load i64, ptr %{name}.at")
            case ast.Name(id=name) if isinstance(self._globals.get(name), int):
                return str(int(self._globals[name]))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return self._let(f"{_OPERATORS[type(op)]} i64 {self._value(left)}, {self._value(right)}")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._let(f"sub i64 0, {self._value(operand)}")
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return self._let(f"xor i64 -1, {self._value(operand)}")
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                return self._load(name, index)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(value, name, args)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._chosen(test, body, orelse)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return self._chosen(value, ast.Constant(1), ast.Constant(0))
            case _:
                raise self._fault(value, "this expression")

    def _chosen(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> str:
        yes, no, after = self._label(), self._label(), self._label()
        name = f"chosen{self._count}"
        self._names[name] = None
        self._test(test, yes, no)
        for label, value in ((yes, body), (no, orelse)):
            self._begin(label)
            number = self._value(value)
            self._add(f"store i64 {number}, ptr %{name}.at")
            self._go(after)
        self._begin(after)
        return self._let(f"load i64, ptr %{name}.at")

    def _load(self, name: str, index: ast.expr) -> str:
        kind = self._pointers.get(name, "i64")
        found = self._let(f"load {kind}, ptr {self._place(name, index)}")
        return found if kind == "i64" else self._let(f"zext i8 {found} to i64")

    def _place(self, name: str, index: ast.expr) -> str:
        if name in self._pointers:
            pointer = f"%{name}"
        else:
            known = self._globals.get(name)
            if not isinstance(known, tuple):
                raise self._fault(index, f"looking into {name}")
            pointer = f'@"{self._function.__module__}.{name}"'
            numbers = ", ".join(f"i64 {number}" for number in known)
            self._constants[pointer] = f"{pointer} = private constant [{len(known)} x i64] [{numbers}]"
        kind = self._pointers.get(name, "i64")
        return self._let(f"getelementptr {kind}, ptr {pointer}, i64 {self._value(index)}")

    def _call(self, call: ast.expr, name: str, args: list[ast.expr]) -> str:
        function = self._globals.get(name)
        if not inspect.isfunction(function):
            raise self._fault(call, f"calling {name}")
        self.called.append(function)
        given = ", ".join(f"ptr %{arg.id}" if isinstance(arg, ast.Name) and arg.id in self._pointers
                          else f"i64 {self._value(arg)}" for arg in args)  # fmt: skip
        return self._let(f'call i64 @"{symbol(function)}"({given})')

    # --- lines

    def _let(self, instruction: str) -> str:
        self._count += 1
        self._add(f"%v{self._count} = {instruction}")
        return f"%v{self._count}"

    def _add(self, instruction: str) -> None:
        if not self._is_open:  # never reached
            self._begin(self._label())
        self._lines.append(f"  {instruction}")

    def _label(self) -> str:
        self._count += 1
        return f"l{self._count}"

    def _begin(self, label: str) -> None:
        self._go(label)
        self._lines.append(f"{label}:")
        self._is_open = True

    def _go(self, label: str) -> None:
        if self._is_open:
            self._end(f"br label %{label}")

    def _end(self, instruction: str) -> None:
        """The last instruction before the next label."""
        self._add(instruction)
        self._is_open = False

    def _fault(self, node: ast.AST, what: str) -> NotLowerableError:
        line = getattr(node, "lineno", 0)
        return NotLowerableError(f"{symbol(self._function)}, line {line}: no machine code for {what}")
