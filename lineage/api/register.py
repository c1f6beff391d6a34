"""Making the platform's things in an instance of ours."""

from __future__ import annotations

from typing import Any

from .resource import Resource


class RegisterApi(Resource):
    """Makes projects, files and the like; bound as `api.register`.

    Each method returns the thing as the platform's own endpoints then show it.
    """

    def project(self, name: str, **fields: Any) -> dict[str, Any]:
        """Make a project."""
        return self._make("project", name=name, **fields)

    def project_version(self, project_id: int, **fields: Any) -> dict[str, Any]:
        """Make a version of a project."""
        return self._make("project-version", project_id=project_id, **fields)

    def dataset(self, project_id: int, name: str, **fields: Any) -> dict[str, Any]:
        """Make a dataset in a project."""
        return self._make("dataset", project_id=project_id, name=name, **fields)

    def file(self, path: str, **fields: Any) -> dict[str, Any]:
        """Make a file of Team Files; `text` or `base64` gives its bytes."""
        return self._make("file", path=path, **fields)

    def job(self, name: str, **fields: Any) -> dict[str, Any]:
        """Make a labeling job."""
        return self._make("job", name=name, **fields)

    def module(self, name: str, **fields: Any) -> dict[str, Any]:
        """Make an app module of the ecosystem."""
        return self._make("module", name=name, **fields)

    def task(self, name: str, **fields: Any) -> dict[str, Any]:
        """Make a task (an app run)."""
        return self._make("task", name=name, **fields)

    def _make(self, what: str, **fields: Any) -> dict[str, Any]:
        said = {name: value for name, value in fields.items() if value is not None}
        made: dict[str, Any] = self._call_announced(f"lineage.register.{what}", said)
        return made
