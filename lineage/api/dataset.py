"""`api.dataset`: datasets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import NotFoundError
from ..model.platform_types import DATASET_FIELDS, DatasetInfo
from .pagination import PaginatedResource
from .resource import decoded, free_name, name_filter, single


class DatasetApi(PaginatedResource):
    """Datasets; bound as `api.dataset`."""

    InfoType = DatasetInfo

    @staticmethod
    def info_sequence() -> list[Any]:
        """Describe the fields of `DatasetInfo`, as the platform's SDK does."""
        return [field.descriptor for field in DATASET_FIELDS]

    def _convert_json_info(self, info: dict[str, Any]) -> Any:
        return DatasetInfo.from_json(info)

    def get_info_by_id(self, id: int, raise_error: bool | None = False) -> Any:
        """Return a dataset; endpoint `datasets.info`.

        Args:
            id: The dataset.
            raise_error: Raise when it is not there.

        Returns:
            A `DatasetInfo`; None when there is no such dataset.

        Raises:
            NotFoundError: It is not there, and `raise_error` is set.
            ApiError: The dataset could not be fetched.
        """
        found = self._info_by_id("datasets.info", id)
        if found is None and raise_error:
            raise NotFoundError(f"there is no dataset {id}", subject=id)
        return None if found is None else DatasetInfo.from_json(found)

    def get_list(
        self,
        project_id: int,
        filters: list[dict[str, Any]] | None = None,
        recursive: bool | None = False,
        parent_id: int | None = None,
        include_custom_data: bool | None = False,
    ) -> list[DatasetInfo]:
        """List the datasets of a project; endpoint `datasets.list`.

        Args:
            project_id: The project.
            filters: Conditions.
            recursive: Also datasets within datasets.
            parent_id: Only those within this one.
            include_custom_data: Ask for what apps keep with them, too.

        Raises:
            ApiError: The list could not be fetched.
        """
        conditions = list(filters or [])
        if parent_id is not None:
            conditions.append(
                {"field": "parentId", "operator": "=", "value": parent_id}
            )
            recursive = True
        body = {"projectId": project_id, "filter": conditions, "recursive": recursive}
        if include_custom_data:
            body["extraFields"] = ["customData"]
        found: list[DatasetInfo] = self.get_list_all_pages("datasets.list", body)
        return found

    def get_tree(self, project_id: int) -> dict[DatasetInfo, Any]:
        """Return the datasets of a project as a tree; endpoint `datasets.list`.

        Args:
            project_id: The project.

        Returns:
            For each dataset, those inside it in the same form.

        Raises:
            ApiError: The list could not be fetched.
        """
        inside: dict[int | None, list[DatasetInfo]] = {}
        for dataset in self.get_list(project_id, recursive=True):
            inside.setdefault(dataset.parent_id, []).append(dataset)

        def tree(parent_id: int | None) -> dict[DatasetInfo, Any]:
            return {one: tree(one.id) for one in inside.get(parent_id, ())}

        return tree(None)

    def get_nested(self, project_id: int, dataset_id: int) -> list[DatasetInfo]:
        """List all datasets inside a dataset; endpoint `datasets.list`.

        Args:
            project_id: The project.
            dataset_id: The outer dataset.

        Returns:
            Those in it, each followed by those inside of it.

        Raises:
            ApiError: The list could not be fetched.
        """
        nested: list[DatasetInfo] = []

        def add(tree: dict[DatasetInfo, Any], is_inside: bool) -> None:
            for dataset, children in tree.items():
                if is_inside:
                    nested.append(dataset)
                add(children, is_inside or dataset.id == dataset_id)

        add(self.get_tree(project_id), is_inside=False)
        return nested

    def get_info_by_name(
        self,
        project_id: int,
        name: str,
        fields: list[str] | None = None,  # noqa: ARG002  the platform's signature
        parent_id: int | None = None,
    ) -> Any:
        """Find a dataset by its name; endpoint `datasets.list`.

        Args:
            project_id: The project.
            name: Its name.
            fields: Without effect, as in the platform's SDK.
            parent_id: The dataset that it lies in.

        Returns:
            A `DatasetInfo`; None when there is no such dataset.

        Raises:
            RuntimeError: Several have this name.
            ApiError: The list could not be fetched.
        """
        return single(
            self.get_list(project_id, name_filter(name), parent_id=parent_id), name
        )

    def exists(self, project_id: int, name: str, parent_id: int | None = None) -> bool:
        """Whether a project has a dataset of this name; endpoint `datasets.list`.

        Args:
            project_id: The id of the project.
            name: The name that is looked for.
            parent_id: The id of the dataset around it; None is the project itself.

        Raises:
            RuntimeError: Several have this name.
            ApiError: The list could not be fetched.
        """
        return self.get_info_by_name(project_id, name, None, parent_id) is not None

    def get_free_name(self, parent_id: int, name: str) -> str:
        """Return a name that no dataset of a project has; endpoint `datasets.list`.

        Args:
            parent_id: The id of the project.
            name: The name to begin with; a number is added where it is taken.

        Returns:
            `name`, or `name_001`, `name_002` …

        Raises:
            ApiError: The list could not be fetched.
        """
        return free_name(name, lambda free: self.exists(parent_id, free))

    def create(
        self,
        project_id: int,
        name: str,
        description: str | None = "",
        change_name_if_conflict: bool | None = False,
        parent_id: int | None = None,
        custom_data: dict[Any, Any] | None = None,
    ) -> DatasetInfo:
        """Make a dataset; endpoint `datasets.add`.

        Args:
            project_id: Where to make it.
            name: Its name.
            description: A few words.
            change_name_if_conflict: Take a free name (see `get_free_name`).
            parent_id: The dataset to make it in.
            custom_data: Whatever an app keeps with it.

        Raises:
            ApiError: It could not be made.
        """
        if change_name_if_conflict:
            name = free_name(
                name, lambda free: self.exists(project_id, free, parent_id)
            )
        body: dict[str, Any] = {
            "projectId": project_id,
            "name": name,
            "description": description,
            "parentId": parent_id,
        }
        if custom_data is not None:
            body["customData"] = custom_data
        response = self._api.post("datasets.add", body)
        return DatasetInfo.from_json(decoded("datasets.add", response))

    def remove(self, id: int) -> None:
        """Move a dataset into the archive; endpoint `datasets.archive`.

        Args:
            id: The dataset.

        Raises:
            ApiError: It could not be moved.
        """
        self._api.post("datasets.archive", {"id": id})

    def remove_permanently(
        self,
        ids: int | list[int],
        batch_size: int = 50,
        progress_cb: Callable[[int], object] | None = None,
    ) -> list[dict[str, Any]]:
        """Remove archived datasets for good; endpoint `datasets.remove.permanently`.

        Args:
            ids: A dataset, or several of one team, each archived by `remove`.
            batch_size: How many a request names; 1 to 50.
            progress_cb: Called with how many a request has removed.

        Returns:
            The answer to each request.

        Raises:
            ApiError: One is not archived, or the token is no administrator's.
        """
        return self._remove_in_batches(
            "datasets.remove.permanently", ids, batch_size, progress_cb,
            lambda batch: {"datasets": batch},
        )  # fmt: skip

    def get_or_create(
        self,
        project_id: int,
        name: str,
        description: str | None = "",
        parent_id: int | None = None,
    ) -> DatasetInfo:
        """Find a dataset by its name, else make it.

        Endpoints `datasets.list`, `datasets.add`.

        Args:
            project_id: The id of the project.
            name: Its name.
            description: The description of a new one.
            parent_id: The id of the dataset around it; None is the project itself.

        Raises:
            RuntimeError: Several have this name.
            ApiError: It could be neither found nor made.
        """
        found: DatasetInfo | None = self.get_info_by_name(
            project_id, name, None, parent_id
        )
        if found is not None:
            return found
        return self.create(project_id, name, description, parent_id=parent_id)
