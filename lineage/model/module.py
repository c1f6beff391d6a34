"""An app's module in the ecosystem, with the arguments that it can be started with."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

_KINDS_OF_DATA = (
    "images",
    "videos",
    "point_cloud_episodes",
    "point_cloud",
    "mesh",
    "volumes",
)

#: Context-menu targets: the key of the app's state, and the type of its value.
TARGETS: Mapping[str, tuple[str, type]] = {
    "files_folder": ("slyFolder", str),
    "files_file": ("slyFile", str),
    **{f"{kind}_project": ("slyProjectId", int) for kind in _KINDS_OF_DATA},
    **{f"{kind}_dataset": ("slyDatasetId", int) for kind in _KINDS_OF_DATA},
    "team": ("slyTeamId", int),
    "team_member": ("slyMemberId", int),
    "labeling_job": ("slyJobId", int),
}
_WITHOUT_TARGET = "ecosystem"


class ModuleInfo(NamedTuple):
    """A module of the ecosystem: what an app is started from."""

    id: int
    slug: str
    name: str
    type: str
    config: dict[str, Any]
    readme: str | None
    repo: str | None
    github_repo: str | None
    meta: dict[str, Any] | None
    created_at: str
    updated_at: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModuleInfo:
        """Read the platform's object.

        Raises:
            KeyError: A key that every module has is missing.
        """
        config = dict(data["config"] or {})
        if "contextMenu" in config:
            config["context_menu"] = config["contextMenu"]
        return cls(
            id=data["id"],
            slug=data["slug"],
            name=data["name"],
            type=data["type"],
            config=config,
            readme=data.get("readme"),
            repo=data.get("repositoryModuleUrl"),
            github_repo=data.get("repo"),
            meta=data.get("meta"),
            created_at=data["createdAt"],
            updated_at=data["updatedAt"],
        )

    def get_latest_release(self, default: Any = "") -> Any:
        """Return the newest release; `default` when there is none."""
        releases = (self.meta or {}).get("releases") or []
        return releases[0] if releases else default

    def get_modal_window_arguments(self) -> dict[str, Any]:
        """Return the state that the app starts with."""
        return copy.deepcopy(self.config.get("modalTemplateState") or {})

    def get_context_menu_targets(self) -> list[str]:
        """Return the targets that the app can be started on."""
        menu = self.config.get("context_menu") or {}
        return list(menu.get("target") or [])

    def arguments_help(self) -> None:
        """Print what `get_arguments` takes."""
        print(self.arguments_text())  # noqa: T201  printing is what it is for

    def arguments_text(self) -> str:
        """Return what `get_arguments` accepts as text."""
        lines = [f"App {self.name!r} (module {self.id})"]
        targets = self.get_context_menu_targets()
        for target in targets:
            if target in TARGETS:
                key, kind = TARGETS[target]
                lines.append(f"  get_arguments({target}=<{kind.__name__}>) sets {key}")
        if not targets or _WITHOUT_TARGET in targets:
            lines.append("  get_arguments() starts it on nothing")
        for name, value in self.get_modal_window_arguments().items():
            lines.append(f"  {name} = {value!r}")
        return "\n".join(lines)

    def get_arguments(self, **kwargs: Any) -> dict[str, Any]:
        """Return the arguments to start the app with, for `params`.

        Args:
            kwargs: At most one context-menu target, as `images_project=7`.

        Raises:
            ValueError: The app needs a target and none is given, or the value has
                another type than the target.
            KeyError: More than one target, or one that the app does not have.
        """
        arguments = self.get_modal_window_arguments()
        targets = self.get_context_menu_targets()
        if not kwargs:
            if targets and _WITHOUT_TARGET not in targets:
                raise ValueError(f"{self.name} needs one of {', '.join(targets)}")
            return arguments
        if len(kwargs) > 1:
            raise KeyError(f"one target at most, got {', '.join(kwargs)}")
        ((target, value),) = kwargs.items()
        if target not in targets or target not in TARGETS:
            known = [name for name in targets if name in TARGETS]
            raise KeyError(f"{self.name} has no target {target!r}; it has {known}")
        key, kind = TARGETS[target]
        if type(value) is not kind:
            raise ValueError(
                f"{target} is of type {kind.__name__}, got {type(value).__name__}"
            )
        return {**arguments, key: value}
