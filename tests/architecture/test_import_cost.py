"""What `import lineage` loads, since every app that uses it waits for that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: Loaded by the first delivery, the command line or the instance, and not before.
LATE = (
    "pydantic",
    "pydantic_core",
    "requests",
    "urllib3",
    "starlette",
    "sqlite3",
    "lineage.api",
    "lineage.delivery",
    "lineage.instance",
    "lineage.journal",
    "lineage.recording.recorder",
)

DECORATE = """
from lineage import cards, uses_file, produces_file
@uses_file("path", card=cards.folder)
@produces_file(model_weight=True)
def train(path): ...
"""


def _loaded(program: str, folder: Path) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        # What measures coverage loads modules of its own into every child.
        env={k: v for k, v in os.environ.items() if not k.startswith("COV")},
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize("program", ["import lineage", DECORATE], ids=["import", "use"])
def test_an_app_starts_without_the_client(program: str, tmp_path: Path) -> None:
    """Neither importing nor decorating loads what only delivery needs."""
    assert _loaded(program, tmp_path) & set(LATE) == set()


def test_a_first_recorded_call_does_not_load_the_client(tmp_path: Path) -> None:
    """The flusher's thread, which starts nowhere here, loads it for itself."""
    record = (
        "import os, threading\n"
        f"os.environ['LINEAGE_HOME'] = {str(tmp_path)!r}\n"
        "os.environ['LINEAGE_FLUSH_TIMEOUT_S'] = '0.1'\n"
        "threading.Thread.start = lambda self: None\n"
        "import lineage\n"
        "lineage.uses_project('id')(lambda id: id)(5)\n"
        "assert any(os.scandir(os.path.join(os.environ['LINEAGE_HOME'], 'journal')))"
    )
    client = {"requests", "urllib3", "pydantic", "lineage.api"}
    assert _loaded(record, tmp_path) & client == set()


#: What facts do not need on their way into an embedded store.
NOT_FOR_FACTS = (
    "requests",
    "urllib3",
    "lineage.api",
    "lineage.export",
    "lineage.instance.graph",
    "lineage.instance.handlers",
    "lineage.instance.platform",
    "lineage.instance.routes",
)


def test_facts_reach_an_embedded_store_without_a_client(tmp_path: Path) -> None:
    """The end of a short program waits for what stores facts to be loaded, alone."""
    loaded = _loaded(_RECORD, tmp_path)
    assert loaded & set(NOT_FOR_FACTS) == set()
    assert "lineage.instance.store.ingest" in loaded


def test_a_card_is_checked_without_pydantic(tmp_path: Path) -> None:
    """The form of a card is checked in the app's call, which must not wait for it."""
    record = (
        "from lineage import cards\n"
        "from lineage.model.meta import checked_meta\n"
        "assert checked_meta(cards.project('x')) is not None"
    )
    assert "pydantic" not in _loaded(record, tmp_path)


def test_edges_reach_the_platform_without_pydantic(tmp_path: Path) -> None:
    """What sends edge by edge checks no answer against a model."""
    send = (
        "from lineage.api import Api\n"
        "from lineage.delivery.exporter_resolver import ExporterResolver\n"
        "api = Api('http://127.0.0.1:9', 'token', retry_count=1)\n"
        "api.versions._fetch = lambda: {'version': '6.12.4'}\n"
        "exporter = ExporterResolver(lambda: api)()\n"
        "assert type(exporter).__name__ == 'PlatformExporter'\n"
        "edge = {'f': 'edge', 'task_id': 1, 'dir': 'input', 'kind': 'task', 'id': 5}\n"
        "print(exporter.send([{**edge, 'task': 'k', 'at': 1.0}]))"
    )
    assert "pydantic" not in _loaded(send, tmp_path)


def test_what_wrapt_does_not_load_we_do_not_load(tmp_path: Path) -> None:
    """An event loop is loaded by those who have one, and by wrapt."""
    ours = _loaded("import lineage", tmp_path)
    assert "asyncio" not in ours - _loaded("import wrapt", tmp_path)


def test_names_of_the_client_are_there_on_demand(tmp_path: Path) -> None:
    """`lineage.Api` and its fellows are what they were, and are in `dir()`."""
    program = (
        "import lineage\n"
        "names = ['Api', 'AppApi', 'TaskApi', 'Workflow', 'KubernetesSettings']\n"
        "assert set(names) <= set(dir(lineage))\n"
        "from lineage import Api, AppApi, TaskApi, Workflow, KubernetesSettings\n"
        "assert lineage.Api is Api"
    )
    assert "requests" in _loaded(program, tmp_path)


#: What no question of the command line to an embedded instance waits for.
NOT_FOR_A_QUESTION = (
    "annotated_types",
    "asyncio",
    "concurrent",
    "difflib",
    "email",
    "html",
    "http",
    "importlib.metadata",
    "multiprocessing",
    "pydantic",
    "pydantic_core",
    "requests",
    "inspect",
    "shutil",
    "socket",
    "ssl",
    "tempfile",
    "typing_extensions",
    "urllib3",
    "lineage.api",
    "lineage.delivery",
    "lineage.export",
    "lineage.instance.handlers",
    "lineage.instance.platform",
    "lineage.instance.routes",
    "lineage.instance.store.ingest",
    "lineage.instance.store.migrations.m0001_graph",
    "lineage.journal",
    "lineage.model.facts",
    "lineage.model.json_forms",
    "lineage.recording.recorder",
    "lineage.runtime",
    "lineage.tracking",
)
_RECORD = """
import lineage
with lineage.task(name="Train"):
    lineage.uses_file("path")(lineage.produces_file()(lambda path: "out.csv"))("in.csv")
assert lineage.flush(20)
"""
#: Each command with a module of the graph that others do not need.
_COMMANDS = {
    "tasks": "tasklist",
    "tasks --status failed": "tasklist",
    "show out.csv": "details",
    "search out": "search",
    "upstream out.csv": "neighborhood",
    "downstream in.csv": "neighborhood",
    "impact in.csv": "impact",
    "provenance out.csv": "provenance",
    "diff task:1 task:1": "diff",
    "why task:1": "why",
    "stale": "stale",
    "path in.csv out.csv": "neighborhood",
    "health": "health",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home in which one run is recorded."""
    folder = tmp_path_factory.mktemp("recorded")
    _loaded(_RECORD, folder)
    assert (folder / ".lineage" / "instance.db").is_file()
    return folder


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_question_of_the_command_line_loads_its_own_modules(
    command: str, recorded: Path
) -> None:
    """Neither a client, nor pydantic, nor what another command needs."""
    words = [*command.split(), "--home", str(recorded / ".lineage")]
    loaded = _loaded(f"from lineage.cli import main; main({words})", recorded)
    assert loaded & set(NOT_FOR_A_QUESTION) == set()
    assert f"lineage.instance.graph.{_COMMANDS[command]}" in loaded
    commands = {f"lineage.cli.{name}" for name in ("demo", "serve", "doctor", "export")}
    assert loaded & commands == set()
