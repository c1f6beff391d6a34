"""The questions to the graph, as commands."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("small_graph")


def test_upstream_goes_back_to_the_beginning(type_) -> None:
    """Without a depth, everything an artifact came from."""
    out = type_("upstream", "readings.csv").out
    assert all(name in out for name in ("Use", "model.pt", "table.csv", "scans.csv"))


def test_a_depth_limits_the_hops(type_) -> None:
    """Two hops: the run, and what it used."""
    out = type_("upstream", "readings.csv", "--depth", "2").out
    assert "model.pt" in out
    assert "scans.csv" not in out


def test_downstream_goes_on_to_the_end(type_) -> None:
    """Everything that was made from an artifact, by failed runs too."""
    out = type_("downstream", "scans.csv").out
    assert "readings.csv" in out
    assert "✘ Train" in out


def test_impact_shows_what_would_be_lost_with_a_fingerprint(type_) -> None:
    """What has to be made again, and a fingerprint of the answer."""
    data = type_("impact", "table.csv", "--json").data
    lost = {item["node"]["name"] for item in data["remake"]}
    assert {"model.pt", "readings.csv"} <= lost
    out = type_("impact", "table.csv", "--if-unchanged", data["fingerprint"])
    assert out.code == 0
    assert "would have to be rebuilt" in out.out


def test_impact_refuses_when_the_set_has_grown(type_) -> None:
    """A receipt of yesterday does not fit the graph of today."""
    answer = type_("impact", "table.csv", "--if-unchanged", "0" * 16)
    assert answer.code == 2


def test_impact_of_an_end_is_nothing(type_) -> None:
    """What nothing was made of can go."""
    assert "nothing depends on readings.csv" in type_("impact", "readings.csv").out


def test_provenance_names_runs_inputs_and_code(type_) -> None:
    """The runs behind an output, with the commit of each."""
    out = type_("provenance", "readings.csv").out
    assert "git abcdef012345, uncommitted changes" in out
    assert "scans.csv" in out


def test_diff_compares_runs_and_sets_the_exit_code(type_) -> None:
    """1 for different runs, 0 for the same."""
    different = type_("diff", "task:2", "task:3")
    assert different.code == 1
    assert "model.pt" in different.out
    assert "status: failed → finished" in different.out
    same = type_("diff", "task:3", "task:3")
    assert same.code == 0
    assert "the same" in same.out


def test_path_leads_from_one_artifact_to_another(type_) -> None:
    """The way data took; 1 where there is none."""
    found = type_("path", "scans.csv", "readings.csv")
    assert found.code == 0
    assert "model.pt" in found.out
    assert "comes from" not in found.out
    turned = type_("path", "readings.csv", "scans.csv").out
    first, rest = turned.split("\n", 1)
    assert first == "readings.csv comes from scans.csv, so the path begins there"
    assert rest == found.out
    none = type_("path", "task:2", "readings.csv")
    assert none.code == 1
    assert "no path connects task:2 and readings.csv" in none.out


def test_nothing_is_stale_before_something_newer_exists(type_) -> None:
    """A graph of first versions is fresh."""
    assert "nothing is stale" in type_("stale").out


def test_health_counts_what_is_complete(type_) -> None:
    """Shares of tasks with inputs and outputs, and failures."""
    out = type_("health").out
    assert "4 of 4 (100 %)" in out
    assert "1 of 4 (25 %)" in out


def test_questions_about_the_past_leave_out_what_came_later(type_) -> None:
    """As of the import, nothing had become of the table."""
    out = type_("downstream", "scans.csv", "--as-of", "1700000005").out
    assert "table.csv" in out
    assert "model.pt" not in out


@pytest.mark.usefixtures("newer_table")
def test_stale_shows_what_was_made_from_something_older(type_) -> None:
    """The output, the run to repeat, the version it used and the newest one."""
    out = type_("stale").out
    assert "1.  model.pt" in out
    assert "model.pt" in out
    assert "made by Train" in out
    assert "now 00000000" in out


@pytest.mark.usefixtures("newer_table")
def test_versions_are_listed_with_the_shown_one_marked(type_) -> None:
    """Nothing is overwritten: both states of the table are there."""
    out = type_("show", "table.csv").out
    assert "Versions" in out
    assert out.count("▸") == 1


@pytest.mark.usefixtures("newer_table")
def test_diff_shows_other_versions(type_) -> None:
    """The same path with other bytes is another version, not another artifact."""
    answer = type_("diff", "task:1", "task:5")
    assert answer.code == 1
    assert "~" in answer.out


@pytest.mark.usefixtures("newer_table")
def test_diff_of_two_artifacts_of_one_run_is_not_the_same(type_) -> None:
    """What a run read and what it made have no two runs to compare."""
    answer = type_("diff", "model.pt", "task:3")
    assert "belong to one run, task:3" in answer.out
    assert answer.code == 1
