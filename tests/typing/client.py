"""The client's calls as users write them; checked by mypy, never run."""

from __future__ import annotations

from lineage.api import Api, Capabilities, check_workflow_compatibility
from lineage.api.app import AppApi
from lineage.api.task import TaskApi
from lineage.api.workflow import Workflow
from lineage.model.enums import Status
from lineage.model.kubernetes import KubernetesSettings
from lineage.model.meta import Markup, WorkflowMeta, WorkflowSettings
from lineage.model.module import ModuleInfo
from lineage.model.platform_types import (
    AppInfo,
    DatasetInfo,
    FileInfo,
    ProjectInfo,
    SessionInfo,
)

api: Api = Api("https://app.example.com", "token", retry_count=3, time_budget_s=None)
also: Api = Api.from_env(ignore_task_id=True)
app: AppApi = api.app
task: TaskApi = api.task
workflow: Workflow = api.app.workflow

announced: Capabilities | None = api.announced()
version: str | None = api.instance_version
fits: bool | None = api.is_version_supported("6.9.31")
compatible: bool = check_workflow_compatibility(api, "6.9.31")

apps: list[AppInfo] = app.get_list(1, only_running=True)
found: AppInfo | None = app.get_info_by_id(1)
module: ModuleInfo = app.get_ecosystem_module_info(slug="a/b")
state: dict[str, object] = module.get_arguments(images_project=7)
sessions: list[SessionInfo] = app.get_sessions(1, 2, statuses=[Status.DEPLOYED])
session: SessionInfo = app.start(
    None,
    module_id=module.id,
    params=module.get_arguments(),
    kubernetes_settings=KubernetesSettings(limit_gpus=1),
)
reached: bool = app.wait(session.task_id, Status.DEPLOYED, attempts=10)
status: Status = task.get_status(session.task_id)
ready: bool = app.wait_until_ready_for_api_calls(session.task_id)

projects: list[ProjectInfo] = api.project.get_list(workspace_id=1)
number: int | None = api.project.version.get_id_by_number(1, 2)
datasets: list[DatasetInfo] = api.dataset.get_list(projects[0].id)
file: FileInfo = api.file.upload(1, "local", "/remote", progress_cb=print)
info: FileInfo | None = api.file.get_info_by_path(1, "/remote")
there: bool = api.file.exists(1, "/remote")
renamed: ProjectInfo = projects[0]._replace(name="new")

card = WorkflowMeta(
    relation_settings=WorkflowSettings(title=Markup("<b>Report</b>"), url="/x"),
    node_settings=WorkflowSettings("Node"),
)
workflow.add_input_project(projects[0], version_num=2, meta=card)
workflow.add_output_file(file, model_weight=True, task_id=session.task_id)


async def pages() -> bytes:
    """Async calls."""
    response = await api.post_async("tasks.list", {"workspaceId": 1})
    found: bytes = response.content
    async for batch in task.get_list_page_generator_async("tasks.list", {}):
        print(len(batch))
    async for chunk, _checksum in api.stream_async("m", "POST", {}):
        found += chunk
    await api.aclose()
    return found
