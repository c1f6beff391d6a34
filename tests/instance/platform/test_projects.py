"""Projects, versions, datasets and jobs, made by registering them."""

from __future__ import annotations

from typing import Any

import pytest
from instance_fixture import InstanceFixture

VERSION_KEYS = {
    "id", "projectId", "createdBy", "teamFileId", "version", "description", "status",
    "createdAt", "updatedAt", "projectUpdatedAt", "teamId", "name", "previewProjectId",
}  # fmt: skip


def test_a_registered_project_is_shown(instance: InstanceFixture) -> None:
    """A project's own endpoint shows what it was registered with."""
    made = instance.call("lineage.register.project", {"name": "Cats", "type": "videos"})
    shown = instance.call("projects.info", {"id": str(made["id"])})
    assert shown == made
    assert (shown["name"], shown["type"], shown["teamId"]) == ("Cats", "videos", 1)
    assert shown["version"] is None


def test_a_given_id_is_kept_and_taken_once(instance: InstanceFixture) -> None:
    """A given id is the object's, refused a second time, and never given out."""
    assert instance.call("lineage.register.project", {"name": "a", "id": 1})["id"] == 1
    status, details = instance.refusal(
        "lineage.register.project", {"name": "b", "id": 1}
    )
    assert (status, details["field"]) == (409, "id")
    assert instance.call("lineage.register.project", {"name": "c"})["id"] == 2


def test_versions_have_all_their_keys_and_count_up(instance: InstanceFixture) -> None:
    """A version has the platform's thirteen keys; a filter finds it by number."""
    project = instance.call("lineage.register.project", {"name": "p"})["id"]
    for _ in range(3):
        instance.call("lineage.register.project-version", {"project_id": project})
    wanted = {
        "projectId": project,
        "filter": [{"field": "version", "operator": "=", "value": 2}],
        "sort": "id",
        "sort_order": "asc",
    }
    page = instance.call("projects.versions.list", wanted)
    assert page["total"] == 1
    assert set(page["entities"][0]) >= VERSION_KEYS
    assert page["entities"][0]["version"] == 2
    newest = instance.call("projects.info", {"id": project})["version"]
    assert newest["version"] == 3


def test_datasets_are_listed_by_level_or_all(instance: InstanceFixture) -> None:
    """Nested datasets are listed recursively on request."""
    project = instance.call("lineage.register.project", {"name": "p"})["id"]
    outer = instance.call(
        "lineage.register.dataset", {"project_id": project, "name": "outer"}
    )
    inner = instance.call(
        "lineage.register.dataset",
        {"project_id": project, "name": "in", "parent_id": outer["id"],
         "items_count": 7},
    )  # fmt: skip

    def ids(**wanted: object) -> list[int]:
        page = instance.call("datasets.list", {"projectId": project, **wanted})
        return [dataset["id"] for dataset in page["entities"]]

    assert ids() == [outer["id"]]
    assert ids(recursive=True) == [outer["id"], inner["id"]]
    assert instance.call("datasets.info", {"id": inner["id"]})["itemsCount"] == 7
    shown = instance.call("projects.info", {"id": project})
    assert (shown["itemsCount"], shown["datasetsCount"]) == (7, 2)


def test_pages_serve_both_ways_of_paging(instance: InstanceFixture) -> None:
    """Pages by number and by `after` give every project once, sorted as requested."""
    for name in "dcabe":
        instance.call("lineage.register.project", {"name": name, "workspace_id": 4})
    wanted = {
        "workspaceId": 4,
        "sort": "name",
        "sort_order": "desc",
        "per_page": 2,
    }
    names: list[str] = []
    for number in (1, 2, 3):
        page = instance.call("projects.list", {**wanted, "page": number})
        assert (page["total"], page["perPage"], page["pagesCount"]) == (5, 2, 3)
        names += [project["name"] for project in page["entities"]]
    assert names == list("edcba")
    after, followed = None, []
    while True:
        more = {} if after is None else {"after": after}
        page = instance.call("projects.list", {**wanted, **more})
        followed += [project["name"] for project in page["entities"]]
        after = page["after"]
        if after is None:
            break
    assert followed == names


