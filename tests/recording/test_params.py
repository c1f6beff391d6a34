"""Parameters of steps: small, masked, and never a danger to the app."""

from __future__ import annotations

import json
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy
import pytest
from pydantic import ValidationError

from lineage.errors import reset_warnings
from lineage.model.facts import StepInfo
from lineage.recording.params import step_params
from lineage.redaction import Masker


class Colour(Enum):
    RED = 1


class Broken:
    def __repr__(self) -> str:
        raise ValueError("no")


def _recorded(mask: Any = str, /, **params: Any) -> Any:
    text = step_params(params, mask)
    recorded = json.loads(text)
    info = StepInfo.model_validate(
        {"key": "k", "name": "n", "at": 1, "params": recorded}
    )
    assert json.dumps(info.params) == json.dumps(recorded)
    return recorded


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        (True, True),
        (None, None),
        (3, 3),
        (0.5, 0.5),
        ("png", "png"),
        (numpy.int64(3), 3),
        (numpy.float32(0.5), 0.5),
        (Fraction(1, 4), 0.25),
        (float("inf"), "inf"),
        (2**63, "9223372036854775808"),
        ([1, "a"], "[1, 'a']"),
        (Colour.RED, "<Colour.RED: 1>"),
        ("\x00\ud800ü", "\ufffd\ufffdü"),
    ],
)
def test_scalars_stay_and_the_rest_is_shown(value: object, recorded: object) -> None:
    """Numbers, booleans, None and text are kept; anything else by its `repr`."""
    answer = _recorded(value=value)["value"]
    assert answer == recorded
    assert type(answer) is type(recorded)


def test_nothing_given_is_nothing_recorded() -> None:
    """A step without parameters has no member for them."""
    assert step_params({}, str) == ""


def test_long_values_are_cut() -> None:
    """Texts and shown values have at most 200 characters, names 100."""
    recorded = _recorded(text="x" * 500, items=list(range(10**6)), **{"n" * 150: 1})
    assert len(recorded["text"]) == 200
    assert recorded["text"].endswith("…")
    assert len(recorded["items"]) <= 200
    assert len(list(recorded)[2]) == 100


def test_many_are_cut_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    """The first 32 are recorded, and that there were more."""
    reset_warnings()
    recorded = _recorded(**{f"p{number}": number for number in range(40)})
    assert list(recorded) == [f"p{number}" for number in range(32)]
    assert "40 parameters" in caplog.text


def test_secrets_are_masked_by_value_and_by_name() -> None:
    """A known secret is masked wherever it stands, even on the edge of the cut."""
    mask = Masker(["hunter2-hunter2"])
    edge = "x" * 190 + "hunter2-hunter2"
    recorded = _recorded(
        mask, a="hunter2-hunter2", b=["hunter2-hunter2"], c=edge, password="p"
    )
    assert "hunter" not in json.dumps(recorded)
    assert recorded["password"] == "****"
    assert _recorded(mask, password=None) == {"password": None}


def test_what_cannot_be_shown_is_shown_by_its_type() -> None:
    """A value that fails to show itself costs only its own text."""
    recorded = _recorded(broken=Broken(), huge=10**5000, other=1)
    assert recorded["broken"].startswith("<Broken instance")
    assert recorded["huge"].startswith("<int")
    assert recorded["other"] == 1


@pytest.mark.parametrize(
    "params",
    [{"a": []}, {"a": "x" * 201}, {"n" * 101: 1}, {"a": float("nan")},
     {str(number): 1 for number in range(33)}],
)  # fmt: skip
def test_an_instance_refuses_what_is_not_bounded(params: dict[str, Any]) -> None:
    """The form of facts holds scalars alone, few and short."""
    with pytest.raises(ValidationError):
        StepInfo.model_validate({"key": "k", "name": "n", "at": 1, "params": params})
