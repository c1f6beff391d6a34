"""The seed list: every method of the platform is there, with its signature."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

import lineage.api as front
from lineage.api import Api
from lineage.api.app import AppApi
from lineage.api.task import TaskApi
from lineage.api.workflow import Workflow

APP = """
convert_info_to_json(info)
create_task_detached(workspace_id, task_type=None)
deploy_model(agent_id, model_id)
download_git_archive(ecosystem_item_id, app_id, version, save_path, log_progress=True, ext_logger=None)
download_git_file(module_id, save_path, app_id=None, version=None, file_path=None, file_key=None, log_progress=True, ext_logger=None)
download_import_file(id, file_path, save_path)
find_module_id_by_app_name(app_name)
get_context(id)
get_ecosystem_module_id(slug)
get_ecosystem_module_info(module_id=None, version=None, slug=None)
get_field(task_id, field)
get_fields(task_id, fields)
get_import_files_list(id)
get_info(module_id, version=None)
get_info_by_id(id)
get_list(team_id, filter=None, context=None, repository_key=None, show_disabled=False, integrated_into=None, session_tags=None, only_running=False, with_shared=True, force_all_sessions=True)
get_list_all_pages(method, data, progress_cb=None, convert_json_info_cb=None, limit=None, return_first_response=False)
get_list_all_pages_generator(method, data, progress_cb=None, convert_json_info_cb=None, limit=None, return_first_response=False)
get_list_idx_page_async(method, data)
get_list_page_generator_async(method, data, pages_count=None, semaphore=None)
get_list_ecosystem_modules(search=None, categories=None, categories_operation='or')
get_logs(task_id, since_time=None, limit=None)
get_session_token(slug)
get_sessions(team_id, module_id, show_disabled=False, session_name=None, statuses=None, with_shared=False)
get_status(task_id)
get_training_metrics(task_id)
get_url(task_id)
info_sequence()
info_tuple_name()
initialize(task_id, template, data=None, state=None)
is_ready(task_id)
is_ready_for_api_calls(task_id)
is_running(task_id)
raise_for_status(status)
run_dtl(workspace_id, dtl_graph, agent_id=None)
run_inference(agent_id, input_project_id, input_model_id, result_project_name, inference_config=None)
run_train(agent_id, input_project_id, input_model_id, result_nn_name, train_config=None)
send_request(task_id, method, data, context={}, skip_response=False, timeout=60, outside_request=True, retries=10, raise_error=False)
set_field(task_id, field, payload, append=False, recursive=False)
set_fields(task_id, fields)
set_fields_from_dict(task_id, d)
set_output_archive(task_id, file_id, file_name, file_url=None)
set_output_directory(task_id, file_id, directory_path)
set_output_error(task_id, title, description=None, show_logs=True)
set_output_experiment(task_id, experiment_info)
set_output_file_download(task_id, file_id, file_name, file_url=None, download=True)
set_output_project(task_id, project_id, project_name=None, project_preview=None)
set_output_report(task_id, file_id, file_name, description='Report')
set_output_text(task_id, title, description=None, show_logs=False, zmdi_icon='zmdi-comment-alt-text', icon_color='#33c94c', background_color='#d9f7e4')
start(agent_id, app_id=None, workspace_id=None, description='', params=None, log_level='info', users_id=None, app_version=None, is_branch=False, task_name='run-from-python', restart_policy='never', proxy_keep_url=False, module_id=None, redirect_requests={}, kubernetes_settings=None, multi_user_session=False)
stop(id)
submit_logs(logs)
update_meta(id, data, agent_storage_folder=None, relative_app_dir=None)
update_status(task_id, status)
upload_files(task_id, abs_paths, names, progress_cb=None)
wait(id, target_status, attempts=None, attempt_delay_sec=None)
wait_until_ready_for_api_calls(task_id, attempts=10, attempt_delay_sec=10)
"""  # noqa: E501  one method on each line

TASK = """
get_info_by_id(id)
get_list(workspace_id, filters=None)
get_context(id)
get_status(task_id)
get_logs(task_id, since_time=None, limit=None)
stop(id)
upload_files(task_id, abs_paths, names, progress_cb=None)
wait(id, target_status, wait_attempts=None, wait_attempt_timeout_sec=None)
start(agent_id, app_id=None, workspace_id=None, description='application description', params=None, log_level='info', users_ids=None, app_version='', is_branch=False, task_name='pythonSpawned', restart_policy='never', proxy_keep_url=False, module_id=None, redirect_requests={}, limit_by_workspace=False, kubernetes_settings=None, multi_user_session=False)
"""  # noqa: E501  one method on each line

WORKFLOW = """
add_input_project(project=None, version_id=None, version_num=None, task_id=None, meta=None)
add_input_dataset(dataset, task_id=None, meta=None)
add_input_file(file, model_weight=False, task_id=None, meta=None)
add_input_folder(path, task_id=None, meta=None)
add_input_task(input_task_id, task_id=None, meta=None)
add_input_job(id, task_id=None, meta=None)
add_output_app(task_id=None, meta=None)
add_output_dataset(dataset, task_id=None, meta=None)
add_output_file(file, model_weight=False, task_id=None, meta=None)
add_output_folder(path, task_id=None, meta=None)
add_output_job(id, task_id=None, meta=None)
add_output_project(project, version_id=None, task_id=None, meta=None)
add_output_task(output_task_id, task_id=None, meta=None)
check_instance_compatibility(min_instance_version=None)
enable()
disable()
is_enabled()
"""  # noqa: E501  one method on each line

API = """
__init__(server_address=None, token=None, retry_count=10, retry_sleep_sec=None, external_logger=None, ignore_task_id=False, api_server_address=None, check_instance_version=False)
from_env(retry_count=10, ignore_task_id=False, env_file='~/supervisely.env', check_instance_version=False)
post(method, data, retries=None, stream=False, raise_error=False)
get(method, params, retries=None, stream=False, use_public_api=True, data=None)
stream(method, method_type, data, headers=None, retries=None, range_start=None, range_end=None, raise_error=False, chunk_size=8192, use_public_api=True, timeout=60)
post_async(method, json=None, content=None, files=None, params=None, headers=None, retries=None, raise_error=False, timeout=60)
stream_async(method, method_type, data, headers=None, retries=None, range_start=None, range_end=None, chunk_size=8192, use_public_api=True, timeout=60)
"""  # noqa: E501  one method on each line


def seeds() -> list[Any]:
    return [
        pytest.param(owner, line, id=f"{owner.__name__}.{line.partition('(')[0]}")
        for owner, text in (
            (AppApi, APP), (TaskApi, TASK), (Workflow, WORKFLOW), (Api, API),
        )
        for line in text.strip().splitlines()
    ]  # fmt: skip


@pytest.mark.parametrize(("owner", "line"), seeds())
def test_every_method_of_the_seed_list_has_its_signature(owner: Any, line: str) -> None:
    """Names, order and defaults of the arguments are those of the reference."""
    name = line.partition("(")[0]
    method = getattr(owner, name)
    shown = ", ".join(
        p.name if p.default is p.empty else f"{p.name}={_default(p.default)}"
        for p in inspect.signature(method).parameters.values()
        if p.name != "self" and p.kind is p.POSITIONAL_OR_KEYWORD
    )
    assert f"{name}({shown})" == line
    assert inspect.getdoc(method)


def _default(value: Any) -> str:
    return repr(dict(value)) if hasattr(value, "keys") else repr(value)


def test_every_public_method_shows_its_errors_and_endpoint() -> None:
    """A method that sends something names its endpoint in its docstring."""
    silent = {
        "convert_info_to_json", "get_url", "info_sequence", "info_tuple_name",
        "raise_for_status", "wait_until_ready_for_api_calls",
    }  # fmt: skip
    paging = re.compile(r"^get_list_(all|idx|page)")
    for owner in (AppApi, TaskApi):
        for name, method in inspect.getmembers(owner, inspect.isroutine):
            if name.startswith("_") or name in silent or paging.match(name):
                continue
            doc = inspect.getdoc(method) or ""
            is_described = re.search(
                r"`[\w.-]+\.[\w.-]+`|GetTaskContext|navailable", doc
            )
            assert is_described, f"{owner}.{name}"
    for name, method in inspect.getmembers(Workflow, inspect.isfunction):
        if name.startswith("add_"):
            endpoint = f"`workflow.node.add-{name.split('_')[1]}`"
            assert endpoint in (inspect.getdoc(method) or ""), name


def test_docstrings_name_every_parameter(api: Api) -> None:
    """What each argument of a public method means is in its docstring."""
    inside = {"transport", "gate", "asynchronous"}
    parts = [part for name, part in vars(api).items() if name not in inside]
    own = [p for p in parts if type(p).__module__.startswith("lineage.api.")]
    owners = {type(part) for part in (api, *own, api.app.workflow)}
    assert owners >= {Api, AppApi, TaskApi, Workflow}
    silent = [
        f"{owner.__name__}.{name}: {missing}"
        for owner in owners
        for name, method in inspect.getmembers(owner, callable)
        if not name.startswith("_") and (missing := _unnamed(method))
    ]
    assert silent == []


def _unnamed(method: Any) -> list[str]:
    """Return the parameters that a docstring does not explain."""
    signature, doc = inspect.signature(method), inspect.getdoc(method) or ""
    if inspect.isclass(method) or signature.return_annotation == "NoReturn":
        return []  # It is not available for apps.
    names = [name for name in signature.parameters if name not in ("self", "cls")]
    return [n for n in names if not re.search(rf"(?m)^ +{n}: \S", doc)]


def test_the_classes_hang_together(api: Api) -> None:
    """`Workflow` and the enums are reached as the platform's SDK has them."""
    assert AppApi.Workflow is Workflow
    assert isinstance(api.app.workflow, Workflow)
    assert isinstance(api.app, TaskApi)
    assert str(api.task.Status.ERROR) == "error"
    assert TaskApi.PluginTaskType.values()[3] == "smarttool"
    assert TaskApi.RestartPolicy.has_value("on_error")
    assert (TaskApi.MAX_WAIT_ATTEMPTS, TaskApi.WAIT_ATTEMPT_TIMEOUT_SEC) == (999, 1)


def test_the_exports_are_true() -> None:
    """`lineage.api.__all__` is sorted and true."""
    assert sorted(front.__all__) == list(front.__all__)
    assert all(hasattr(front, name) for name in front.__all__)