def test_a_project_is_edited(instance: InstanceFixture) -> None:
    """Custom data sent to editInfo is shown afterwards."""
    project = instance.call("lineage.register.project", {"name": "p"})["id"]
    instance.call("projects.editInfo", {"id": project, "customData": {"a": [1]}})
    assert instance.call("projects.info", {"id": project})["customData"] == {"a": [1]}


def test_a_job_has_what_clients_read(instance: InstanceFixture) -> None:
    """A job's meta has the lists and the range that a client needs."""
    job = instance.call("lineage.register.job", {"name": "label"})
    meta = instance.call("jobs.info", {"id": job["id"]})["meta"]
    assert set(meta) == {"classes", "projectTags", "imageTags", "range"}


def test_unknown_artifacts_are_404(instance: InstanceFixture) -> None:
    """An id that nobody registered is not found, with the platform's body."""
    for method in ("projects.info", "datasets.info", "jobs.info", "file-storage.info"):
        status, details = instance.refusal(method, {"id": 999})
        assert (status, details["field"]) == (404, "id")


def test_unknown_filters_and_orders_are_reported(instance: InstanceFixture) -> None:
    """A filter's operator and a sort order that do not exist are named."""
    condition = {"field": "id", "operator": "~", "value": 1}
    instance.call("lineage.register.project", {"name": "p"})
    _, details = instance.refusal("projects.list", {"filter": [condition]})
    assert details["field"] == "filter.operator"
    _, details = instance.refusal("projects.list", {"sort_order": "up"})
    assert details["allowed"] == "asc, desc"


def test_what_apps_keep_with_a_dataset_comes_on_request(
    instance: InstanceFixture,
) -> None:
    """The SDK uses datasets as keys of a dict, so a dict in them comes on request."""
    project = instance.call("lineage.register.project", {"name": "p"})["id"]
    body = {"projectId": project, "name": "d", "customData": {"a": 1}}
    made = instance.call("datasets.add", body)["id"]
    assert instance.call("datasets.info", {"id": made})["customData"] == {"a": 1}
    (listed,) = instance.call("datasets.list", {"projectId": project})["entities"]
    assert "customData" not in listed
    extra = {"projectId": project, "extraFields": ["customData"]}
    (listed,) = instance.call("datasets.list", extra)["entities"]
    assert listed["customData"] == {"a": 1}


def test_projects_and_datasets_have_a_picture(instance: InstanceFixture) -> None:
    """The SDK makes an address of the picture, so there always is one."""
    project = instance.call("lineage.register.project", {"name": "p"})
    body = {"project_id": project["id"], "name": "d"}
    dataset = instance.call("lineage.register.dataset", body)
    assert project["referenceImageUrl"]
    assert dataset["referenceImageUrl"]


def test_classes_and_tags_are_kept_with_ids(instance: InstanceFixture) -> None:
    """New classes get ids of their own; the meta of a new project is empty."""
    project = instance.call("lineage.register.project", {"name": "p"})["id"]
    assert instance.call("projects.meta", {"id": project})["classes"] == []
    meta = {"classes": [{"title": "cat", "id": 7}, {"title": "dog"}], "tags": []}
    made = instance.call("projects.meta.update", {"id": project, "meta": meta})
    assert [one["id"] for one in made["classes"]] == [7, 8]
    assert instance.call("projects.meta", {"id": project}) == made
    wrong = {"id": project, "meta": {"classes": [1]}}
    assert instance.refusal("projects.meta.update", wrong)[0] == 400


def test_a_project_is_archived_with_its_datasets(instance: InstanceFixture) -> None:
    """What was archived is not found any more; other projects stay."""
    project, other = (
        instance.call("lineage.register.project", {"name": name})["id"] for name in "ab"
    )
    body = {"project_id": project, "name": "d", "items_count": 3}
    dataset = instance.call("lineage.register.dataset", body)["id"]
    stats = instance.call("projects.stats", {"id": project})
    assert stats["images"]["total"]["imagesInDataset"] == 3
    instance.call("projects.archive", {"id": project})
    assert instance.refusal("projects.info", {"id": project})[0] == 404
    assert instance.refusal("datasets.info", {"id": dataset})[0] == 404
    assert instance.call("projects.info", {"id": other})["name"] == "b"


