"""`api.facts` and `api.register` against an embedded instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from instance_fixture import edge_fact

from lineage.api import Api
from lineage.api.errors import IncompatibleInstanceError
from lineage.errors import ApiError
from lineage.instance.embedded import EmbeddedInstance


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """A client of an embedded instance."""
    instance = EmbeddedInstance(tmp_path / "instance")
    made = Api(instance.address, "", adapters={instance.address: instance.adapter})
    yield made
    made.close()
    instance.close()


def test_a_batch_is_stored_once(api: Api) -> None:
    """Sent twice, the facts are counted as duplicates."""
    facts = [edge_fact(1), edge_fact(2), {"f": "?"}]
    first = api.facts.add(facts)
    assert (first.stored, first.duplicates, len(first.refused)) == (2, 0, 1)
    again = api.facts.add(facts)
    assert (again.stored, again.duplicates) == (0, 2)


def test_an_instance_that_takes_no_batches_is_incompatible(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is announced, nothing is sent."""
    monkeypatch.setattr(api, "announced", lambda: None)
    with pytest.raises(IncompatibleInstanceError):
        api.facts.add([edge_fact(1)])


def test_a_whole_platform_is_registered(api: Api) -> None:
    """Every kind of object can be created, and is shown by the platform's endpoints."""
    project = api.register.project("p", type="videos")
    version = api.register.project_version(project["id"], description="d")
    dataset = api.register.dataset(project["id"], "d", items_count=3)
    file = api.register.file("/a/b.txt", text="hello")
    job = api.register.job("j")
    module = api.register.module("m", slug="org/m")
    task = api.register.task("t", status="finished")
    assert api.post("projects.info", {"id": project["id"]}).json()["itemsCount"] == 3
    assert (version["version"], dataset["projectId"]) == (1, project["id"])
    assert (
        api.post("file-storage.info", {"id": file["id"]}).json()["path"] == "/a/b.txt"
    )
    assert api.post("jobs.info", {"id": job["id"]}).json()["name"] == "j"
    assert api.post("ecosystem.info", {"id": module["id"]}).json()["slug"] == "org/m"
    assert api.post("tasks.info", {"id": task["id"]}).json()["status"] == "finished"


def test_an_artifact_that_is_there_is_refused(api: Api) -> None:
    """The server's reason reaches the caller."""
    api.register.project("p", id=5)
    with pytest.raises(ApiError, match="already") as refused:
        api.register.project("q", id=5)
    assert refused.value.status == 409
