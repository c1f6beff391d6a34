"""Reads the runs of an MLflow tracking store through MLflow's own client."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from ..errors import LineageError, NotFoundError
from .mlflow_facts import Folder, RunRecord

_PAGE: Final = 500
#: Artifacts of one run that are named, at most; a run with more says so.
MAX_FILES: Final = 10_000
#: MLflow's own limit for asking again, a dozen minutes, is for servers at work.
_RETRIES: Final = 1
_TIMEOUT_S: Final = 20

_SERVERS: Final = frozenset({"http", "https", "postgresql", "mysql", "mssql"})
_NAME_ONE: Final = (
    "name a folder such as ./mlruns, sqlite:///mlflow.db or http://host:5000"
)

T = TypeVar("T")


class MlflowError(LineageError):
    """A tracking store cannot be read."""


class TrackingStore:
    """A tracking store: `sqlite:///mlflow.db`, a folder, or the address of a server.

    Args:
        uri: What MLflow calls the tracking URI.

    Raises:
        MlflowError: MLflow is not installed, or the store is not there.
    """

    def __init__(self, uri: str) -> None:
        self.uri = _checked(uri)
        mlflow = _mlflow()
        self._faults = _faults(mlflow)
        self._client: Any = self._call(
            mlflow.tracking.MlflowClient, tracking_uri=uri, registry_uri=uri
        )
        self.notes: list[str] = []
        """What was left out, with the reason."""

    def runs(self, experiments: Sequence[str] = ()) -> Iterator[RunRecord]:
        """Yield the runs, oldest first in each experiment.

        Args:
            experiments: Names of experiments; none is all of them.

        Raises:
            MlflowError: The store cannot be read.
            NotFoundError: There is no experiment of a name.
        """
        versions: dict[str, list[Any]] | None = None
        for experiment in self._experiments(experiments):
            versions = self._versions() if versions is None else versions
            search = self._client.search_runs
            ids, order = [experiment.experiment_id], ["attributes.start_time ASC"]
            for run in self._pages(search, ids, order_by=order):
                made = versions.get(run.info.run_id, [])
                yield self._call(self._record, run, experiment.name, made)

    def _experiments(self, wanted: Sequence[str]) -> list[Any]:
        found = list(self._pages(self._client.search_experiments))
        known = [one.name for one in found]
        for name in wanted:
            if name not in known:
                raise NotFoundError(
                    f"{self.uri} has no experiment {name!r}; "
                    f"it has {', '.join(sorted(known)[:20])}"
                )
        return [one for one in found if not wanted or one.name in wanted]

    def _versions(self) -> dict[str, list[Any]]:
        """Return the versions of registered models by the run that made them."""
        found: dict[str, list[Any]] = {}
        for version in self._pages(self._client.search_model_versions, ""):
            if version.run_id:
                found.setdefault(version.run_id, []).append(version)
            else:
                self.notes.append(
                    f"models:/{version.name}/{version.version}: no run made it"
                )
        return found

    def _record(self, run: Any, experiment: str, versions: list[Any]) -> RunRecord:
        id = run.info.run_id
        metrics = {
            name: self._client.get_metric_history(id, name) for name in run.data.metrics
        }
        files, models = self._artifacts(run)
        made = getattr(getattr(run, "outputs", None), "model_outputs", None) or ()
        used = getattr(getattr(run, "inputs", None), "model_inputs", None) or ()
        return RunRecord(
            run,
            experiment,
            metrics,
            files,
            [*models, *map(self._logged_model, made)],
            [self._logged_model(one) for one in used],
            versions,
            self._link(run),
        )

    def _artifacts(self, run: Any) -> tuple[list[str], list[Folder]]:
        """List the artifacts of a run; a folder with an `MLmodel` is one model."""
        files: list[str] = []
        models: list[Folder] = []
        folders: list[str] = [""]
        while folders and len(files) < MAX_FILES:
            folder = folders.pop()
            here, below = self._inside(run, folder)
            if folder and f"{folder}/MLmodel" in {one.path for one in here}:
                models.append(self._model_folder(run, folder))
                continue
            folders += below
            files += [self._address(run, one.path) for one in here]
        if folders:
            self.notes.append(
                f"run {run.info.run_id}: it has more than {MAX_FILES} artifacts; "
                "the others are left out"
            )
        return sorted(files)[:MAX_FILES], models

    def _inside(self, run: Any, folder: str) -> tuple[list[Any], list[str]]:
        """Return the files of a folder, and the paths of the folders in it."""
        found = self._client.list_artifacts(run.info.run_id, folder or None)
        return [f for f in found if not f.is_dir], [f.path for f in found if f.is_dir]

    def _model_folder(self, run: Any, folder: str) -> Folder:
        files: list[tuple[str, int]] = []
        folders = [folder]
        while folders:
            here, below = self._inside(run, folders.pop())
            folders += below
            files += [
                (one.path.removeprefix(f"{folder}/"), one.file_size or 0)
                for one in here
            ]
        alias = f"runs:/{run.info.run_id}/{folder}"
        name = folder.rpartition("/")[2]
        return Folder(self._address(run, folder), name, files, (alias,))

    def _logged_model(self, reference: Any) -> Folder:
        model = self._client.get_logged_model(reference.model_id)
        return Folder(
            self._absolute(model.artifact_location),
            model.name or reference.model_id,
            aliases=(f"models:/{reference.model_id}",),
            made_at=float(model.creation_timestamp) / 1000,
        )

    def _address(self, run: Any, path: str) -> str:
        return f"{self._absolute(run.info.artifact_uri).rstrip('/')}/{path}"

    def _absolute(self, uri: str) -> str:
        """Return an address that says on which server an artifact lies."""
        parts = urlsplit(uri)
        if parts.scheme == "mlflow-artifacts" and not parts.netloc:
            return f"mlflow-artifacts://{urlsplit(self.uri).netloc}{parts.path}"
        return str(Path(uri).resolve()) if not parts.scheme else uri

    def _link(self, run: Any) -> str | None:
        if not self.uri.startswith(("http://", "https://")):
            return None
        info = run.info
        base = self.uri.rstrip("/")
        return f"{base}/#/experiments/{info.experiment_id}/runs/{info.run_id}"

    def _pages(
        self, method: Callable[..., Any], *args: Any, **more: Any
    ) -> Iterator[Any]:
        token: str | None = None
        while True:
            page = self._call(
                method, *args, max_results=_PAGE, page_token=token, **more
            )
            yield from page
            token = page.token
            if not token:
                return

    def _call(self, method: Callable[..., T], *args: Any, **more: Any) -> T:
        """Return what MLflow answers; its errors and its store's become ours."""
        try:
            return method(*args, **more)
        except self._faults as error:
            raise MlflowError(f"{self.uri} cannot be read: {_reason(error)}") from error


