"""Waiting for a task."""

from __future__ import annotations

from ...model.enums import Status
from ..errors import WaitingTimeExceeded
from .tasks import TaskInfos

_ENDED = (Status.FINISHED, Status.DEPLOYED, Status.STOPPED)


class TaskWait(TaskInfos):
    """Polling a task's state."""

    def wait(
        self,
        id: int,
        target_status: Status,
        wait_attempts: int | None = None,
        wait_attempt_timeout_sec: float | None = None,
    ) -> bool:
        """Wait until a task has a state, or has ended; polls `tasks.info`.

        Args:
            id: The task.
            target_status: The state to wait for, or its word.
            wait_attempts: Looks at the task; 999 when left out.
            wait_attempt_timeout_sec: Seconds between two looks; 1 when left out.

        Returns:
            True when the task has the state; False when it ended in another one.

        Raises:
            TaskFinishedWithError: It ended with an error, and that was not the target.
            WaitingTimeExceeded: It has not ended after the last look.
            ApiError: The task could not be asked for.
        """
        target = Status(str(target_status))
        looks = self.MAX_WAIT_ATTEMPTS if wait_attempts is None else wait_attempts
        pause = (
            self.WAIT_ATTEMPT_TIMEOUT_SEC
            if wait_attempt_timeout_sec is None
            else wait_attempt_timeout_sec
        )
        for look in range(looks):
            if look:
                self._api.transport.sleep(pause)
            status = self.get_status(id)
            if status is target:
                return True
            self.raise_for_status(status)
            if status in _ENDED:
                return False
        raise WaitingTimeExceeded(
            f"task {id} is not {target} after {looks} looks, {pause} s apart",
            subject=id,
        )
