"""One team never sees or changes another's, by any endpoint of the route table."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from instance_fixture import InstanceFixture, edge_fact, form
from pydantic import BaseModel

from lineage.instance.authorization import Principal
from lineage.instance.http import InstanceResponse
from lineage.instance.routes import ROUTES

MARK = "topsecret"
CONTENT = f"{MARK} bytes".encode()
HASH = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
OWNER = Principal((1,), "admin")
STRANGER = Principal((2,), "admin")

#: Ids of the owner's objects: fixed, so that they are the same in every run.
PROJECT, VERSION, DATASET, FILE, JOB, MODULE, TASK = range(70_001, 70_008)
OLD_PROJECT, OLD_DATASET = 70_008, 70_009

_SELECTORS = (f"task:{TASK}", f"project:{PROJECT}", MARK, "data:1")
_IDS = (PROJECT, VERSION, DATASET, FILE, JOB, MODULE, TASK, 1, 2)

#: What each field of a request model is given: everything of the owner's that it
#: could name. A field that is missing here fails the test, so that a new route
#: cannot be forgotten.
TARGETS: dict[str, tuple[Any, ...]] = {
    "id": _IDS,
    "taskId": (TASK, 1),
    "projectId": (PROJECT,),
    "project_id": (PROJECT,),
    "dataset_id": (DATASET,),
    "parentId": (DATASET,),
    "parent_id": (DATASET,),
    "moduleId": (MODULE,),
    "module_id": (MODULE,),
    "datasetId": (DATASET,),
    "datasets": ([{"id": OLD_DATASET}], [DATASET]),
    "projects": (
        [{"id": OLD_PROJECT}],
        [PROJECT],
        [{"id": PROJECT, "archiveUrl": "https://a/b"}],
    ),
    "workspacesIds": ([1],),
    "teamFileId": (1,),
    "previewProjectId": (PROJECT,),
    "appId": (1,),
    "agentId": (1,),
    "workspaceId": (1,),
    "workspace_id": (1,),
    "groupId": (1, 2),
    "teamId": (1, 2),
    "team_id": (1, 2),
    "node": ({"type": "task", "id": TASK},),
    "type": ("project", "task", "images"),
    "path": ("/", f"/{MARK}/a.txt", f"/{MARK}/"),
    "paths": ([f"/{MARK}/"],),
    "files": ([{"name": "x", "hash": HASH}],),
    "root": ([HASH],),
    "facts": ([edge_fact(1, task_id=TASK), edge_fact(2, task="shared-run")],),
    "logs": ([{"message": "x"}],),
    "fields": ([{"field": MARK, "payload": 1}], [MARK]),
    "key": ("data:1", "data:2", "data:3"),
    "run": ("shared-run",),
    "only": (["declared"],),
    "all": (True,),
    "all_versions": (True,),
    "select": _SELECTORS,
    "impact_of": _SELECTORS,
    "also": (["data:1", f"task:{TASK}"],),
    "find": (["data:1", f"task:{TASK}"],),
    "opened": ([f"task:{TASK}"],),
    "expanded": ([f"task:{TASK}.up", "data:1.down"],),
    "item": (f"task:{TASK}", "data:1"),
    "keys": ([f"task:{TASK}"],),
    "of": _SELECTORS,
    "a": _SELECTORS,
    "b": _SELECTORS,
    "source": _SELECTORS,
    "target": _SELECTORS,
    "text": (MARK, MARK[:3]),
    "search": (MARK,),
    "slug": (MARK,),
    "name": ("mine",),
    "status": ("stopped",),
    "output": ({"general": {}},),
    "payload": ({"state": {"a": 1}},),
    "command": ("is_ready",),
    "cursor": (None, "0"),
    "customData": ({"a": 1},),
    "settings": ({"a": 1},),
    "recursive": (True,),
}

#: Fields that name nothing of anybody's.
HARMLESS = frozenset(
    {"filter", "sort", "sort_order", "page", "per_page", "after", "limit", "up", "down",
     "depth", "kinds", "kind", "statuses", "as_of", "since", "until", "if_unchanged",
     "description", "readme", "config", "version", "custom_data", "items_count",
     "base64", "meta", "params", "logLevel", "usersIds", "appVersion", "isBranch",
     "taskName", "restartPolicy", "onlyRunning", "showDisabled", "repositoryKey",
     "categories", "categoriesOperation", "filePath", "fileKey", "isArchive",
     "sinceTime", "extraFields", "commitToken", "projectUpdatedAt", "title",
     "integratedInto", "sessionTags", "forceAllSessions", "format",
     "by", "first", "most", "most_versions", "indirect",
     "changed_only"}
)  # fmt: skip


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[InstanceFixture]:
    """An instance in which the owner's team has one of everything."""
    instance = InstanceFixture(tmp_path / "isolated")
    instance.principal = OWNER

    def register(what: str, id: int, **body: Any) -> None:
        instance.call(f"lineage.register.{what}", {"id": id, "name": MARK, **body})

    register("project", PROJECT)
    register("project-version", VERSION, project_id=PROJECT)
    register("dataset", DATASET, project_id=PROJECT)
    register("project", OLD_PROJECT)
    register("dataset", OLD_DATASET, project_id=PROJECT)
    instance.call("projects.archive", {"id": OLD_PROJECT})
    instance.call("datasets.archive", {"id": OLD_DATASET})
    register("file", FILE, path=f"/{MARK}/a.txt", text=CONTENT.decode())
    register("job", JOB)
    register("module", MODULE, slug=MARK)
    register("task", TASK)
    instance.call("tasks.run.app", {"moduleId": MODULE, "taskName": MARK})
    field = {"field": MARK, "payload": MARK}
    instance.call("tasks.data.set", {"taskId": TASK, "fields": [field]})
    own = {"x-task-id": str(TASK)}
    instance.call("tasks.logs.add", {"logs": [{"message": MARK}]}, headers=own)
    instance.call("tasks.output.set", {"taskId": TASK, "output": {MARK: MARK}})
    facts = [
        edge_fact(9, task="shared-run", task_id=TASK, id=PROJECT, name=MARK),
        edge_fact(10, task="shared-run", task_id=TASK, dir="output", kind="file",
                  id=f"/{MARK}/a.txt"),
    ]  # fmt: skip
    instance.call("lineage.facts.add", {"facts": facts})
    yield instance
    instance.close()


