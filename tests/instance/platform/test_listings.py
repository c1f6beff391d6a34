"""Listings: filters of every operator, sorting of anything, pages, in the store."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import listing_reference
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instance_fixture import InstanceFixture

from lineage.instance.errors import RequestError
from lineage.instance.pagination import page_answer
from lineage.instance.params import PageParams
from lineage.instance.store.database import Row, Transaction
from lineage.instance.store.migrations import m0101_listings

ITEMS: list[dict[str, Any]] = [
    {"name": "b", "meta": {"size": 5}, "ok": True},
    {"name": "a", "meta": {"size": None}, "ok": 1},
    {"name": None, "meta": "text", "ok": False},
]
VALUES: list[Any] = [
    None, True, False, 0, 1, -3, 2**53, 0.5, -0.25, 1e20, "", "0", "1", "-3", "a", "B",
    "b", "Ä", "ä", "日本", "😀", "2001-01-01", "1970-01-01T00:16:40.250Z", 10**30,
]  # fmt: skip
FIELDS = [
    "id", "teamId", "name", "x", "meta", "meta.size", "meta.größe", "list", "list.0",
    "none", "a..b", 'q"', "status", "status.x", "workspaceId", "startedAt",
    "finishedAt", "userLogin", "description", "type", "userId", "createdBy",
    "meta.name", "meta.app", "meta.app.id", "meta.app.name", "settings",
    "agentId", "createdAt",
]  # fmt: skip
OPERATORS = ["=", "eq", "!=", ">", ">=", "<", "<="]
ANY = HealthCheck.function_scoped_fixture


def keep_objects(
    instance: InstanceFixture, bodies: list[dict[str, Any]], kind: str = "job"
) -> None:
    """Keep objects with these bodies."""
    objects = instance.services.objects
    with objects.db.write() as tx:
        for body in bodies:
            objects.add(tx, 1, kind, {"createdAt": "1", "updatedAt": "1", **body})


def listed(
    instance: InstanceFixture, kind: str = "job", **wanted: Any
) -> dict[str, Any]:
    """Return the answer of a listing."""
    form = PageParams.model_validate(wanted)
    found, total = instance.services.objects.page((1,), kind, form)
    return page_answer(form, found, total)


def ids(instance: InstanceFixture, **wanted: Any) -> list[int]:
    """List the items and give their ids."""
    keep_objects(instance, ITEMS)
    return [item["id"] for item in listed(instance, **wanted)["entities"]]


@pytest.mark.parametrize(
    ("operator", "field", "value", "expected"),
    [("=", "id", 2, [2]), ("=", "id", "2", [2]), ("eq", "name", "a", [2]),
     ("!=", "id", 2, [1, 3]), ("in", "id", [1, "3"], [1, 3]), (">", "id", 1, [2, 3]),
     (">=", "id", 2, [2, 3]), ("<", "id", 2, [1]), ("<=", "id", 2, [1, 2]),
     ("=", "ok", True, [1]), ("=", "meta.size", 5, [1]), (">", "meta.size", 1, [1]),
     ("<", "name", 5, []), ("in", "name", ["a", "c"], [2]),
     ("in", "x", [None], [1, 2, 3]), ("=", "name", "A", []),
     ("in", "name", [], []), (">", "id", 10**30, [])],
)  # fmt: skip
def test_filters(
    instance: InstanceFixture,
    operator: str,
    field: str,
    value: Any,
    expected: list[int],
) -> None:
    """Each operator keeps what it says; ids match as text or number."""
    wanted = {"field": field, "operator": operator, "value": value}
    assert ids(instance, filter=[wanted]) == expected


@pytest.mark.parametrize("field", ["id", "name", "meta", "meta.size", "none", "ok"])
def test_anything_is_sorted(instance: InstanceFixture, field: str) -> None:
    """Values of any mixture of types have an order, both ways."""
    assert sorted(ids(instance, sort=field)) == [1, 2, 3]
    backward = listed(instance, sort=field, sort_order="desc")["entities"]
    assert sorted(item["id"] for item in backward) == [1, 2, 3]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({"filter": [{"field": "id", "operator": "in", "value": 1}]}, "filter.value"),
     ({"filter": [{"field": "id", "operator": "=", "value": [1]}]}, "filter.value"),
     ({"filter": [{"field": "id", "operator": ">", "value": {}}]}, "filter.value"),
     ({"filter": [{"field": "id", "operator": "in", "value": [[]]}]}, "filter.value"),
     ({"after": "x"}, "after")],
)  # fmt: skip
def test_what_cannot_be_read_names_its_field(
    instance: InstanceFixture, wanted: dict[str, Any], field: str
) -> None:
    """A filter compares with single values, and `after` is what we gave."""
    with pytest.raises(RequestError) as refused:
        listed(instance, **wanted)
    assert refused.value.field == field


def test_an_empty_listing_has_no_pages(instance: InstanceFixture) -> None:
    """Nothing is a page of nothing, with every key."""
    assert listed(instance) == {
        "total": 0, "perPage": 500, "pagesCount": 0, "entities": [], "after": None,
    }  # fmt: skip


def test_a_number_that_json_cannot_hold_is_refused(instance: InstanceFixture) -> None:
    """An infinite number in a body is refused, where it would spoil every listing."""
    body = b'{"name": "p", "custom_data": {"x": 1e999}}'
    answer = instance.send("lineage.register.project", raw=body)
    assert answer.status == 400
    wanted = b'{"filter": [{"field": "x", "operator": "<", "value": 1e999}]}'
    assert instance.send("projects.list", raw=wanted).status == 400


def varied() -> Iterator[dict[str, Any]]:
    """Return bodies of many mixtures of values, the same in each run."""
    for number, value in enumerate(VALUES * 3):
        other = VALUES[(number * 7 + 3) % len(VALUES)]
        size = {"size": other, "größe": value}
        body = {"name": value, "x": other, "meta": size, "list": [value]}
        yield {key: body[key] for key in list(body)[number % 3 :]}


conditions = st.lists(
    st.builds(dict, field=st.sampled_from(FIELDS), operator=st.sampled_from(OPERATORS),
              value=st.sampled_from(VALUES))
    | st.builds(dict, field=st.sampled_from(FIELDS), operator=st.just("in"),
                value=st.lists(st.sampled_from(VALUES), max_size=4)),
    max_size=3,
)  # fmt: skip
forms = st.builds(
    PageParams, filter=conditions, sort=st.sampled_from(FIELDS),
    sort_order=st.sampled_from(["asc", "desc"]), page=st.integers(1, 4),
    per_page=st.integers(1, 40),
)  # fmt: skip


def test_a_number_as_name_is_found_by_its_digits(instance: InstanceFixture) -> None:
    """The index of names holds what the filter takes for equal."""
    keep_objects(instance, [{"name": 7}, {"name": "7"}, {"name": True}])
    form = PageParams(filter=[{"field": "name", "operator": "=", "value": "7"}])
    found, total = instance.services.objects.page((1,), "job", form)
    assert [item["name"] for item in found] == [7, "7"]
    assert total == 2


def test_pages_of_artifacts_are_those_of_plain_python(
    instance: InstanceFixture,
) -> None:
    """Whatever is requested, SQL and plain Python give the same page of objects."""
    keep_objects(instance, list(varied()))
    everything, _ = instance.services.objects.page(
        (1,), "job", PageParams(per_page=999)
    )

    @settings(max_examples=150, suppress_health_check=[ANY], deadline=None)
    @given(forms)
    def check(form: PageParams) -> None:
        found, total = instance.services.objects.page((1,), "job", form)
        expected = listing_reference.page(everything, form)
        assert page_answer(form, found, total) == expected

    check()


def varied_tasks(instance: InstanceFixture) -> None:
    """Make tasks with and without info from apps."""
    tasks = instance.services.tasks
    for number, body in enumerate(itertools.islice(varied(), 24)):
        stated = [{}, {"appId": 7}, {"meta": body}, {"meta": {"app": {"id": number}}}]
        kept = {**stated[number % 4], "workspaceId": number % 3}
        status = ["queued", "started", "finished"][number % 3]
        tasks.create(1, f"Task {number % 5}", kept, status=status)
    with instance.services.store.db.write() as tx:
        tx.run("UPDATE tasks SET started_at = 1000.0 + (number % 7) * 0.25 + 0.0004")
        tx.run("UPDATE tasks SET ended_at = 2000.5 + number WHERE ended_at IS NOT NULL")
        tx.run("UPDATE tasks SET user_name = 'maria' WHERE number % 2 = 0")


def test_pages_of_tasks_are_those_of_plain_python(instance: InstanceFixture) -> None:
    """Whatever is requested, SQL and plain Python give the same page of tasks."""
    varied_tasks(instance)
    everything, _ = instance.services.tasks.page((1,), PageParams(per_page=999))

    @settings(max_examples=150, suppress_health_check=[ANY], deadline=None)
    @given(forms)
    def check(form: PageParams) -> None:
        found, total = instance.services.tasks.page((1,), form)
        expected = listing_reference.page(everything, form)
        assert page_answer(form, found, total) == expected

    check()


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """Rows that any statement gives, from now on."""
    rows: list[Row] = []
    real = Transaction.all

    def counting(self: Transaction, sql: str, params: Any = ()) -> list[Row]:
        found = real(self, sql, params)
        rows.extend(found)
        return found

    monkeypatch.setattr(Transaction, "all", counting)
    return rows


MANY = 3000


def fill(instance: InstanceFixture) -> None:
    """Keep thousands of objects of each kind, below one parent, and their tasks."""
    rows = [
        (1, kind, id, 1, None, f"{kind} {id % 50}",
         json.dumps({"id": id, "teamId": 1, "name": f"{kind} {id % 50}",
                     "version": id, "parentId": None, "itemsCount": 1, "config": {}}))
        for kind in ("project", "dataset", "project_version", "module", "app")
        for id in range(1, MANY + 1)
    ]  # fmt: skip
    rows += [
        (1, "file", id, None, f"/d{id % 40}/f{id}" if id % 2 else f"/d1/g{id}", None,
         json.dumps({"id": id, "path": f"/d{id % 40}/f{id}"}))
        for id in range(1, MANY + 1)
    ]  # fmt: skip
    columns = ("team_id", "kind", "id", "parent_id", "path", "name_lower", "body")
    with instance.services.store.db.write() as tx:
        tx.insert_many("platform_things", columns, rows)
        tx.insert_many(
            "tasks", ("id", "team_id", "number", "name", "created_at"),
            [(id, 1, id, f"task {id % 50}", float(id)) for id in range(1, MANY + 1)],
        )  # fmt: skip
        tx.insert_many(
            "task_parts", ("team_id", "task_id", "part", "app_id", "body"),
            [(1, id, "info", id % 900 + 1, "{}") for id in range(1, MANY + 1)],
        )  # fmt: skip


PAGE = {"per_page": 10, "page": 3, "sort": "name", "sort_order": "desc"}


def test_only_a_page_is_fetched(instance: InstanceFixture, fetched: list[Row]) -> None:
    """Of thousands of rows a listing fetches a page, whatever it is sorted by."""
    fill(instance)
    for method, wanted in (
        ("projects.list", {"workspaceId": 1}),
        ("datasets.list", {"projectId": 1}),
        ("projects.versions.list", {"projectId": 1}),
        ("ecosystem.list", {"search": "MODULE"}),
        ("tasks.list", {"workspaceId": 1}),
        ("apps.list", {"teamId": 1}),
        ("apps.list", {"teamId": 1, "onlyRunning": True}),
    ):
        fetched.clear()
        answer = instance.call(method, {**wanted, **PAGE})
        assert len(answer["entities"]) == 10
        assert answer["total"] == (900 if wanted.get("onlyRunning") else MANY)
        # A project comes with two rows of counts, an app with up to four tasks.
        assert len(fetched) <= 50, method


def test_only_a_folders_level_is_fetched(
    instance: InstanceFixture, fetched: list[Row]
) -> None:
    """A listing of one level fetches nothing that lies deeper."""
    fill(instance)
    fetched.clear()
    wanted = {"teamId": 1, "path": "/", "recursive": False}
    inside = instance.call("file-storage.list", wanted)
    assert sorted(i["name"] for i in inside) == sorted(f"d{n}" for n in range(1, 40, 2))
    assert fetched == []
    deeper = instance.call("file-storage.list", {**wanted, "path": "/d3"})
    assert len(deeper) == len(fetched) == MANY // 40


def test_an_older_store_gets_the_columns_filled(instance: InstanceFixture) -> None:
    """What was kept before the columns came is found by them as what came after."""
    instance.call("lineage.register.project", {"name": "ÄB", "workspace_id": 4})
    stated = {"name": "m", "config": {}}
    module = instance.call("lineage.register.module", stated)["id"]
    app = instance.call("tasks.run.app", {"moduleId": module})[0]["appId"]
    with instance.services.store.db.write() as tx:
        tx.run("UPDATE platform_things SET name_lower = NULL WHERE kind = 'project'")
        tx.run("UPDATE platform_things SET parent_id = NULL WHERE kind = 'project'")
        tx.run("UPDATE task_parts SET app_id = NULL")
        m0101_listings.fill(tx)
    named = [{"field": "name", "value": "ÄB"}]
    found = instance.call("projects.list", {"workspaceId": 4, "filter": named})
    assert found["total"] == 1
    assert instance.call("apps.tasks.list", {"teamId": 1, "appId": app})["total"] == 1


def test_pages_go_over_several_teams(instance: InstanceFixture) -> None:
    """Who sees two teams gets one listing of both, by id and then by team."""
    objects = instance.services.objects
    with objects.db.write() as tx:
        for team in (5, 1, 3):
            for id in (2, 1):
                objects.add(tx, team, "job", {"name": f"{id}"}, id=id)
    form = PageParams(per_page=3, sort="id", sort_order="desc")
    found, total = objects.page((1, 5), "job", form)
    assert [(item_found["id"], item_found["teamId"]) for item_found in found] == [
        (2, 1),
        (2, 5),
        (1, 1),
    ]
    assert total == 4


def test_of_two_that_bring_one_id_one_is_refused(instance: InstanceFixture) -> None:
    """Callers at the same moment come one after the other, also on PostgreSQL."""
    wanted = {"name": "p", "id": 7}
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda _: instance.send("lineage.register.project", wanted).status,
            range(8),
        )
        assert sorted(answers) == [200] + [409] * 7
