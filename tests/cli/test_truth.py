"""What `impact`, `stale`, `diff` and `why` answer about small histories."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from history import START, History

from lineage.api import Api


@pytest.fixture
def history(empty_home: Api) -> History:
    """An empty store to write a history into."""
    return History(empty_home)


def test_an_older_state_made_again_is_current_and_nothing_is_stale(
    history: History, type_: Callable[..., Any]
) -> None:
    """Trained with v1, v2 and v1 again: the model shown is the third run's."""
    for key, data in (("a", "v1"), ("b", "v2"), ("c", "v1")):
        history.run(key, "Train")
        history.used(key, "/w/d.csv", data)
        history.made(key, "/w/m.pt", f"model of {data}")
    history.store()
    shown = type_("show", "m.pt").out
    assert "produced by  task:3" in shown
    assert type_("stale").out == "nothing is stale\n"


def test_show_names_by_what_a_version_is_known(
    history: History, type_: Callable[..., Any]
) -> None:
    """Beside a digest: what storages say, and size and time where nothing else does."""
    history.run("a", "Read")
    stored = [
        {"kind": "etag", "value": "abc-2"},
        {"kind": "dir-stat", "value": "f" * 64},
    ]
    history.used("a", "s3://b/x", kind="folder", evidence=stored)
    history.used("a", "/w/seen", kind="folder", evidence=stored[1:])
    history.used("a", "/w/d.csv", "1", version="of May")
    history.used("a", "/w/m.db", "1", pinned=False, pinned_reason="m.db-wal is missing")
    history.store()
    assert "  evidence  etag abc-2\n" in type_("show", "s3://b/x").out
    assert "dir-stat" not in type_("show", "s3://b/x").out
    assert f"  evidence  dir-stat {'f' * 64}\n" in type_("show", "/w/seen").out
    named = type_("show", "/w/d.csv").out
    assert "  evidence  named by the app of May\n" in named
    assert " stat " not in named
    assert "  not pinned  m.db-wal is missing\n" in type_("show", "/w/m.db").out


def test_stale_is_one_line_an_output_with_all_its_reasons(
    history: History, type_: Callable[..., Any]
) -> None:
    """Superseded outputs are shown by `--all` only."""
    history.run("a", "Train")
    history.used("a", "/w/one.csv", "1")
    history.used("a", "/w/two.csv", "1")
    history.made("a", "/w/m.pt", "m1")
    history.run("b", "Load")
    history.made("b", "/w/one.csv", "2")
    history.made("b", "/w/two.csv", "2")
    history.store()
    lines = type_("stale").out.splitlines()
    assert len(lines) == 1
    assert "one.csv" in lines[0]
    assert "two.csv" in lines[0]
    history.run("c", "Train")
    history.used("c", "/w/one.csv", "2")
    history.used("c", "/w/two.csv", "2")
    history.made("c", "/w/m.pt", "m2")
    history.store()
    assert type_("stale").out == "nothing is stale\n"
    assert len(type_("stale", "--all").out.splitlines()) == 1


def test_impact_always_shows_what_a_run_used(
    history: History, type_: Callable[..., Any]
) -> None:
    """A config that was used names its users, although nothing was made."""
    history.run("a", "Check")
    history.used("a", "/w/cfg.yaml", "1")
    history.store()
    shown = type_("impact", "cfg.yaml").out
    assert "cfg.yaml was used by Check (task:1)" in shown
    assert "nothing" not in shown


def test_impact_lists_what_may_be_affected_and_the_runs_to_repeat(
    history: History, type_: Callable[..., Any]
) -> None:
    """A config used around a step only possibly affects what the step made."""
    history.run("a", "Train", command="python train.py")
    history.used("a", "/w/cfg.yaml", "1")
    step = {"key": "s", "name": "fit", "at": START}
    history.used("a", "/w/d.csv", "1", step=step)
    history.made("a", "/w/m.pt", "1", step="s", scope="s")
    history.run("b", "Use", command="python use.py")
    history.used("b", "/w/m.pt", "1")
    history.made("b", "/w/out.csv", "1")
    history.store()
    shown = type_("impact", "cfg.yaml").out
    assert "2 artifacts possibly affected" in shown
    assert shown.index("python train.py") < shown.index("python use.py")
    assert "would have to be rebuilt" in type_("impact", "d.csv").out


def test_a_run_is_repeated_after_the_one_that_makes_its_input_again(
    history: History, type_: Callable[..., Any]
) -> None:
    """The cleaned table was made again after the training: cleaning comes first.

    So it does for a training that read a copy of the older table.
    """
    history.run("c", "Clean", command="python clean.py")
    history.used("c", "/w/raw.csv", "1")
    history.made("c", "/w/clean.csv", "clean " * 100)
    for run in ("train", "copy"):
        history.run(run, "Train", command=f"python {run}.py")
        name = "clean" if run == "train" else "renamed"
        history.used(run, f"/w/{name}.csv", "clean " * 100)
        history.made(run, f"/w/{run}.pt", run)
    history.run("again", "Clean", command="python clean_again.py")
    history.used("again", "/w/raw.csv", "1")
    history.made("again", "/w/clean.csv", "cleaner " * 100)
    history.store()
    shown = type_("impact", "raw.csv").out
    order = re.findall(r"python (\w+)[.]py", shown)
    assert order == ["clean_again", "train", "copy"]


