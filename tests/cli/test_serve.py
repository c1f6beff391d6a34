"""`serve`, `ui`, `token` and `register`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lineage.cli import serve


@pytest.fixture
def page(clean_environment: Path) -> Iterator[str]:
    """The address of `lineage ui`, running as a process of its own."""
    command = [sys.executable, "-m", "lineage", "ui", "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[2]
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()


def test_ui_serves_the_page_at_the_address_it_shows(page: str) -> None:
    """The printed address opens the page; without its secret nobody else does."""
    root, _, secret = page.partition("/?token=")
    assert len(secret) >= 32
    session = requests.Session()
    retry = requests.adapters.HTTPAdapter(max_retries=_patiently())
    session.mount("http://", retry)
    with session:
        assert session.get(f"{root}/readyz", timeout=10).status_code == 200
        assert requests.get(root, timeout=10).status_code == 403
        answer = session.get(page, timeout=10)
        assert "<html" in answer.text.lower()
        assert "token" not in answer.url


def test_the_browser_is_opened_by_a_private_file(tmp_path: Path) -> None:
    """A process's arguments are everybody's to read, so the secret is none of them."""
    with serve._opener(tmp_path, "http://127.0.0.1:1/?token=s3cret") as url:
        assert url.startswith("file://")
        assert "s3cret" not in url
        (file,) = tmp_path.iterdir()
        assert file.stat().st_mode & 0o077 == 0
        assert "url=http://127.0.0.1:1/?token=s3cret" in file.read_text()
    assert list(tmp_path.iterdir()) == []


def _patiently() -> object:
    from urllib3.util import Retry

    return Retry(total=20, backoff_factor=0.1, backoff_max=1)


def test_a_token_is_shown_once_and_listed_without_its_secret(type_) -> None:
    """`create` shows the secret, `list` never does, `revoke` ends it."""
    made = type_("token", "create", "--team", "research", "--json").data
    assert made["secret"] in made["secret"]
    listed = type_("token", "list")
    assert made["secret"] not in listed.out
    assert "research" in listed.out
    assert "valid" in listed.out
    assert type_("token", "revoke", str(made["id"])).code == 0
    assert "revoked" in type_("token", "list").out


def test_a_token_that_does_not_exist_cannot_be_revoked(type_) -> None:
    """1, and where to look."""
    answer = type_("token", "revoke", "99")
    assert answer.code == 1
    assert "lineage token list" in answer.out


def test_without_tokens_the_list_shows_how_to_make_one(type_) -> None:
    """An empty list is no dead end."""
    assert "lineage token create" in type_("token", "list").out


def test_an_unknown_role_is_refused_with_the_roles_there_are(type_) -> None:
    """reader, writer, admin."""
    answer = type_("token", "create", "--team", "a", "--role", "king")
    assert answer.code == 2
    assert "reader" in answer.err


def test_serving_strangers_needs_a_token(type_) -> None:
    """On any other address than loopback it does not start without one."""
    answer = type_("serve", "--host", "0.0.0.0", "--port", "0")
    assert answer.code == 2
    assert "token" in answer.err


@pytest.mark.usefixtures("empty_home")
def test_artifacts_of_the_platform_can_be_registered(type_, tmp_path: Path) -> None:
    """A project, its version, a dataset, a file with bytes, a job, module and task."""
    (tmp_path / "weights").write_bytes(b"abc")
    os.makedirs(os.environ["LINEAGE_HOME"], exist_ok=True)
    project = type_("register", "project", "Streets", "--json").data
    number = str(project["id"])
    for words in (
        ["project-version", "--project-id", number],
        ["dataset", "Night", "--project-id", number],
        ["file", "/models/best.pt", "--from", str(tmp_path / "weights")],
        ["job", "Label it"],
        ["module", "Trainer"],
        ["task", "A run"],
    ):
        made = type_("register", *words)
        assert made.code == 0, (words, made.err)
        assert made.out.startswith("✔")


def test_a_missing_extra_is_named_with_the_command_to_install_it(
    type_, monkeypatch: pytest.MonkeyPatch, clean_environment: Path
) -> None:
    """Without the server's packages, commands that need them say which and how."""
    monkeypatch.setitem(sys.modules, "lineage.instance.tokens", None)
    answer = type_("token", "list")
    assert answer.code == 2
    assert "pip install 'workflow-lineage[server]'" in answer.err