def test_only_what_is_archived_is_removed_for_good(instance: InstanceFixture) -> None:
    """A project that is there is refused by name, and nothing is removed then."""
    first, second = (
        instance.call("lineage.register.project", {"name": name})["id"] for name in "ab"
    )
    body = {"project_id": first, "name": "d"}
    dataset = instance.call("lineage.register.dataset", body)["id"]
    instance.call("projects.archive", {"id": first})
    both = {"projects": [{"id": first}, second], "preserveProjectCard": False}
    status, details = instance.refusal("projects.remove.permanently", both)
    assert (status, details["field"]) == (400, "projects")
    assert f"project {second} is not archived" in details["message"]
    archived = {"datasets": [dataset]}
    assert instance.call("datasets.remove.permanently", archived)["success"]
    instance.call("projects.archive", {"id": second})
    assert instance.call("projects.remove.permanently", both)["success"]
    assert instance.refusal("projects.remove.permanently", both)[0] == 404


@pytest.mark.parametrize("ids", [[], list(range(51)), ["x"], 5])
def test_a_request_removes_one_to_fifty(instance: InstanceFixture, ids: Any) -> None:
    """What is no list of one to fifty ids is refused with the field's name."""
    for kind in ("projects", "datasets"):
        refused = instance.refusal(f"{kind}.remove.permanently", {kind: ids})
        assert refused[0] == 400
        assert refused[1]["field"].startswith(kind)


def test_an_id_that_is_archived_is_free_again(instance: InstanceFixture) -> None:
    """A new project may have an archived one's id, and be archived in its turn."""
    for name in ("a", "b"):
        instance.call("lineage.register.project", {"name": name, "id": 5})
        instance.call("projects.archive", {"id": 5})
    assert instance.call("projects.remove.permanently", {"projects": [5]})["success"]


def test_a_project_with_a_copy_elsewhere_keeps_its_card(
    instance: InstanceFixture,
) -> None:
    """Its datasets go, and it shows where the copy is."""
    project = instance.call("lineage.register.project", {"name": "p"})["id"]
    body = {"project_id": project, "name": "d", "items_count": 3}
    instance.call("lineage.register.dataset", body)
    item = {"id": project, "archiveUrl": "https://copy"}
    instance.call("projects.remove.permanently", {"projects": [item]})
    shown = instance.call("projects.info", {"id": project})
    assert shown["backupArchive"] == {"archiveUrl": "https://copy"}
    assert shown["itemsCount"] == 0


def test_a_workspace_goes_with_its_projects(instance: InstanceFixture) -> None:
    """Archived, it is in no list; removed, its projects are gone for good."""
    made = instance.call("projects.add", {"workspaceId": 8, "name": "p"})["id"]
    gone = {"workspacesIds": [8]}
    assert instance.refusal("workspaces.remove.permanently", gone)[0] == 400
    instance.call("workspaces.archive", {"id": 8})
    listed = instance.call("workspaces.list", {"teamId": 1})["entities"]
    assert 8 not in [one["id"] for one in listed]
    instance.call("workspaces.remove.permanently", gone)
    wanted = {"projects": [made]}
    assert instance.refusal("projects.remove.permanently", wanted)[0] == 404


def test_images_are_listed_as_none(instance: InstanceFixture) -> None:
    """Images are not kept here: an honest empty page, not a missing endpoint."""
    project = instance.call("lineage.register.project", {"name": "p"})["id"]
    body = {"project_id": project, "name": "d", "items_count": 3}
    dataset = instance.call("lineage.register.dataset", body)["id"]
    assert instance.call("images.list", {"datasetId": dataset})["entities"] == []
    for method in ("images.bulk.add", "images.bulk.upload"):
        assert instance.refusal(method, {"datasetId": dataset})[0] == 404
    assert instance.refusal("images.list", {"datasetId": dataset + 1})[0] == 404


def test_jobs_are_listed(instance: InstanceFixture) -> None:
    """A team's labeling jobs come in pages, filtered by their fields."""
    for name, project in (("a", 3), ("b", 4)):
        instance.call("lineage.register.job", {"name": name, "project_id": project})
    condition = {"field": "projectId", "operator": "=", "value": 4}
    listed = instance.call("jobs.list", {"teamId": 1, "filter": [condition]})
    assert [job["name"] for job in listed["entities"]] == ["b"]