def test_weak_links_are_left_out_on_demand(
    history: History, type_: Callable[..., Any]
) -> None:
    """`--only` keeps links that are known so."""
    history.run("a", "Train")
    history.used("a", "/w/cfg.yaml", "1")
    history.used("a", "/w/d.csv", "1", step={"key": "s", "name": "fit", "at": START})
    history.made("a", "/w/m.pt", "1", step="s", scope="s")
    history.store()
    assert "cfg.yaml" in type_("upstream", "m.pt").out
    only = type_("upstream", "m.pt", "--only", "same step").out
    assert "cfg.yaml" not in only
    assert "d.csv" in only


@pytest.fixture
def two_trainings(history: History) -> History:
    """A model of new images and another C; the data was exported by task 2."""
    for key, data, c, numpy in (("1", "a", 1.0, "2.1"), ("2", "b", 0.01, "2.2")):
        files = [["one.png", 5, None, 1], ["two.png", 5, None, 1 if data == "a" else 2]]
        manifest = {"digest": f"stat:{data * 64}", "files": 2, "bytes": 10,
                    "entries": files, "is_complete": True}  # fmt: skip
        history.run(key, "Train", environment={"package:numpy": numpy})
        history.used(
            key, "/w/images", kind="folder", manifest=manifest,
            evidence=[{"kind": "dir-stat", "value": data}],
        )  # fmt: skip
        history.add(f="params", task=key, params={"C": c, "seed": 1})
        history.add(f="metrics", task=key, metrics=[["auc", 0.9 + c / 100, None]])
        history.made(key, "/w/model.pt", f"model {data}")
    history.store()
    return history


@pytest.mark.usefixtures("two_trainings")
def test_diff_names_files_parameters_metrics_and_packages(
    type_: Callable[..., Any],
) -> None:
    """Runs are named by their place in the history of the app."""
    answer = type_("diff", "Train@-2", "Train@last")
    assert answer.code == 1
    for text in ("~ two.png", "parameter C: 1.0 → 0.01", "numpy: 2.1 → 2.2",
                 "metric auc: "):  # fmt: skip
        assert text in answer.out
    assert "one.png" not in answer.out
    assert "seed" not in answer.out


@pytest.mark.usefixtures("two_trainings")
def test_why_names_the_first_upstream_differences_in_one_sentence(
    type_: Callable[..., Any],
) -> None:
    """The folder's files, the parameter and the package, then the evidence."""
    lines = type_("why", "model.pt").out.splitlines()
    assert lines[0] == (
        "model.pt changed because images changed (used by task:2, 1 file of it), "
        "C 1.0 → 0.01 and numpy 2.1 → 2.2"
    )
    assert any("two.png" in text for text in lines[1:])


def test_why_of_what_no_task_made_does_not_name_it_as_its_own_cause(
    history: History, type_: Callable[..., Any]
) -> None:
    """Somebody edited the file: there is nothing upstream to name."""
    for key, data in (("1", "a"), ("2", "b")):
        history.run(key, "Train")
        history.used(key, "/w/raw/shop.csv", f"raw {data}")
        history.made(key, "/w/model.pt", f"model {data}")
    history.store()
    first = type_("why", "shop.csv").out.split("\n")[0]
    assert first == "shop.csv changed, and no recorded task made the change"


def test_why_of_a_run_lists_each_difference_once(
    history: History, type_: Callable[..., Any]
) -> None:
    """An input that two steps of the run lead back to stands in one row."""
    for key, data in (("1", "a"), ("2", "b")):
        history.run(key, "All")
        history.used(key, "/w/raw/shop.csv", f"raw {data}")
        history.made(key, "/w/clean.csv", f"clean {data}")
        history.used(key, "/w/clean.csv", f"clean {data}")
        history.made(key, "/w/model.pt", f"model {data}")
    history.store()
    rows = [row for row in type_("why", "task:2").out.split("\n") if "~" in row]
    assert rows
    assert len(rows) == len(set(rows))


def test_why_goes_up_to_the_first_difference(
    history: History, type_: Callable[..., Any]
) -> None:
    """What lies between is only said as the way."""
    for key, data in (("1", "a"), ("2", "b")):
        history.run(key, "All")
        history.used(key, "/w/raw/shop.csv", f"raw {data}")
        history.made(key, "/w/clean.csv", f"clean {data}")
        history.run(f"t{key}", "Train")
        history.used(f"t{key}", "/w/clean.csv", f"clean {data}")
        history.made(f"t{key}", "/w/model.pt", f"model {data}")
    history.store()
    shown = type_("why", "model.pt").out
    assert shown.startswith(
        "model.pt changed because shop.csv changed (used by task:3)\n"
    )
    assert "through clean.csv" in shown


