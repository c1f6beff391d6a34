"""The embedded instance: the same routes behind a `requests` adapter."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from instance_fixture import edge_fact

from lineage.api import Api
from lineage.api.errors import HttpError
from lineage.errors import (
    ApiError,
    LineageError,
    StoreCorruptError,
    StoreError,
    StoreTooNewError,
)
from lineage.instance.embedded import EmbeddedInstance
from lineage.instance.store import Store, StoreFaultError, open_store
from lineage.model.ingest import BatchAnswer


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedInstance]:
    """An embedded instance in a folder that is not there yet."""
    made = EmbeddedInstance(tmp_path / "home" / ".lineage")
    yield made
    made.close()


@pytest.fixture
def session(embedded: EmbeddedInstance) -> Iterator[requests.Session]:
    """A session in which it is mounted."""
    with requests.Session() as made:
        made.mount(embedded.address, embedded.adapter)
        yield made


def url(method: str) -> str:
    """Return a method's address."""
    return f"http://embedded.lineage/public/api/v3/{method}"


def test_nothing_is_made_before_the_first_request(
    embedded: EmbeddedInstance, session: requests.Session
) -> None:
    """The folder appears with the first request, and the store in it."""
    assert not embedded.home.exists()
    assert session.post(url("instance.version"), json={}).json()["version"]
    assert (embedded.home / "instance.db").is_file()


def test_facts_are_taken_in_and_kept(
    embedded: EmbeddedInstance, session: requests.Session
) -> None:
    """Facts sent through the adapter are there when it is opened again."""
    facts = {"facts": [edge_fact(1), edge_fact(2)]}
    answer = session.post(url("lineage.facts.add"), json=facts)
    assert (answer.status_code, answer.json()["stored"]) == (200, 2)
    embedded.close()
    with closing(EmbeddedInstance(embedded.home)) as later:
        session.mount(later.address, later.adapter)
        again = session.post(url("lineage.facts.add"), json=facts).json()
    assert (again["stored"], again["duplicates"]) == (0, 2)


def test_every_call_style_of_body_is_read(session: requests.Session) -> None:
    """Bytes, text, files, chunks and forms arrive whole."""
    assert session.post(url("instance.version"), data='{"a": 1}').ok
    target = url("file-storage.upload?teamId=1&path=/a.bin")
    for body in (b"abc", io.BytesIO(b"abc"), iter([b"ab", b"c"])):
        assert session.post(target, data=body).json()["meta"]["size"] == 3
    files = {"file": ("n.txt", b"in a form")}
    form = url("file-storage.bulk.upload?teamId=1")
    answer = session.post(form, data={"path": "/x/"}, files=files)
    assert answer.json()[0]["path"] == "/x/n.txt"


def test_files_are_streamed(session: requests.Session) -> None:
    """A download can be read piece by piece, and its range alone."""
    content = b"0123456789" * 300_000
    session.post(url("file-storage.upload?teamId=1&path=/big"), data=content)
    body = {"teamId": 1, "path": "/big"}
    answer = session.post(url("file-storage.download"), json=body, stream=True)
    assert b"".join(answer.iter_content(70_000)) == content
    part = session.post(
        url("file-storage.download"), json=body, headers={"Range": "bytes=5-9"}
    )
    assert (part.status_code, part.content) == (206, b"56789")


def test_refusals_look_as_over_http(session: requests.Session) -> None:
    """A refused request has status, reason and the platform's body."""
    answer = session.post(url("tasks.info"), json={"id": 5})
    assert answer.status_code == 404
    assert answer.json()["details"]["field"] == "id"
    with pytest.raises(requests.HTTPError, match="404"):
        answer.raise_for_status()


def test_a_damaged_store_is_reported_by_file(tmp_path: Path) -> None:
    """A file that is no store raises an error that names it and what to do."""
    home = tmp_path / "broken"
    home.mkdir()
    (home / "instance.db").write_bytes(b"this is no database at all" * 100)
    instance = EmbeddedInstance(home)
    with requests.Session() as session:
        session.mount(instance.address, instance.adapter)
        with pytest.raises(StoreCorruptError, match=r"instance\.db"):
            session.post(url("instance.version"), json={})


