"""A long session of the platform's own SDK against a served instance of ours.

Run by `nox -s interop_session`, in an environment that has both; it registers a
small platform, works with it through the SDK alone, and checks every answer.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from instance_server import Served, settings_for, start_process

TASK = 77


def register(served: Served) -> dict[str, Any]:
    """Make what a team would have on the platform."""

    def make(what: str, **given: Any) -> Any:
        answer = served.post(f"lineage.register.{what}", given)
        answer.raise_for_status()
        return answer.json()

    project = make("project", name="Cats", workspace_id=3)
    for _ in range(4):
        version = make("project-version", project_id=project["id"])
    datasets = [
        make("dataset", project_id=project["id"], name=f"d{n}") for n in range(3)
    ]
    module = make("module", name="Train", slug="org/train", files={"a.py": "print()"})
    task = make("task", name="Session", id=TASK, workspace_id=3)
    job = make("job", name="Label")
    return {
        "project": project, "version": version, "datasets": datasets, "job": job,
        "module": module, "task": task,
    }  # fmt: skip


def work_with_files(api: Any, folder: Path) -> Any:
    """Upload, list, download and remove files of Team Files."""
    content = random.Random(7).randbytes(3_000_000)
    local = folder / "weights.pt"
    local.write_bytes(content)
    info = api.file.upload(1, str(local), "/models/weights.pt")
    assert (info.path, info.sizeb) == ("/models/weights.pt", len(content))
    api.file.upload_bulk(1, [str(local)] * 3, [f"/many/{n}.pt" for n in range(3)])
    assert len(api.file.list(1, "/many/")) == 3
    assert api.file.exists(1, "/models/weights.pt")
    assert api.file.get_info_by_path(1, "/models/weights.pt").id == info.id
    assert api.file.get_info_by_id(info.id).hash == info.hash
    api.file.download(1, "/models/weights.pt", str(folder / "back.pt"))
    assert (folder / "back.pt").read_bytes() == content
    api.file.remove(1, "/many/0.pt")
    assert len(api.file.list(1, "/many/")) == 2
    return info


def work_with_the_workflow(api: Any, sly: Any, made: dict[str, Any], file: Any) -> int:
    """Record every kind of edge, with cards; give how many there are."""
    relation = sly.WorkflowSettings("T", "file", "#1", "#2", "/x", "X", "D")
    meta = sly.WorkflowMeta(relation, sly.WorkflowSettings(title="N"))
    flow, project = api.app.workflow, made["project"]["id"]
    dataset, job = made["datasets"][0]["id"], made["job"]["id"]
    answers = [
        flow.add_input_project(project),
        flow.add_input_project(version_id=made["version"]["id"]),
        flow.add_input_project(project, version_num=2, meta=meta),
        flow.add_input_dataset(dataset, meta=meta),
        flow.add_input_file(file, model_weight=True),
        flow.add_input_file("/models/weights.pt"),
        flow.add_input_folder("/many/"),
        flow.add_input_task(made["task"]["id"] + 1),
        flow.add_input_job(job),
        flow.add_output_project(project, version_id=made["version"]["id"]),
        flow.add_output_dataset(dataset),
        flow.add_output_file(file, model_weight=True, meta=meta),
        flow.add_output_folder("/out"),
        flow.add_output_task(made["task"]["id"] + 2),
        flow.add_output_job(job),
        flow.add_output_app(),
    ]
    assert all(answer.get("success") for answer in answers), answers
    assert flow.add_input_project(project) == answers[0]
    return len(answers)


def work_with_tasks(api: Any, made: dict[str, Any], file: Any) -> None:
    """Set outputs, fields, status and logs of a task, and read them back."""
    task = made["task"]["id"]
    api.task.set_output_project(task, made["project"]["id"], "Cats")
    api.task.set_output_archive(task, file.id, "weights.pt")
    api.task.set_output_report(task, file.id, "report")
    api.task.set_output_directory(task, file.id, "/out")
    api.task.set_output_text(task, "done")
    api.task.set_output_error(task, "failed", "why")
    general = api.task.get_info_by_id(task)["meta"]["output"]["general"]
    assert (general["title"], general["isError"]) == ("failed", True)
    api.app.initialize(task, "<t>", {"a": 1}, {"s": 2})
    api.task.set_field(task, "data.a", [1])
    api.task.set_field(task, "data.a", 2, append=True)
    api.task.set_fields_from_dict(task, {"state.x": {"y": 1}})
    assert api.task.get_field(task, "data.a") == [1, 2]
    assert api.task.get_fields(task, ["state.x.y"]) == {"state.x.y": 1}
    api.task.submit_logs([{"message": f"line {n}", "level": "info"} for n in range(20)])
    messages = [line["message"] for line in api.task.get_logs(task)]
    assert messages == [f"line {n}" for n in range(20)]
    api.task.update_meta(task, {"k": 1}, "/host", "folder")
    status = api.task.Status
    api.task.update_status(task, status.DEPLOYED)
    assert api.task.get_status(task) is status.DEPLOYED
    assert api.task.get_context(task)["team"]["id"] == 1
    assert not api.app.is_ready_for_api_calls(task)


def work_with_apps(api: Any, made: dict[str, Any], folder: Path) -> None:
    """Start an app, list its sessions, download its files."""
    module = made["module"]["id"]
    assert api.app.get_ecosystem_module_id("org/train") == module
    assert api.app.find_module_id_by_app_name("Train") == module
    info = api.app.get_ecosystem_module_info(module)
    assert info.get_latest_release()["version"] == "v1"
    sessions = [
        api.app.start(3, module_id=module, workspace_id=3, params={"x": n})
        for n in range(5)
    ]
    api.app.stop(sessions[0].task_id)
    running = api.app.get_sessions(1, module, statuses=[api.task.Status.QUEUED])
    assert sorted(s.task_id for s in running) == sorted(s.task_id for s in sessions[1:])
    (app,) = api.app.get_list(1, only_running=True)
    assert api.app.get_info_by_id(app.id).module_id == module
    listed = {task["id"] for task in api.task.get_list(3)}
    assert listed >= {s.task_id for s in sessions}, (listed, sessions)
    path = str(folder / "app.tar.gz")
    api.app.download_git_archive(module, None, "v1", path, log_progress=False)
    one = str(folder / "a.py")
    api.app.download_git_file(module, one, file_path="a.py", log_progress=False)
    assert Path(one).read_text() == "print()"


def page_through(api: Any, made: dict[str, Any]) -> None:
    """List in pages, both ways."""
    names = [dataset.name for dataset in api.dataset.get_list(made["project"]["id"])]
    assert names == ["d0", "d1", "d2"]
    given = {"projectId": made["project"]["id"], "per_page": 2}
    whole = api.app.get_list_all_pages(
        "datasets.list", dict(given), convert_json_info_cb=lambda item: item["id"]
    )
    assert whole == [dataset["id"] for dataset in made["datasets"]]
    batches = api.app.get_list_all_pages_generator(
        "projects.list", {"workspaceId": 3}, convert_json_info_cb=lambda item: item
    )
    assert [item["name"] for batch in batches for item in batch] == ["Cats"]


def work_with_projects(api: Any, sly: Any, folder: Path) -> None:
    """Make a project, its classes, versions of it, and a project of a version."""
    project = api.project.create(3, "Wires")
    outer = api.dataset.create(project.id, "outer")
    inner = api.dataset.create(
        project.id, "inner", parent_id=outer.id, custom_data={"a": 1}
    )
    tree = api.dataset.get_tree(project.id)
    assert [one.name for one in tree] == ["outer"], tree
    assert [one.id for one in api.dataset.get_nested(project.id, outer.id)] == [
        inner.id
    ]
    meta = sly.ProjectMeta(obj_classes=[sly.ObjClass("wire", sly.Rectangle)])
    api.project.update_meta(project.id, meta)
    kept = sly.ProjectMeta.from_json(api.project.get_meta(project.id))
    assert kept.get_obj_class("wire").sly_id, kept
    first = api.project.version.create(project.id, "before", "training")
    assert first == api.project.version.create(project.id, "again")
    api.dataset.create(project.id, "more")
    second = api.project.version.create(project.id, "after")
    listed = api.project.version.get_list(project.id)
    assert [one.id for one in listed] == [first, second], listed
    assert listed[0].name == "before"
    restored = api.project.version.restore(project.id, version_num=1)
    assert restored.name == "Wires, from ver. 1", restored
    assert api.project.edit_info(project.id, name="Copper").name == "Copper"
    assert api.project.get_stats(project.id)["images"]["total"]
    sly.output.set_project(project.id)
    local = folder / "models"
    local.mkdir()
    (local / "best.pt").write_text("weights")
    assert api.file.upload_directory(1, str(local), "/wires") == "/wires"
    assert api.file.listdir(1, "/wires") == ["/wires/best.pt"]
    assert api.file.get_free_dir_name(1, "/wires") == "/wires_000"
    api.project.remove(restored.id)
    assert api.project.get_info_by_id(restored.id) is None
    assert api.project.remove_permanently(restored.id) == [{"success": True}]


def remove_for_good(api: Any) -> None:
    """Remove projects, datasets and a workspace, each after it was archived."""
    projects = [api.project.create(8, f"old {n}").id for n in range(3)]
    dataset = api.dataset.create(projects[0], "d").id
    api.dataset.remove(dataset)
    assert api.dataset.remove_permanently(dataset) == [{"success": True}]
    api.project.archive(projects[1], "https://copies/1", "https://copies/1a")
    kept = api.project.get_info_by_id(projects[1]).backup_archive
    assert kept["archiveUrl"] == "https://copies/1", kept
    api.project.remove(projects[0])
    api.workspace.archive(8)
    assert 8 not in [one.id for one in api.workspace.get_list(1)]
    assert len(api.project.remove_permanently(projects[:2], batch_size=1)) == 2
    assert api.workspace.remove_permanently([8]) == [{"success": True}]


def look_around(api: Any, served: Served) -> None:
    """Find the user, the team, the workspaces, agents and labeling jobs."""
    assert api.user.get_my_info().login
    (team,) = api.team.get_list()
    assert api.team.get_info_by_id(team.id).name == team.name
    assert 3 in [workspace.id for workspace in api.workspace.get_list(team.id)]
    assert api.agent.get_list_available(team.id) == []
    job = served.post("lineage.register.job", {"name": "Check"}).json()
    assert "Check" in [one.name for one in api.labeling_job.get_list(team.id)]
    assert api.labeling_job.get_info_by_id(job["id"]).name == "Check"


def start_again(api: Any) -> None:
    """A task that ended with an error is started again, and has a session's token."""
    status = api.task.Status
    for state in (status.ERROR, status.STARTED):
        api.task.update_status(TASK, state)
        assert api.task.get_status(TASK) == state