@pytest.mark.parametrize("command", [("ui", "--no-browser"), ("serve",)])
def test_no_address_is_shown_that_nobody_serves(
    type_, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """What is missing is found out before, not after, an address is printed."""
    monkeypatch.setitem(sys.modules, "lineage.instance.server", None)
    answer = type_(*command)
    assert answer.code == 2
    assert "http://" not in answer.out
    assert "pip install 'workflow-lineage[server]'" in answer.err


@pytest.mark.parametrize(
    "words", [("--host", "300.1.1.1"), ("--store", "mysql://x"), ("--host", "0.0.0.0")]
)
def test_no_address_is_shown_where_nothing_can_be_served(
    type_, words: tuple[str, str]
) -> None:
    """An address of nobody, a store of no kind, strangers without a token."""
    answer = type_("serve", "--port", "0", *words)
    assert (answer.code, answer.out) == (2, "")


@pytest.mark.parametrize(
    "words",
    [
        ("doctor", "--store"), ("store", "rebuild", "--store"),
        ("token", "list", "--store"), ("store", "backup", "copy.db", "--store"),
        ("forget", "--user", "maria", "--store"),
    ],
)  # fmt: skip
def test_a_store_that_is_not_there_is_not_made(
    type_, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """A misspelled path is refused by its name, and no empty store is left behind."""
    answer = type_(*words, f"sqlite:///{tmp_path}/kep.db")
    assert answer.code == 2
    assert f"--store: there is no file {tmp_path}/kep.db" in answer.err
    assert not (tmp_path / "kep.db").exists()


@pytest.mark.parametrize("port", ["65536", "-1", "http", "7 7"])
@pytest.mark.parametrize("command", ["ui", "serve"])
def test_what_is_no_port_is_refused_by_name(type_, command: str, port: str) -> None:
    """With the numbers that are allowed."""
    answer = type_(command, f"--port={port}")
    assert answer.code == 2
    assert f"'{port}' is no port; name a number from 1 to 65535" in answer.err


@pytest.mark.parametrize(
    ("environ", "opens"),
    [({"DISPLAY": ":0"}, True), ({"DISPLAY": ":0", "CI": "true"}, False),
     ({"DISPLAY": ":0", "SSH_CONNECTION": "a b"}, False), ({}, False)],
)  # fmt: skip
def test_a_browser_opens_only_where_a_person_sits(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], opens: bool
) -> None:
    """Not on a build machine, not over SSH, not without a display."""
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CI", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert serve.has_desktop() is opens


def test_a_store_is_backed_up(type_, tmp_path: Path) -> None:
    """`store backup` writes a copy that a later command can ask."""
    type_("token", "create", "--team", "research")
    answer = type_("store", "backup", str(tmp_path / "copy.db"), "--json").data
    assert answer["bytes"] > 0
    listed = type_(
        "token", "list", "--store", f"sqlite:///{tmp_path}/copy.db", "--json"
    )
    assert [token["teams"] for token in listed.data["tokens"]] == [["research"]]


@pytest.mark.parametrize("parts", ["0", "1025", "x"])
def test_a_store_is_partitioned_into_a_number_of_parts(type_, parts: str) -> None:
    """What is no number of parts is refused, and so is a SQLite store."""
    refused = type_("store", "partition", "--parts", parts)
    assert (refused.code, "1 to 1024" in refused.err) == (2, True)
    refused = type_("store", "partition")
    assert (refused.code, "only a PostgreSQL" in refused.err) == (2, True)


def test_a_store_that_cannot_be_reached_keeps_its_password(type_) -> None:
    """An error names the store, never the password in its address."""
    url = "postgresql://u:hunter22@127.0.0.1:1/x"
    for words in (["token", "list"], ["serve"], ["ui", "--no-browser"]):
        answer = type_(*words, "--store", url)
        assert answer.code == 2
        assert "hunter22" not in answer.out + answer.err
        assert "127.0.0.1" in answer.err
