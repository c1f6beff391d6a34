"""Records: what a data class does, without what `dataclasses` loads."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import ClassVar

import pytest

from lineage.records import field, record, replace


@record(frozen=True, slots=True)
class Point:
    """A frozen record."""

    kind: ClassVar[str] = "point"

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list, compare=False)
    secret: str | None = field(default=None, repr=False)

    @property
    def total(self) -> int:
        """The sum."""
        return self.x + self.y


@record()
class Box:
    """A record that can change, and completes itself."""

    width: float
    area: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.area = self.width**2


def test_fields_are_given_by_place_or_by_name() -> None:
    """Defaults are those of the class, and lists belong to one record."""
    one, other = Point(1), Point(x=1, y=2)
    assert (one.x, one.y, one.tags, one.secret, one.total) == (1, 2, [], None, 3)
    one.tags.append("a")
    assert other.tags == []
    assert Box(3).area == 9
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]  # that is the test
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        Point(1, z=2)  # type: ignore[call-arg]  # that is the test


def test_records_are_equal_by_what_is_compared() -> None:
    """Frozen ones have a hash; those that can change have none."""
    assert Point(1, tags=["a"]) == Point(1)
    assert Point(1) != Point(2)
    assert hash(Point(1, tags=["a"])) == hash(Point(1))
    assert Box(1) == Box(1)
    assert Point(1) != 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Box(1))


def test_a_frozen_record_cannot_be_changed() -> None:
    """The error is the one of `dataclasses`; slots leave no room for other names."""
    with pytest.raises(dataclasses.FrozenInstanceError, match="'x' of Point"):
        Point(1).x = 2  # type: ignore[misc]  # that is the test
    assert not hasattr(Point(1), "__dict__")
    assert Point.__slots__ == ("x", "y", "tags", "secret")  # type: ignore[attr-defined]  # made


def test_a_record_is_shown_without_its_secrets() -> None:
    """`repr` names the fields that it may show."""
    assert repr(Point(1, secret="s")) == "Point(x=1, y=2, tags=[])"


def test_records_are_copied_and_sent() -> None:
    """They can be pickled, copied, and copied with changes."""
    point = Point(1, tags=["a"], secret="s")
    for same in (pickle.loads(pickle.dumps(point)), copy.copy(point)):
        assert same == point
        assert same.tags == ["a"]
    assert replace(point, y=5) == Point(1, 5, secret="s")
    match point:
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_a_record_is_a_data_class_to_dataclasses() -> None:
    """Who has `dataclasses` loaded uses its functions as ever."""
    point = Point(1, tags=["a"])
    assert dataclasses.is_dataclass(point)
    assert [one.name for one in dataclasses.fields(point)] == [
        "x", "y", "tags", "secret",
    ]  # fmt: skip
    assert dataclasses.replace(point, x=4) == Point(4)
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "tags": ["a"], "secret": None}


def test_a_record_below_another_has_the_fields_of_both() -> None:
    """Those of the record that it extends come first."""

    @record(frozen=True, slots=True)
    class Named(Point):
        name: str = ""

    named = Named(1, name="n")
    assert (named.x, named.name, named.total) == (1, "n", 3)
    assert repr(named).endswith("Named(x=1, y=2, tags=[], name='n')")
    assert list(inspect.signature(Named.__init__).parameters)[1:] == [
        "x", "y", "tags", "secret", "name",
    ]  # fmt: skip
