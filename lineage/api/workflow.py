"""Workflow: edges between a task and what it used or produced."""

# Longer than 400 lines: thirteen methods of the SDK, each with all its parameters.
from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from ..errors import DeliveryError, LineageError, guard, logger, warn_rarely
from ..model.kinds import EDGE_VERSION, KINDS, Direction, to_wire
from ..model.meta import checked_meta
from ..settings import Settings
from . import lookups
from .card_links import filled
from .compatibility import (
    CompatibilityChecker,
    SdkCompatibleApi,
    check_workflow_compatibility,
)
from .edge_artifacts import ArtifactResolver, WireArtifact, folder_path, plain
from .errors import IncompatibleInstanceError
from .foreign_api import CallMethod, caller_of, caller_once

_F = TypeVar("_F", bound=Callable[..., Any])


#: Edges whose versions are remembered until they arrive.
_MAX_MADE: Final = 1000


class Workflow:
    """The edges of one api.

    The `add_*` methods never raise for what a server or a caller got wrong: they give
    the server's answer, `{}` when the edge could not be sent (the cause is logged), and
    None when recording is off or the instance too old. With `LINEAGE_STRICT` they
    raise. `send_edge` always raises.

    Endpoints `workflow.node.add-input` and `workflow.node.add-output`. Every method
    takes `task_id`, the task that the edge belongs to (this process's when left out),
    and `meta`, a `WorkflowMeta` or a dict in the wire's form (none when left out).

    Args:
        api: Our `Api`, or any object with the SDK's `post`, `task_id` and
            `instance_version`.
    """

    def __init__(self, api: SdkCompatibleApi) -> None:
        self._api = api
        own = getattr(api, "settings", None)
        settings = own if isinstance(own, Settings) else Settings.from_environ()
        self._settings = settings
        is_meant = settings.env == "production" or settings.destination != "local"
        self._enabled = settings.is_enabled and is_meant
        self._min_instance_version = EDGE_VERSION
        self._teams = lookups.TeamCache()
        #: What was made for edges that have not arrived yet, by the edges' uids.
        self._made: dict[Any, WireArtifact] = {}
        gate = getattr(api, "gate", None)
        self._gate = (
            gate
            if isinstance(gate, CompatibilityChecker)
            else CompatibilityChecker(api)
        )

    def enable(self) -> None:
        """Send edges from now on."""
        self._enabled = True
        logger.info("Workflow is enabled.")

    def disable(self) -> None:
        """Send no edges from now on."""
        self._enabled = False
        logger.info("Workflow is disabled.")

    def is_enabled(self) -> bool:
        """Whether edges are sent."""
        return self._enabled

    @staticmethod
    def check_instance_compatibility(
        min_instance_version: str | None = None,
    ) -> Callable[[_F], _F]:
        """Make a decorator for methods that need an enabled, new enough workflow.

        The method gives None when its object is disabled or the instance too old.

        Args:
            min_instance_version: The least version; the object's own when left out.
        """

        def decorate(method: _F) -> _F:
            @functools.wraps(method)
            def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
                if not self.is_enabled():
                    _warn_disabled(self)
                    return None
                minimum = min_instance_version or self._min_instance_version
                if not check_workflow_compatibility(self._api, minimum):
                    return None
                return method(self, *args, **kwargs)

            return guarded  # type: ignore[return-value]  # wraps keeps the signature

        return decorate

    def add_input_project(
        self,
        project: Any = None,
        version_id: int | None = None,
        version_num: int | None = None,
        task_id: int | None = None,
        meta: Any = None,
    ) -> Any:
        """Record that the task used a project, or one of its versions.

        Endpoint `workflow.node.add-input`; see the class for results and errors.

        Args:
            project: A `ProjectInfo`, or a project's id; not needed with `version_id`.
            version_id: Id of one of its versions, when the edge is about that.
            version_num: Its number instead, looked up by `projects.versions.list`.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add("input", "project", task_id, meta,
                         lambda f: f.project(project, version_id, version_num)
                         )  # fmt: skip

    def add_input_dataset(
        self, dataset: Any, task_id: int | None = None, meta: Any = None
    ) -> Any:
        """Record that the task used a dataset.

        Endpoint `workflow.node.add-input`; see the class for results and errors.

        Args:
            dataset: A `DatasetInfo`, or a dataset's id.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add_id("input", "dataset", dataset, task_id, meta)

    def add_input_file(
        self,
        file: Any,
        model_weight: bool = False,
        task_id: int | None = None,
        meta: Any = None,
    ) -> Any:
        """Record that the task used a file.

        Endpoint `workflow.node.add-input`; see the class for results and errors.

        Args:
            file: A `FileInfo`, or a file's id, or its path in Team Files (`file-
                storage.list`).
            model_weight: Whether the file holds model weights.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add("input", "file", task_id, meta,
                         lambda f: f.input_file(file, model_weight))  # fmt: skip

    def add_input_folder(
        self, path: str, task_id: int | None = None, meta: Any = None
    ) -> Any:
        """Record that the task used a folder of Team Files.

        Endpoint `workflow.node.add-input`; see the class for results and errors.

        Args:
            path: The folder's path in Team Files, as `/data/images`.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add("input", "folder", task_id, meta,
                         lambda _: WireArtifact(to_wire("folder"), folder_path(path))
                         )  # fmt: skip

    def add_input_task(
        self, input_task_id: int, task_id: int | None = None, meta: Any = None
    ) -> Any:
        """Record that the task used another task's work.

        Endpoint `workflow.node.add-input`; see the class for results and errors.

        Args:
            input_task_id: The other task's id.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add_id("input", "task", input_task_id, task_id, meta)

    def add_input_job(
        self, id: int, task_id: int | None = None, meta: Any = None
    ) -> Any:
        """Record that the task used a labeling job; needs instance 6.11.11.

        Endpoint `workflow.node.add-input`; see the class for results and errors.

        Args:
            id: The labeling job's id.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add_id("input", "job", id, task_id, meta)

    def add_output_project(
        self,
        project: Any,
        version_id: int | None = None,
        task_id: int | None = None,
        meta: Any = None,
    ) -> Any:
        """Record that the task made or changed a project, or one of its versions.

        Endpoint `workflow.node.add-output`; see the class for results and errors.

        Args:
            project: A `ProjectInfo`, or a project's id.
            version_id: Id of one of its versions, when the edge is about that.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add("output", "project", task_id, meta,
                         lambda f: f.project(project, version_id))  # fmt: skip

    def add_output_dataset(
        self, dataset: Any, task_id: int | None = None, meta: Any = None
    ) -> Any:
        """Record that the task made or changed a dataset.

        Endpoint `workflow.node.add-output`; see the class for results and errors.

        Args:
            dataset: A `DatasetInfo`, or a dataset's id.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add_id("output", "dataset", dataset, task_id, meta)

    def add_output_file(
        self,
        file: Any,
        model_weight: bool = False,
        task_id: int | None = None,
        meta: Any = None,
    ) -> Any:
        """Record that the task made a file.

        Endpoint `workflow.node.add-output`; see the class for results and errors.

        Args:
            file: A `FileInfo`, or a file's id; a path is sent as it is.
            model_weight: Whether the file holds model weights.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        kind = to_wire("file", is_model=bool(model_weight))
        return self._add("output", "file", task_id, meta,
                         lambda _: WireArtifact(kind, plain(file)))  # fmt: skip

    def add_output_folder(
        self, path: str, task_id: int | None = None, meta: Any = None
    ) -> Any:
        """Record that the task made a folder of Team Files.

        Endpoint `workflow.node.add-output`; see the class for results and errors.

        Args:
            path: The folder's path in Team Files, as `/data/images`.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add("output", "folder", task_id, meta,
                         lambda _: WireArtifact(to_wire("folder"), folder_path(path))
                         )  # fmt: skip

    def add_output_app(self, task_id: int | None = None, meta: Any = None) -> Any:
        """Record that the task is an app session that others may use.

        Endpoint `workflow.node.add-output`; see the class for results and errors.

        Args:
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add("output", "app", task_id, meta,
                         lambda f: WireArtifact(to_wire("app"), f.task_id))  # fmt: skip

    def add_output_task(
        self, output_task_id: int, task_id: int | None = None, meta: Any = None
    ) -> Any:
        """Record that the task started another task.

        Endpoint `workflow.node.add-output`; see the class for results and errors.

        Args:
            output_task_id: The other task's id.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add_id("output", "task", output_task_id, task_id, meta)

    def add_output_job(
        self, id: int, task_id: int | None = None, meta: Any = None
    ) -> Any:
        """Record that the task made a labeling job; needs instance 6.11.11.

        Endpoint `workflow.node.add-output`; see the class for results and errors.

        Args:
            id: The labeling job's id.
            task_id: The task that the edge belongs to; this process's when left out.
            meta: A `WorkflowMeta`, or a dict in the wire's form; none when left out.
        """
        return self._add_id("output", "job", id, task_id, meta)

    def send_edge(self, fact: Mapping[str, Any]) -> Any:
        """Send one recorded edge, with a single attempt.

        Whether recording is enabled was checked when the edge was recorded.

        Args:
            fact: An edge in the form of `model.facts.EdgeFact`; its task is its
                `task_id`, else this process's. `{id}`, `{task_id}`, `{module_id}`
                and `{app_id}` in a card's link stand for what was found.

        Returns:
            The instance's answer; None for the input of work in place on a project
            without versions, which the platform could only show as a circle.

        Raises:
            IncompatibleInstanceError: The instance is too old, or unknown: wait.
            ApiError: It could not be sent; `is_retryable` says whether to wait.
            DeliveryError: It can never be sent.
        """
        kind = KINDS.get(fact["kind"])
        if kind is None:
            raise DeliveryError(f"the platform knows no {fact['kind']!r}", subject=fact)
        self._require(kind.min_version)
        task_id = fact.get("task_id")
        resolver = self._resolver(caller_once(self._api), task_id)
        uid = fact.get("uid")
        artifact = self._made.pop(uid, None) or resolver.from_fact(fact)
        if artifact is None:
            return None
        if uid is not None and fact.get("snapshot") is not None:
            # A version that was made for this edge is not made again when its sending
            # fails; forgotten below, once the edge has arrived.
            self._made[uid] = artifact
            if len(self._made) > _MAX_MADE:
                self._made.pop(next(iter(self._made)), None)
        sources = {
            "id": lambda: artifact.id,
            "task_id": lambda: resolver.task_id,
            "module_id": lambda: lookups.module_id(resolver.task_id, resolver.call),
            "app_id": lambda: lookups.app_id(resolver.task_id, resolver.call),
        }
        meta = filled(checked_meta(fact.get("meta")), sources)
        answer = self._post(fact["dir"], resolver, artifact, meta)
        self._made.pop(uid, None)
        return answer

    def _add_id(
        self, direction: Direction, kind: str, value: Any, task_id: Any, meta: Any
    ) -> Any:
        artifact = WireArtifact(to_wire(kind), plain(value))
        return self._add(direction, kind, task_id, meta, lambda _: artifact)

    def _add(
        self,
        direction: Direction,
        kind: str,
        task_id: Any,
        meta: Any,
        find: Callable[[ArtifactResolver], WireArtifact],
    ) -> Any:
        """Send an edge by the SDK's contract: an answer, `{}`, or None."""
        if not self._enabled:
            _warn_disabled(self)
            return None
        if self._gate.check(KINDS[kind].min_version) != "ok":
            return None
        what = f"workflow: add_{direction}_{kind}"
        with guard(what, strict=self._settings.is_strict):
            try:
                resolver = self._resolver(caller_of(self._api), task_id)
                return self._post(
                    direction, resolver, find(resolver), checked_meta(meta)
                )
            except LineageError as error:
                # The guard logs repeated trouble rarely; here each cause is logged.
                logger.info("%s: %s", what, error)
                raise
        return {}

    def _resolver(self, call: CallMethod, task_id: Any) -> ArtifactResolver:
        node = task_id if task_id is not None else self._api.task_id
        if node is None:
            raise DeliveryError(
                "the task is unknown: pass task_id, or set SUPERVISELY_TASK_ID"
            )
        return ArtifactResolver(self._api, call, self._teams, node)

    def _post(
        self,
        direction: Direction,
        resolver: ArtifactResolver,
        artifact: WireArtifact,
        meta: dict[str, Any] | None,
    ) -> Any:
        if not resolver.task_id:
            raise DeliveryError(
                f"{resolver.task_id!r} is no task: the edge is not sent; leave task_id "
                "out for this process's task",
                subject=resolver.task_id,
            )
        body = {
            "teamId": self._teams.of(resolver.task_id, resolver.call),
            "node": {"type": "task", "id": resolver.task_id},
            "type": artifact.type,
        }
        if artifact.id:
            body["id"] = artifact.id
        if meta:
            body["meta"] = meta
        return resolver.call(f"workflow.node.add-{direction}", body)

    def _require(self, minimum: str) -> None:
        compatibility = self._gate.compare(minimum)
        if compatibility == "ok":
            return
        version = self._gate.version().version
        raise IncompatibleInstanceError(
            f"the instance's version is {version}; this edge needs {minimum}",
            subject=compatibility,
        )


def _warn_disabled(workflow: Any) -> None:
    warn_rarely(
        f"workflow off {id(workflow)}",
        "Workflow is disabled: edges are not sent (ENV is not production, "
        "LINEAGE_ENABLED is false, or disable() was called).",
    )
