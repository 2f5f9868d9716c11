"""Frozen, slotted value classes that cost next to nothing to import.

In: a class with annotated fields.  Out: the class as `dataclass(frozen=True, slots=True)` would make it: equality,
hash, representation, positional and keyword arguments, defaults; `dataclasses.fields` and `replace` work on it.

A fresh process that checks one filter makes eighty such classes.  The standard decorator loads `inspect` and
compiles six functions a class, which takes longer than everything else together; here the only function that is
compiled is the constructor, when a class is first used.
"""

from __future__ import annotations

from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform

    T = TypeVar("T")
else:

    def dataclass_transform(**_):
        return lambda decorator: decorator


class _Field:
    """The options of one field, as `dataclasses.field` takes them."""

    __slots__ = ("compare", "default", "repr")

    def __init__(self, default: object, compare: bool, show: bool) -> None:
        self.default = default
        self.compare = compare
        self.repr = show


_REQUIRED = object()


def field(*, default: Any = _REQUIRED, compare: bool = True, repr: bool = True) -> Any:
    """Options of a field: `compare=False` keeps it out of equality and hash, `repr=False` out of the representation."""
    return _Field(default, compare, repr)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class of frozen values from its annotations and defaults."""
    names = [name for name, kind in cls.__annotations__.items() if not kind.startswith("ClassVar")]
    fields: dict[str, _Field] = {}
    for base in reversed(cls.__mro__[1:]):
        fields.update(base.__dict__.get("__frozen__", {}))
    body = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    for name in names:
        value = body.pop(name, _REQUIRED)
        fields[name] = value if isinstance(value, _Field) else _Field(value, True, True)
    body["__slots__"] = tuple(name for name in names if not any(hasattr(base, name) for base in cls.__bases__))
    body["__frozen__"] = fields
    body["__match_args__"] = tuple(fields)
    body["__qualname__"] = cls.__qualname__
    for name, method in _METHODS.items():
        body.setdefault(name, method)
    make: Any = type(cls)
    made: type[T] = make(cls.__name__, cls.__bases__, body)
    return made


def replace(value: T, **changes: Any) -> T:
    """A copy of a frozen value with some fields changed."""
    given = {name: getattr(value, name) for name in type(value).__frozen__}  # type: ignore[attr-defined]
    return type(value)(**{**given, **changes})


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Compiles the constructor of the class on the first call, and calls it."""
    cls = type(self)
    constructor = _constructor(cls)
    cls.__init__ = constructor
    constructor(self, *args, **kwargs)


def _constructor(cls: Any) -> Callable[..., None]:
    scope: dict[str, Any] = {}
    parameters: list[str] = ["self"]
    lines: list[str] = []
    for name, options in cls.__frozen__.items():
        scope[f"set_{name}"] = getattr(cls, name).__set__
        lines.append(f"    set_{name}(self, {name})")
        if options.default is _REQUIRED:
            parameters.append(name)
        else:
            scope[f"default_{name}"] = options.default
            parameters.append(f"{name}=default_{name}")
    source = f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or ["    pass"])
    exec(source, scope)
    constructor: Callable[..., None] = scope["__init__"]
    return constructor


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name, options in type(self).__frozen__.items() if options.compare)


def _eq(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self is other or _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, options in type(self).__frozen__.items() if options.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _setattr(self: Any, name: str, value: object) -> None:
    raise AttributeError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise AttributeError(f"cannot delete field {name!r}")


def _reduce(self: Any) -> tuple[Any, ...]:
    return type(self), tuple(getattr(self, name) for name in type(self).__frozen__)


class _DataclassFields:
    """`__dataclass_fields__`, made when something asks for it: the functions of `dataclasses` do."""

    def __get__(self, instance: object, owner: Any) -> Any:
        import dataclasses

        fields = [
            (name, object, dataclasses.field(compare=options.compare, repr=options.repr))
            for name, options in owner.__frozen__.items()
        ]
        twin: Any = dataclasses.make_dataclass("Twin", fields)
        owner.__dataclass_fields__ = found = twin.__dataclass_fields__
        return found


_METHODS: dict[str, Any] = {
    "__init__": _init,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__reduce__": _reduce,
    "__dataclass_fields__": _DataclassFields(),
}