def _mlflow() -> Any:
    """Import MLflow, and let it give up on a server that is away within a minute."""
    try:
        mlflow = importlib.import_module("mlflow")
        variables: Any = importlib.import_module("mlflow.environment_variables")
    except ImportError as error:
        raise MlflowError(
            f"MLflow is not installed ({error}); "
            "type: pip install 'workflow-lineage[mlflow]'"
        ) from error
    _set_once(variables.MLFLOW_HTTP_REQUEST_MAX_RETRIES, _RETRIES)
    _set_once(variables.MLFLOW_HTTP_REQUEST_TIMEOUT, _TIMEOUT_S)
    return mlflow


def _set_once(variable: Any, value: int) -> None:
    if not variable.is_set():
        variable.set(value)


def _faults(mlflow: Any) -> tuple[type[Exception], ...]:
    """Return what MLflow's client raises where a store cannot be read."""
    try:
        database: Any = importlib.import_module("sqlalchemy.exc")
    except ImportError:
        # MLflow's small package reads servers and folders only.
        return (mlflow.MlflowException, OSError)
    return (mlflow.MlflowException, OSError, database.SQLAlchemyError)


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:500]


def _checked(uri: str) -> str:
    """Return the URI if a store is there; MLflow would make a new, empty one."""
    parts = urlsplit(uri)
    scheme = parts.scheme.partition("+")[0]
    if scheme in _CHECKS:
        _CHECKS[scheme](Path(unquote(parts.path)), uri)
    elif scheme not in _SERVERS:
        raise MlflowError(f"{uri} is no tracking store that can be read; {_NAME_ONE}")
    return uri


def _check_file(path: Path, uri: str) -> None:
    # After the host, which is empty, stands a slash that is no part of the path.
    path = Path(str(path)[1:])
    if not path.is_file():
        raise MlflowError(f"{uri}: there is no file {path}; {_NAME_ONE}")


def _check_folder(path: Path, uri: str) -> None:
    if not path.is_dir():
        raise MlflowError(f"{uri}: there is no such folder; {_NAME_ONE}")


_CHECKS: Final = {"sqlite": _check_file, "": _check_folder, "file": _check_folder}
