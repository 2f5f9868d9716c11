"""Value classes: what they share with frozen dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from dfilter.language import ast
from dfilter.language.frozen import field, frozen, replace
from dfilter.language.source import Span


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


def test_nodes_are_compared_without_their_places() -> None:
    assert ast.Word(Span(0, 3), "tcp") == ast.Word(Span(5, 8), "tcp")
    assert Span(0, 3) < Span(1, 2)
