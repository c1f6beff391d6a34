"""Cards: what is shown, what is escaped, what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from lineage.model.meta import (
    Markup,
    WorkflowMeta,
    WorkflowSettings,
    checked_meta,
    escape,
    is_safe_link,
    problem_of,
)


def test_settings_take_the_form_of_the_wire() -> None:
    """Each part in its place, in the platform's order."""
    made = WorkflowSettings("T", "file", "#1", "#2", "/x", "X", "D").as_dict
    assert list(made) == ["title", "description", "icon", "mainLink"]
    assert made == {
        "title": "<h4>T</h4>",
        "description": "<small>D</small>",
        "icon": {"icon": "zmdi-file", "color": "#1", "backgroundColor": "#2"},
        "mainLink": {"url": "/x", "title": "X"},
    }


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({}, {}),
        ({"title": ""}, {"title": "<h4></h4>"}),
        ({"url": "/x"}, {}),
        ({"url_title": "X"}, {}),
        ({"url": "", "url_title": ""}, {}),
        ({"icon": "a"}, {}),
        ({"icon_color": "#1", "icon_bg_color": "#2"}, {}),
        ({"url": "javascript:alert(1)", "url_title": "X"}, {}),
        ({"title": "a<b>&\"c\""}, {"title": "<h4>a&lt;b&gt;&amp;\"c\"</h4>"}),
        ({"title": Markup("<b>x</b>")}, {"title": "<h4><b>x</b></h4>"}),
        ({"description": "<i>"}, {"description": "<small>&lt;i&gt;</small>"}),
    ],
)  # fmt: skip
def test_what_is_incomplete_or_unsafe_is_left_out(fields: Any, made: Any) -> None:
    """A card never carries half an icon, half a link, or another's markup."""
    assert WorkflowSettings(**fields).as_dict == made


def test_settings_are_checked_when_sent() -> None:
    """What is set after making the object counts; the object stays as it was made."""
    settings = WorkflowSettings(url="/x")
    assert settings.url == "/x"
    settings.url_title = "X"
    assert settings.as_dict == {"mainLink": {"url": "/x", "title": "X"}}


@pytest.mark.parametrize("icon", ["file", "zmdi-file"])
def test_an_icon_has_its_prefix_once(icon: str) -> None:
    """With or without the prefix, the icon is the same."""
    made = WorkflowSettings(icon=icon, icon_color="a", icon_bg_color="b").as_dict
    assert made["icon"]["icon"] == "zmdi-file"


def test_a_meta_holds_what_was_given() -> None:
    """Relation, node, both or nothing."""
    node = WorkflowSettings("N")
    shown = {"title": "<h4>N</h4>"}
    assert WorkflowMeta().as_dict is None
    assert WorkflowMeta(node_settings=node).as_dict == {"customNodeSettings": shown}
    assert WorkflowMeta.create_as_dict(relation_settings=node) == {
        "customRelationSettings": shown
    }
    assert WorkflowMeta(WorkflowSettings()).as_dict == {"customRelationSettings": {}}


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://a/b", True), ("http://a", True), ("/files/1", True), ("/", True),
        ("javascript:x", False), ("data:text/html,x", False), ("//evil/x", False),
        ("files", True), ("apps/sessions/5", True),
        ("/\\evil/x", False), ("\\\\evil", False), ("java\tscript:x", False),
        ("", False), ("https:///x", False), ("http://[", False),
    ],
)  # fmt: skip
def test_links_lead_to_the_web_or_the_instance(url: str, is_safe: bool) -> None:
    """Other schemes and other hosts in disguise are no links."""
    assert is_safe_link(url) is is_safe


ICON = {"icon": "zmdi-x", "color": "#1", "backgroundColor": "#2"}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"customNodeSettings": {}}, None),
        ({"customRelationSettings": {"icon": ICON, "title": "t", "description": "d",
                                     "mainLink": {"url": "u", "title": "t"}}}, None),
        ({}, "empty"),
        (5, "int"),
        ({"x": {}}, "x"),
        ({"customNodeSettings": {"x": 1}}, "customNodeSettings.x"),
        ({"customNodeSettings": {"title": 1}}, "customNodeSettings.title"),
        ({"customNodeSettings": {"title": None}}, "customNodeSettings.title"),
        ({"customNodeSettings": {"icon": {"icon": "a"}}}, "icon.color"),
        ({"customNodeSettings": {"icon": {**ICON, "x": 1}}}, "icon.x"),
        ({"customNodeSettings": {"mainLink": {"url": "u"}}}, "mainLink.title"),
        ({"customNodeSettings": {"mainLink": None}}, "mainLink"),
        ({"customNodeSettings": None}, "customNodeSettings"),
    ],
)  # fmt: skip
def test_the_schema_of_the_platform(value: Any, problem: str | None) -> None:
    """What the platform would refuse is named by its place."""
    found = problem_of(value)
    assert (found is None) if problem is None else (found and problem in found)
    assert checked_meta(value) == (value if problem is None else None)


def test_any_form_of_a_card_is_taken() -> None:
    """Settings, a meta of ours or of the SDK, a dict, or nothing."""
    shown = {"customRelationSettings": {"title": "<h4>a</h4>"}}

    class Foreign:
        as_dict = shown

    for card in (WorkflowSettings("a"), WorkflowMeta(WorkflowSettings("a")), Foreign()):
        assert checked_meta(card) == shown
    assert checked_meta(None) is None
    assert checked_meta(WorkflowMeta()) is None


def test_markup_is_its_own_html() -> None:
    """Text is escaped once, markup never."""
    assert escape("<") == "&lt;"
    assert escape(Markup("<br>")) == "<br>"
