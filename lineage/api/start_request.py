"""The request that starts an app."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..model.kubernetes import KubernetesSettings


def start_body(
    *,
    app_id: int | None,
    module_id: int | None,
    redirect_requests: Mapping[str, int] | None,
    limit_by_workspace: bool,
    kubernetes_settings: KubernetesSettings | Mapping[str, Any] | None,
    multi_user_session: bool,
    **fields: Any,
) -> dict[str, Any]:
    """Make the body of `tasks.run.app`.

    Args:
        app_id: The app; else `module_id`.
        module_id: The module; else `app_id`.
        redirect_requests: Sent when not empty.
        limit_by_workspace: Whether the app sees its workspace only.
        kubernetes_settings: Requests and limits of the container.
        multi_user_session: Sent when true.
        fields: The other fields, under their names on the wire.

    Raises:
        ValueError: Not exactly one of `app_id` and `module_id` is given.
        TypeError: `kubernetes_settings` is of another type.
    """
    if (app_id is None) == (module_id is None):
        raise ValueError("give exactly one of app_id and module_id")
    advanced = {
        "limitByWorkspace": limit_by_workspace,
        **_kubernetes(kubernetes_settings),
    }
    policy = fields.pop("restartPolicy")
    proxy = fields.pop("proxyKeepUrl")
    body = {
        **fields,
        "restartPolicy": policy.value if isinstance(policy, Enum) else policy,
        "proxyKeepUrl": proxy,
        "advancedSettings": advanced,
    }
    if redirect_requests:
        body["redirectRequests"] = dict(redirect_requests)
    if app_id is not None:
        body["appId"] = app_id
    else:
        body["moduleId"] = module_id
    if multi_user_session:
        body["singleSessionMode"] = multi_user_session
    return body


def _kubernetes(
    settings: KubernetesSettings | Mapping[str, Any] | None,
) -> dict[str, Any]:
    if settings is None:
        return {}
    if isinstance(settings, Mapping):
        return dict(settings)
    # By shape: the platform's SDK has a class of its own for them.
    to_dict = getattr(settings, "to_dict", None)
    if type(settings).__name__ == "KubernetesSettings" and callable(to_dict):
        return dict(to_dict())
    raise TypeError(
        "kubernetes_settings must be a dict or KubernetesSettings, "
        f"got {type(settings).__name__}"
    )


def first_started(answer: Any) -> dict[str, Any]:
    """Return the task that was started.

    Raises:
        IndexError: The instance started none.
    """
    if not answer:
        raise IndexError("tasks.run.app: the instance started no task")
    task: dict[str, Any] = answer[0]
    return task


def state_params(params: dict[str, Any] | None) -> dict[str, Any]:
    """Return the parameters of a start, with the app's state under `state`."""
    if params is None:
        return {"state": {}}
    return params if "state" in params else {"state": params}


def user_ids(users_id: int | list[int] | None) -> list[int]:
    """Return the users of a start as a list.

    Raises:
        ValueError: It is neither an id nor a list of ids.
    """
    if users_id is None:
        return []
    users = [users_id] if isinstance(users_id, int) else users_id
    if not isinstance(users, list) or not all(isinstance(u, int) for u in users):
        raise ValueError(f"users_id must be an id or a list of ids, got {users_id!r}")
    return users
