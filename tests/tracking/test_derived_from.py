"""`derived_from` in other spellings than the one in which the input was declared."""

from __future__ import annotations

from pathlib import Path

import pytest

import lineage
from lineage.recording import named_inputs
from lineage.testing import Recorded


@pytest.mark.parametrize(
    ("used", "named"),
    [
        ("x.csv", "./x.csv"),
        ("./x.csv", "x.csv"),
        ("x.csv", "sub/../x.csv"),
        ("x.csv", "{here}/x.csv"),
        ("{here}/x.csv", "x.csv"),
        ("x.csv", "file://{here}/x.csv"),
        ("s3://b/k/x.csv", "s3a://b/k/x.csv"),
        ("s3://b/k?X-Amz-Signature=one", "s3://b/k?X-Amz-Signature=other"),
    ],
)
@pytest.mark.parametrize("is_ref", [False, True])
def test_derived_from_may_spell_an_input_in_another_way(
    recorded: Recorded,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    used: str,
    named: str,
    is_ref: bool,
) -> None:
    """The output comes from that input alone, and the edge calls it as the input."""
    monkeypatch.chdir(tmp_path)
    used, named = used.format(here=tmp_path), named.format(here=tmp_path)
    task = lineage.current_task()
    task.uses_file(used)
    task.uses_file("another.csv")
    task.produces_file("o", derived_from=[lineage.file(named) if is_ref else named])
    first, *_, output = recorded.edges
    assert output["derived_from"] == [{"kind": "file", "id": first["id"]}]
    assert not recorded.not_recorded


def test_a_name_of_two_inputs_is_no_other_spelling(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`x.csv` was used in two folders: it does not say which one a path means."""
    task = lineage.current_task()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        task.uses_file("x.csv")
    task.produces_file("o", derived_from=[f"{tmp_path}/a/x.csv"])
    assert "derived_from" not in recorded.edges[-1]
    assert recorded.not_recorded


def test_inputs_are_read_through_once_however_many_outputs_name_one(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task with many inputs pays for each of them once."""
    read: list[str] = []
    place = named_inputs._place

    def counted(members: str, shown: str, *, is_folder: bool) -> str:
        read.append(shown)
        return place(members, shown, is_folder=is_folder)

    monkeypatch.setattr(named_inputs, "_place", counted)
    task = lineage.current_task()
    many = 50
    for at in range(many):
        task.uses_file(f"in{at}.csv")
        task.produces_file(f"out{at}.csv", derived_from=[f"./in{at}.csv"])
    # Each input once for the index, and each output's own name.
    assert len(read) == 2 * many
    outputs = [edge for edge in recorded.edges if edge["dir"] == "output"]
    assert [edge["derived_from"][0]["id"] for edge in outputs] == [
        f"in{at}.csv" for at in range(many)
    ]
