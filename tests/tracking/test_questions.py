"""`lineage.graph()` and the notebook's `%lineage`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage.delivery.report import DeliveryReport
from lineage.errors import LineageError
from lineage.runtime import runtime
from lineage.tracking.questions import answer_line


@pytest.fixture
def recorded(clean_environment: Path, tmp_path: Path) -> Path:
    """A run that was recorded in this process, and not flushed."""
    made = tmp_path / "model.pt"
    with lineage.task(name="Train") as task:
        task.produces_file(made)
        made.write_text("weights")
    return made


def test_the_graph_is_queried_where_facts_go(recorded: Path) -> None:
    """What this process recorded is in the answer."""
    answer = lineage.graph().upstream(f"file:{recorded}")
    assert {node.name for node in answer.nodes} == {"model.pt", "Train"}


@pytest.mark.usefixtures("recorded")
def test_a_graph_that_lacks_facts_warns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Half of an answer is never silent, however busy the machine is."""
    report = DeliveryReport(1, 3, reason="there was no time left")
    monkeypatch.setattr(runtime(), "flush", lambda: report)
    lineage.graph()
    assert "lacks 3 facts that were recorded (there was no time left)" in caplog.text


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("line", "form"),
    [("tasks", "TasksPage"), ("show model.pt", "GraphAnswer"),
     ("upstream model.pt", "GraphAnswer"), ("stale", "StaleAnswer"),
     ("why task:1", "WhyAnswer"), ("search model", "SearchAnswer")],
)  # fmt: skip
def test_a_notebook_queries_as_the_command_line_does(line: str, form: str) -> None:
    """`%lineage upstream model.pt` answers with an object that shows itself."""
    assert type(answer_line(line)).__name__ == form


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("line", ["", "delete x", "stale a"])
def test_what_is_no_question_is_refused(line: str) -> None:
    """The message lists the questions, or how many names one takes."""
    with pytest.raises(LineageError, match=r"questions are|takes 0 names"):
        answer_line(line)


def test_the_extension_adds_one_magic() -> None:
    """`%load_ext lineage` needs no import of IPython here."""
    found: dict[str, Any] = {}

    class Shell:
        def register_magic_function(self, function: Any, **names: str) -> None:
            found[names["magic_name"]] = function

    lineage.load_ipython_extension(Shell())
    assert found == {"lineage": answer_line}
