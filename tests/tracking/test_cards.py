"""Cards: how a recorded artifact is shown."""

from __future__ import annotations

from collections import namedtuple
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import WorkflowMeta, WorkflowSettings, cards
from lineage.errors import DeclarationError
from lineage.testing import Recorded

Info = namedtuple("FileInfo", "id name")
RELATION, NODE = "customRelationSettings", "customNodeSettings"


def _card(card: Any, artifact: Any, recorded: Recorded) -> Any:
    lineage.current_task().produces_file(artifact, card=card)
    meta = recorded.edges[-1].get("meta", {})
    return meta.get("customRelationSettings")


@pytest.mark.parametrize(
    ("preset", "link"),
    [
        (cards.download, "/files/7"),
        (cards.folder, "/files/7/true"),
        (cards.checkpoint, "/files/7/true"),
        (cards.project, "/projects/7/datasets"),
        (cards.report, "/model-benchmark?id=7"),
        (cards.session, "/apps/sessions/{task_id}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_presets(preset: Any, link: str, recorded: Recorded) -> None:
    """A preset takes the artifact's name for title, and makes the link."""
    card = _card(preset, Info(7, "best.pt"), recorded)
    assert card["title"] == "<h4>best.pt</h4>"
    assert card["mainLink"]["url"] == link
    assert card["icon"]["icon"].startswith("zmdi-")


def test_a_link_to_what_has_no_id_yet_waits(recorded: Recorded) -> None:
    """The id of a path is known only when sent: until then a place is held for it."""
    card = _card(cards.folder, "out/best.pt", recorded)
    assert card["mainLink"]["url"] == "/files/{id}/true"
    assert card["title"] == "<h4>best.pt</h4>"


@pytest.mark.parametrize(
    ("card", "title"),
    [
        (WorkflowSettings(title="a <b>"), "<h4>a &lt;b&gt;</h4>"),
        (WorkflowSettings(title=cards.Markup("<b>a</b>")), "<h4><b>a</b></h4>"),
        (WorkflowMeta(relation_settings=WorkflowSettings(title="m")), "<h4>m</h4>"),
        (lambda artifact: WorkflowSettings(title=artifact.upper()), "<h4>X.BIN</h4>"),
        ({"customRelationSettings": {"title": "raw"}}, "raw"),
        (cards.folder.titled("Mine"), "<h4>Mine</h4>"),
    ],
)
def test_what_a_card_may_be(card: Any, title: str, recorded: Recorded) -> None:
    """Settings, a meta, a preset, a callable, or the wire's own form."""
    assert _card(card, "x.bin", recorded)["title"] == title


def test_a_changed_card_is_recorded_again(recorded: Recorded) -> None:
    """The same fact with the same card is recorded once."""
    for title in ("a", "a", "b"):
        _card(WorkflowSettings(title=title), "x.bin", recorded)
    assert len(recorded.edges) == 2


def test_no_card_and_a_wrong_card(recorded: Recorded) -> None:
    """None is no card; a wrong card costs the card, is counted, and keeps the edge."""
    assert _card(lambda artifact: None, "a.bin", recorded) is None
    assert _card({"nonsense": 1}, "b.bin", recorded) is None
    lineage.current_task().produces_file("c.bin", card=lambda artifact: 5)
    assert recorded.outputs == ["file:a.bin", "file:b.bin", "file:c.bin"]
    assert recorded.not_recorded


def test_secrets_in_cards_are_masked(recorded: Recorded) -> None:
    """What a card says goes through the mask too."""
    card = _card(
        WorkflowSettings(title="t", url="https://u:p@host/x", url_title="open"),
        "x.bin",
        recorded,
    )
    assert card["mainLink"]["url"] == "https://****@host/x"


@pytest.mark.parametrize(
    ("artifact", "name"),
    [
        (Info(1, "n"), "n"),
        (Info(1, None), "FileInfo(id=1, name=None)"),
        ("a/b.txt", "b.txt"),
        ("a/b/", "b"),
        ("/", "/"),
        (Path("a/b"), "b"),
        (7, "7"),
        (object(), None),
    ],
)
def test_names(artifact: Any, name: str | None) -> None:
    """An artifact is named by its name, or by the end of its path."""
    assert cards.name_of(artifact) == name


def test_a_card_gets_the_call(recorded: Recorded) -> None:
    """Its first parameter is the artifact, the others are named as a source names."""

    @lineage.uses_file(
        "weights", card=lambda file, deploy: WorkflowSettings(title=f"{file} {deploy}")
    )
    @lineage.produces_file(
        "result[0]",
        card=lambda file, *, result, call: WorkflowSettings(
            title=f"{file} of {len(result)} for {call.arguments['deploy']}"
        ),
    )
    def serve(weights: str, deploy: str) -> list[str]:
        return ["a.txt", "b.txt"]

    serve("w.pt", deploy="gpu")
    used, made = (edge["meta"]["customRelationSettings"] for edge in recorded.edges)
    assert used["title"] == "<h4>w.pt gpu</h4>"
    assert made["title"] == "<h4>a.txt of 2 for gpu</h4>"


@pytest.mark.parametrize("name", ["nobody", "result"])
def test_a_card_that_names_nothing_is_refused_when_decorating(name: str) -> None:
    """An input's card knows the parameters; the result comes after the card."""
    card = eval(f"lambda file, {name}: None")
    with pytest.raises(DeclarationError, match=name):
        lineage.uses_file("path", card=card)(lambda path: None)


class _OfTwo:
    def __call__(self, artifact: Any, more: Any) -> None:
        """Stand for an object that takes more than the artifact."""


@pytest.mark.parametrize(
    "card", [lambda: None, lambda *, name: None, partial(_OfTwo()), _OfTwo()]
)
def test_a_card_that_cannot_take_the_artifact_is_refused(card: Any) -> None:
    """It would cost the card at every call: it is found when importing."""
    with pytest.raises(DeclarationError, match="cannot be called with the artifact"):
        lineage.uses_file("path", card=card)(lambda path: None)


def _broken(*_: Any) -> Any:
    raise ValueError("no card today")


@pytest.mark.parametrize(
    ("card", "node", "shown"),
    [
        (_broken, WorkflowSettings(title="n"), {NODE: "<h4>n</h4>"}),
        (
            WorkflowSettings(title="c"),
            _broken,
            {"customRelationSettings": "<h4>c</h4>"},
        ),
        (_broken, _broken, None),
        (
            WorkflowSettings(title="c"),
            lambda file: WorkflowSettings(title=file.upper()),
            {
                "customRelationSettings": "<h4>c</h4>",
                "customNodeSettings": "<h4>X</h4>",
            },
        ),
    ],
)
def test_the_artifact_and_the_task_are_shown_apart(
    card: Any, node: Any, shown: Any, recorded: Recorded
) -> None:
    """`card=` and `node=` fail each for itself; the edge is recorded in any case."""
    lineage.current_task().produces_file("x", card=card, node=node)
    meta = recorded.edges[-1].get("meta")
    found = None if meta is None else {k: v["title"] for k, v in meta.items()}
    assert found == shown
    assert len(recorded.not_recorded) == [card, node].count(_broken)
