"""The arithmetic and the layout of the tables."""

from __future__ import annotations

import pytest

from benchmarks.harness import (
    Goal,
    Options,
    Spread,
    Table,
    duration,
    goals_table,
    percentile,
    significant,
)


@pytest.mark.parametrize(
    ("nanoseconds", "shown"),
    [
        (0, "0 ns"),
        (23.44, "23.4 ns"),
        (2_500, "2.5 us"),
        (1_234_567, "1.23 ms"),
        (61e9, "61 s"),
    ],
)
def test_durations_are_written_in_the_unit_that_suits_them(
    nanoseconds: float, shown: str
) -> None:
    """A duration shows three digits and its unit."""
    assert duration(nanoseconds) == shown


def test_large_and_small_numbers_are_written_without_an_exponent() -> None:
    """Numbers are written to be read by people."""
    shown = [significant(123_456.7), significant(0.00001234), significant(1.5)]
    assert shown == ["123,457", "0.000012", "1.5"]


def test_a_spread_is_the_median_between_the_quartiles() -> None:
    """One measurement gone wrong does not move the median."""
    assert Spread.of([1, 2, 3, 4, 1000]) == Spread(2, 3, 4)
    assert Spread.of([7]) == Spread(7, 7, 7)


def test_the_last_percentile_is_the_largest_value() -> None:
    """A percentile is a value that was measured."""
    assert percentile(range(1000), 0.999) == 999
    assert percentile(range(1000), 0.5) == 500


def test_a_goal_is_met_on_its_own_side_of_the_limit() -> None:
    """At most and at least differ; what was not measured is neither met nor missed."""
    assert Goal("cost", 3.9, 4, " us").is_met
    assert not Goal("gain", 3.9, 4, "x", is_at_least=True).is_met
    assert Goal("gain", None, 4, "x").is_met is None


def test_tables_line_up_and_are_markdown() -> None:
    """A table can be read in a terminal and pasted into a page."""
    table = Table("T", ("", "n"), [["long name", "1"], ["b", "22"]], ["a note"])
    assert str(table).splitlines() == [
        "### T",
        "",
        "|           |  n |",
        "|-----------|---:|",
        "| long name |  1 |",
        "| b         | 22 |",
        "",
        "- a note",
    ]


def test_goals_of_all_tables_are_gathered_into_one() -> None:
    """The last table shows which goals were met."""
    table = Table(
        "T", ("",), goals=[Goal("cost", 5, 4, " us"), Goal("x", None, 1, "x")]
    )
    assert goals_table([table]).rows == [
        ["cost", "<= 4 us", "5 us", "missed"],
        ["x", "<= 1x", "not measured", ""],
    ]


def test_the_number_of_rounds_is_the_users_word_first() -> None:
    """Rounds asked for win over the quick and the full number."""
    assert Options(rounds=5, is_smoke=True).pick_rounds(60, 9) == 5
    assert Options(is_smoke=True).pick_rounds(60, 9) == 1
    assert Options(is_quick=True).pick_rounds(60, 9) == 9
    assert Options().pick_rounds(60, 9) == 60
