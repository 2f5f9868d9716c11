"""Slotted value classes that cost next to nothing to import.

In: a class with annotated fields.  Out: the class as `dataclass(slots=True)` would make it: `frozen` values with
equality and hash, `slotted` objects that change and are equal to themselves alone; representation, positional and
keyword arguments, defaults; `dataclasses.fields` and `replace` work on them.

A fresh process that checks one filter makes eighty such classes, and one that scans a capture twice as many.  The
standard decorator loads `inspect` and compiles up to six functions a class, which takes longer than everything else
together; here the only function that is compiled is the constructor, when a class is first used.
"""

from __future__ import annotations

from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform, overload

    T = TypeVar("T")
else:

    def dataclass_transform(**_):
        return lambda decorator: decorator

    def overload(declaration):
        return declaration


_REQUIRED = object()


class _Field:
    """The options of one field, as `dataclasses.field` takes them."""

    __slots__ = ("compare", "default", "factory", "repr")

    def __init__(self, default: object, factory: Callable[[], object] | None, compare: bool, show: bool) -> None:
        self.default = default
        self.factory = factory
        self.compare = compare
        self.repr = show


def field(*, default: Any = _REQUIRED, default_factory: Callable[[], Any] | None = None, compare: bool = True,
          repr: bool = True) -> Any:  # fmt: skip
    """Options of a field: `compare=False` keeps it out of equality and hash, `repr=False` out of the representation.

    Args:
        default: its value where none is given; `default_factory`: makes that anew for each object.
    """
    return _Field(default, default_factory, compare, repr)


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T], /) -> type[T]: ...
@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(*, eq: bool) -> Callable[[type[T]], type[T]]: ...  # noqa: F811
def frozen(cls: Any = None, /, *, eq: bool = True) -> Any:  # noqa: F811
    """Make a class of frozen values from its annotations and defaults; `eq=False`: equal to themselves alone."""
    methods = {**_METHODS, **_FROZEN, **({"__eq__": _eq, "__hash__": _hash} if eq else {})}
    return _slotted(cls, methods) if cls is not None else lambda cls: _slotted(cls, methods)


@overload
@dataclass_transform(eq_default=False, field_specifiers=(field,))
def slotted(cls: type[T], /) -> type[T]: ...
@overload
@dataclass_transform(eq_default=False, field_specifiers=(field,))
def slotted(*, eq: bool) -> Callable[[type[T]], type[T]]: ...  # noqa: F811
def slotted(cls: Any = None, /, *, eq: bool = False) -> Any:  # noqa: F811
    """Make a class of objects that change from its annotations and defaults; `eq=True`: equal where all fields are."""
    methods = {**_METHODS, **({"__eq__": _eq, "__hash__": None} if eq else {})}
    return _slotted(cls, methods) if cls is not None else lambda cls: _slotted(cls, methods)


def _slotted(cls: Any, methods: dict[str, Any]) -> Any:
    names = [name for name, kind in cls.__annotations__.items() if not kind.startswith("ClassVar")]
    fields: dict[str, _Field] = {}
    for base in reversed(cls.__mro__[1:]):
        fields.update(base.__dict__.get("__slotted__", {}))
    body = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    for name in names:
        value = body.pop(name, _REQUIRED)
        fields[name] = value if isinstance(value, _Field) else _Field(value, None, True, True)
    body["__slots__"] = tuple(name for name in names if not any(hasattr(base, name) for base in cls.__bases__))
    body["__slotted__"] = fields
    body["__match_args__"] = tuple(fields)
    body["__qualname__"] = cls.__qualname__
    for name, method in methods.items():
        body.setdefault(name, method)
    made = type(cls)(cls.__name__, cls.__bases__, body)
    if "__init__" not in body:
        made.__init__ = _first_constructor(made)
    return made


def replace(value: T, **changes: Any) -> T:
    """A copy of a value with some fields changed."""
    given = {name: getattr(value, name) for name in type(value).__slotted__}  # type: ignore[attr-defined]
    return type(value)(**{**given, **changes})


def _first_constructor(cls: Any) -> Callable[..., None]:
    """What compiles the constructor of the class on the first call, and calls it."""

    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        cls.__init__ = constructor = _constructor(cls)
        constructor(self, *args, **kwargs)

    return construct


def _constructor(cls: Any) -> Callable[..., None]:
    is_frozen = cls.__setattr__ is _setattr
    scope: dict[str, Any] = {"REQUIRED": _REQUIRED}
    parameters: list[str] = ["self"]
    lines: list[str] = []
    for name, options in cls.__slotted__.items():
        value = name
        if options.factory is not None:
            scope[f"make_{name}"] = options.factory
            value = f"make_{name}() if {name} is REQUIRED else {name}"
            parameters.append(f"{name}=REQUIRED")
        elif options.default is _REQUIRED:
            parameters.append(name)
        else:
            scope[f"default_{name}"] = options.default
            parameters.append(f"{name}=default_{name}")
        scope[f"set_{name}"] = getattr(cls, name).__set__
        lines.append(f"    set_{name}(self, {value})" if is_frozen else f"    self.{name} = {value}")
    source = f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or ["    pass"])
    exec(source, scope)
    constructor: Callable[..., None] = scope["__init__"]
    return constructor


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name, options in type(self).__slotted__.items() if options.compare)


def _eq(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self is other or _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, options in type(self).__slotted__.items() if options.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _setattr(self: Any, name: str, value: object) -> None:
    raise AttributeError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise AttributeError(f"cannot delete field {name!r}")


def _reduce(self: Any) -> tuple[Any, ...]:
    return type(self), tuple(getattr(self, name) for name in type(self).__slotted__)


class _DataclassFields:
    """`__dataclass_fields__`, made when something asks for it: the functions of `dataclasses` do."""

    def __get__(self, instance: object, owner: Any) -> Any:
        import dataclasses

        fields = [
            (name, object, dataclasses.field(compare=options.compare, repr=options.repr))
            for name, options in owner.__slotted__.items()
        ]
        twin: Any = dataclasses.make_dataclass("Twin", fields)
        owner.__dataclass_fields__ = found = twin.__dataclass_fields__
        return found


_METHODS: dict[str, Any] = {
    "__repr__": _repr,
    "__dataclass_fields__": _DataclassFields(),
}
_FROZEN: dict[str, Any] = {
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__reduce__": _reduce,
}
