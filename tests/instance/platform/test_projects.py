"""Projects, versions, datasets and jobs, made by registering them."""

from __future__ import annotations

from instance_fixture import World

VERSION_KEYS = {
    "id", "projectId", "createdBy", "teamFileId", "version", "description", "status",
    "createdAt", "updatedAt", "projectUpdatedAt", "teamId", "name", "previewProjectId",
}  # fmt: skip


def test_a_registered_project_is_shown(world: World) -> None:
    """A project's own endpoint shows what it was registered with."""
    made = world.ask("lineage.register.project", {"name": "Cats", "type": "videos"})
    shown = world.ask("projects.info", {"id": str(made["id"])})
    assert shown == made
    assert (shown["name"], shown["type"], shown["teamId"]) == ("Cats", "videos", 1)
    assert shown["version"] is None


def test_a_told_id_is_kept_and_taken_once(world: World) -> None:
    """A told id is the thing's, refused a second time, and never given out."""
    assert world.ask("lineage.register.project", {"name": "a", "id": 1})["id"] == 1
    status, details = world.refusal("lineage.register.project", {"name": "b", "id": 1})
    assert (status, details["field"]) == (409, "id")
    assert world.ask("lineage.register.project", {"name": "c"})["id"] == 2


def test_versions_have_all_their_keys_and_count_up(world: World) -> None:
    """A version has the platform's thirteen keys; a filter finds it by number."""
    project = world.ask("lineage.register.project", {"name": "p"})["id"]
    for _ in range(3):
        world.ask("lineage.register.project-version", {"project_id": project})
    said = {
        "projectId": project,
        "filter": [{"field": "version", "operator": "=", "value": 2}],
        "sort": "id",
        "sort_order": "asc",
    }
    page = world.ask("projects.versions.list", said)
    assert page["total"] == 1
    assert set(page["entities"][0]) >= VERSION_KEYS
    assert page["entities"][0]["version"] == 2
    newest = world.ask("projects.info", {"id": project})["version"]
    assert newest["version"] == 3


def test_datasets_are_listed_by_level_or_all(world: World) -> None:
    """Nested datasets are listed when asked recursively."""
    project = world.ask("lineage.register.project", {"name": "p"})["id"]
    outer = world.ask(
        "lineage.register.dataset", {"project_id": project, "name": "outer"}
    )
    inner = world.ask(
        "lineage.register.dataset",
        {"project_id": project, "name": "in", "parent_id": outer["id"],
         "items_count": 7},
    )  # fmt: skip

    def ids(**said: object) -> list[int]:
        page = world.ask("datasets.list", {"projectId": project, **said})
        return [dataset["id"] for dataset in page["entities"]]

    assert ids() == [outer["id"]]
    assert ids(recursive=True) == [outer["id"], inner["id"]]
    assert world.ask("datasets.info", {"id": inner["id"]})["itemsCount"] == 7
    shown = world.ask("projects.info", {"id": project})
    assert (shown["itemsCount"], shown["datasetsCount"]) == (7, 2)


def test_pages_serve_both_ways_of_paging(world: World) -> None:
    """Pages by number and by `after` give every project once, sorted as asked."""
    for name in "dcabe":
        world.ask("lineage.register.project", {"name": name, "workspace_id": 4})
    said = {"workspaceId": 4, "sort": "name", "sort_order": "desc", "per_page": 2}
    names: list[str] = []
    for number in (1, 2, 3):
        page = world.ask("projects.list", {**said, "page": number})
        assert (page["total"], page["perPage"], page["pagesCount"]) == (5, 2, 3)
        names += [project["name"] for project in page["entities"]]
    assert names == list("edcba")
    after, followed = None, []
    while True:
        more = {} if after is None else {"after": after}
        page = world.ask("projects.list", {**said, **more})
        followed += [project["name"] for project in page["entities"]]
        after = page["after"]
        if after is None:
            break
    assert followed == names


def test_a_project_is_edited(world: World) -> None:
    """Custom data told to editInfo is shown afterwards."""
    project = world.ask("lineage.register.project", {"name": "p"})["id"]
    world.ask("projects.editInfo", {"id": project, "customData": {"a": [1]}})
    assert world.ask("projects.info", {"id": project})["customData"] == {"a": [1]}


def test_a_job_has_what_clients_read(world: World) -> None:
    """A job's meta has the lists and the range that a client needs."""
    job = world.ask("lineage.register.job", {"name": "label"})
    meta = world.ask("jobs.info", {"id": job["id"]})["meta"]
    assert set(meta) == {"classes", "projectTags", "imageTags", "range"}


def test_unknown_things_are_404(world: World) -> None:
    """An id that nobody registered is not found, with the platform's body."""
    for method in ("projects.info", "datasets.info", "jobs.info", "file-storage.info"):
        status, details = world.refusal(method, {"id": 999})
        assert (status, details["field"]) == (404, "id")


def test_unknown_filters_and_orders_are_told(world: World) -> None:
    """A filter's operator and a sort order that do not exist are named."""
    condition = {"field": "id", "operator": "~", "value": 1}
    world.ask("lineage.register.project", {"name": "p"})
    _, details = world.refusal("projects.list", {"filter": [condition]})
    assert details["field"] == "filter.operator"
    _, details = world.refusal("projects.list", {"sort_order": "up"})
    assert details["allowed"] == "asc, desc"
