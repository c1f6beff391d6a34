"""Creating platform objects in a lineage instance."""

from __future__ import annotations

from typing import Any

from .resource import Resource


class RegisterApi(Resource):
    """Creates projects, files and the like; bound as `api.register`.

    Each method returns the object as the platform's own endpoints then show it.
    """

    def project(self, name: str, **fields: Any) -> dict[str, Any]:
        """Create a project.

        Args:
            name: Its name.
            fields: Further members, by their names on the platform.
        """
        return self._create("project", name=name, **fields)

    def project_version(self, project_id: int, **fields: Any) -> dict[str, Any]:
        """Create a version of a project.

        Args:
            project_id: The id of the project.
            fields: Further members, by their names on the platform.
        """
        return self._create("project-version", project_id=project_id, **fields)

    def dataset(self, project_id: int, name: str, **fields: Any) -> dict[str, Any]:
        """Create a dataset in a project.

        Args:
            project_id: The id of the project.
            name: Its name.
            fields: Further members, by their names on the platform.
        """
        return self._create("dataset", project_id=project_id, name=name, **fields)

    def file(self, path: str, **fields: Any) -> dict[str, Any]:
        """Create a file of Team Files; `text` or `base64` gives its bytes.

        Args:
            path: The path in Team Files, such as `/models/best.pt`.
            fields: Further members, by their names on the platform.
        """
        return self._create("file", path=path, **fields)

    def job(self, name: str, **fields: Any) -> dict[str, Any]:
        """Create a labeling job.

        Args:
            name: Its name.
            fields: Further members, by their names on the platform.
        """
        return self._create("job", name=name, **fields)

    def module(self, name: str, **fields: Any) -> dict[str, Any]:
        """Create an app module of the ecosystem.

        Args:
            name: Its name.
            fields: Further members, by their names on the platform.
        """
        return self._create("module", name=name, **fields)

    def task(self, name: str, **fields: Any) -> dict[str, Any]:
        """Create a task (an app run).

        Args:
            name: Its name.
            fields: Further members, by their names on the platform.
        """
        return self._create("task", name=name, **fields)

    def _create(self, what: str, **fields: Any) -> dict[str, Any]:
        given = {name: value for name, value in fields.items() if value is not None}
        created: dict[str, Any] = self._call_announced(
            f"lineage.register.{what}", given
        )
        return created
