"""Names with the signs of selectors, options and other scripts, as people type them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from history import History
from hypothesis import given
from hypothesis import strategies as some

from lineage.api import Api
from lineage.cli.format import shorten
from lineage.cli.output import table
from lineage.cli.result import StyledText, columns_of

Type = Callable[..., Any]
SIGNED = ("R&D.csv", "a, b.csv", "weird | name.csv", "(old).csv", "-dash.csv")


@pytest.fixture
def signed(empty_home: Api) -> History:
    """Two runs that each make a version of files with awkward names."""
    history = History(empty_home)
    for key in ("1", "2"):
        history.run(key, "Train unet")
        history.add(f="params", task=key, params={"lr": int(key) / 10})
        for name in SIGNED:
            history.made(key, f"/w/{name}", f"{name} {key}")
    history.store()
    return history


@pytest.mark.usefixtures("signed")
@pytest.mark.parametrize("name", SIGNED[:4])
def test_a_name_with_signs_is_one_artifact_with_its_versions(
    type_: Type, name: str
) -> None:
    """It is shown as any other, not as a set of one."""
    shown = type_("show", name).out
    assert shown.startswith(f"{name}  file")
    assert "Versions (2)" in shown
    assert f"{name}@-2" not in shown
    assert "produced by  task:1" in type_("show", f"{name}@-2").out


@pytest.mark.usefixtures("signed")
def test_a_name_with_a_dash_is_typed_with_its_folder(type_: Type) -> None:
    """The refusal shows it; a misspelt option gets the one that was meant."""
    assert "is typed as ./-dash.csv" in type_("show", "-dash.csv").err
    assert type_("show", "./-dash.csv").out.startswith("-dash.csv  file")
    assert "did you mean --steps?" in type_("show", "--stepps").err


@pytest.mark.usefixtures("signed")
def test_a_version_or_run_that_is_not_there_is_refused_with_how_many_there_are(
    type_: Type,
) -> None:
    """What is missing is the version, not the name."""
    assert "'Train unet' has 2 runs, and none of them is @-9" in (
        type_("show", "Train unet@-9").err
    )
    assert "has 2 versions, and none of them is @-3" in type_("why", "R&D.csv@-3").err
    assert "near: Train unet (task:2)" in type_("show", "Train@last").err


@pytest.mark.usefixtures("signed")
def test_a_filter_by_a_part_of_a_name_shows_how_parts_are_written(type_: Type) -> None:
    """`app:train` is a whole name."""
    assert "app:train*" in type_("tasks", "status:finished & app:train").out
    assert "--text 'Train'" in type_("tasks", "Train").out
    assert type_("tasks", "app:train*").out.count("task:") == 2


@pytest.mark.usefixtures("signed")
def test_runs_that_are_found_can_be_distinguished(type_: Type) -> None:
    """Runs of one app differ by their time and parameters."""
    rows = type_("search", "train").out.splitlines()
    assert [("lr=0.1" in row, "lr=0.2" in row) for row in rows] == [
        (False, True),
        (True, False),
    ]


def test_wide_characters_take_two_columns() -> None:
    """The column after them begins where it does in the other rows."""
    rows = table(
        [[StyledText(name), StyledText("|")] for name in ("日本語", "abc", "é")]
    )
    texts = ["".join(part.text for part in row) for row in rows]
    assert {columns_of(text.partition("|")[0]) for text in texts} == {8}


@given(some.text("aé日́本", max_size=40), some.integers(5, 20))
def test_a_cut_name_never_takes_more_columns_than_there_are(
    text: str, width: int
) -> None:
    """Whatever the width of its characters; what fits is left as it is."""
    cut = shorten(text, width)
    assert columns_of(cut) <= width
    assert (cut == text) == (columns_of(text) <= width)
