"""`api.labeling_job`: jobs in which people label a dataset."""

from __future__ import annotations

from typing import Any

from ..model.platform_types import JOB_FIELDS, LabelingJobInfo
from .pagination import PaginatedResource


class LabelingJobApi(PaginatedResource):
    """Labeling jobs; bound as `api.labeling_job`."""

    InfoType = LabelingJobInfo

    @staticmethod
    def info_sequence() -> list[Any]:
        """Describe the fields of `LabelingJobInfo`, as the platform's SDK does."""
        return [field.descriptor for field in JOB_FIELDS]

    @staticmethod
    def info_tuple_name() -> str:
        """Return the name of the info class."""
        return "LabelingJobInfo"

    def _convert_json_info(self, info: dict[str, Any]) -> Any:
        return LabelingJobInfo.from_json(info)

    def get_info_by_id(self, id: int) -> LabelingJobInfo | None:
        """Return a labeling job; endpoint `jobs.info`.

        Args:
            id: The job.

        Returns:
            None when there is no such job.

        Raises:
            ApiError: The job could not be fetched.
        """
        found = self._info_by_id("jobs.info", id)
        return None if found is None else LabelingJobInfo.from_json(found)

    def get_list(
        self,
        team_id: int,
        created_by_id: int | None = None,
        assigned_to_id: int | None = None,
        project_id: int | None = None,
        dataset_id: int | None = None,
        show_disabled: bool | None = False,
        reviewer_id: int | None = None,
        is_part_of_queue: bool | None = True,
        queue_ids: list[int] | int | None = None,
        exclude_statuses: list[str] | None = None,
        with_entities: bool = False,
    ) -> list[LabelingJobInfo]:
        """List the labeling jobs of a team; endpoint `jobs.list`.

        Args:
            team_id: The team.
            created_by_id: Only those of this manager.
            assigned_to_id: Only those of this labeler.
            project_id: Only those of this project.
            dataset_id: Only those of this dataset.
            show_disabled: Also those that are switched off.
            reviewer_id: Only those of this reviewer.
            is_part_of_queue: False: only those outside of queues.
            queue_ids: Only those of these queues.
            exclude_statuses: Not those in these states, as `completed`.
            with_entities: With the items of each job, one `jobs.info` for each.

        Raises:
            ValueError: `queue_ids` is given although `is_part_of_queue` is False.
            ApiError: The list could not be fetched.
        """
        if not is_part_of_queue and queue_ids is not None:
            raise ValueError("queue_ids needs is_part_of_queue=True")
        equal = {"createdBy": created_by_id, "userId": assigned_to_id,
                 "reviewerId": reviewer_id, "projectId": project_id,
                 "datasetId": dataset_id}  # fmt: skip
        conditions = [
            _condition(field, "=", value)
            for field, value in equal.items()
            if value is not None
        ]
        if not is_part_of_queue:
            conditions.append(_condition("labelingQueueId", "=", None))
        if queue_ids is not None:
            queues = [queue_ids] if isinstance(queue_ids, int) else queue_ids
            conditions.append(_condition("labelingQueueId", "in", queues))
        if exclude_statuses is not None:
            conditions.append(_condition("status", "!in", exclude_statuses))
        body: dict[str, Any] = {
            "teamId": team_id,
            "showDisabled": show_disabled,
            "filter": conditions,
        }
        if not with_entities:
            found: list[LabelingJobInfo] = self.get_list_all_pages("jobs.list", body)
            return found
        body["fields"] = ["id"]
        ids = self.get_list_all_pages("jobs.list", body, None, lambda job: job["id"])
        jobs = (self.get_info_by_id(id) for id in ids)
        return [job for job in jobs if job is not None]


def _condition(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}
