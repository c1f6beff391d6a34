"""`api.dataset`: datasets."""

from __future__ import annotations

from typing import Any

from ..errors import NotFoundError
from ..model.infos import DATASET_FIELDS, DatasetInfo
from .entities import Entities


class DatasetApi(Entities):
    """Datasets; bound as `api.dataset`."""

    InfoType = DatasetInfo

    @staticmethod
    def info_sequence() -> list[Any]:
        """Describe the fields of `DatasetInfo`, as the platform's SDK does."""
        return [field.descriptor for field in DATASET_FIELDS]

    def _convert_json_info(self, info: dict[str, Any]) -> Any:
        return DatasetInfo.from_json(info)

    def get_info_by_id(self, id: int, raise_error: bool | None = False) -> Any:
        """Give a dataset; endpoint `datasets.info`.

        Args:
            id: The dataset.
            raise_error: Raise when it is not there.

        Returns:
            A `DatasetInfo`; None when there is no such dataset.

        Raises:
            NotFoundError: It is not there, and `raise_error` is set.
            ApiError: The dataset could not be asked for.
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
    ) -> list[DatasetInfo]:
        """List the datasets of a project; endpoint `datasets.list`.

        Args:
            project_id: The project.
            filters: Conditions.
            recursive: Also datasets within datasets.
            parent_id: Only those within this one.

        Raises:
            ApiError: The list could not be had.
        """
        conditions = list(filters or [])
        if parent_id is not None:
            conditions.append(
                {"field": "parentId", "operator": "=", "value": parent_id}
            )
            recursive = True
        body = {"projectId": project_id, "filter": conditions, "recursive": recursive}
        found: list[DatasetInfo] = self.get_list_all_pages("datasets.list", body)
        return found