def test_why_of_equal_runs_shows_that_nothing_recorded_differs(
    history: History, type_: Callable[..., Any]
) -> None:
    """It does not make a reason up."""
    for key in "12":
        history.run(key, "Train")
        history.used(key, "/w/d.csv", "same")
        history.made(key, "/w/m.pt", f"random {key}")
    history.store()
    assert "task:2 ran again, and nothing recorded differs" in type_("why", "m.pt").out


def test_an_artifact_without_evidence_is_unknown_and_not_the_same(
    history: History, type_: Callable[..., Any]
) -> None:
    """Two runs read a file of which no content is known."""
    for key in "12":
        history.run(key, "Read")
        history.used(key, "/w/d.bin")
    history.store()
    shown = type_("diff", "task:1", "task:2").out
    assert "unknown whether its content changed" in shown
    assert "the same\n" not in shown


@pytest.mark.usefixtures("two_trainings")
def test_control_characters_do_not_reach_the_terminal(
    history: History, type_: Callable[..., Any]
) -> None:
    """Every command escapes what an app recorded."""
    evil = "\x1b[2Jevil\u202e"
    history.run("x", f"Run {evil}", command=f"python {evil}")
    history.used("x", f"/w/{evil}.csv", "1")
    history.add(f="params", task="x", params={f"p{evil}": evil})
    history.made("x", f"/w/out {evil}.csv", "1")
    history.store()
    for command in (
        ("tasks",), ("show", "task:3"), ("show", "task:3", "--steps"),
        ("diff", "task:1", "task:3"), ("impact", "task:3"), ("search", "evil"),
        ("tasks", "--by", "app"), ("why", "task:3", "task:1"),
        ("provenance", "task:3"),
    ):  # fmt: skip
        shown = type_(*command).out
        assert "\x1b" not in shown, command
        assert "\u202e" not in shown, command


@pytest.mark.usefixtures("two_trainings")
@pytest.mark.parametrize(
    ("selector", "keys"),
    [("param.C>0.5", ["task:1"]), ("param.C<=0.01", ["task:2"]),
     ("param.C=1", ["task:1"]), ("param.C:0.01 & app:Train", ["task:2"]),
     ("param.seed=1", ["task:2", "task:1"]), ("param.other=1", []),
     ("metric.auc>=0.905", ["task:1"])],
)  # fmt: skip
def test_runs_are_found_by_parameters_and_metrics(
    type_: Callable[..., Any], selector: str, keys: list[str]
) -> None:
    """Numbers are compared as numbers."""
    answer = type_("tasks", selector, "--json").data
    assert [task["node"]["key"] for task in answer["tasks"]] == keys


@pytest.mark.usefixtures("two_trainings")
def test_artifacts_are_found_by_the_parameters_of_their_maker(
    type_: Callable[..., Any],
) -> None:
    """`kind:file & param.C>0.5` is what the first training made."""
    node = type_("show", "kind:file & param.C>0.5", "--json").data["thing"]["node"]
    assert node["name"] == "model.pt"


def test_runs_are_found_by_tag(history: History, type_: Callable[..., Any]) -> None:
    """A parameter `tag`, or one of `tags`, is a tag."""
    for key, params in (("1", {"tag": "base"}), ("2", {"tags.0": "base"}), ("3", {})):
        history.run(key, "Train")
        history.add(f="params", task=key, params={"x": 1, **params})
    history.store()
    answer = type_("tasks", "tag:base", "--json").data
    assert [task["node"]["key"] for task in answer["tasks"]] == ["task:2", "task:1"]


@pytest.mark.usefixtures("two_trainings")
@pytest.mark.parametrize(
    "command",
    [("tasks",), ("show", "model.pt"), ("search", "model"), ("upstream", "model.pt"),
     ("downstream", "images"), ("impact", "images"), ("provenance", "model.pt"),
     ("diff", "task:1", "task:2"), ("why", "model.pt"), ("stale",), ("health",),
     ("path", "images", "model.pt")],
)  # fmt: skip
def test_json_names_its_schema_and_version(
    type_: Callable[..., Any], command: tuple[str, ...]
) -> None:
    """A program can see which form it reads."""
    assert type_(*command, "--json").data["schema"] == f"lineage.{command[0]}/1"


@pytest.mark.usefixtures("two_trainings")
def test_a_served_instance_shows_the_pages_address(
    type_: Callable[..., Any], served_home: str
) -> None:
    """The last line leads to the page that shows the same."""
    for command, query in (
        (("show", "task:1"), "?focus=task%3A1"),
        (("diff", "task:1", "task:2"), "?view=diff&a=task%3A1&b=task%3A2"),
        (("stale",), "?view=stale"),
        (("stale", "--all", "--indirect"), "?view=stale&all=1&indirect=1"),
        (("stale", "task:1"), "?view=stale&focus=task%3A1"),
        (("upstream", "task:1"), "?focus=task%3A1&up=all&down=0"),
        (("why", "task:2", "task:1"), "?view=diff&a=task%3A1&b=task%3A2"),
        (("search", "model"), "?view=home&q=model"),
        (("tasks", "--text", "tr"), "?view=home&q=tr"),
    ):
        last = type_(*command, "--server", served_home).out.splitlines()[-1]
        assert last == f"page: {served_home}/{query}"