def bodies(model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """Return bodies that name the owner's objects by every field of a model."""
    fields = {**dict.fromkeys(model.model_fields)}
    known = [name for name in fields if name in TARGETS]
    longest = max((len(TARGETS[name]) for name in known), default=1)
    for turn in range(longest):
        for team in (1, 2):
            body = {n: TARGETS[n][turn % len(TARGETS[n])] for n in known}
            yield {
                n: team if n in ("teamId", "team_id", "groupId") else v
                for n, v in body.items()
                if v is not None
            }
            # A handler that gets fewer names takes another branch.
            for name in known:
                if not model.model_fields[name].is_required():
                    yield {n: v for n, v in body.items() if n != name}


#: Every table with a team in it; what another team's request may count is left out.
_TABLES = (
    "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) p"
    " WHERE m.type = 'table' AND p.name = 'team_id' AND m.name <> 'revisions'"
    " ORDER BY m.name"
)


def dump(instance: InstanceFixture) -> str:
    """Return everything that the store has of the owner's team."""
    with instance.services.store.db.read() as tx:
        tables = [str(row[0]) for row in tx.all(_TABLES)]
        assert len(tables) > 20
        rows = {
            table: sorted(map(repr, tx.all(f"SELECT * FROM {table} WHERE team_id = 1")))
            for table in tables
        }
    return json.dumps(rows)


def call(instance: InstanceFixture, name: str, body: Any) -> InstanceResponse:
    """Call a method as the stranger, in the form that it takes."""
    route = ROUTES[name]
    headers = {"x-task-id": str(TASK)}
    if route.form == "raw":
        raw, kind = form([("name", None, b"n"), ("path", None, f"/{MARK}/".encode()),
                          ("0", None, b"{}"), ("file", "n", b"x"),
                          ("0-file", "n", b"x")])  # fmt: skip
        headers.update(kind)
        query = {k: str(v) for k, v in body.items() if k != "path"}
        return instance.send(name, raw=raw, query=query, headers=headers,
                          principal=STRANGER)  # fmt: skip
    if route.form == "query":
        query = {k: str(v) for k, v in body.items()}
        return instance.send(name, query=query, headers=headers, principal=STRANGER)
    body = body.get("root", body)
    return instance.send(name, body, headers=headers, principal=STRANGER)


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_every_field_of_every_route_is_known_here(name: str) -> None:
    """A new field has to be put into `TARGETS`, or called harmless on purpose."""
    fields = set(ROUTES[name].model.model_fields)
    assert fields <= set(TARGETS) | HARMLESS, (
        f"{name}: add to TARGETS what of another team's these could name: "
        f"{sorted(fields - set(TARGETS) - HARMLESS)}"
    )


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_no_route_shows_or_changes_anothers(owned: InstanceFixture, name: str) -> None:
    """A route shows and changes none of the owner's objects for a stranger."""
    before = dump(owned)
    for body in bodies(ROUTES[name].model):
        answer = call(owned, name, body)
        text = answer.content().decode("utf-8", "replace")
        assert answer.status < 500, (body, text)
        # What the stranger typed may be shown to it again.
        typed = json.dumps(body)
        shown = text.replace(f"/{MARK}/n", "")
        if answer.status == 200 and name not in ("file-storage.upload",):
            assert MARK not in shown or MARK in typed, (body, text)
        if answer.status == 200 and MARK in typed and MARK in shown:
            assert '"hits":[]' in shown or name in ECHOES, (body, text)
    assert dump(owned) == before


#: Methods that keep what the stranger itself recorded, in its own team.
ECHOES = frozenset(
    {"lineage.register.file", "lineage.register.module", "lineage.facts.add",
     "file-storage.bulk.upload", "file-storage.upload", "tasks.data.get",
     "tasks.files.bulk.upload", "file-storage.list", "ecosystem.info",
     "ecosystem.list", "lineage.search"}
)  # fmt: skip


def test_the_owner_is_shown_its_own(owned: InstanceFixture) -> None:
    """The same requests are answered for the owner, so the test above can fail."""
    for method, body in (
        ("projects.info", {"id": PROJECT}),
        ("tasks.info", {"id": TASK}),
        ("ecosystem.info", {"slug": MARK}),
    ):
        assert MARK in json.dumps(owned.call(method, body))
    assert owned.call("images.internal.hashes.list", [HASH]) == [HASH]
    assert owned.call("images.internal.hashes.list", [HASH], principal=STRANGER) == []


@pytest.mark.parametrize("method", ["projects.info", "tasks.info", "jobs.info",
                                    "datasets.info", "file-storage.info"])  # fmt: skip
def test_anothers_id_is_answered_as_one_that_is_not_there(
    owned: InstanceFixture, method: str
) -> None:
    """The answer does not reveal whether an id exists elsewhere."""
    for number in _IDS:
        answer = owned.send(method, {"id": number + 100_000}, principal=STRANGER)
        hidden = owned.send(method, {"id": number}, principal=STRANGER)
        if hidden.status == 200:
            continue  # the stranger has one of the same number by now
        expected = answer.content().replace(str(number + 100_000).encode(), b"?")
        assert hidden.content().replace(str(number).encode(), b"?") == expected


def test_a_team_that_is_not_the_callers_is_refused(owned: InstanceFixture) -> None:
    """Naming another team is 403, whether or not there is such a team."""
    for team in (1, 999):
        body = {"teamId": team, "path": "/", "recursive": True}
        assert owned.refusal("file-storage.list", body, principal=STRANGER)[0] == 403


def test_bytes_are_not_shared(owned: InstanceFixture) -> None:
    """Bytes of another team cannot be named by their hash."""
    made = owned.call(
        "lineage.register.task", {"name": "mine", "id": 60_000}, principal=STRANGER
    )
    body = {"taskId": made["id"], "files": [{"name": "x", "hash": HASH}]}
    method = "tasks.files.bulk.add-by-hash"
    assert owned.refusal(method, body, principal=STRANGER)[0] == 404
