"""Methods that the platform declares unavailable for apps."""

# ruff: noqa: ARG002  the signatures are the platform's
from __future__ import annotations

from typing import Any, NoReturn

from ..task import TaskApi


class AppUnavailable(TaskApi):
    """Each raises, as the platform's SDK does; nothing is sent."""

    def run_dtl(
        self, workspace_id: int, dtl_graph: Any, agent_id: int | None = None
    ) -> NoReturn:
        """Unavailable.

        Raises:
            RuntimeError: Always.
        """
        _refuse("run_dtl")

    def run_train(
        self,
        agent_id: int,
        input_project_id: int,
        input_model_id: int,
        result_nn_name: str,
        train_config: Any = None,
    ) -> NoReturn:
        """Unavailable.

        Raises:
            RuntimeError: Always.
        """
        _refuse("run_train")

    def run_inference(
        self,
        agent_id: int,
        input_project_id: int,
        input_model_id: int,
        result_project_name: str,
        inference_config: Any = None,
    ) -> NoReturn:
        """Unavailable.

        Raises:
            RuntimeError: Always.
        """
        _refuse("run_inference")

    def get_training_metrics(self, task_id: int) -> NoReturn:
        """Unavailable.

        Raises:
            RuntimeError: Always.
        """
        _refuse("get_training_metrics")

    def deploy_model(self, agent_id: int, model_id: int) -> NoReturn:
        """Unavailable.

        Raises:
            RuntimeError: Always.
        """
        _refuse("deploy_model")

    def get_import_files_list(self, id: int) -> NoReturn:
        """Unavailable.

        Raises:
            RuntimeError: Always.
        """
        _refuse("get_import_files_list")

    def download_import_file(self, id: int, file_path: str, save_path: str) -> NoReturn:
        """Unavailable.

        Raises:
            RuntimeError: Always.
        """
        _refuse("download_import_file")

    def create_task_detached(
        self, workspace_id: int, task_type: str | None = None
    ) -> NoReturn:
        """Unavailable.

        Raises:
            RuntimeError: Always.
        """
        _refuse("create_task_detached")

    def upload_files(
        self,
        task_id: int,
        abs_paths: list[str],
        names: list[str],
        progress_cb: Any = None,
    ) -> NoReturn:
        """Unavailable for apps; `api.task.upload_files` does it.

        Raises:
            RuntimeError: Always.
        """
        _refuse("upload_files")


def _refuse(name: str) -> NoReturn:
    raise RuntimeError(f"{name} is unavailable for apps")
