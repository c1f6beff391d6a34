"""Times, sizes and names in words."""

from __future__ import annotations

import io

import pytest

from lineage.cli import format as cli_format
from lineage.cli.output import print_lines
from lineage.cli.result import line
from lineage.model.graph import Node


def _node(**fields: object) -> Node:
    known = {"key": "data:1", "type": "data", "kind": "file", "id": 1, "name": "a.csv"}
    return Node.model_validate({**known, "team_id": 1, **fields})


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000, "2.5 MB"),
     (7 * 10**15, "7000.0 TB")],
)  # fmt: skip
def test_sizes_are_shown_in_the_nearest_unit(count: int, expected: str) -> None:
    """Bytes up to 999, then one decimal."""
    assert cli_format.size(count) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-1, "0 ms"), (0.25, "250 ms"), (5, "5.0 s"), (90, "1 min 30 s"),
     (7260, "2 h 1 min"), (200_000, "2 days")],
)  # fmt: skip
def test_durations_are_shown_in_two_units_at_most(
    seconds: float, expected: str
) -> None:
    """From milliseconds to days."""
    assert cli_format.duration(seconds) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(999_990, "just now"), (999_000, "16 min ago"), (990_000, "2 h ago"),
     (100_000, "1970-01-02 03:46")],
)  # fmt: skip
def test_moments_are_shown_from_now_and_old_ones_by_date(
    moment: float, expected: str
) -> None:
    """After a day the date says more than the distance."""
    assert cli_format.ago(moment, now=1_000_000) == expected


def test_titles_lose_markup_and_control_characters() -> None:
    """A title that an app sent as HTML cannot move the cursor of a terminal."""
    node = _node(title="<h4>Best &amp; last</h4>\x1b[2J\u202e")
    assert cli_format.title(node) == "Best & last\\x1b[2J\\u202e"


def test_a_card_without_any_name_shows_its_key() -> None:
    """There is always something to show, and to type."""
    assert cli_format.title(_node(name=" ")) == "data:1"


def test_a_file_name_that_looks_like_markup_is_shown_as_it_is() -> None:
    """Only titles are HTML; `loss<0.1>.pt` is a name."""
    assert cli_format.title(_node(name="loss<0.1>.pt")) == "loss<0.1>.pt"


def test_a_long_name_is_cut_in_the_middle() -> None:
    """Both ends stay, where names differ most."""
    assert cli_format.shorten("a" * 50 + "/best.pt", 20) == "aaaaaa…aaaaa/best.pt"


def test_facts_of_an_artifact_name_kind_version_size_and_state() -> None:
    """What matters for choosing among artifacts stands beside the name."""
    node = _node(kind="model_weight", version="ab12", size=1500, is_stale=True,
                 is_deleted=True)  # fmt: skip
    assert (
        cli_format.facts(node)
        == "model weight · ab12 · 1.5 kB · stale · deleted · data:1"
    )


def test_facts_of_a_task_name_its_trouble_and_its_length() -> None:
    """A run that went well needs no word for it."""
    node = _node(key="task:3", type="task", status="error", started_at=10, ended_at=12)
    assert cli_format.facts(node) == "task:3 · failed · 2.0 s"
    running = _node(key="task:4", type="task", status="started", started_at=10)
    assert cli_format.facts(running) == "task:4 · running"


def test_numbers_come_with_their_noun() -> None:
    """One file, two files, three boxes."""
    assert cli_format.count(1, "file") == "1 file"
    assert cli_format.count(3, "box", "boxes") == "3 boxes"


def test_parameters_are_shown_without_the_noise_of_fractions() -> None:
    """Sums of decimal fractions are shown as people write them."""
    params = {"auc": 0.1 + 0.2, "epochs": 10, "lr": 1e-07, "all": [1 / 3]}
    shown = "auc=0.3 epochs=10 lr=1e-07 all=[0.333333]"
    assert cli_format.params_text(params) == shown
    assert cli_format.params_text(params, most=4) == shown


def test_an_unknown_state_has_a_mark_of_its_own() -> None:
    """A status that is not known yet is shown as under way."""
    assert cli_format.state("queued").text == "…"
    assert cli_format.state(None).text == "…"


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "\x9b31m", "a\u202eb", "\x07", "a\rb"])
@pytest.mark.parametrize("colours", ["", "1"])
def test_no_line_obeys_what_a_name_holds(
    monkeypatch: pytest.MonkeyPatch, text: str, colours: str
) -> None:
    """Whatever command prints a name, its control characters are shown escaped."""
    monkeypatch.setenv("FORCE_COLOR", colours)
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = io.StringIO()
    print_lines([line("name: ", text, "\n  next\tcolumn")], out)
    assert text not in out.getvalue()
    assert "\\x" in out.getvalue() or "\\u" in out.getvalue()
    assert "\n  next" in out.getvalue()