def test_a_newer_store_is_reported(tmp_path: Path) -> None:
    """A store of a later version raises an error that says to upgrade."""
    store = open_store(f"sqlite:///{tmp_path / 'instance.db'}")
    with store.db.write() as tx:
        tx.run("INSERT INTO lineage_migrations VALUES (9999, 'later', 0)")
    store.close()
    instance = EmbeddedInstance(tmp_path)
    with requests.Session() as session:
        session.mount(instance.address, instance.adapter)
        with pytest.raises(StoreTooNewError, match="upgrade"):
            session.post(url("instance.version"), json={})


def test_facts_are_stored_as_by_a_request(tmp_path: Path) -> None:
    """Texts that are handed over have the outcomes of those that are requested."""
    bad = {**edge_fact(3), "kind": "no such"}
    batches = [
        [edge_fact(1), bad, edge_fact(2)], [edge_fact(1)], [], [{"f": "edge"}, 5],
    ]  # fmt: skip
    with (
        closing(EmbeddedInstance(tmp_path / "near")) as near,
        closing(EmbeddedInstance(tmp_path / "far")) as far,
        requests.Session() as session,
    ):
        session.mount(far.address, far.adapter)
        for batch in batches:
            answer = near.add_texts([json.dumps(fact).encode() for fact in batch])
            over_http = session.post(url("lineage.facts.add"), json={"facts": batch})
            expected = BatchAnswer.model_validate(over_http.json())
            assert answer.model_dump(exclude={"state"}) == expected.model_dump(
                exclude={"state"}
            )
        assert near.add_texts([json.dumps(edge_fact(9)).encode()]).state is not None


@pytest.mark.parametrize("text", [b"{", b"nan", b'{"uid":"a\\u0000"}'])
def test_texts_that_cannot_be_read_are_refused(tmp_path: Path, text: bytes) -> None:
    """What is no JSON, or holds NUL, is an error of the batch, as by a request."""
    with closing(EmbeddedInstance(tmp_path)) as embedded:
        with pytest.raises(LineageError) as refused:
            embedded.add_texts([text])
        assert refused.value.status == 400  # type: ignore[attr-defined]  # a RequestError


def test_a_fault_at_facts_is_logged_and_may_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect at storing facts is a 500, as by a request: its cause is in the log."""

    def fail(*_: object, **__: object) -> None:
        raise StoreFaultError("no such column")

    with closing(EmbeddedInstance(tmp_path)) as embedded:
        embedded.open()
        monkeypatch.setattr(Store, "ingest_many", fail)
        with pytest.raises(ApiError, match="its log has the reason") as raised:
            embedded.add_texts([json.dumps(edge_fact(1)).encode()])
        assert (raised.value.status, raised.value.is_retryable) == (500, True)
    assert "no such column" in caplog.text


def test_a_closed_instance_takes_no_facts(tmp_path: Path) -> None:
    """Who brings facts after the end learns that nothing was stored."""
    embedded = EmbeddedInstance(tmp_path)
    embedded.close()
    with pytest.raises(StoreError, match="was closed"):
        embedded.add_texts([])


def test_it_needs_no_server_library() -> None:
    """The embedded instance loads neither Starlette nor uvicorn nor psycopg."""
    program = (
        "import sys, lineage.instance.embedded\n"
        "heavy = {'starlette', 'uvicorn', 'psycopg', 'prometheus_client',"
        " 'concurrent.futures.thread'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


def test_an_error_names_the_folder_and_no_address(embedded: EmbeddedInstance) -> None:
    """Nobody can open the address by which a client reaches it."""
    mounted = {embedded.address: embedded.adapter}
    api = Api(embedded.address, "", retry_count=1, adapters=mounted)
    named = f"the embedded instance in {embedded.home}"
    for method in ("projects.info", "lineage.tasks.get"):
        with pytest.raises(HttpError) as raised:
            api.post(method, {"id": 5})
        assert named in str(raised.value)
        assert embedded.address not in str(raised.value)
    assert repr(api.graph) == f"<lineage graph of {named}>"
    api.close()
