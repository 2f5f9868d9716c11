"""Slotted classes: what they share with dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from dfilter.language import ast
from dfilter.language.source import Span
from dfilter.slotted import field, frozen, replace, slotted


@frozen
class Point:
    x: int
    note: str = field(default="", compare=False, repr=False)


@frozen
class Named(Point):
    name: str = "origin"

    def label(self) -> str:
        return f"{self.name}@{self.x}"


def test_equality_hash_and_representation_leave_out_what_is_said_so() -> None:
    assert Point(1, "a") == Point(1, "b")
    assert hash(Point(1, "a")) == hash(Point(1, "b"))
    assert Point(1) != Point(2)
    assert Point(1) != Named(1)
    assert repr(Named(1, "a")) == "Named(x=1, name='origin')"


def test_fields_are_inherited_in_order() -> None:
    value = Named(1, name="n")
    assert (value.x, value.note, value.name, value.label()) == (1, "", "n", "n@1")
    assert Named.__match_args__ == ("x", "note", "name")
    assert [item.name for item in dataclasses.fields(value)] == ["x", "note", "name"]


def test_values_do_not_change() -> None:
    value = Named(1)
    with pytest.raises(AttributeError):
        value.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del value.x
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("arguments", [(), (1, "a", "b", 2)])
def test_a_wrong_number_of_arguments_is_an_error(arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        Named(*arguments)  # type: ignore[arg-type]


def test_copies() -> None:
    value = Named(1, "note", "n")
    assert replace(value, x=2) == Named(2, "note", "n")
    assert dataclasses.replace(value, x=2).note == "note"
    for other in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value)):
        assert (other, other.note) == (value, "note")


@frozen(eq=False)
class Alone:
    numbers: list[int]


@slotted
class Counter:
    name: str
    seen: list[int] = field(default_factory=list)
    total: int = 0

    def add(self, number: int) -> None:
        self.seen.append(number)
        self.total += number


@slotted(eq=True)
class Pair:
    first: int
    second: int = 2


class Heir(Counter):
    """A plain subclass with a constructor of its own, which must stay."""

    def __init__(self, name: str) -> None:
        super().__init__(name, total=5)
        self.name += "!"


def test_objects_change_and_own_what_their_factories_make() -> None:
    first, second = Counter("a"), Counter("b", [7], total=7)
    first.add(3)
    assert (first.seen, first.total, second.seen, second.total) == ([3], 3, [7], 7)
    assert Counter("c").seen == []
    assert not hasattr(first, "__dict__")
    assert repr(first) == "Counter(name='a', seen=[3], total=3)"
    assert replace(first, name="z").seen is first.seen


def test_objects_are_equal_to_themselves_alone_unless_it_is_said() -> None:
    assert Counter("a") != Counter("a")
    assert len({Counter("a"), Counter("a")}) == 2
    assert Alone([1]) != Alone([1])
    assert hash(Alone([1]))
    assert Pair(1) == Pair(1, 2)
    assert Pair(1) != Pair(1, 3)
    with pytest.raises(TypeError):
        hash(Pair(1))
    with pytest.raises(AttributeError):
        Alone([1]).numbers = []  # type: ignore[misc]


def test_a_subclass_keeps_its_constructor() -> None:
    assert [Heir(name).name for name in "ab"] == ["a!", "b!"]
    assert Counter("c").total == 0


def test_changing_objects_are_copied() -> None:
    value = Pair(1, 5)
    for other in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value), dataclasses.replace(Pair(0, 5), first=1)):
        assert other == value


def test_nodes_are_compared_without_their_places() -> None:
    assert ast.Word(Span(0, 3), "tcp") == ast.Word(Span(5, 8), "tcp")
    assert Span(0, 3) < Span(1, 2)
