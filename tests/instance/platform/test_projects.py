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


def test_a_given_id_is_kept_and_taken_once(world: World) -> None:
    """A given id is the object's, refused a second time, and never given out."""
    assert world.ask("lineage.register.project", {"name": "a", "id": 1})["id"] == 1
    status, details = world.refusal("lineage.register.project", {"name": "b", "id": 1})
    assert (status, details["field"]) == (409, "id")
    assert world.ask("lineage.register.project", {"name": "c"})["id"] == 2


def test_versions_have_all_their_keys_and_count_up(world: World) -> None:
    """A version has the platform's thirteen keys; a filter finds it by number."""
    project = world.ask("lineage.register.project", {"name": "p"})["id"]
    for _ in range(3):
        world.ask("lineage.register.project-version", {"project_id": project})
    wanted = {
        "projectId": project,
        "filter": [{"field": "version", "operator": "=", "value": 2}],
        "sort": "id",
        "sort_order": "asc",
    }
    page = world.ask("projects.versions.list", wanted)
    assert page["total"] == 1
    assert set(page["entities"][0]) >= VERSION_KEYS
    assert page["entities"][0]["version"] == 2
    newest = world.ask("projects.info", {"id": project})["version"]
    assert newest["version"] == 3


def test_datasets_are_listed_by_level_or_all(world: World) -> None:
    """Nested datasets are listed recursively on request."""
    project = world.ask("lineage.register.project", {"name": "p"})["id"]
    outer = world.ask(
        "lineage.register.dataset", {"project_id": project, "name": "outer"}
    )
    inner = world.ask(
        "lineage.register.dataset",
        {"project_id": project, "name": "in", "parent_id": outer["id"],
         "items_count": 7},
    )  # fmt: skip

    def ids(**wanted: object) -> list[int]:
        page = world.ask("datasets.list", {"projectId": project, **wanted})
        return [dataset["id"] for dataset in page["entities"]]

    assert ids() == [outer["id"]]
    assert ids(recursive=True) == [outer["id"], inner["id"]]
    assert world.ask("datasets.info", {"id": inner["id"]})["itemsCount"] == 7
    shown = world.ask("projects.info", {"id": project})
    assert (shown["itemsCount"], shown["datasetsCount"]) == (7, 2)


def test_pages_serve_both_ways_of_paging(world: World) -> None:
    """Pages by number and by `after` give every project once, sorted as requested."""
    for name in "dcabe":
        world.ask("lineage.register.project", {"name": name, "workspace_id": 4})
    wanted = {
        "workspaceId": 4,
        "sort": "name",
        "sort_order": "desc",
        "per_page": 2,
    }
    names: list[str] = []
    for number in (1, 2, 3):
        page = world.ask("projects.list", {**wanted, "page": number})
        assert (page["total"], page["perPage"], page["pagesCount"]) == (5, 2, 3)
        names += [project["name"] for project in page["entities"]]
    assert names == list("edcba")
    after, followed = None, []
    while True:
        more = {} if after is None else {"after": after}
        page = world.ask("projects.list", {**wanted, **more})
        followed += [project["name"] for project in page["entities"]]
        after = page["after"]
        if after is None:
            break
    assert followed == names


def test_a_project_is_edited(world: World) -> None:
    """Custom data sent to editInfo is shown afterwards."""
    project = world.ask("lineage.register.project", {"name": "p"})["id"]
    world.ask("projects.editInfo", {"id": project, "customData": {"a": [1]}})
    assert world.ask("projects.info", {"id": project})["customData"] == {"a": [1]}


def test_a_job_has_what_clients_read(world: World) -> None:
    """A job's meta has the lists and the range that a client needs."""
    job = world.ask("lineage.register.job", {"name": "label"})
    meta = world.ask("jobs.info", {"id": job["id"]})["meta"]
    assert set(meta) == {"classes", "projectTags", "imageTags", "range"}


def test_unknown_artifacts_are_404(world: World) -> None:
    """An id that nobody registered is not found, with the platform's body."""
    for method in ("projects.info", "datasets.info", "jobs.info", "file-storage.info"):
        status, details = world.refusal(method, {"id": 999})
        assert (status, details["field"]) == (404, "id")


