"""Objects of another platform: datasets of projects, files at paths."""

from __future__ import annotations

import pytest
from store_story import Story

from lineage.instance.store import Store
from lineage.model.platform_places import dataset_place


@pytest.fixture
def story(store: Store) -> Story:
    """A story in an empty store."""
    return Story(store)


@pytest.mark.parametrize("is_late", [False, True])
def test_a_dataset_comes_with_the_project_that_an_edge_names(
    story: Story, is_late: bool
) -> None:
    """Who uses it comes from the project's maker, whichever edge names the project."""
    used = story.uses("import", "/raw")
    story.makes("import", "7", kind="project")
    place = {"aliases": [dataset_place(7, 70)]}
    story.uses("train", "70", kind="dataset", **({} if is_late else place))
    made = story.makes("train", "/model")
    if is_late:
        story.uses("other", "70", kind="dataset", **place)
    assert story.walk(story.node(made), up=True)[1] == {"import", "train"}
    assert "/model" in story.walk(story.node(used), up=False)[0]


def test_a_project_is_made_of_the_datasets_in_it(story: Story) -> None:
    """Not of those of a project whose id begins alike."""
    for project, run in ((7, "own"), (70, "other"), (17, "third")):
        place = [dataset_place(project, project)]
        story.uses(run, f"/raw{run}")
        story.makes(run, str(project), kind="dataset", aliases=place)
    story.uses("export", "7", kind="project")
    made = story.makes("export", "/zip")
    assert story.walk(story.node(made), up=True)[1] == {"own", "export"}


def test_a_file_that_is_known_by_its_path_is_found_by_its_id(story: Story) -> None:
    """Who names the file by its id alone comes from the one who made it at its path."""
    story.uses("train", "/in")
    made = story.makes("train", "56", canonical="/models/best.pt")
    story.uses("predict", "56")
    out = story.makes("predict", "/out")
    story.uses("other", "57")
    apart = story.makes("other", "/out2")
    assert story.walk(story.node(out), up=True)[1] == {"train", "predict"}
    assert "/out" in story.walk(story.node(made), up=False)[0]
    assert story.walk(story.node(apart), up=True)[1] == {"other"}


def test_a_file_uploaded_again_has_one_history(story: Story) -> None:
    """Its id is another, its path is the same: the last one before counts."""
    outputs = []
    for id in ("55", "56"):
        story.makes(f"train{id}", id, canonical="/models/best.pt")
        story.uses(f"use{id}", "/models/best.pt")
        outputs.append(story.makes(f"use{id}", f"/out{id}"))
    runs = [story.walk(story.node(uid), up=True)[1] for uid in outputs]
    assert runs == [{"train55", "use55"}, {"train56", "use56"}]