def check_names(served: Served) -> None:
    """See projects by their names in the graph, which the SDK's edges do not give."""
    hits = served.post("lineage.search", {"text": "Cats"}).json()["hits"]
    assert "project" in [hit["node"]["kind"] for hit in hits], hits


def check_the_graph(served: Served, recorded: int) -> None:
    """See in the instance's own graph what the SDK recorded."""
    answer = served.post("lineage.tasks.get", {"id": TASK}).json()
    assert answer["edges_total"] == recorded, answer["edges_total"]
    found = served.post("lineage.graph.upstream", {"of": f"task:{TASK}"}).json()
    kinds = {node["kind"] for node in found["nodes"]}
    assert kinds >= {"task", "project", "dataset", "model_weight", "folder", "job"}


def main() -> None:
    """Serve an instance and work with it."""
    with tempfile.TemporaryDirectory() as home:
        settings = settings_for(Path(home), is_access_logged=False)
        server = start_process(settings)
        served = Served(f"http://127.0.0.1:{settings.port}", settings)
        os.environ.update(
            ENV="production", SERVER_ADDRESS=served.address, API_TOKEN="t" * 128,
            TASK_ID=str(TASK),
            SUPERVISELY_TASK_ID=str(TASK), TEAM_ID="1", WORKSPACE_ID="3",
        )  # fmt: skip
        import supervisely as sly

        try:
            made = register(served)
            api = sly.Api.from_env()
            file = work_with_files(api, Path(home))
            recorded = work_with_the_workflow(api, sly, made, file)
            work_with_tasks(api, made, file)
            work_with_apps(api, made, Path(home))
            page_through(api, made)
            work_with_projects(api, sly, Path(home))
            remove_for_good(api)
            look_around(api, served)
            start_again(api)
            check_the_graph(served, recorded)
            check_names(served)
        finally:
            server.terminate()
            server.communicate()
    print("the SDK works against lineage serve")


if __name__ == "__main__":
    main()