def test_unknown_filters_and_orders_are_reported(world: World) -> None:
    """A filter's operator and a sort order that do not exist are named."""
    condition = {"field": "id", "operator": "~", "value": 1}
    world.ask("lineage.register.project", {"name": "p"})
    _, details = world.refusal("projects.list", {"filter": [condition]})
    assert details["field"] == "filter.operator"
    _, details = world.refusal("projects.list", {"sort_order": "up"})
    assert details["allowed"] == "asc, desc"


def test_what_apps_keep_with_a_dataset_comes_on_request(world: World) -> None:
    """The SDK uses datasets as keys of a dict, so a dict in them comes on request."""
    project = world.ask("lineage.register.project", {"name": "p"})["id"]
    body = {"projectId": project, "name": "d", "customData": {"a": 1}}
    made = world.ask("datasets.add", body)["id"]
    assert world.ask("datasets.info", {"id": made})["customData"] == {"a": 1}
    (listed,) = world.ask("datasets.list", {"projectId": project})["entities"]
    assert "customData" not in listed
    extra = {"projectId": project, "extraFields": ["customData"]}
    (listed,) = world.ask("datasets.list", extra)["entities"]
    assert listed["customData"] == {"a": 1}


def test_projects_and_datasets_have_a_picture(world: World) -> None:
    """The SDK makes an address of the picture, so there always is one."""
    project = world.ask("lineage.register.project", {"name": "p"})
    body = {"project_id": project["id"], "name": "d"}
    dataset = world.ask("lineage.register.dataset", body)
    assert project["referenceImageUrl"]
    assert dataset["referenceImageUrl"]


def test_classes_and_tags_are_kept_with_ids(world: World) -> None:
    """New classes get ids of their own; the meta of a new project is empty."""
    project = world.ask("lineage.register.project", {"name": "p"})["id"]
    assert world.ask("projects.meta", {"id": project})["classes"] == []
    meta = {"classes": [{"title": "cat", "id": 7}, {"title": "dog"}], "tags": []}
    made = world.ask("projects.meta.update", {"id": project, "meta": meta})
    assert [one["id"] for one in made["classes"]] == [7, 8]
    assert world.ask("projects.meta", {"id": project}) == made
    wrong = {"id": project, "meta": {"classes": [1]}}
    assert world.refusal("projects.meta.update", wrong)[0] == 400


def test_a_project_is_archived_with_its_datasets(world: World) -> None:
    """What was archived is not found any more; other projects stay."""
    project, other = (
        world.ask("lineage.register.project", {"name": name})["id"] for name in "ab"
    )
    body = {"project_id": project, "name": "d", "items_count": 3}
    dataset = world.ask("lineage.register.dataset", body)["id"]
    stats = world.ask("projects.stats", {"id": project})
    assert stats["images"]["total"]["imagesInDataset"] == 3
    world.ask("projects.archive", {"id": project})
    assert world.refusal("projects.info", {"id": project})[0] == 404
    assert world.refusal("datasets.info", {"id": dataset})[0] == 404
    assert world.ask("projects.info", {"id": other})["name"] == "b"


def test_images_are_listed_as_none(world: World) -> None:
    """Images are not kept here: an honest empty page, not a missing endpoint."""
    project = world.ask("lineage.register.project", {"name": "p"})["id"]
    body = {"project_id": project, "name": "d"}
    dataset = world.ask("lineage.register.dataset", body)["id"]
    assert world.ask("images.list", {"datasetId": dataset})["entities"] == []
    assert world.refusal("images.list", {"datasetId": dataset + 1})[0] == 404


def test_jobs_are_listed(world: World) -> None:
    """A team's labeling jobs come in pages, filtered by their fields."""
    for name, project in (("a", 3), ("b", 4)):
        world.ask("lineage.register.job", {"name": name, "project_id": project})
    condition = {"field": "projectId", "operator": "=", "value": 4}
    listed = world.ask("jobs.list", {"teamId": 1, "filter": [condition]})
    assert [job["name"] for job in listed["entities"]] == ["b"]
