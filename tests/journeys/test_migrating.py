"""`docs/migrating.md`: what it calls the same is the same on the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from api_recorder import Reply, page
from storing_platform import StoringPlatform

import lineage

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "migrating.md").read_text("utf-8")
APPS = ROOT / "examples" / "supervisely_apps"
IN, OUT = "workflow.node.add-input", "workflow.node.add-output"
PATH = "/training/best.pt"
_VERSION_KEYS = (
    "projectId", "createdBy", "teamFileId", "description", "status", "createdAt",
    "updatedAt", "projectUpdatedAt", "teamId", "name", "previewProjectId",
)  # fmt: skip


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[StoringPlatform]:
    """The platform that this process is task 77 of."""
    recorder = StoringPlatform()
    recorder.on("instance.version", {"version": "6.18.3"})
    recorder.on("tasks.info", {"id": 77, "teamId": 5})
    version = {**dict.fromkeys(_VERSION_KEYS, 1), "id": 900, "version": 4}
    recorder.on("projects.versions.list", page(version))
    recorder.add_project(12, version={"id": 44, "version": 2})
    recorder.add_file(PATH, b"weights", 52)
    for name, value in {
        "SERVER_ADDRESS": recorder.address, "API_TOKEN": "t" * 128,
        "ENV": "production", "SUPERVISELY_TASK_ID": "77", "TEAM_ID": "5",
        "SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    yield recorder
    recorder.close()


@pytest.fixture
def api(platform: StoringPlatform) -> lineage.Api:
    """An api for the direct calls, as apps have one."""
    return lineage.Api.from_env()


def bodies(platform: StoringPlatform) -> list[tuple[str, Any]]:
    """The edges that came since the last look.

    The SDK names this process's task by the text of its variable, and so do direct
    calls; to the platform that is the same task as its number.
    """
    sent = [(r.path, r.json) for r in platform.requests if r.path in (IN, OUT)]
    platform.requests.clear()
    for _, body in sent:
        body["node"]["id"] = int(body["node"]["id"])
        if body["type"] == "app_session":
            body["id"] = int(body["id"])
    return sent


def blocks() -> tuple[str, str]:
    """The app before and after, as the document shows it."""
    before = re.search(r"\n```py\n(.*?)```", DOCUMENT, re.DOTALL)
    after = re.search(r"\n```python\n(.*?)```", DOCUMENT, re.DOTALL)
    assert before is not None
    assert after is not None
    return before[1], after[1]


def test_the_app_before_and_after_sends_the_same_edges(
    platform: StoringPlatform, api: lineage.Api
) -> None:
    """Both blocks run: the same version, the same file, the same card."""
    details = {"useExistingVersion": True, "version": {"id": 44, "version": 2}}
    refusal = json.dumps({"error": "Bad request", "details": details}).encode()
    platform.on("projects.versions.reserve", Reply(400, refusal))
    project, file = api.project.get_info_by_id(12), api.file.get_info_by_id(52)
    before, after = blocks()
    # The names of the SDK that the old module uses are ours as well.
    sdk = SimpleNamespace(**{name: getattr(lineage, name) for name in lineage.__all__})
    sdk.api = SimpleNamespace(file_api=SimpleNamespace(FileInfo=lineage.FileInfo))
    names: dict[str, Any] = {
        "sly": sdk, "api": api, "project_info": project, "settings": {},
        "train": lambda *_: file,
    }  # fmt: skip
    exec(before, names)
    names["main"]()
    old = bodies(platform)

    names = {}
    exec(after, names)
    names["train"](project, {})
    assert lineage.flush(20)
    assert bodies(platform) == old
    assert [body["type"] for _, body in old] == ["project_version", "model_weight"]


def rows() -> list[tuple[str, str]]:
    """The table line by line: what was called, and what is declared."""
    table = DOCUMENT.partition("## Line by line")[2].partition("\n## ")[0]
    cells = [line.strip("|").split(" | ") for line in table.splitlines() if "|" in line]
    return [(left.strip(), right.strip()) for left, right in cells[2:]]


def _code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def pairs() -> list[tuple[str, str]]:
    """Each direct call with the declaration that takes its place."""
    found = []
    for left, right in rows():
        calls = [code for code in _code(left) if re.match(r"add_\w+\(", code)]
        declared = [code for code in _code(right) if code.startswith("@")]
        if calls and "if …" not in left:
            found += list(zip(calls, declared, strict=False))
    return found


@pytest.mark.parametrize(("call", "declared"), pairs())
def test_a_declaration_sends_what_the_call_sent(
    platform: StoringPlatform, api: lineage.Api, call: str, declared: str
) -> None:
    """The left column and the right one, with the same values, make one body."""
    info = api.project.get_info_by_id(12)
    file = api.file.get_info_by_id(52)
    if "_file(info)" in call:
        info = file
    names = {"info": info, "id": 4, "n": 4, "path": PATH, "project_id": 12}
    eval(f"workflow.{call}", {"workflow": api.app.workflow, **names})
    (sent,) = bodies(platform)

    result = {"folder": PATH} if "result[" in declared else info
    arguments = (
        "project_id" if "()" in declared and "uses" in declared else "info, id, n, path"
    )
    # By their names: the package loads most of them when they are used first.
    public = {name: getattr(lineage, name) for name in lineage.__all__}
    scope: dict[str, Any] = {**public, "result": result}
    exec(f"{declared}\ndef work({arguments}):\n    return result", scope)
    wanted = {name: names[name] for name in arguments.split(", ")}
    scope["work"](**wanted)
    assert lineage.flush(20)
    assert bodies(platform) == [sent]


def test_the_table_has_a_line_for_each_call_of_the_workflow() -> None:
    """Whatever an app's `workflow.py` calls is found in the left column."""
    called = {call.partition("(")[0] for call, _ in pairs()}
    methods = {name for name in vars(lineage.Workflow) if name.startswith("add_")}
    assert called == methods


def test_the_apps_show_what_the_table_names() -> None:
    """Each declaration, and what may stand beside one, is used by an example app."""
    sources = "\n".join(path.read_text("utf-8") for path in APPS.glob("*.py"))
    codes = [code for _, right in rows() for code in _code(right)]
    names = set(re.findall(r"@(\w+)\(|\b(\w+)=", "\n".join(codes)))
    wanted = {one or other for one, other in names} | {"snapshot", "current_task"}
    assert {"uses_project", "produces_file", "card", "node", "when"} <= wanted
    missing = {name for name in wanted if name not in sources}
    # Held to the calls above; the apps take these shapes by other values.
    assert missing == {"version_id", "uses_dataset", "produces_job", "produces_task"}
