"""Questions to the embedded instance of a folder, asked in the process itself."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from ..errors import ApiError, NotFoundError, SelectorError
from ..model.details import DataDetail
from ..model.messages import Message
from ..model.parameters import Question
from ..model.questions import GraphQuestions
from .answers import Answers
from .authorization import OPEN
from .content import find_content
from .errors import RequestError
from .graph import GraphQueries
from .store.database import Database
from .store.migrate import migrate
from .store.silent_tasks import SILENT

_A = TypeVar("_A", bound=Message)


class LocalGraph(GraphQuestions):
    """The questions of `api.graph`, without a client and without a request.

    The answers are those of the instance's handlers; neither HTTP nor pydantic is
    loaded for them.

    Args:
        home: The folder of the instance.

    Raises:
        StoreCorruptError: The store's file is damaged or is no store.
        StoreTooNewError: A newer version of lineage wrote it.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self.db = Database(f"sqlite:///{home / 'instance.db'}")
        try:
            migrate(self.db)
        except BaseException:
            self.close()
            raise
        self._answers = Answers(GraphQueries(self), OPEN.team_ids, self._find_content)

    def ask(self, params: Question, answer: type[_A]) -> _A:  # noqa: ARG002  the answer's class is known
        """Answer any question.

        Args:
            params: The parameters of the question.
            answer: The class of the answer.
        """
        if params.endpoint.startswith("lineage.tasks."):
            self._end_silent_tasks()
        try:
            found: Any = self._answers.answer(params)
        except NotFoundError as error:
            raise _refusal(404, error, params) from error
        except SelectorError as error:
            raise _refusal(400, error, params) from error
        except RequestError as error:
            raise _refusal(error.status, error, params) from error
        made: _A = found
        return made

    def close(self) -> None:
        """Close the store."""
        self.db.close()

    def _end_silent_tasks(self) -> None:
        """End the tasks whose process is gone though nobody found what it left."""
        with self.db.read() as tx:
            if not tx.all(SILENT, {"now": time.time(), "since": 0.0}):
                return
        # What takes facts in loads a lot, and there is seldom such a task.
        from .embedded import EmbeddedInstance

        with closing(EmbeddedInstance(self._home)) as embedded:
            embedded.open()

    def _find_content(self, detail: DataDetail) -> Path | None:
        return find_content(detail, self._find_kept, is_local=True)

    def _find_kept(self, digest: str) -> Path | None:
        if not (self._home / "blobs").is_dir():
            return None
        # Most homes keep no bytes, and most questions do not look for any.
        from .services import Services

        services = Services.embedded(self._home)
        with closing(services):
            return services.find_kept(OPEN.team_ids, digest)


def _refusal(status: int, error: Exception, params: Question) -> ApiError:
    """Make the error that a client would raise of the instance's refusal."""
    refusal = ApiError(str(error), subject=params.endpoint)
    refusal.endpoint, refusal.status = params.endpoint, status
    refusal.server_message = str(error)
    return refusal
